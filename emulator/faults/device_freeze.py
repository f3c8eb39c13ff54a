"""A device whose application hangs while its network stack lives: it answers, with old values and an old clock."""

from typing import Any, ClassVar

from emulator.faults.base import parameters


class DeviceFreeze:
    """Stop the device image; any severity above 0 freezes it whole, as a hung scan cycle does."""

    kind: ClassVar[str] = "device_freeze"
    layer: ClassVar[str] = "device"
    targets: ClassVar[tuple[str, ...]] = ()

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def apply(self, target: Any, severity: float, t_ns: int) -> None:
        """Freeze or thaw the `DeviceImage`."""
        target.frozen = severity > 0.0
