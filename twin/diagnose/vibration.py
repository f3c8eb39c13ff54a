"""What the housings tell: bearing lines, unbalance, cavitation noise, and vibration nobody can explain.

A verdict needs several windows, all of them in steady running. Bearing families carry a confidence against
chance from the envelope evidence; once-per-turn amplitude and high-frequency noise are compared with this machine's
own commissioned level, carried to the present speed by the law of the cause (ω⁴ for unbalance below resonance:
force ∝ ω², acceleration another ω²).
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from twin.diagnose.ledger import Ledger
    from twin.dsp.point import VibrationFeatures

SECOND = 1_000_000_000
WINDOWS = 6
CALLS = 4
"""Windows out of the last `WINDOWS` that must name the same family."""
LINE_CONFIDENCE = 0.5
IMBALANCE_RATIO = 2.2
CLEAR_OF_OTHERS = 2.5
UNKNOWN_RATIO, UNKNOWN_WINDOWS = 4.0, 30
BASE_WINDOWS = 8
SPECTRUM_POINTS = 240


@dataclass(slots=True)
class Housing:
    """What is known of one measuring point."""

    point: str
    asset: str
    recent: deque[VibrationFeatures] = field(default_factory=lambda: deque(maxlen=WINDOWS))
    base_1x: list[float] = field(default_factory=list)
    base_2x: list[float] = field(default_factory=list)
    base_hf: list[tuple[float, float]] = field(default_factory=list)
    base_rms: list[float] = field(default_factory=list)
    first_ns: int = 0

    def levels(self, name: str) -> float:
        """Median commissioned level, NaN before commissioning."""
        values = {"1x": self.base_1x, "2x": self.base_2x, "rms": self.base_rms}[name]
        return _median(values) if len(values) >= BASE_WINDOWS else math.nan

    def strength(self, family: str) -> float:
        """How loudly the newest windows speak of a family: confidence, modulation depth and high-frequency level."""
        newest = [f for f in list(self.recent)[-3:] if family in f.lines]
        parts = [
            f.lines[family].confidence * f.lines[family].depth * (f.hf_rms if not math.isnan(f.hf_rms) else f.rms)
            for f in newest
        ]
        return sum(parts) / len(parts) if parts else 0.0

    def hf_ratio(self) -> float:
        """High-frequency noise of the newest windows over the commissioned level at about this speed."""
        now = [f for f in list(self.recent)[-3:] if not math.isnan(f.hf_rms) and f.speed_hz]
        if len(now) < 2 or len(self.base_hf) < BASE_WINDOWS:
            return math.nan
        speed = _median([float(f.speed_hz or 0.0) for f in now])
        near = [hf for s, hf in self.base_hf if abs(s / speed - 1.0) < 0.08] or [hf for _, hf in self.base_hf]
        return _median([f.hf_rms for f in now]) / max(1e-9, _median(near))


class VibrationMonitor:
    """Watches every housing of a machine.

    Parameters
    ----------
    housings
        Point id → bearing asset id.
    rotor
        The asset an unbalance is reported on.
    """

    def __init__(self, housings: dict[str, str], rotor: str, ledger: Ledger) -> None:
        self.housings = {point: Housing(point, asset) for point, asset in sorted(housings.items())}
        self.rotor = rotor
        self.ledger = ledger
        self._bearing: tuple[str, str] | None = None
        self._loud = 0
        self._fresh: list[tuple[Housing, VibrationFeatures, bool]] = []

    def update(self, point: str, features: VibrationFeatures, *, trusted: bool, learn: bool) -> None:
        """Take one window. `trusted`: the machine ran steadily all through; `learn`: nothing is known to be wrong."""
        housing = self.housings[point]
        flags = set(features.flags)
        if not trusted or not features.usable or "short" in flags or features.speed_hz is None:
            if not trusted:
                housing.recent.clear()
            return
        if not housing.first_ns:
            housing.first_ns = features.t_ns
        housing.recent.append(features)
        self._fresh.append((housing, features, learn))

    def conclude(self, t_ns: int) -> None:
        """Judge what `update` brought, once every housing has had its say for this frame."""
        fresh, self._fresh = self._fresh, []
        if not fresh:
            return
        self._bearings(t_ns)
        self._imbalance(t_ns)
        self._stranger(t_ns)
        for housing, features, learn in fresh:
            if learn and not self._suspect():
                self._learn(housing, features)

    def _learn(self, housing: Housing, f: VibrationFeatures) -> None:
        speed = float(f.speed_hz or 0.0)
        if len(housing.base_1x) < 30 and "1x" in f.order_amplitudes:
            housing.base_1x.append(f.order_amplitudes["1x"] / speed**4)
            housing.base_2x.append(f.order_amplitudes.get("2x", 0.0))
            housing.base_rms.append(f.rms)
        near = sum(1 for s, _ in housing.base_hf if abs(s / speed - 1.0) < 0.04)
        if near < 12 and not math.isnan(f.hf_rms):
            housing.base_hf.append((speed, f.hf_rms))

    def _suspect(self) -> bool:
        return self._bearing is not None or self.ledger.is_open("imbalance", self.rotor) or self._loud > 0

    # --- bearings ---------------------------------------------------------------------------------------

    def _bearings(self, t_ns: int) -> None:
        called: dict[str, int] = {}
        for housing in self.housings.values():
            for family in sorted({name for f in housing.recent for name in f.lines}):
                count = sum(
                    1 for f in housing.recent if family in f.lines and f.lines[family].confidence >= LINE_CONFIDENCE
                )
                called[family] = max(called.get(family, 0), count)
        families = [family for family, count in called.items() if count >= CALLS]
        if not families:
            self._release(t_ns)
            return
        # Both housings hear the same impacts; the nearer one hears them louder.
        strength = {(family, h.point): h.strength(family) for family in families for h in self.housings.values()}
        family, point = max(sorted(strength), key=lambda key: strength[key])
        housing = self.housings[point]
        key = (family, housing.asset)
        if self._bearing is not None and self._bearing != key:
            return
        self._bearing = key
        if not self.ledger.is_open(*key):
            evidence = self._line_evidence(housing, family)
            self.ledger.raise_(
                family,
                housing.asset,
                t_ns,
                onset_ns=self._first_call(housing, family),
                severity=None,
                confidence=evidence["confidence"],
                evidence=evidence,
            )

    def _release(self, t_ns: int) -> None:
        if self._bearing is None:
            return
        family, asset = self._bearing
        housing = next(h for h in self.housings.values() if h.asset == asset)
        silent = all(f.lines.get(family) is None or f.lines[family].confidence < 0.2 for f in housing.recent)
        if silent and len(housing.recent) == WINDOWS:
            self.ledger.clear(family, asset, t_ns, 10 * SECOND)
            if not self.ledger.is_open(family, asset):
                self._bearing = None

    def _first_call(self, housing: Housing, family: str) -> int:
        named = [f for f in housing.recent if family in f.lines and f.lines[family].confidence >= LINE_CONFIDENCE]
        return named[0].t0_ns

    def _line_evidence(self, housing: Housing, family: str) -> dict[str, Any]:
        shown = max(
            (f for f in housing.recent if family in f.lines),
            key=lambda f: (f.lines[family].confidence, f.t_ns),
        )
        line = shown.lines[family]
        others = {
            other.asset: round(
                max((f.lines[family].score_db for f in other.recent if family in f.lines), default=0.0), 2
            )
            for other in self.housings.values()
        }
        freq, depth = _thin(*shown.envelope_spectrum)
        return {
            "point": housing.point,
            "confidence": round(float(line.confidence), 4),
            "score_db_over_chance": round(float(line.score_db), 2),
            "found_hz": round(float(line.f_hz), 4),
            "expected_hz": round(float(line.expected_hz), 4),
            "order": round(float(line.f_hz) / float(shown.speed_hz or 1.0), 4),
            "speed_hz": shown.speed_hz,
            "harmonics_db": [round(float(x), 2) for x in line.harmonics],
            "sidebands_db": [round(float(x), 2) for x in line.sidebands],
            "depth": round(float(line.depth), 5),
            "band_hz": [round(float(edge), 1) for edge in line.band_hz],
            "kurtosis": round(float(shown.kurtosis), 3),
            "score_db_by_housing": others,
            "window": {"t0_ns": shown.t0_ns, "t_ns": shown.t_ns},
            "envelope_spectrum": {"freq_hz": freq, "depth": depth},
        }

    # --- once per turn ----------------------------------------------------------------------------------

    def _imbalance(self, t_ns: int) -> None:
        ratios: dict[str, tuple[float, float]] = {}
        for housing in self.housings.values():
            base, second = housing.levels("1x"), housing.levels("2x")
            newest = [f for f in list(housing.recent)[-3:] if "1x" in f.order_amplitudes]
            if math.isnan(base) or len(newest) < 3:
                continue
            one = min(f.order_amplitudes["1x"] / float(f.speed_hz or 1.0) ** 4 for f in newest)
            two = _median([f.order_amplitudes.get("2x", 0.0) for f in newest])
            clear = all(
                f.order_amplitudes["1x"]
                > CLEAR_OF_OTHERS * max(f.order_amplitudes.get("2x", 0.0), f.order_amplitudes.get("3x", 0.0))
                for f in newest
            )
            if not clear and self._bearing is not None:
                continue  # impacts fill the low orders with noise: no word on unbalance
            ratios[housing.point] = (one / max(base, 1e-12), two / max(second, 1e-3))
        if not ratios:
            return
        strongest = max(sorted(ratios), key=lambda point: ratios[point][0])
        first, second = ratios[strongest]
        common = all(ratio[0] > 1.5 for ratio in ratios.values())
        if first > IMBALANCE_RATIO and common:
            housing = self.housings[strongest]
            shown = housing.recent[-1]
            freq, amplitude = _thin(*shown.spectrum, top_hz=6.5 * float(shown.speed_hz or 1.0))
            evidence = {
                "point": strongest,
                "order": 1.0,
                "ratio_1x_to_commissioned": round(first, 3),
                "ratio_2x_to_commissioned": round(second, 3),
                "ratio_by_point": {point: round(ratio[0], 3) for point, ratio in sorted(ratios.items())},
                "amplitude_1x_m_s2": shown.order_amplitudes["1x"],
                "velocity_rms_mm_s": shown.velocity_rms_mm_s,
                "zone": shown.zone,
                "speed_hz": shown.speed_hz,
                "spectrum": {"freq_hz": freq, "amplitude_m_s2": amplitude},
            }
            onset = list(housing.recent)[-3].t0_ns
            severity = min(1.0, max(0.0, math.log(first) / math.log(100.0)))
            fault = "imbalance" if second < max(3.0, 0.5 * first) else "unknown"
            rivals = () if fault == "imbalance" else (f"imbalance@{self.rotor}",)
            self.ledger.raise_(
                fault,
                self.rotor,
                t_ns,
                onset_ns=onset,
                severity=severity,
                confidence=0.95,
                evidence=evidence,
                ambiguous=rivals,
            )
        elif first < 1.6:
            self.ledger.clear("imbalance", self.rotor, t_ns, 5 * SECOND)

    def _stranger(self, t_ns: int) -> None:
        """Lasting noise in every housing that no known cause explains."""
        ratios = self.hf_ratios()
        explained = {
            "suction_clogging",
            "imbalance",
            "bearing_outer_race",
            "bearing_inner_race",
            "bearing_ball",
            "bearing_cage",
        }
        known = any(f.fault in explained for f in self.ledger.open)
        loud = bool(ratios) and min(ratios.values()) > UNKNOWN_RATIO and not known
        self._loud = self._loud + 1 if loud else 0
        if self._loud >= UNKNOWN_WINDOWS:
            self.ledger.raise_(
                "unknown",
                self.rotor,
                t_ns,
                onset_ns=t_ns - self._loud * SECOND,
                confidence=0.5,
                evidence={
                    "hf_rms_to_commissioned": {point: round(ratio, 3) for point, ratio in sorted(ratios.items())}
                },
                ambiguous=(f"suction_clogging@{self.rotor}",),
            )

    def hf_ratios(self) -> dict[str, float]:
        """High-frequency noise over commissioned, by point, where it can be said."""
        ratios = {point: housing.hf_ratio() for point, housing in self.housings.items()}
        return {point: ratio for point, ratio in ratios.items() if not math.isnan(ratio)}


def _median(values: list[float]) -> float:
    ordered = sorted(values)
    return ordered[len(ordered) // 2]


def _thin(freq: Any, amplitude: Any, top_hz: float | None = None) -> tuple[list[float], list[float]]:
    """Keep the largest of each group, at most `SPECTRUM_POINTS`, so that lines survive."""
    pairs = [(float(f), float(a)) for f, a in zip(freq, amplitude, strict=True) if top_hz is None or f <= top_hz]
    size = max(1, math.ceil(len(pairs) / SPECTRUM_POINTS))
    kept = [max(pairs[i : i + size], key=lambda pair: pair[1]) for i in range(0, len(pairs), size)]
    return [round(f, 3) for f, _ in kept], [float(f"{a:.5g}") for _, a in kept]
