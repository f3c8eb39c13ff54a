"""Sensor chains: from a true value to what a device is given, through ten stages in a fixed order.

mount → element → gain, offset → noise → drift → anti-alias filter → sample clock → saturation → quantiser →
transport.
"""

from emulator.sensors.scalar import ScalarChain
from emulator.sensors.waveform import WaveformChain

__all__ = ["Chain", "ScalarChain", "WaveformChain"]

Chain = ScalarChain | WaveformChain
