"""emulator devices."""
