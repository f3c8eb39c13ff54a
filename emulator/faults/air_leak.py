"""A hole in a compressed-air net."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.air_consumer import AirConsumer
from emulator.physics.air_receiver import AirReceiver

LARGEST_M = 8e-3


class AirLeak:
    """A sharp-edged hole of 8 mm · s lets air out, choked while the net holds more than about 0.9 bar(g)."""

    kind: ClassVar[str] = "air_leak"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = ("air_receiver", "air_consumer")

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def apply(self, target: AirReceiver | AirConsumer, severity: float, t_ns: int) -> None:
        """Set the diameter of the hole."""
        target.condition.leak_diameter_m = LARGEST_M * severity
