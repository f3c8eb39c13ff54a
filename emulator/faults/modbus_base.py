"""What the faults of a Modbus server have in common: an insertion, its share, and where it applies."""

from typing import TYPE_CHECKING, Any, ClassVar

from emulator.faults.base import parameters

if TYPE_CHECKING:
    from emulator.devices.modbus.misbehaviour import Insertion, ModbusMisbehaviour


class ModbusFault:
    """A fault whose severity is the share of requests that one insertion hits."""

    kind: ClassVar[str]
    layer: ClassVar[str] = "protocol"
    targets: ClassVar[tuple[str, ...]] = ("modbus-tcp", "modbus-rtu")

    def __init__(self, insertion: "Insertion") -> None:
        self.insertion = insertion

    def apply(self, target: "ModbusMisbehaviour", severity: float, t_ns: int) -> None:
        """Have the share `severity` of requests hit; none at severity 0."""
        target.set(self.insertion, severity)

    def given(self, params: dict[str, Any], **defaults: Any) -> dict[str, Any]:
        """Return the parameters, those that all have included."""
        return parameters(self.kind, params, **defaults, unit=0, function=0)

    def where(self, given: dict[str, Any]) -> dict[str, Any]:
        """Return the unit and the functions hit, as insertions take them."""
        unit = self.whole(given, "unit", 0, 255)
        function = self.whole(given, "function", 0, 127)
        return {"unit": unit or None, "functions": frozenset((function,)) if function else None}

    @staticmethod
    def whole(given: dict[str, Any], name: str, low: int, high: int, *, zero: bool = True) -> int:
        """Return a whole parameter; ValueError outside [low, high], or at 0 where that would change nothing."""
        value = int(given[name])
        if not low <= value <= high or value != given[name]:
            raise ValueError(f"{name} = {given[name]} must be a whole number in [{low}, {high}]")
        if value == 0 and not zero:
            raise ValueError(f"{name} = 0 leaves the answer right; choose another number in [{low}, {high}]")
        return value

    @staticmethod
    def number(given: dict[str, Any], name: str, low: float, high: float) -> float:
        """Return a parameter; ValueError outside [low, high]."""
        value = float(given[name])
        if not low <= value <= high:
            raise ValueError(f"{name} = {value} must be in [{low:g}, {high:g}]")
        return value
