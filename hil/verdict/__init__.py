"""hil verdict."""
