"""twin context."""
