"""Motor current signature analysis: one record of an induction motor's current, judged."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.dsp.current_lines import CurrentLine, PowerSwing, bearing_lines, measure_lines, park_beat
from twin.dsp.current_quality import unfit
from twin.dsp.motor_evidence import Findings, judge_eccentricity, judge_rotor, judge_stator
from twin.dsp.sequence import Sequences, space_vector, three_phases
from twin.dsp.sidebands import Sidebands
from twin.dsp.slip import SPEED_TOLERANCE, Slip, pole_pairs, slip_from_lines, slip_from_speed
from twin.dsp.tones import Fundamental, fundamental

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class CurrentDiagnosis:
    """What a current record showed.

    Parameters
    ----------
    diagnosis : entries {fault, confidence, evidence, ambiguous_with}, most confident first; faults are
        rotor_bars, stator_turns, eccentricity, supply_unbalance and load_oscillation
    verdict : "faulty" (a cause is called), "healthy", or "unknown" (abnormal but not attributable, or not fit
        to judge)
    reason : why
    features : plain numbers; levels in dB re the supply line
    flags : nan, inf, short, constant, clipped, duplicated, phase_order, zero_sequence, single_phase
    supply, slip, sidebands, sequence, swing, lines : what was measured; None where it could not be
    """

    diagnosis: list[dict[str, Any]]
    verdict: str
    reason: str
    features: dict[str, float | None]
    flags: tuple[str, ...]
    supply: Fundamental | None = field(default=None, repr=False)
    slip: Slip | None = field(default=None, repr=False)
    sidebands: Sidebands | None = field(default=None, repr=False)
    sequence: Sequences | None = field(default=None, repr=False)
    swing: PowerSwing | None = field(default=None, repr=False)
    lines: tuple[CurrentLine, ...] = field(default=(), repr=False)

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON: no NaN, no infinities."""
        return {
            "diagnosis": self.diagnosis,
            "verdict": self.verdict,
            "reason": self.reason,
            "band_hz": None,
            "features": self.features,
            "flags": list(self.flags),
        }

    def confidence(self, fault: str) -> float:
        """Confidence of one fault, 0 where it is not in the list."""
        return max((float(entry["confidence"]) for entry in self.diagnosis if entry["fault"] == fault), default=0.0)


def analyze_current(
    i: Array,
    v: Array | float | None = None,
    rate_hz: float = math.nan,
    *,
    poles: int,
    supply_hz: float | None,
    speed_hz: float | None = None,
    bars: int | None = None,
    reference: Array | Sequence[Array] | None = None,
    speed_tolerance: float = SPEED_TOLERANCE,
    vibration_hz: Mapping[str, float] | None = None,
) -> CurrentDiagnosis:
    """Judge one record of an induction motor's current at steady load.

    Parameters
    ----------
    i : float64[3, n], phase currents a, b, c; or float64[n], one of them (no sequences then), any unit
    v : float64[3, n], phase-to-neutral voltages sampled together with i, any unit; may be left out:
        `analyze_current(i, rate_hz, poles=…)`
    rate_hz : sample rate
    poles : number of poles, even
    supply_hz : 50, 60, or what the inverter was told; None takes the strongest line
    speed_hz : shaft speed, true to `speed_tolerance` (relative); without it the slip is looked for in the current
    bars : rotor bars
    reference : one or several healthy records of the same motor, shaped like i
    vibration_hz : names and frequencies of bearing lines to be looked for at |f_1 ± k f_v|

    Raises
    ------
    ValueError
        If shapes, rate, poles, speed or bars make no sense. Samples that cannot be judged are no error: the
        verdict is then "unknown", with flags and the reason.
    """
    pole_pairs(poles)
    i = _shaped(i)
    if isinstance(v, float | int):
        rate_hz = float(v)
        v = None
    if not (math.isfinite(rate_hz) and rate_hz > 0.0):
        raise ValueError(f"sample rate {rate_hz:g} Hz must be positive")
    if v is not None:
        v = three_phases(v, "voltage")
        if v.shape != i.shape:
            raise ValueError(f"voltage of shape {v.shape} must be sampled like the current, of shape {i.shape}")
        if not np.isfinite(v).all():
            raise ValueError("voltage holds values that are not numbers: cut both records, or leave it out")
    if supply_hz is not None and not (math.isfinite(supply_hz) and 0.0 < supply_hz < 0.45 * rate_hz):
        raise ValueError(f"supply frequency {supply_hz:g} Hz must lie between 0 and 0.45 of the rate, {rate_hz:g} Hz")
    bad = unfit(i, rate_hz, supply_hz)
    if bad is not None:
        entries = [] if bad.entry is None else [bad.entry]
        return CurrentDiagnosis(entries, "faulty" if entries else "unknown", bad.reason, {}, bad.flags)
    flags = [] if i.ndim == 2 else ["single_phase"]
    swapped = i.ndim == 2 and _turns_backward(i, rate_hz, supply_hz)
    if swapped:
        flags.append("phase_order")
        i = i[[0, 2, 1]]
        v = None if v is None else v[[0, 2, 1]]
    signal = space_vector(i) if i.ndim == 2 else i
    try:
        supply = fundamental(signal, rate_hz, supply_hz)
    except ValueError as problem:
        return _abstain(str(problem), flags)
    bars_hint = None if bars is None else int(bars)
    slip = (
        slip_from_speed(supply.hz, speed_hz, poles, tolerance=speed_tolerance)
        if speed_hz is not None
        else slip_from_lines(supply.spectrum, supply.hz, poles, bars_hint)
    )
    healthy = _references(reference, i, swapped=swapped)
    found = Findings(flags)
    sidebands, swing = judge_rotor(found, signal, i, v, rate_hz, supply, slip, bars_hint)
    sequence = judge_stator(found, i, v, rate_hz, supply, healthy) if i.ndim == 2 else None
    if sequence is None and i.ndim == 1:
        found.open.append("stator turns and supply: one phase tells nothing about them")
    lines = judge_eccentricity(found, supply, slip, rate_hz, healthy, poles, bars_hint)
    if vibration_hz:
        lines += measure_lines(supply.spectrum, supply.hz, bearing_lines(supply.hz, vibration_hz))
    features = _features(i, supply, slip, sidebands, sequence, swing, lines, found)
    if i.ndim == 2:
        features["park_2f1_percent"] = 100.0 * park_beat(i, rate_hz, supply.hz)
    verdict, reason = found.verdict()
    return CurrentDiagnosis(
        found.sorted(),
        verdict,
        reason,
        {name: _plain(value) for name, value in features.items()},
        tuple(found.flags),
        supply,
        slip,
        sidebands,
        sequence,
        swing,
        lines,
    )


