"""twin dsp kernels."""
