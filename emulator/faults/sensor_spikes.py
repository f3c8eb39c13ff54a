"""Spikes: Poisson in time, Laplace in size, in front of the anti-alias filter or behind it."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.sensors.chain import Chain


class SensorSpikes:
    """`rate_hz` spikes a second and `share` of span (their Laplace scale) when developed; `at` "before" or "after"."""

    kind: ClassVar[str] = "sensor_spikes"
    layer: ClassVar[str] = "sensor"
    targets: ClassVar[tuple[str, ...]] = ()

    def __init__(self, params: dict[str, Any]) -> None:
        given = parameters(self.kind, params, rate_hz=1.0, share=0.1, at="before")
        self._rate_hz, self._share, self._at = float(given["rate_hz"]), float(given["share"]), given["at"]
        if self._at not in ("before", "after"):
            raise ValueError(f"fault {self.kind}: at = {self._at!r} must be 'before' or 'after'")
        if self._rate_hz < 0.0:
            raise ValueError(f"fault {self.kind}: rate_hz = {self._rate_hz} must not be negative")

    def apply(self, target: Chain, severity: float, t_ns: int) -> None:
        """Set rate, size and stage of the spikes."""
        c = target.condition
        c.spike_hz, c.spike_size, c.spike_at = severity * self._rate_hz, self._share, self._at
