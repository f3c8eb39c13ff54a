"""twin detect."""
