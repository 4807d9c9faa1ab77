"""What people look at: queries on the marts, charts of their rows, and the dashboard made of both."""
