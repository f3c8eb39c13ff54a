"""emulator physics kernels."""
