"""emulator faults."""
