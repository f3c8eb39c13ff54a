"""What one scalar point says about itself: quality, repeats, noise, steps, limits, swapped words.

These checks need no model of the machine, only the point's data sheet and its own healthy past. They run on
every sample as it was sent; frames of the engine only use samples that passed.
"""

from __future__ import annotations

import itertools
import math
import struct
from collections import deque
from dataclasses import dataclass, field

from twin.batch import is_good

SENSOR_FAILURES = frozenset({0x808C0000})
"""Bad_SensorFailure: the device blames the transducer."""
WAITING = 0x80320000
NOISE_WINDOW = 20
NOISE_RATIO = 2.2
"""σ ratio that counts: 20 differences exceed 2.2² times σ² with probability 2e-5, two windows in a row with 1e-9."""


@dataclass(slots=True)
class Sample:
    """One reading as kept for the checks."""

    t_ns: int
    value: float


@dataclass(slots=True)
class PointChecks:
    """Running checks of one point.

    Parameters
    ----------
    low, high
        Measuring range, SI.
    sigma
        Data-sheet noise of one reading, SI.
    of_reading
        The noise is a share of the reading: near zero it may vanish.
    factor, unit_factor, offset
        SI = factor·wire + offset = unit_factor·value + offset, the value in the point's own unit.
    wire
        "f32", "u32", "i32" when the value travels in two registers, "" for anything else.
    enough_repeats
        Equal readings in a row that mean a stuck reading; 0 where honest readings repeat.
    """

    low: float
    high: float
    sigma: float
    of_reading: bool = False
    wire: str = ""
    factor: float = 1.0
    unit_factor: float = 1.0
    offset: float = 0.0
    enough_repeats: int = 10
    last: Sample | None = None
    repeats: int = 0
    repeat_since_ns: int = 0
    before_repeat: float = math.nan
    quality: int = 0
    quality_since_ns: int = 0
    bad_streak: int = 0
    bad_times: deque[tuple[int, int]] = field(default_factory=lambda: deque(maxlen=64))
    good_times: deque[int] = field(default_factory=lambda: deque(maxlen=64))
    differences: deque[float] = field(default_factory=lambda: deque(maxlen=NOISE_WINDOW))
    healthy_variance: float = math.nan
    _variance_sum: float = 0.0
    _variance_count: int = 0
    noisy_windows: int = 0
    noise_ratio: float = 1.0
    noise_since_ns: int = 0
    swapped: int = 0
    swap_since_ns: int = 0
    swap_example: tuple[float, float] = (math.nan, math.nan)
    implausible: int = 0
    last_wild: float = math.nan
    repeats_wild: bool = False
    odd: deque[bool] = field(default_factory=lambda: deque(maxlen=12))
    """Whether each of the newest readings was impossible."""
    recent: deque[float] = field(default_factory=lambda: deque(maxlen=8))

    @property
    def span(self) -> float:
        """Measuring span, SI."""
        return self.high - self.low

    def add_bad(self, t_ns: int, status: int) -> None:
        """Take note of a sample that carried no usable number."""
        self.bad_streak += 1
        if is_good(self.quality) or self.bad_streak == 1:
            self.quality_since_ns = t_ns
        self.quality = status
        self.bad_times.append((t_ns, status))
        self.differences.clear()

    def add(self, t_ns: int, value: float, *, calm: bool) -> float | None:
        """Take a good sample; return the value to use, or None when it must not be used.

        `calm` says that the machine is in a steady state, so differences are the sensor's own noise.
        """
        self.quality, self.bad_streak = 0, 0
        self.good_times.append(t_ns)
        if not math.isfinite(value):
            self.implausible += 1
            self.odd.append(True)
            return None
        if self._is_swapped(t_ns, value):
            self.last = Sample(t_ns, value)
            self.odd.append(False)
            return None
        margin = 0.05 * self.span
        if not self.low - margin <= value <= self.high + margin:
            self.repeats_wild = self.last_wild == value
            self.last_wild = value
            self.implausible += 1
            self.odd.append(True)
            return None
        self.implausible = 0
        self.odd.append(False)
        last = self.last
        if last is not None and last.value == value:
            if self.repeats == 0:
                self.repeat_since_ns = last.t_ns
            self.repeats += 1
        else:
            self.repeats = 0
            self.before_repeat = last.value if last is not None else value
        if last is not None and calm and self.sigma > 0.0:
            self.differences.append(value - last.value)
            self._judge_noise(t_ns)
        elif not calm:
            self.differences.clear()
        self.last = Sample(t_ns, value)
        self.recent.append(value)
        return value

    def _judge_noise(self, t_ns: int) -> None:
        if len(self.differences) < NOISE_WINDOW:
            return
        # Second differences leave a steady slope out: a ramp is not noise.
        d = list(self.differences)
        variance = sum((b - a) ** 2 for a, b in itertools.pairwise(d)) / (6.0 * (len(d) - 1))
        self.differences.clear()
        floor = self.sigma**2
        ratio = math.sqrt(variance / max(floor, self.healthy_variance)) if self._variance_count else 1.0
        if self._variance_count < 2 or (self._variance_count < 8 and ratio < 1.5):
            self._variance_sum += variance
            self._variance_count += 1
            self.healthy_variance = max(floor, self._variance_sum / self._variance_count)
        if ratio > NOISE_RATIO:
            if self.noisy_windows == 0:
                self.noise_since_ns = t_ns
            self.noisy_windows += 1
            self.noise_ratio = max(ratio, self.noise_ratio) if self.noisy_windows > 1 else ratio
        else:
            self.noisy_windows = 0
            self.noise_ratio = ratio

    def _is_swapped(self, t_ns: int, value: float) -> bool:
        """Whether this value makes sense only after exchanging its 16-bit halves.

        The first such value must be wild (outside the range, or a number too small to mean anything) and must turn, by
        exchange, into what the point read before within its noise. Once caught, any exchange into the range counts.
        """
        if len(self.recent) < 4:
            return False
        typical = sorted(self.recent)[len(self.recent) // 2]
        near = max(15.0 * self.sigma, 0.01 * self.span)
        if abs(value - typical) <= near:
            self.swapped = 0
            return False
        wild = not self.low - 0.05 * self.span <= value <= self.high + 0.05 * self.span
        wild = wild or abs(value - self.offset) < 1e-5 * self.span
        for kind, factor in ((self.wire, self.factor), ("f32", self.unit_factor)):
            if not kind:
                continue
            candidate = exchange_words((value - self.offset) / factor, kind)
            if candidate is None:
                continue
            candidate = candidate * factor + self.offset
            close = abs(candidate - typical) <= near
            if (wild and close) or (self.swapped > 0 and (close or (wild and self._meaningful(candidate)))):
                if self.swapped == 0:
                    self.swap_since_ns = t_ns
                    self.swap_example = (value, candidate)
                self.swapped += 1
                self.recent.append(candidate)
                return True
        return False

    def _meaningful(self, value: float) -> bool:
        return self.low <= value <= self.high and abs(value - self.offset) > 1e-3 * self.span

    def sticks(self) -> bool:
        """Whether the reading has repeated for longer than this point's noise allows."""
        return self.enough_repeats > 0 and self.repeats >= self.enough_repeats

    def dropout_share(self, since_ns: int) -> float:
        """Share of samples since `since_ns` for which the device blamed the sensor."""
        bad = sum(1 for t, status in self.bad_times if t >= since_ns and (status & 0xFFFF0000) in SENSOR_FAILURES)
        good = sum(1 for t in self.good_times if t >= since_ns)
        return bad / (bad + good) if bad + good else 0.0


def exchange_words(wire_value: float, kind: str) -> float | None:
    """Return what a 32-bit wire value reads with its 16-bit halves exchanged; None where it is no number."""
    try:
        code = {"f32": ">f", "u32": ">I", "i32": ">i"}[kind]
        raw = struct.pack(code, wire_value if kind == "f32" else round(wire_value))
    except (struct.error, OverflowError, ValueError):
        return None
    value = float(struct.unpack(code, raw[2:] + raw[:2])[0])
    return value if math.isfinite(value) else None
