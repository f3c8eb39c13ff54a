"""Rolling-bearing kinematics: the shaft orders at which each kind of damage repeats."""

import functools
import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

FAMILIES: tuple[str, ...] = ("bearing_outer_race", "bearing_inner_race", "bearing_ball", "bearing_cage")
"""Fault names, in the order every array of families uses."""


@dataclass(frozen=True, slots=True)
class BearingGeometry:
    """Geometry of a rolling bearing; the inner ring turns with the shaft unless `outer_rotates`.

    Parameters
    ----------
    elements : number of rolling elements in one row
    element_diameter, pitch_diameter : in any one unit; only their ratio counts
    contact_angle_rad : nominal contact angle
    name : what the report calls it
    outer_rotates : the outer ring turns with the shaft speed and the inner one stands, as in a wheel or idler
    unit : of the two diameters, for the reader ("mm", "in", "pitch": share of the pitch diameter)
    source, note : where the numbers are from, and what to know about them

    Notes
    -----
    Pure rolling (Harris & Kotzalas, Rolling Bearing Analysis, 5th ed., eqs. 10.13-10.20; Randall & Antoni 2011,
    Mech. Syst. Signal Process. 25, 485, eqs. 1-4). With slip the cage lags, 1-2 % in practice: the lines of the two
    races move apart or together while their sum stays (see `bearing_lines.sum_rule`).
    """

    elements: int
    element_diameter: float
    pitch_diameter: float
    contact_angle_rad: float = 0.0
    name: str = ""
    outer_rotates: bool = False
    unit: str = ""
    source: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        if self.elements < 3:
            raise ValueError(f"bearing elements = {self.elements} must be 3 or more")
        if not 0.0 < self.element_diameter < self.pitch_diameter:
            raise ValueError(
                f"bearing element diameter {self.element_diameter} must be positive and smaller"
                f" than the pitch diameter {self.pitch_diameter}, both in the same unit"
            )
        if not 0.0 <= self.contact_angle_rad < math.pi / 2:
            raise ValueError(
                f"bearing contact angle {math.degrees(self.contact_angle_rad):g} degrees must be in [0, 90)"
            )

    @property
    def ratio(self) -> float:
        """Element diameter times cos(contact angle), over pitch diameter."""
        return self.element_diameter * math.cos(self.contact_angle_rad) / self.pitch_diameter

    @property
    def ftf(self) -> float:
        """Cage order seen from the ground: ½(1-r), or ½(1+r) when the outer ring turns."""
        return 0.5 * (1.0 + self.ratio if self.outer_rotates else 1.0 - self.ratio)

    @property
    def bpfo(self) -> float:
        """Order of passing a point of the outer race: n/2 (1-r), whichever ring turns."""
        return 0.5 * self.elements * (1.0 - self.ratio)

    @property
    def bpfi(self) -> float:
        """Order of passing a point of the inner race: n/2 (1+r), whichever ring turns."""
        return 0.5 * self.elements * (1.0 + self.ratio)

    @property
    def bsf(self) -> float:
        """Order of a ball's own spin, D/(2d) (1-r²). A defect strikes both races: its line is twice this."""
        return 0.5 * self.pitch_diameter / self.element_diameter * (1.0 - self.ratio**2)

    def orders(self) -> dict[str, float]:
        """Give the base order of each family of lines, in the order of `FAMILIES`."""
        return dict(zip(FAMILIES, (self.bpfo, self.bpfi, 2.0 * self.bsf, self.ftf), strict=True))

    def rates_hz(self, inner_hz: float, outer_hz: float = 0.0) -> dict[str, float]:
        """Give the lines [Hz] of each family when both rings may turn (counter-rotating: opposite signs).

        `outer_rotates` is not looked at here. The ball line is twice the spin, as in `orders`.

        Raises
        ------
        ValueError
            If a speed is not finite.
        """
        if not (math.isfinite(inner_hz) and math.isfinite(outer_hz)):
            raise ValueError(f"ring speeds {inner_hz} and {outer_hz} Hz must be finite")
        cage = 0.5 * (inner_hz * (1.0 - self.ratio) + outer_hz * (1.0 + self.ratio))
        slip = abs(inner_hz - outer_hz)
        lines = (self.bpfo * slip, self.bpfi * slip, 2.0 * self.bsf * slip, abs(cage))
        return dict(zip(FAMILIES, lines, strict=True))


class _Table(Mapping[str, BearingGeometry]):
    """Name → geometry of data/bearings.json, read on first use."""

    def __getitem__(self, name: str) -> BearingGeometry:
        return _table()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(_table())

    def __len__(self) -> int:
        return len(_table())


BEARINGS: Mapping[str, BearingGeometry] = _Table()
"""Bearings with a published geometry; each says its source and what is doubtful about it."""


@functools.cache
def _rows() -> tuple[dict[str, Any], ...]:
    text = resources.files("twin.dsp").joinpath("data/bearings.json").read_text(encoding="utf-8")
    return tuple(json.loads(text)["bearings"])


@functools.cache
def _table() -> dict[str, BearingGeometry]:
    return {
        row["name"]: BearingGeometry(
            elements=row["elements"],
            element_diameter=row["element_diameter"],
            pitch_diameter=row["pitch_diameter"],
            contact_angle_rad=math.radians(row["angle_deg"]),
            name=row["name"],
            unit=row["unit"],
            source=row["source"],
            note=row["note"],
        )
        for row in _rows()
    }


