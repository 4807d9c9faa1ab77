"""What the taps for files share: where files are, what of them was sent, and how their rows go over the wire."""
