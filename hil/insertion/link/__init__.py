"""hil insertion link."""
