"""Wire break: an open Pt100 or thermocouple, a current loop that loses current."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.sensors.chain import ScalarChain


class SensorWireBreak:
    """A thermocouple burns out as its card says, a Pt100 up; a loop carries (1 − severity) of its current."""

    kind: ClassVar[str] = "sensor_wire_break"
    layer: ClassVar[str] = "sensor"
    targets: ClassVar[tuple[str, ...]] = ("pt100", "thermocouple", "transmitter_4_20ma")

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def apply(self, target: ScalarChain, severity: float, t_ns: int) -> None:
        """Open the circuit."""
        target.condition.wire_break = severity
