"""emulator devices modbus."""
