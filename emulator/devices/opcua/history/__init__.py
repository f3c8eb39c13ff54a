"""The past of a device's values: recorded at commits, read raw, at times, and as aggregates (OPC 10000-11, -13)."""

from emulator.devices.opcua.history.aggregates import AGGREGATES
from emulator.devices.opcua.history.recorder import Historian

__all__ = ["AGGREGATES", "Historian"]
