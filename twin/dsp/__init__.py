"""twin dsp."""
