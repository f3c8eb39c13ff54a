"""twin history."""
