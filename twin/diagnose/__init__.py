"""twin diagnose."""
