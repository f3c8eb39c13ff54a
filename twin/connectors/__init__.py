"""twin connectors."""
