"""The spectrum that convinced the twin, with the fault lines marked, drawn from a finding's own evidence.

Understood in `evidence`: ``spectrum`` and ``envelope_spectrum``, each with ``freq_hz`` and one more list,
named for what it is (``amplitude_m_s2``, ``depth``), or ``[freq_hz, amplitude]``. Lines: ``found_hz`` or
``expected_hz`` of the named fault, ``order`` with ``speed_hz``, or ``lines``, a dict of ``{"f_hz": …}`` by
name or a list of ``{"label", "f_hz"}``. Anything else stays in the raw evidence below the picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from hil.report.markup import Markup, tag
from hil.report.plot import Mark, axes, frame, marks, picture, trace

if TYPE_CHECKING:
    from collections.abc import Mapping

HARMONICS = 4
TITLES = {"envelope_spectrum": "Envelope spectrum", "spectrum": "Spectrum"}


@dataclass(frozen=True, slots=True)
class Spectrum:
    """Amplitude over frequency: float64[n] each, with the lines of interest."""

    name: str
    freq_hz: np.ndarray
    amplitude: np.ndarray
    unit: str
    lines: tuple[tuple[str, float], ...]


def spectra_of(finding: Mapping[str, Any]) -> list[Spectrum]:
    """Read the spectra out of a finding's evidence; what does not fit the form is left alone."""
    evidence = finding.get("evidence")
    if not isinstance(evidence, dict):
        return []
    fault = str(finding.get("fault", ""))
    lines = tuple(_lines(evidence.get("lines"), fault) or _own_line(evidence, fault))
    out = []
    for name in TITLES:
        pair = _pair(evidence.get(name))
        if pair is not None:
            out.append(Spectrum(name, *pair, _unit(evidence[name]), lines))
    return out


def draw(spectrum: Spectrum) -> Markup:
    """Draw one spectrum; the window ends where the lines and their harmonics do, so that they can be seen."""
    f_hz, amplitude = spectrum.freq_hz, spectrum.amplitude
    if spectrum.lines and spectrum.name == "envelope_spectrum":
        reach = f_hz <= 1.25 * HARMONICS * max(f for _, f in spectrum.lines)
        f_hz, amplitude = f_hz[reach], amplitude[reach]
    f = frame(f_hz, amplitude, width=980.0, height=210.0, left=58.0, top=22.0)
    wanted = [
        Mark(k * line, "mark", name if k == 1 else f"{k}×", "t-truth")
        for name, line in spectrum.lines
        for k in range(1, HARMONICS + 1)
    ]
    alt = f"{TITLES[spectrum.name]}, {len(spectrum.lines)} fault lines marked"
    drawing = picture(980.0, 210.0, alt, axes(f, "Hz", x_ticks=10), marks(f, wanted), trace(f, f_hz, amplitude))
    named = ", ".join(f"{name} {line:.2f} Hz" for name, line in spectrum.lines)
    title = tag("span", TITLES[spectrum.name], f" [{spectrum.unit}]")
    title = tag("span", TITLES[spectrum.name], f" [{spectrum.unit}]")
    caption = tag("figcaption", title, tag("span", named, class_="soft"))
    return tag("figure", caption, drawing)


def _pair(given: Any) -> tuple[np.ndarray, np.ndarray] | None:
    if isinstance(given, dict):
        given = (given.get("freq_hz"), given.get(_quantity(given)))
    if not isinstance(given, (list, tuple)) or len(given) != 2:
        return None
    try:
        # null is how JSON says NaN
        f_hz, amplitude = (np.array([np.nan if v is None else v for v in part], dtype=np.float64) for part in given)
    except (TypeError, ValueError):
        return None
    if f_hz.ndim != 1 or f_hz.shape != amplitude.shape or f_hz.size < 2 or not np.all(np.diff(f_hz) > 0.0):
        return None
    return f_hz, amplitude


def _quantity(given: Mapping[str, Any]) -> str:
    return next((str(k) for k, v in given.items() if k != "freq_hz" and isinstance(v, (list, tuple))), "")


def _unit(given: Any) -> str:
    if not isinstance(given, dict):
        return "m/s²"
    name = _quantity(given)
    return str(given.get("unit") or {"depth": "modulation depth", "amplitude_m_s2": "m/s²"}.get(name, name))


def _own_line(evidence: Mapping[str, Any], fault: str) -> list[tuple[str, float]]:
    """Read the line of the fault itself: found or expected, or a multiple of the speed of rotation."""
    numbers = {k: v for k, v in evidence.items() if isinstance(v, (int, float)) and np.isfinite(v) and v > 0}
    for key in ("found_hz", "expected_hz"):
        if key in numbers:
            return [(fault.replace("bearing_", ""), float(numbers[key]))]
    if "order" in numbers and "speed_hz" in numbers:
        return [(f"{numbers['order']:g}× speed", float(numbers["order"]) * float(numbers["speed_hz"]))]
    return []


def _lines(given: Any, fault: str) -> list[tuple[str, float]]:
    if isinstance(given, dict):
        # the named fault's own lines are the evidence; others are drawn only where it has none
        chosen = {fault: given[fault]} if fault in given else given
        given = [{"label": name, **entry} for name, entry in chosen.items() if isinstance(entry, dict)]
    if not isinstance(given, list):
        return []
    out = []
    for entry in given:
        f_hz = entry.get("f_hz") or entry.get("expected_hz") if isinstance(entry, dict) else None
        if isinstance(f_hz, (int, float)) and np.isfinite(f_hz) and f_hz > 0:
            out.append((str(entry.get("label", "")).replace("bearing_", ""), float(f_hz)))
    return out
