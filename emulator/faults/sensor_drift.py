"""Drift: severity × 1 % of span per day, as a ramp or a random walk, from the onset on."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.sensors.chain import ScalarChain, WaveformChain

DAY_S = 86_400.0


class SensorDrift:
    """`per_day` is the drift of the developed fault, a fraction of span per day; law "ramp" or "walk".

    A walk has the standard deviation of the ramp after one day. Short scenarios give `per_day` in their own
    proportion.
    """

    kind: ClassVar[str] = "sensor_drift"
    layer: ClassVar[str] = "sensor"
    targets: ClassVar[tuple[str, ...]] = ()

    def __init__(self, params: dict[str, Any]) -> None:
        given = parameters(self.kind, params, per_day=0.01, law="ramp")
        if given["law"] not in ("ramp", "walk"):
            raise ValueError(f"fault {self.kind}: law = {given['law']!r} must be 'ramp' or 'walk'")
        self._per_day, self._law = float(given["per_day"]), given["law"]

    def apply(self, target: ScalarChain | WaveformChain, severity: float, t_ns: int) -> None:
        """Set the rate of drift; the chain sums it up, and forgets it at severity 0."""
        rate = severity * self._per_day
        target.condition.drift_per_s = rate / DAY_S if self._law == "ramp" else 0.0
        target.condition.walk_per_sqrt_s = rate / DAY_S**0.5 if self._law == "walk" else 0.0
