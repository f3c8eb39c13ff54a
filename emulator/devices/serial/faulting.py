"""What the faults of a serial line have in common: a share of what passes, a size, and the device they are on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from emulator.devices.serial.trouble import Trouble
from emulator.faults.base import parameters

if TYPE_CHECKING:
    from emulator.devices.modbus.misbehaviour import ModbusMisbehaviour


class Size(NamedTuple):
    """A fault's one number: its name, default and inclusive bounds, and what it is counted in."""

    name: str
    default: float
    low: float
    high: float
    what: str = ""


class SerialFault:
    """Base of the serial faults.

    Severity is the share of the device's answers that are hit; of a fault with a rate per byte or bit it scales the
    rate, which then holds for everything on the device's line. Parameters: the fault's `size`, and `unit` (0: every
    unit of the device) where single answers are hit.
    """

    kind: ClassVar[str] = ""
    layer: ClassVar[str] = "protocol"
    targets: ClassVar[tuple[str, ...]] = ("modbus-rtu",)
    size: ClassVar[Size | None] = None
    by_unit: ClassVar[bool] = True

    def __init__(self, params: dict[str, Any]) -> None:
        defaults: dict[str, Any] = {} if self.size is None else {self.size.name: self.size.default}
        if self.by_unit:
            defaults["unit"] = 0
        given = parameters(self.kind, params, **defaults)
        self._unit = int(given.get("unit", 0))
        if not 0 <= self._unit <= 247:
            raise ValueError(f"unit = {self._unit} must be in [0, 247]; 0 hits every unit")
        self._size = 0.0
        if self.size is not None:
            name, _, low, high, what = self.size
            self._size = float(given[name])
            if not low <= self._size <= high:
                raise ValueError(f"{name} = {self._size:g} must be in [{low:g}, {high:g}] {what}".rstrip())

    def apply(self, target: ModbusMisbehaviour, severity: float, t_ns: int) -> None:
        """Have the share `severity` of what the fault is about go wrong; nothing at severity 0."""
        trouble = Trouble(severity, self._size, self._unit, self._word())
        target.serial.set(self.kind, trouble if severity > 0.0 else None)

    def _word(self) -> str:
        return ""
