"""twin api."""
