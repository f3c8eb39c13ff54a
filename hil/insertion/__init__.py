"""hil insertion."""
