"""Measurements are declared before the run (name, unit, limits, marginal band) and only then filled in.

The habit is OpenHTF's: limits that are written down after looking at the values are not limits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

from hil.verdict.lattice import Verdict


@dataclass(frozen=True, slots=True)
class Measurement:
    """A named number with its limits; `value` stays None until the run fills it in.

    Parameters
    ----------
    name
        What is measured, e.g. ``detection_delay[bearing_outer_race]``.
    unit
        SI unit or ``1`` for counts and ratios.
    low, high
        Inclusive limits in `unit`; None where there is none on that side.
    marginal_low, marginal_high
        Band that passes but deserves a second look: at or below `marginal_low`, at or above `marginal_high`.
    otherwise
        Verdict when the value is outside the limits: ``fail`` for what is tested, ``inconc`` for what only
        says whether the bench could judge at all (lateness, jitter).
    report_only
        The number is written down and judged by nobody.
    missing
        Verdict when the run ends without a value: nothing was proven, so ``inconc`` unless stated otherwise.
    """

    name: str
    unit: str
    low: float | None = None
    high: float | None = None
    marginal_low: float | None = None
    marginal_high: float | None = None
    otherwise: Verdict = Verdict.FAIL
    report_only: bool = False
    missing: Verdict = Verdict.INCONC
    value: float | None = None
    note: str = ""

    def __post_init__(self) -> None:
        """Refuse limits that could never pass."""
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError(f"measurement {self.name!r}: low = {self.low:g} must not exceed high = {self.high:g}")

    def fill(self, value: float | None, note: str = "") -> Measurement:
        """Return this measurement with the value the run found.

        Raises
        ------
        ValueError
            If it already holds a value: a measurement is taken once.
        """
        if self.value is not None:
            raise ValueError(
                f"measurement {self.name!r} already holds {self.value:g} {self.unit}; declare a second one"
            )
        return replace(self, value=None if value is None else float(value), note=note or self.note)

    @property
    def verdict(self) -> Verdict:
        """Where the value stands against the limits; NaN is no value."""
        if self.report_only:
            return Verdict.NONE
        if self.value is None or math.isnan(self.value):
            return self.missing
        if self.low is not None and self.value < self.low:
            return self.otherwise
        if self.high is not None and self.value > self.high:
            return self.otherwise
        return Verdict.PASS

    @property
    def marginal(self) -> bool:
        """True for a value that passes but lies in the declared marginal band."""
        if self.verdict is not Verdict.PASS or self.value is None:
            return False
        low = self.marginal_low is not None and self.value <= self.marginal_low
        return low or (self.marginal_high is not None and self.value >= self.marginal_high)

    @property
    def limits_text(self) -> str:
        """The limits as a person writes them: ``≤ 30``, ``0 … 5``, ``= 0`` or an empty string."""
        if self.low is not None and self.high is not None:
            return f"= {self.low:g}" if self.low == self.high else f"{self.low:g} … {self.high:g}"
        if self.high is not None:
            return f"≤ {self.high:g}"
        return "" if self.low is None else f"≥ {self.low:g}"

    @property
    def sentence(self) -> str:
        """The outcome as one sentence for a list of reasons."""
        if self.value is None:
            head = f"{self.name} has no value"
        else:
            head = f"{self.name} = {self.value:.4g} {'' if self.unit == '1' else self.unit}".rstrip()
        limit = f" (limit {self.limits_text})" if self.limits_text else ""
        return head + limit + (f": {self.note}" if self.note else "")

    def to_json(self) -> dict[str, Any]:
        """JSON form; infinities and NaN become null because JSON has no word for them."""
        return {
            "name": self.name,
            "unit": self.unit,
            "value": _number(self.value),
            "low": _number(self.low),
            "high": _number(self.high),
            "marginal_low": _number(self.marginal_low),
            "marginal_high": _number(self.marginal_high),
            "marginal": self.marginal,
            "verdict": self.verdict.label,
            "note": self.note,
        }


def _number(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