def _features(
    i: Array,
    supply: Fundamental,
    slip: Slip,
    side: Sidebands | None,
    sequence: Sequences | None,
    swing: PowerSwing | None,
    lines: tuple[CurrentLine, ...],
    found: Findings,
) -> dict[str, float | None]:
    features: dict[str, float | None] = {
        "supply_hz": supply.hz,
        "current_rms": float(np.sqrt(np.mean(i * i))),
        "slip_percent": None if slip.slip is None else 100.0 * slip.slip,
        "rotation_hz": slip.rotation_hz,
        "slip_confidence": slip.confidence,
    }
    if side is not None:
        features |= {
            "sideband_lower_db": side.lower_db,
            "sideband_upper_db": side.upper_db,
            "sideband_sum_db": side.total_db,
            "sideband_floor_db": 20.0 * math.log10(side.floor) if side.floor > 0.0 else None,
            "sideband_window_needed_s": side.needed_s,
        }
    if sequence is not None:
        features |= {
            "negative_share_percent": 100.0 * abs(sequence.negative_share),
            "negative_share_std_percent": 100.0 * sequence.negative_share_std,
            "zero_share_percent": 100.0 * sequence.zero_share,
            "nema_unbalance_percent": 100.0 * sequence.nema_unbalance,
        }
    if swing is not None:
        features |= {"power_swing_active": swing.active, "power_swing_reactive": swing.reactive}
    features |= {f"{line.name}_db": line.db for line in lines}
    return features | found.numbers


def _references(reference: Array | Sequence[Array] | None, i: Array, *, swapped: bool) -> list[Array]:
    if reference is None:
        return []
    one = isinstance(reference, np.ndarray) and reference.ndim == i.ndim
    records = [_shaped(np.asarray(record)) for record in ((reference,) if one else reference)]
    for record in records:
        if record.ndim != i.ndim:
            raise ValueError(f"reference of shape {record.shape} must have the phases of the record, {i.shape}")
        if not np.isfinite(record).all():
            raise ValueError("reference holds values that are not numbers: give a clean healthy record")
    return [record[[0, 2, 1]] if swapped else record for record in records]


def _shaped(i: Array) -> Array:
    i = np.ascontiguousarray(i, dtype=np.float64)
    return i if i.ndim == 1 else three_phases(i)


def _turns_backward(i: Array, rate_hz: float, supply_hz: float | None) -> bool:
    spectrum = np.abs(np.fft.fft(space_vector(i)))
    half = i.shape[1] // 2
    if supply_hz is None:
        return float(spectrum[half + 1 :].max()) > float(spectrum[1:half].max())
    at, reach = supply_hz * i.shape[1] / rate_hz, 0.03 * supply_hz * i.shape[1] / rate_hz + 1.0
    near = np.arange(max(math.floor(at - reach), 1), min(math.ceil(at + reach), half - 1) + 1)
    return near.size > 0 and float(spectrum[-near].max()) > float(spectrum[near].max())


def _abstain(reason: str, flags: list[str]) -> CurrentDiagnosis:
    return CurrentDiagnosis([], "unknown", reason, {}, tuple(flags))


def _plain(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)
