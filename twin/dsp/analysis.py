"""One recorded waveform, judged: a vibration point's processing, on the whole record at leisure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from twin.dsp.bearing import BearingGeometry
from twin.dsp.biquad import BiquadCascade, high_pass
from twin.dsp.envelope import FULL_TREE, Band, candidate_bands, envelope_spectra
from twin.dsp.evidence import FAR, SCORE_MIDDLE_DB, LineScore, max_order, score_families
from twin.dsp.fitness import fitness, speed_track
from twin.dsp.iso20816 import velocity_band_hz
from twin.dsp.moments import Moments
from twin.dsp.spectrum import amplitude_spectrum, band_rms, line_amplitude, peak_hold, velocity_rms

Array = NDArray[np.float64]

CALL = 0.5
"""Confidence from which a diagnosis is a call."""
LISTED = 0.05
"""Confidence from which a family is listed at all."""
DOUBT = 0.2
"""Confidence from which a record is no longer called healthy."""
SEGMENT_REVS = 80.0
"""Length of the averaged segments: fine enough to part neighbours, short enough for random slip."""
SHARE_1X = 0.8
"""Share of the velocity power at once per turn from which imbalance is considered."""
SHALLOW = 0.35
"""Modulation depth from which lines above chance are abnormal, though not deep enough to call."""

IMPULSIVE = 6.0
"""Kurtosis from which a record without lines is abnormal; 3 is normal noise."""
CHOSEN = 3
"""How many bands of a chooser are demodulated beside the whole one."""

Bands = Literal["all", "raw", "kurtosis", "chosen"]
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
    flags : empty, nan, inf, constant, coarse, dead, clipped, short, speed_change forbid a judgement (verdict
        "unknown"); clipped (a few samples only), burst, rate, rate_doubtful, speed, changed are told beside one
    lines : evidence per bearing family
    remarks : one sentence per flag told beside the verdict
    """

    diagnosis: list[dict[str, Any]]
    verdict: str
    reason: str
    band_hz: tuple[float, float] | None
    features: dict[str, float | None]
    flags: tuple[str, ...]
    lines: dict[str, LineScore] = field(default_factory=dict, repr=False)
    envelope_spectrum: tuple[Array, Array] | None = field(default=None, repr=False)
    remarks: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON: no NaN, no infinities."""
        return {
            "diagnosis": self.diagnosis,
            "verdict": self.verdict,
            "reason": self.reason,
            "band_hz": None if self.band_hz is None else [round(edge, 3) for edge in self.band_hz],
            "features": self.features,
            "flags": list(self.flags),
            "remarks": list(self.remarks),
        }


def analyze(
    x: Array,
    rate_hz: float,
    speed_hz: float | Array,
    bearing: BearingGeometry,
    *,
    unit: str | None = None,
    bands: Bands = "all",
    far: float = FAR,
    reference: Sequence[Array] = (),
) -> AnalysisResult:
    """Judge one record.

    Parameters
    ----------
    x : float64[n], acceleration
    rate_hz : sample rate, positive
    speed_hz : mean shaft speed, positive, or its track: float64[m], evenly spaced over the record
    bearing : geometry of the bearing nearby
    unit : "m/s2" or "g"; without it no velocity and no verdict that needs one
    bands : where to demodulate. "all" weighs the whole band and a tree of others by the bearing's own lines;
        "raw" takes the whole band alone, "kurtosis" the one with the most impulsive envelope, "chosen" those
        that `choose_band` prefers without knowing the bearing. The last three are there to compare.
    far : false-alarm rate of `score_families`
    reference : healthy records of the same point, same rate and unit; a record that differs from them and
        has no called cause is "unknown", never "healthy"

    Raises
    ------
    ValueError
        If rate or speed make no sense, or x is not one-dimensional.
    """
    if x.ndim != 1:
        raise ValueError(f"a waveform must be one-dimensional, not of shape {x.shape}")
    if not (math.isfinite(rate_hz) and rate_hz > 0.0):
        raise ValueError(f"sample rate {rate_hz:g} Hz must be positive")
    mean_hz, revs = speed_track(speed_hz, x.size, rate_hz)
    if mean_hz * bearing.bpfi > 0.45 * rate_hz:
        raise ValueError(
            f"sample rate {rate_hz:g} Hz is too low for {mean_hz * 60:g} rpm: the inner-race line lies at"
            f" {mean_hz * bearing.bpfi:g} Hz; check rate and speed"
        )
    if unit is not None and unit not in _UNITS:
        raise ValueError(f"unit {unit!r} must be one of {', '.join(_UNITS)}")
    if bands not in ("all", "raw", "kurtosis", "chosen"):
        raise ValueError(f"bands = {bands!r} must be 'all', 'raw', 'kurtosis' or 'chosen'")
    x = np.ascontiguousarray(x, dtype=np.float64)
    segment_s = max(SEGMENT_REVS / mean_hz, 2.0)
    fit = fitness(x, rate_hz, mean_hz, bearing, revs=revs, segment_s=segment_s)
    if fit.forbidding:
        reason = "; ".join(fit.reasons[flag] for flag in fit.forbidding)
        return AnalysisResult([], "unknown", reason, None, fit.features, fit.forbidding)
    clean = np.empty_like(x)
    removal = BiquadCascade(high_pass(rate_hz, min(0.5, 0.1 * mean_hz)))
    # as if the record had gone on like this before: a first sample taken for the level would ring for a second
    removal.reset(float(x.mean()))
    removal.process(x, clean)
    moments = Moments()
    moments.update(clean)
    amplitude = amplitude_spectrum(clean)
    df = rate_hz / clean.size
    features = _features(moments, amplitude, df, rate_hz, mean_hz, _UNITS.get(unit or ""))
    spectra = envelope_spectra(
        clean,
        rate_hz,
        mean_hz,
        max_order=max_order(bearing),
        bands=_bands(clean, rate_hz, mean_hz, bands),
        segment_s=segment_s,
        revs=revs,
    )
    lines = score_families(spectra, bearing, far=far)
    diagnosis = [_bearing_entry(line) for line in lines.values() if line.confidence >= LISTED]
    unbalance = _imbalance(amplitude, df, rate_hz, mean_hz, features)
    if unbalance is not None:
        diagnosis.append(unbalance)
    diagnosis.sort(key=lambda entry: -entry["confidence"])
    best = max(lines.values(), key=lambda line: (line.confidence, line.score_db))
    flags, remarks = list(fit.telling), [fit.reasons[flag] for flag in fit.telling]
    change = _change(x, reference, rate_hz)
    if change is not None:
        flags.append("changed")
        remarks.append(change)
    verdict, reason = _verdict(diagnosis, lines, moments, change)
    depth = peak_hold(spectra.speed_hz / spectra.bins_per_order, spectra.depth(best.band), 2000)
    return AnalysisResult(
        diagnosis, verdict, reason, best.band_hz, features, tuple(flags), lines, depth, tuple(remarks)
    )


def _bands(x: Array, rate_hz: float, speed_hz: float, bands: Bands) -> list[Band]:
    known = candidate_bands(rate_hz, speed_hz, FULL_TREE)
    if bands == "all":
        return known
    if bands == "raw":
        return known[:1]
    if bands == "kurtosis":
        narrow = [band for band in known[1:] if not band.whitened]
        return [max(narrow, key=lambda band: _envelope_kurtosis(x, rate_hz, band), default=known[0])]
    from twin.dsp.bands import choose_band

    choice = choose_band(x, rate_hz, speed_hz)
    return list(choice.bands(CHOSEN))


def _envelope_kurtosis(x: Array, rate_hz: float, band: Band) -> float:
    """Fourth moment of the band's analytic signal over its squared power, less 2: 0 for noise (Antoni 2006)."""
    spectrum = np.fft.rfft(x - x.mean())
    step_hz = rate_hz / x.size
    piece = spectrum[math.ceil(band.low_hz / step_hz) : int(band.high_hz / step_hz)]
    squared = np.abs(np.fft.ifft(piece)) ** 2
    mean = float(squared.mean())
    return float(np.mean(squared**2)) / mean**2 - 2.0 if mean > 0.0 else -math.inf


def _change(x: Array, reference: Sequence[Array], rate_hz: float) -> str | None:
    """Say how the record differs from healthy ones, None when it does not or there are none."""
    if not reference:
        return None
    from twin.dsp.reference import compare

    comparison = compare(x, reference, rate_hz)
    return comparison.reason if comparison.outcome == "changed" else None


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
            "p_value": line.p_value,
            "band_hz": [round(edge, 3) for edge in line.band_hz],
        },
    }


def _verdict(
    diagnosis: list[dict[str, Any]], lines: dict[str, LineScore], moments: Moments, change: str | None
) -> tuple[str, str]:
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
    if moments.kurtosis > IMPULSIVE:
        return (
            "unknown",
            f"impulsive (kurtosis {moments.kurtosis:.1f}, 3 is normal), but no family of lines explains it",
        )
    if change is not None:
        return "unknown", f"no family of lines explains it, but: {change}"
    return "healthy", "no family of lines stands out beyond chance"


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
