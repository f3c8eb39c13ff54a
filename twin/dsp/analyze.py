"""One recorded waveform, judged: a vibration point's processing, on the whole record at leisure."""

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.dsp.bearing import BearingGeometry
from twin.dsp.biquad import BiquadCascade, high_pass
from twin.dsp.envelope import FULL_TREE, envelope_spectra
from twin.dsp.evidence import SCORE_MIDDLE_DB, LineScore, max_order, score_families
from twin.dsp.iso20816 import velocity_band_hz
from twin.dsp.moments import Moments
from twin.dsp.quality import signal_flags
from twin.dsp.spectrum import amplitude_spectrum, band_rms, line_amplitude, peak_hold, velocity_rms

Array = NDArray[np.float64]

CALL = 0.5
"""Confidence from which a diagnosis is a call."""
DOUBT = 0.2
"""Confidence from which a record is no longer called healthy."""
MIN_REVS = 12.0
"""Fewer revolutions than this tell nothing about lines that repeat a few times a turn."""
SEGMENT_REVS = 80.0
"""Length of the averaged segments: fine enough to part neighbours, short enough for random slip."""
SHARE_1X = 0.8
"""Share of the velocity power at once per turn from which imbalance is considered."""
SHALLOW = 0.35
"""Modulation depth from which lines above chance are abnormal, though not deep enough to call."""

_UNITS = {"m/s2": 1.0, "g": 9.80665}


