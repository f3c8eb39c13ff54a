"""What a motor's current says for and against each fault, with what cannot be told apart named.

Limits, and where they come from. Rotor: the sum of both sidebands, middle -43 dB, two lines of -49 dB each; the
severity charts in common use call -54 dB and less sound, -48 to -42 dB cracked, and more broken (compare Thomson
and Fenger 2001). Stator: a negative sequence of 8 % without a healthy record, about what 1 % of voltage unbalance
(the limit of NEMA MG 1) makes of a sound motor; 3 % beyond healthy records, or twice their own scatter where
that is more. Eccentricity: -38 dB, or 6 dB over a healthy record, both engineering values. Nothing is fitted to
a data set.
"""

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twin.dsp.current_lines import (
    CurrentLine,
    PowerSwing,
    eccentricity_lines,
    measure_lines,
    power_swing,
    slot_eccentricity_lines,
)
from twin.dsp.sequence import Sequences, sequences, space_vector
from twin.dsp.sidebands import Sidebands, rotor_sidebands
from twin.dsp.slip import Slip, pole_pairs
from twin.dsp.tones import Fundamental, fundamental

Array = NDArray[np.float64]

CALL, DOUBT = 0.5, 0.2
"""Confidence from which a cause is called, and from which a record is no longer healthy."""
ROTOR_MIDDLE_DB, ROTOR_WIDTH_DB = -43.0, 1.5
LIGHT_SLIP = 0.003
"""Below this slip the cage carries too little current to show its bars."""
NEGATIVE_ALONE, NEGATIVE_EXCESS = 0.08, 0.03
ECCENTRIC_DB, ECCENTRIC_RISE_DB = -38.0, 6.0
SUPPLY_GAIN = (3.0, 20.0)
"""Negative-sequence share of current per share of voltage: starting over running current, 5 … 8 at full load,
more where the motor runs light."""
SWING_ROTOR, SWING_LOAD = 0.7, 0.35
"""Reactive over active power swing from which it is the rotor, and up to which it is the load; simulated motors
of 2.2 and 15 kW show 0.98 and more, and 0.17 and less, over loads and inertias."""


@dataclass(slots=True)
class Findings:
    """Entries, what stayed open and why, and numbers met on the way."""

    flags: list[str]
    entries: list[dict[str, Any]] = field(default_factory=list)
    open: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    numbers: dict[str, float | None] = field(default_factory=dict)

    def add(self, fault: str, confidence: float, evidence: dict[str, Any], *ambiguous_with: str) -> None:
        """Enter a cause, unless there is nothing to it."""
        if confidence >= 0.05:
            clean = {k: (None if isinstance(x, float) and not math.isfinite(x) else x) for k, x in evidence.items()}
            entry = {"fault": fault, "confidence": round(confidence, 4), "evidence": clean}
            self.entries.append({**entry, "ambiguous_with": list(ambiguous_with)})

    def sorted(self) -> list[dict[str, Any]]:
        """Most confident first; one entry a fault."""
        best: dict[str, dict[str, Any]] = {}
        for entry in sorted(self.entries, key=lambda entry: -float(entry["confidence"])):
            best.setdefault(entry["fault"], entry)
        return list(best.values())

    def verdict(self) -> tuple[str, str]:
        """Verdict and reason over all."""
        called = [entry for entry in self.sorted() if entry["confidence"] >= CALL]
        doubtful = [entry for entry in self.sorted() if entry["confidence"] >= DOUBT]
        tail = "".join(f"; not judged: {why}" for why in self.open)
        if called:
            names = " and ".join(f"{entry['fault']} with confidence {entry['confidence']:.2f}" for entry in called)
            rest = "; ".join(self.words)
            return "faulty", names + (f" ({rest})" if rest else "") + tail
        if doubtful:
            return "unknown", ("; ".join(self.words) or f"traces of {doubtful[0]['fault']}, too weak to call") + tail
        if self.open and not (self.flags == ["single_phase"] and len(self.open) == 1):
            return "unknown", "no fault found in what could be judged" + tail
        return "healthy", "nothing stands out beyond what sound motors show" + tail


