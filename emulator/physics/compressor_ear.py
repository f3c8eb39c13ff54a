"""An accelerometer on a compressor's housing."""

import copy
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emulator.physics.housing import DEFAULT_MODES
from emulator.physics.kernels.compressor_ear import shake
from emulator.streams import Stream

Floats = NDArray[np.float64]


class CompressorEar:
    """The modes of a housing and what they still ring with; `noise` gives its draws by sample number.

    `stiffening` moves all modes up or down: no two housings ring alike.
    """

    def __init__(self, noise: Stream, density_m_s2: float, stiffening: float = 1.0) -> None:
        self._noise = noise
        self._density_m_s2 = density_m_s2
        self._omega = np.array([2.0 * math.pi * m.frequency_hz * stiffening for m in DEFAULT_MODES])
        self._zeta = np.array([m.damping for m in DEFAULT_MODES])
        self._mass = np.array([m.mass_kg for m in DEFAULT_MODES])
        self._z = np.zeros(self._omega.size, np.complex128)
        self._last = np.zeros(1)
        self._next = -1
        self._rate_hz = 0.0
        self._given = noise, density_m_s2, stiffening
        self._others: dict[float, CompressorEar] = {}

    def hear(self, force_n: Floats, n0: int, rate_hz: float) -> Floats:
        """Return the acceleration [m/s²] of samples n0 … under a force float64[n] [N].

        Raises
        ------
        ValueError
            The samples do not follow those before.

        """
        if self._rate_hz not in (0.0, rate_hz):
            # each rate has a memory of its own
            other = self._others.setdefault(rate_hz, CompressorEar(*self._given))
            return other.hear(force_n, n0, rate_hz)
        if self._next not in (-1, n0):
            raise ValueError(f"samples from {n0} do not follow: the next sample of this sensor is {self._next}")
        if rate_hz != self._rate_hz:
            self._rate_hz = rate_hz
            self._hold()
        if self._next == -1 and force_n.size:
            # The force did not begin with the recording.
            self._z[:] = (self._before + self._now) * force_n[0] / (1.0 - self._grown)
            self._last[0] = force_n[0]
        self._next = n0 + force_n.size
        noise = self._density_m_s2 * math.sqrt(0.5 * rate_hz) * self._noise.normal(n0, force_n.size)
        out = np.empty(force_n.size)
        through = float(np.sum(1.0 / self._mass))
        force = np.ascontiguousarray(force_n)
        shake(force, self._grown, self._before, self._now, self._shape, through, noise, self._z, self._last, out)
        return out

    def _hold(self) -> None:
        damped = self._omega * np.sqrt(1.0 - self._zeta**2)
        pole = -self._zeta * self._omega + 1j * damped
        x = pole / self._rate_hz
        self._grown = np.exp(x)
        self._now = (self._grown - 1.0 - x) / (pole * x)
        self._before = (self._grown - 1.0) / pole - self._now
        self._shape = pole**2 / (self._mass * damped)

    def save(self) -> dict[str, Any]:
        """Return what changes from sample to sample."""
        mine = copy.deepcopy({name: getattr(self, name) for name in ("_z", "_last", "_next", "_rate_hz")})
        return mine | {"others": {rate_hz: ear.save() for rate_hz, ear in self._others.items()}}

    def restore(self, saved: dict[str, Any]) -> None:
        """Take back what `save` gave."""
        rest = copy.deepcopy(saved)
        self._others = {rate_hz: CompressorEar(*self._given) for rate_hz in rest["others"]}
        for rate_hz, ear in rest.pop("others").items():
            self._others[rate_hz].restore(ear)
        for name, value in rest.items():
            setattr(self, name, value)
        if self._rate_hz:
            self._hold()
