"""emulator devices opcua."""