def judge_rotor(
    found: Findings,
    signal: Array | NDArray[np.complex128],
    i: Array,
    v: Array | None,
    rate_hz: float,
    supply: Fundamental,
    slip: Slip,
    bars: int | None,
) -> tuple[Sidebands | None, PowerSwing | None]:
    """Measure the rotor's sidebands and enter rotor bars, a swinging load, or both where nothing parts them."""
    if slip.slip is None:
        found.open.append(f"rotor bars: {slip.reason}")
        return None, None
    side = rotor_sidebands(signal, rate_hz, supply.hz, slip.slip, slip.tolerance, spectrum=supply.spectrum)
    if not side.resolvable:
        found.open.append(f"rotor bars: {side.reason}")
        return side, None
    floor_db = 20.0 * math.log10(max(4.0 * side.floor, 1e-15))
    confidence = rise(side.total_db, ROTOR_MIDDLE_DB, ROTOR_WIDTH_DB) if side.detected else 0.0
    if not side.detected and floor_db > ROTOR_MIDDLE_DB - 6.0:
        found.open.append(f"rotor bars: lines below {floor_db:.0f} dB drown in the noise")
    elif not side.detected and slip.slip < LIGHT_SLIP:
        found.open.append(f"rotor bars: {100 * slip.slip:.2g} % slip is too light a load to show them")
    evidence: dict[str, Any] = {
        "lower_hz": supply.hz - side.spacing_hz,
        "upper_hz": supply.hz + side.spacing_hz,
        "lower_db": side.lower_db,
        "upper_db": side.upper_db,
        "sum_db": side.total_db,
        "sum": side.total,
        "slip": side.spacing_hz / (2.0 * supply.hz),
    }
    if bars is not None:
        evidence["bars_at_least"] = side.total * bars  # n/N_b bounds the sum from above
    if confidence < 0.05:
        return side, None
    swing = None if v is None else power_swing(i, v, rate_hz, side.spacing_hz)
    where = f"lines at {side.lower_db:.1f} and {side.upper_db:.1f} dB, {side.spacing_hz:.3g} Hz beside the supply line"
    if swing is not None and max(swing.active, swing.reactive) > 6.0 * swing.floor:
        evidence |= {"power_swing_active": swing.active, "power_swing_reactive": swing.reactive}
        if swing.ratio >= SWING_ROTOR:
            found.words.append(f"{where}; reactive power swings as active power does or more: the rotor, not the load")
            found.add("rotor_bars", confidence, evidence)
            return side, swing
        if swing.ratio <= SWING_LOAD:
            found.words.append(f"{where}; nearly only active power swings: the load, not the rotor")
            found.add("load_oscillation", confidence, evidence)
            return side, swing
    found.words.append(
        f"rotor asymmetry or load oscillation: {where}; "
        + (
            "voltages, a run without load, or vibration can tell"
            if swing is None
            else "the swing of power decides nothing"
        )
    )
    found.add("rotor_bars", 0.49 * confidence, evidence, "load_oscillation")
    found.add("load_oscillation", 0.49 * confidence, evidence, "rotor_bars")
    return side, swing


def judge_stator(
    found: Findings, i: Array, v: Array | None, rate_hz: float, supply: Fundamental, healthy: list[Array]
) -> Sequences:
    """Measure the negative sequence and enter stator turns, supply unbalance, or both where nothing parts them."""
    sequence = sequences(i, rate_hz, supply.hz)
    share = sequence.negative_share
    noise = 0.0 if math.isnan(sequence.negative_share_std) else sequence.negative_share_std
    evidence: dict[str, Any] = {
        "negative_over_positive": abs(share),
        "negative_angle_deg": math.degrees(math.atan2(share.imag, share.real)),
        "standard_error": noise,
        "zero_over_positive": sequence.zero_share,
    }
    if sequence.zero_share > 0.02:
        found.flags.append("zero_sequence")
    if healthy:
        base = [
            sequences(record, rate_hz, fundamental(space_vector(record), rate_hz, supply.hz).hz) for record in healthy
        ]
        mean = sum(one.negative_share for one in base) / len(base)
        scatter = max(abs(one.negative_share - mean) for one in base)
        middle = max(NEGATIVE_EXCESS, 2.0 * scatter + 3.0 * noise)
        excess = share - mean
        evidence |= {
            "excess_over_healthy": abs(excess),
            "excess_angle_deg": math.degrees(math.atan2(excess.imag, excess.real)),
            "limit": middle,
        }
        value = abs(excess)
    else:
        # a wrong gain shows in the zero sequence as much as in the negative one
        middle = NEGATIVE_ALONE + 3.0 * noise + min(sequence.zero_share, 0.1)
        evidence["limit"] = middle
        value = abs(share)
    found.numbers["negative_excess_percent"] = 100.0 * value if healthy else None
    confidence = rise(value, middle, middle / 8.0)
    words = f"negative sequence {100 * abs(share):.1f} % of the positive one"
    if v is not None:
        _with_voltage(found, sequences(v, rate_hz, supply.hz), value, middle, evidence, words)
    elif healthy:
        if confidence >= DOUBT:
            found.words.append(
                f"{words}, {100 * value:.1f} % beyond healthy; an unbalance new to the supply looks alike"
            )
        found.add("stator_turns", confidence, evidence, "supply_unbalance")
    else:
        if confidence >= DOUBT:
            found.words.append(f"{words}: stator turns or supply unbalance; voltages or a healthy record can tell")
        found.add("stator_turns", 0.49 * confidence, evidence, "supply_unbalance")
        found.add("supply_unbalance", 0.49 * confidence, evidence, "stator_turns")
    return sequence