@dataclass(frozen=True, slots=True)
class AnalysisResult:
    """What a record showed.

    Parameters
    ----------
    diagnosis : possible causes with confidence and evidence, most confident first
    verdict : "faulty" (a cause is called), "healthy", or "unknown" (abnormal but not attributable, or not
        fit to judge)
    reason : one sentence for the verdict
    band_hz : band in which the strongest evidence was found
    features : plain numbers; acceleration in the unit of the record
    flags : nan, inf, constant, coarse, clipped, short, empty
    lines : evidence per bearing family
    """

    diagnosis: list[dict[str, Any]]
    verdict: str
    reason: str
    band_hz: tuple[float, float] | None
    features: dict[str, float | None]
    flags: tuple[str, ...]
    lines: dict[str, LineScore] = field(default_factory=dict, repr=False)
    envelope_spectrum: tuple[Array, Array] | None = field(default=None, repr=False)

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON: no NaN, no infinities."""
        return {
            "diagnosis": self.diagnosis,
            "verdict": self.verdict,
            "reason": self.reason,
            "band_hz": None if self.band_hz is None else [round(edge, 3) for edge in self.band_hz],
            "features": self.features,
            "flags": list(self.flags),
        }


def analyze(
    x: Array, rate_hz: float, speed_hz: float, bearing: BearingGeometry, *, unit: str | None = None
) -> AnalysisResult:
    """Judge one record.

    Parameters
    ----------
    x : float64[n], acceleration
    rate_hz, speed_hz : sample rate and mean shaft speed, both positive
    bearing : geometry of the bearing nearby
    unit : "m/s2" or "g"; without it no velocity and no verdict that needs one

    Raises
    ------
    ValueError
        If rate or speed make no sense, or x is not one-dimensional.
    """
    if x.ndim != 1:
        raise ValueError(f"a waveform must be one-dimensional, not of shape {x.shape}")
    if not (math.isfinite(rate_hz) and rate_hz > 0.0):
        raise ValueError(f"sample rate {rate_hz:g} Hz must be positive")
    if not (math.isfinite(speed_hz) and speed_hz > 0.0):
        raise ValueError(f"shaft speed {speed_hz * 60:g} rpm must be positive")
    if speed_hz * bearing.bpfi > 0.45 * rate_hz:
        raise ValueError(
            f"sample rate {rate_hz:g} Hz is too low for {speed_hz * 60:g} rpm: the inner-race line lies at"
            f" {speed_hz * bearing.bpfi:g} Hz; check rate and speed"
        )
    if unit is not None and unit not in _UNITS:
        raise ValueError(f"unit {unit!r} must be one of {', '.join(_UNITS)}")
    x = np.ascontiguousarray(x, dtype=np.float64)
    bad = _unfit(x, rate_hz, speed_hz)
    if bad is not None:
        return bad
    clean = np.empty_like(x)
    removal = BiquadCascade(high_pass(rate_hz, min(0.5, 0.1 * speed_hz)))
    removal.reset(float(x[0]))
    removal.process(x, clean)
    moments = Moments()
    moments.update(clean)
    amplitude = amplitude_spectrum(clean)
    df = rate_hz / clean.size
    features = _features(moments, amplitude, df, rate_hz, speed_hz, _UNITS.get(unit or ""))
    spectra = envelope_spectra(
        clean,
        rate_hz,
        speed_hz,
        max_order=max_order(bearing),
        tree=FULL_TREE,
        segment_s=max(SEGMENT_REVS / speed_hz, 2.0),
    )
    lines = score_families(spectra, bearing)
    diagnosis = [_bearing_entry(line) for line in lines.values() if line.confidence >= 0.05]
    unbalance = _imbalance(amplitude, df, rate_hz, speed_hz, features)
    if unbalance is not None:
        diagnosis.append(unbalance)
    diagnosis.sort(key=lambda entry: -entry["confidence"])
    best = max(lines.values(), key=lambda line: (line.confidence, line.score_db))
    verdict, reason = _verdict(diagnosis, lines, moments)
    depth = peak_hold(spectra.speed_hz / spectra.bins_per_order, spectra.depth(best.band), 2000)
    return AnalysisResult(diagnosis, verdict, reason, best.band_hz, features, (), lines, depth)


def _unfit(x: Array, rate_hz: float, speed_hz: float) -> AnalysisResult | None:
    """Abstain, with the reason, when the samples cannot carry a judgement."""
    if x.size == 0:
        return _abstain(("empty",), "the record is empty: nothing to judge", {})
    moments = Moments()
    moments.update(x)
    low, high = float(moments.state[5]), float(moments.state[6])
    flags = list(signal_flags(x, nan_count=moments.nan_count, low=low, high=high))
    revs = x.size / rate_hz * speed_hz
    if revs < MIN_REVS:
        flags.append("short")
    if not flags:
        return None
    why = {
        "nan": f"{moments.nan_count} of {x.size} samples are not numbers",
        "inf": "the record holds infinite values",
        "constant": "the signal never changes: a dead or disconnected sensor",
        "coarse": "the signal knows only a few levels: a machine at rest or a converter far too coarse",
        "clipped": "the signal rests on its limits too often: saturated, not to be trusted",
        "short": f"the record holds {revs:.1f} revolutions, {MIN_REVS:g} are the least",
    }
    plain = {"rms": _finite(moments.rms), "peak": _finite(moments.peak), "samples": float(x.size)}
    return _abstain(tuple(flags), "; ".join(why[flag] for flag in flags), plain)


def _abstain(flags: tuple[str, ...], reason: str, features: dict[str, float | None]) -> AnalysisResult:
    return AnalysisResult([], "unknown", reason, None, features, flags)


def _features(
    moments: Moments, amplitude: Array, df: float, rate_hz: float, speed_hz: float, to_si: float | None
) -> dict[str, float | None]:
    band = velocity_band_hz(speed_hz)
    velocity = (
        None if to_si is None else 1e3 * to_si * velocity_rms(amplitude, df, band[0], min(band[1], 0.45 * rate_hz))
    )
    top = 0.4 * rate_hz
    features: dict[str, float | None] = {
        "rms": moments.rms,
        "peak": moments.peak,
        "crest": moments.crest,
        "kurtosis": moments.kurtosis,
        "skewness": moments.skewness,
        "velocity_rms_mm_s": velocity,
        "hf_rms": band_rms(amplitude, df, 5000.0, top) if top > 5000.0 else None,
    }
    for order in (1, 2, 3):
        features[f"order_{order}x"] = line_amplitude(
            amplitude, order * speed_hz / df, 0.005 * order * speed_hz / df + 1.5
        )[0]
    return {name: None if value is None else _finite(value) for name, value in features.items()}


def _imbalance(
    amplitude: Array, df: float, rate_hz: float, speed_hz: float, features: dict[str, float | None]
) -> dict[str, Any] | None:
    """Velocity nearly all at once per turn; how bad needs the unit, so without one it stays a remark."""
    band = velocity_band_hz(speed_hz)
    whole = velocity_rms(amplitude, df, band[0], min(band[1], 0.45 * rate_hz))
    near = 0.01 * speed_hz + 2.0 * df
    first = velocity_rms(amplitude, df, speed_hz - near, speed_hz + near)
    if whole <= 0.0 or not band[0] <= speed_hz <= band[1]:
        return None
    share = min((first / whole) ** 2, 1.0)
    if share < SHARE_1X:
        return None
    velocity = features["velocity_rms_mm_s"]
    # Zone C of a medium machine begins at 2.8 … 4.5 mm/s: below that a clean once-per-turn line is how
    # machines run.
    confidence = 0.15 if velocity is None else 0.9 / (1.0 + math.exp(-(velocity - 3.6) / 0.4))
    evidence = {"share_of_velocity_power_at_1x": share, "velocity_rms_mm_s": velocity, "f_hz": speed_hz}
    return {"fault": "imbalance", "confidence": round(confidence, 4), "evidence": evidence}


def _bearing_entry(line: LineScore) -> dict[str, Any]:
    return {
        "fault": line.family,
        "confidence": round(line.confidence, 4),
        "evidence": {
            "line_hz": line.f_hz,
            "expected_hz": line.expected_hz,
            "slip_percent": 100.0 * (line.f_hz / line.expected_hz - 1.0),
            "score_db": line.score_db,
            "harmonics_db": [round(value, 2) for value in line.harmonics],
            "sidebands_db": [round(value, 2) for value in line.sidebands],
            "modulation_depth": line.depth,
            "margin_db": line.margin_db,
            "chance": line.chance,
            "band_hz": [round(edge, 3) for edge in line.band_hz],
        },
    }


def _verdict(diagnosis: list[dict[str, Any]], lines: dict[str, LineScore], moments: Moments) -> tuple[str, str]:
    best = diagnosis[0] if diagnosis else None
    if best is not None and best["confidence"] >= CALL:
        return "faulty", f"{best['fault']} with confidence {best['confidence']:.2f}"
    if best is not None and best["confidence"] >= DOUBT:
        return "unknown", f"traces of {best['fault']}, too weak or too ambiguous to call"
    shown = max(lines.values(), key=lambda line: line.score_db)
    if shown.score_db >= SCORE_MIDDLE_DB and shown.depth >= SHALLOW:
        return (
            "unknown",
            f"{shown.family} lines stand out (modulation depth {shown.depth:.2f}), not enough to call them",
        )
    if moments.kurtosis > 6.0:
        return (
            "unknown",
            f"impulsive (kurtosis {moments.kurtosis:.1f}, 3 is normal), but no family of lines explains it",
        )
    return "healthy", "no family of lines stands out beyond chance"


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
