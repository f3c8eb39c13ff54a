"""emulator sensors."""
