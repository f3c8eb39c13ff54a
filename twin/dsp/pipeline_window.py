"""What the pipeline says of a window: features, flags, envelope spectra, findings."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.dsp.kernels._simd import LANES

Array = NDArray[np.float64]
Single = NDArray[np.float32]

FEATURES: tuple[str, ...] = (
    "mean", "rms", "std", "peak", "crest", "kurtosis", "skewness", "shape", "impulse", "clearance",
    "peak_to_peak", "zero_crossings", "velocity_rms", "not_numbers",
)  # fmt: skip
"""Columns of `Window.features`, after the high-pass; velocity_rms in m/s where it was asked for."""

FLAGS: tuple[str, ...] = ("nan", "constant", "clipped", "settling", "gap", "speed")
"""Bits of `Window.flags`, lowest first: why a point's window is not judged."""


@dataclass(frozen=True, slots=True)
class LineFinding:
    """The family of lines that chance explains least, at one point in one window.

    Parameters
    ----------
    point : index of the point; name : its name
    family : fault whose lines these would be
    f_hz : base frequency found
    chance : upper bound of the probability of such lines in noise, all families and slips counted
    end : sample number after the window's last
    """

    point: int
    name: str
    family: str
    f_hz: float
    chance: float
    end: int


@dataclass(frozen=True, slots=True)
class Window:
    """What one window showed of every point. The arrays are the pipeline's own: copy what is to outlive `feed`.

    Parameters
    ----------
    end : sample number after the last of this window, counted from the first sample ever fed
    features : float64[points, len(FEATURES)]; NaN where there is none
    flags : int64[points], bits of `FLAGS`
    spectrum : float32[groups, bins, 16], power of the squared envelope's fluctuation, see `envelope_spectrum`
    findings : families of lines beyond chance
    """

    end: int
    features: Array
    flags: NDArray[np.int64]
    spectrum: Single
    findings: tuple[LineFinding, ...]
    df_hz: float
    _gain: float

    def envelope_spectrum(self, point: int) -> tuple[Array, Array]:
        """Frequencies [Hz] and modulation depth (1: as large as the mean squared envelope) of one point; a copy."""
        power = self.spectrum[point // LANES, :, point % LANES].astype(np.float64)
        freq_hz = np.arange(power.size, dtype=np.float64) * self.df_hz
        return freq_hz, np.asarray(np.sqrt(power) * self._gain)

    def feature(self, name: str) -> Array:
        """One feature of every point, float64[points]."""
        return self.features[:, FEATURES.index(name)]