@functools.cache
def _names() -> dict[str, str]:
    """Plain spelling → name in the table: names and aliases, then bare numbers that only makers' entries have."""
    names = {_plain(name): name for name in _table()}
    for row in _rows():
        names.update({_plain(alias): row["name"] for alias in row["aliases"]})
    for name in _table():
        bare = _MAKER.sub("", name)
        names.setdefault(bare, name)
    return names


_MAKERS = (
    "FAFNIR|FAG|FYH|IBU|INA|KG|KOYO|LDK|MB|MRC|MTK|NACHI|NICE|NKE|NSK|NTN|REXNORD|RHP|SCHAEFFLER|SKF|SNR|TIMKEN|ZKL|ZVL"
)
_MAKER = re.compile(rf"^(?:{_MAKERS})(?=[A-Z]*\d)")
# seals, shields, clearance, cage, bore and precision suffixes: none of them changes the kinematics
_SUFFIXES = re.compile(
    r"(?:2?RS(?:R|H|1|2|L)?|2?RZ|2ZR?|ZZ?|DDU?|DU|VV|LL[UBH]|C[2-5N]|CM|JEM|JR|ETN9|TN[9G]?|TVP2?|TVH|EC[JPM]L?|EC"
    r"|E1?|XL|M[AB]?|J|K|P[0-6]|W33|NR|N)*"
)


def parse_bearing(text: str) -> BearingGeometry:
    """Read a bearing from a built-in name or from `n,d,D,angle` (any one length unit, degrees).

    Names are taken as people type them: with or without the maker, seals, clearance and cage (`SKF 6205-2RS/C3`,
    `nu206 ECP`). With a maker whose geometry is in the table (`NSK 6205`) that one is taken, else the entry without
    maker; the `name` of the result says which, its `source` and `note` how far to trust it.

    Raises
    ------
    ValueError
        Naming what is wrong and what would be accepted.
    """
    if "," in text:
        return _from_numbers(text)
    plain = _plain(text)
    names = _names()
    for candidate in (plain, _MAKER.sub("", plain)):
        if candidate in names:
            return BEARINGS[names[candidate]]
    # the longest known beginning whose rest is nothing but suffixes, the maker's own entry first
    for candidate in (plain, _MAKER.sub("", plain)):
        for end in range(len(candidate) - 1, 2, -1):
            if candidate[:end] in names and _SUFFIXES.fullmatch(candidate[end:]):
                return BEARINGS[names[candidate[:end]]]
    raise ValueError(
        f"unknown bearing {text!r}{_suggestion(text)} {len(BEARINGS)} bearings are built in"
        " (6205, NU206, 22205, MFPT, cwru-de, …; twin.dsp.bearing.BEARINGS lists them);"
        " or give n,d,D,angle such as 9,7.94,39.04,0"
    )


def _plain(text: str) -> str:
    return re.sub(r"[\s_\-/.]+", "", text.upper())


def _suggestion(text: str) -> str:
    core = re.search(r"[A-Z]*[\s_\-/.]?\d{3,6}", text.upper())
    plain = _plain(core.group() if core else text)
    bare = _MAKER.sub("", plain)
    number = int("".join(filter(str.isdigit, bare)) or "0")

    def rank(name: str) -> tuple[int, int, str]:
        distance = min(_edits(bare, name), _edits(plain, name))
        # of names equally far the next larger size first, then the next smaller
        away = int("".join(filter(str.isdigit, name)) or "0") - number
        return distance, abs(2 * away - 1), name

    ranked = sorted(rank(name) for name in _names())
    near: list[str] = []
    for distance, _, name in ranked:
        if distance <= max(1, min(2, len(bare) // 2)) and name not in near:
            near.append(name)
    if not near or len(bare) < 3:
        return ";"
    others = f" Also near: {', '.join(repr(name) for name in near[1:4])}." if near[1:] else ""
    return f"; did you mean {near[0]!r}?{others}"


def _edits(a: str, b: str) -> int:
    """Count insertions, deletions, substitutions and swaps of neighbours (Damerau; optimal string alignment)."""
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, char in enumerate(a, 1):
        older, before = before, row
        row = [i]
        for j, other in enumerate(b, 1):
            best = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (char != other))
            if i > 1 and j > 1 and char == b[j - 2] and a[i - 2] == other:
                best = min(best, older[j - 2] + 1)
            row.append(best)
    return row[-1]


def _from_numbers(text: str) -> BearingGeometry:
    parts = [part.strip() for part in text.split(",")]
    if len(parts) not in (3, 4):
        raise ValueError(
            f"bearing {text!r} must be n,d,D,angle: rolling elements, their diameter, pitch diameter, degrees"
        )
    try:
        numbers = [float(part) for part in parts]
    except ValueError:
        raise ValueError(f"bearing {text!r} must be four numbers n,d,D,angle such as 9,7.94,39.04,0") from None
    if not all(math.isfinite(number) for number in numbers) or numbers[0] != int(numbers[0]):
        raise ValueError(f"bearing {text!r}: the number of rolling elements must be a whole number, the rest finite")
    angle = math.radians(numbers[3]) if len(numbers) == 4 else 0.0
    return BearingGeometry(int(numbers[0]), numbers[1], numbers[2], angle, text)