def _with_voltage(
    found: Findings, volts: Sequences, value: float, middle: float, evidence: dict[str, Any], words: str
) -> None:
    """Share out the negative sequence: what the voltage's own explains, at most and at least."""
    supply = abs(volts.negative_share)
    noise = 0.0 if math.isnan(volts.negative_share_std) else volts.negative_share_std
    evidence |= {"negative_voltage": supply}
    found.numbers["negative_voltage_percent"] = 100.0 * supply
    most, least = SUPPLY_GAIN[1] * (supply + 3.0 * noise), SUPPLY_GAIN[0] * supply
    whole = rise(value, middle, middle / 8.0)
    beyond = whole * rise(value - most, 0.25 * middle, middle / 8.0)
    explained = whole - beyond
    if whole >= DOUBT:
        found.words.append(f"{words}; the voltage has {100 * supply:.2g} %")
    found.add("stator_turns", beyond, evidence)
    if value >= least and supply >= 0.003:
        found.add("supply_unbalance", explained, evidence)
    else:
        found.add("supply_unbalance", 0.49 * explained, evidence, "stator_turns")
        found.add("stator_turns", 0.49 * explained, evidence, "supply_unbalance")


def judge_eccentricity(
    found: Findings,
    supply: Fundamental,
    slip: Slip,
    rate_hz: float,
    healthy: list[Array],
    poles: int,
    bars: int | None,
) -> tuple[CurrentLine, ...]:
    """Measure f_1 ± f_r (and slot lines) and enter eccentricity beside a load that swings with the shaft."""
    if slip.slip is None or slip.rotation_hz is None:
        found.open.append("eccentricity: the speed is not known")
        return ()
    spread = slip.tolerance * supply.hz / pole_pairs(poles)
    wanted = eccentricity_lines(supply.hz, slip.rotation_hz)
    if bars is not None:
        wanted |= slot_eccentricity_lines(supply.hz, slip.slip, bars, poles)
    lines = measure_lines(supply.spectrum, supply.hz, wanted, tolerance=spread)
    pair = [line for line in lines if line.name in ("eccentricity_-1", "eccentricity_+1")]
    if len(pair) < 2:
        return lines
    if min(line.prominence_db for line in pair) < 12.0:
        return lines
    ratio = math.sqrt(pair[0].ratio * pair[1].ratio)
    level = 20.0 * math.log10(ratio)
    evidence: dict[str, Any] = {
        "lower_hz": pair[0].hz,
        "upper_hz": pair[1].hz,
        "lower_db": pair[0].db,
        "upper_db": pair[1].db,
    }
    before = [_pair_level(record, rate_hz, supply.hz, slip, spread) for record in healthy]
    known = [value for value in before if value is not None]
    if known:
        gained = level - max(known)
        evidence["rise_db"] = gained
        confidence = rise(gained, ECCENTRIC_RISE_DB, 1.0) * rise(level, ECCENTRIC_DB - 12.0, 2.0)
    else:
        confidence = rise(level, ECCENTRIC_DB, 2.0)
    if 0.49 * confidence >= DOUBT:
        found.words.append(
            f"lines {level:.1f} dB once per turn beside the supply line: eccentricity or a load that swings with it"
        )
    found.add("eccentricity", 0.49 * confidence, evidence, "load_oscillation")
    found.add("load_oscillation", 0.49 * confidence, evidence, "eccentricity")
    return lines


def _pair_level(record: Array, rate_hz: float, supply_hz: float, slip: Slip, spread: float) -> float | None:
    """Level [dB] of f_1 ± f_r in a healthy record at about the same load."""
    signal = space_vector(record) if record.ndim == 2 else record
    supply = fundamental(signal, rate_hz, supply_hz)
    assert slip.rotation_hz is not None
    wanted = eccentricity_lines(supply.hz, slip.rotation_hz, orders=1)
    lines = measure_lines(supply.spectrum, supply.hz, wanted, tolerance=spread + 0.01 * slip.rotation_hz)
    if len(lines) < 2 or min(line.ratio for line in lines) <= 0.0:
        return None
    return 10.0 * math.log10(lines[0].ratio * lines[1].ratio)


def rise(value: float, middle: float, width: float) -> float:
    """Logistic step from 0 to 1."""
    return 1.0 / (1.0 + math.exp(-min(max((value - middle) / width, -60.0), 60.0)))
