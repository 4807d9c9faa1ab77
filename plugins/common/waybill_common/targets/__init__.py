"""What our targets share on top of the SDK, which they bring: nothing else imports it."""
