"""How an accelerometer sits: sound, on its tabulated mode; loose, on a spring that lets go."""

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import expm
from scipy.signal import lfilter

from emulator.sensors import transducers
from emulator.sensors.condition import SensorCondition
from emulator.sensors.kernels.waveform import fir, loose_mount
from rigs.schema import SensorSpec

FINER: Final = 4
PARTS: Final = 8
LIFTED_STIFFNESS: Final = 0.2


class Mounting:
    """The mount stage of one waveform sensor at `rate_hz`; every state of it delays by `half` samples.

    A sensor that is not mounted passes its signal on with the same interface, undelayed.
    """

    def __init__(self, spec: SensorSpec, rate_hz: float, *, mounted: bool) -> None:
        mount = transducers.MOUNTS[spec.mount]
        self.mounted = mounted
        self._mount, self._rate_hz = mount, rate_hz
        self._taps = transducers.mount_fir(mount, rate_hz) if mounted else np.ones(1)
        self.half = self._taps.size // 2
        decay = math.exp(-math.tau * mount.damping * mount.frequency_hz / (FINER * rate_hz))
        turn = math.tau * mount.frequency_hz * math.sqrt(1.0 - mount.damping**2) / (FINER * rate_hz)
        self._poles = np.array([1.0, -2.0 * decay * math.cos(turn), decay**2])
        self._ringing = np.zeros(2)
        self._fine_taps: NDArray[np.float64] | None = None
        self._memory = np.zeros(self._taps.size - 1)
        self._fine_memory = np.zeros(2 * FINER * self.half)
        self._loose = np.zeros(6)
        self._for = (0.0, 0.0)
        self._branches: tuple[NDArray[np.float64], NDArray[np.float64]] = (np.zeros(6), np.zeros(6))

    def read(self, samples: NDArray[np.float64], condition: SensorCondition, out: NDArray[np.float64]) -> None:
        """Pass `samples` through the mount into `out`, both float64[n]."""
        if not self.mounted:
            out[:] = samples
            return
        if condition.mount_hz <= 0.0:
            self._loose[:] = 0.0
            fir(self._memory, samples, self._taps, out)
            return
        if self._for != (condition.mount_hz, condition.mount_damping):
            self._for = (condition.mount_hz, condition.mount_damping)
            self._branches = self._branch(1.0), self._branch(LIFTED_STIFFNESS)
        shaken = np.empty(samples.shape[0])
        loose_mount(samples, *self._branches, condition.mount_preload, LIFTED_STIFFNESS, self._loose, shaken)
        # the spring has taken one sample; a tap makes up for what the sound mount delays
        tap = np.zeros(self._taps.size)
        tap[self.half - 1] = 1.0
        fir(self._memory, shaken, tap, out)

    def read_fine(self, m0: int, fine: NDArray[np.float64], n0: int, count: int) -> NDArray[np.float64]:
        """Return samples n0 … n0+count-1 picked, unfiltered, from true samples m0 … at `FINER` times the rate."""
        passed = fine
        if self.mounted:
            if self._fine_taps is None:
                self._fine_taps = self._rest()
            passed = np.empty(fine.shape[0])
            fir(self._fine_memory, fine, self._fine_taps, passed)
            passed, self._ringing[:] = lfilter([1.0], self._poles, passed, zi=self._ringing)
        return np.ascontiguousarray(passed[FINER * n0 - m0 :: FINER][:count])

    def _rest(self) -> NDArray[np.float64]:
        """Return taps that make the mount, with its own poles behind them, at the finer rate.

        The resonance lies inside the band there; the poles take its peak, and what is left for the taps is smooth.
        """
        f = np.linspace(0.0, 0.46, 1600)
        z = np.exp(-2j * np.pi * f)
        r = f * FINER * self._rate_hz / self._mount.frequency_hz
        wanted = (self._poles[0] + self._poles[1] * z + self._poles[2] * z**2) / (
            1.0 - r**2 + 2j * self._mount.damping * r
        )
        half = FINER * self.half
        basis = np.exp(-2j * np.pi * np.outer(f, np.arange(-half, half + 1)))
        both = np.concatenate((basis.real, basis.imag)), np.concatenate((wanted.real, wanted.imag))
        return np.asarray(np.linalg.lstsq(*both, rcond=None)[0])

    def _branch(self, spring: float) -> NDArray[np.float64]:
        """Return the exact propagator over an eighth of a sample of w'' + 2ζω w' + ω²·spring·w = ω² u."""
        omega = math.tau * self._for[0]
        system = np.zeros((3, 3))
        system[0, 1] = 1.0
        system[1] = (-spring * omega**2, -2.0 * self._for[1] * omega, omega**2)
        step = expm(system / (PARTS * self._rate_hz))
        return np.array([step[0, 0], step[0, 1], step[1, 0], step[1, 1], step[0, 2], step[1, 2]])

    def save(self) -> Any:
        """Return what changes."""
        return tuple(part.copy() for part in (self._memory, self._fine_memory, self._ringing, self._loose))

    def restore(self, saved: Any) -> None:
        """Take back what `save` gave."""
        for mine, theirs in zip((self._memory, self._fine_memory, self._ringing, self._loose), saved, strict=True):
            mine[:] = theirs
