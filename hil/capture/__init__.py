"""hil capture."""
