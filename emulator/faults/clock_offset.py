"""A device clock that is wrong: every time stamp it gives is early or late by the same amount."""

from typing import Any, ClassVar

from emulator.faults.base import parameters


class ClockOffset:
    """Shift the device's clock by severity times `offset_s` (default 30 s; negative runs slow)."""

    kind: ClassVar[str] = "clock_offset"
    layer: ClassVar[str] = "device"
    targets: ClassVar[tuple[str, ...]] = ()

    def __init__(self, params: dict[str, Any]) -> None:
        self.offset_s = float(parameters(self.kind, params, offset_s=30.0)["offset_s"])

    def apply(self, target: Any, severity: float, t_ns: int) -> None:
        """Set the `DeviceImage`'s clock offset."""
        target.clock_offset_ns = round(severity * self.offset_s * 1e9)
