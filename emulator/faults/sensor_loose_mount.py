"""Loose mount: the mounted resonance falls to 2 kHz, and a strong shake makes the sensor rattle."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.sensors.chain import Chain, WaveformChain


class SensorLooseMount:
    """`frequency_hz`, `damping` and `preload_m_s2`, the acceleration at which it lifts, of the developed fault."""

    kind: ClassVar[str] = "sensor_loose_mount"
    layer: ClassVar[str] = "sensor"
    targets: ClassVar[tuple[str, ...]] = ("accelerometer", "vibration_velocity")

    def __init__(self, params: dict[str, Any]) -> None:
        given = parameters(self.kind, params, frequency_hz=2000.0, damping=0.1, preload_m_s2=20.0)
        self._frequency_hz, self._damping = float(given["frequency_hz"]), float(given["damping"])
        self._preload = float(given["preload_m_s2"])
        if self._frequency_hz < 100.0 or not 0.0 < self._damping < 1.0 or self._preload <= 0.0:
            raise ValueError(
                f"fault {self.kind}: frequency_hz from 100, damping in (0, 1) and preload_m_s2 above 0 are needed"
            )

    def check(self, target: Chain) -> None:
        """Refuse a sensor that carries no waveform or is not mounted."""
        if not isinstance(target, WaveformChain) or not target.mounting.mounted:
            raise ValueError(
                f"fault {self.kind} does not fit {target.name!r}; it fits waveforms of mounted vibration sensors"
            )

    def apply(self, target: WaveformChain, severity: float, t_ns: int) -> None:
        """Set the mode and the preload of the mount."""
        c = target.condition
        # just loose: four times the frequency of the developed fault, and the preload of a hand-tight screw
        c.mount_hz = self._frequency_hz * 4.0 ** (1.0 - severity) if severity > 0.0 else 0.0
        c.mount_damping = self._damping
        c.mount_preload = self._preload / severity if severity > 0.0 else 0.0
