"""hil cli."""
