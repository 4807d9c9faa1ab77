"""What one run of a job costs when little or nothing has changed, step by step."""
