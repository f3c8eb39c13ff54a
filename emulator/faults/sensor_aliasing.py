"""Aliasing: the anti-alias filter is missing, and what lies above half the rate folds down."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.sensors.chain import Chain, WaveformChain


class SensorAliasing:
    """A tone at f above fs/2 appears at |f − round(f/fs)·fs|; severity is the share of the filter that is missing."""

    kind: ClassVar[str] = "sensor_aliasing"
    layer: ClassVar[str] = "sensor"
    targets: ClassVar[tuple[str, ...]] = ()

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def check(self, target: Chain) -> None:
        """Refuse a sensor that carries no waveform, or one whose machine has nothing above half the rate."""
        if not isinstance(target, WaveformChain):
            # ValueError is what the desk shows to whoever configured the fault
            raise ValueError(f"fault {self.kind} does not fit {target.name!r}; it fits waveforms")  # noqa: TRY004
        if target.one_rate:
            raise ValueError(f"fault {self.kind}: the machine behind {target.name!r} exists at one rate only")

    def apply(self, target: WaveformChain, severity: float, t_ns: int) -> None:
        """Take away that share of the filter."""
        target.condition.aliasing = severity
