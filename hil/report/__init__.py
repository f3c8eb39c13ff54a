"""hil report."""
