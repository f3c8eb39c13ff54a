"""emulator physics."""
