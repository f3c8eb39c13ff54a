"""Laws of damage: one file each. A law is a path in its own time, known from its start to its end."""
