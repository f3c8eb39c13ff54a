"""What is compared of a bearing record: numbers without a unit, so that gain and sensor do not matter."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from twin.dsp.bearing import FAMILIES, BearingGeometry
from twin.dsp.envelope import EnvelopeSpectra, envelope_spectra
from twin.dsp.evidence import max_order, score_families
from twin.dsp.features import time_features

Array = NDArray[np.float64]

NAMES = ("kurtosis", "crest", "BPFO dB", "BPFI dB", "2BSF dB", "FTF dB", "shaft modulation", "inner sidebands dB")
CLASSIFIED = ("kurtosis", "crest", "BPFO dB", "BPFI dB", "shaft modulation", "inner sidebands dB")
"""What a classifier of races sees: lines of balls and cage, which coincide with others in some bearings, are not."""
SHOWN = ("kurtosis", "crest", "BPFO dB", "BPFI dB", "2BSF dB")


@dataclass(frozen=True, slots=True)
class Seen:
    """A record and what was measured of it."""

    record: str
    truth: str
    values: dict[str, float]
    size: str = ""


def features(x: Array, rate_hz: float, speed_hz: float, bearing: BearingGeometry) -> dict[str, float]:
    """Measure a record : float64[n], any unit; keys are `NAMES`.

    Prominences are means over the first four harmonics [dB over the local background], above what orders without
    meaning reach, in the band that shows the family best. The modulation at shaft speed is the amplitude of the squared
    envelope's first order over its mean, in the band of the inner-race lines.
    """
    plain = time_features(x)
    spectra = envelope_spectra(x, rate_hz, speed_hz, max_order=max_order(bearing))
    lines = score_families(spectra, bearing)
    outer, inner, ball, cage = (lines[name] for name in FAMILIES)
    sidebands = inner.sidebands or (0.0,)
    return {
        "kurtosis": float(plain.kurtosis),
        "crest": float(plain.crest),
        "BPFO dB": outer.score_db,
        "BPFI dB": inner.score_db,
        "2BSF dB": ball.score_db,
        "FTF dB": cage.score_db,
        "shaft modulation": _depth(spectra, inner.band, 1.0),
        "inner sidebands dB": float(np.mean(sidebands)),
    }


def _depth(spectra: EnvelopeSpectra, band: int, order: float) -> float:
    """Depth of modulation at an order: the largest of the three bins about it."""
    at = round(order * spectra.bins_per_order)
    return float(spectra.depth(band)[at - 1 : at + 2].max())


def vector(values: dict[str, float]) -> Array:
    """Give what the classifier sees: prominences as they are, ratios as logarithms; float64[6]."""
    logs = {"kurtosis", "crest", "shaft modulation"}
    return np.array([math.log(max(values[name], 1e-6)) if name in logs else values[name] for name in CLASSIFIED])


def window_range(values: list[float]) -> tuple[float, float, float]:
    """Give the 5, 50 and 95 % points of values."""
    low, middle, high = np.percentile(values, [5.0, 50.0, 95.0])
    return float(low), float(middle), float(high)


def inside(values: list[float], limits: list[float]) -> float:
    """Share of `values` within the 5 … 95 % range of `limits`."""
    low, _, high = window_range(limits)
    return float(np.mean([low <= value <= high for value in values]))
