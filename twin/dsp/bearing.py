"""Rolling-bearing kinematics: the shaft orders at which each kind of damage repeats."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

FAMILIES: tuple[str, ...] = ("bearing_outer_race", "bearing_inner_race", "bearing_ball", "bearing_cage")
"""Fault names, in the order every array of families uses."""


@dataclass(frozen=True, slots=True)
class BearingGeometry:
    """Geometry of a rolling bearing with a fixed outer ring.

    Parameters
    ----------
    elements : number of rolling elements in one row
    element_diameter, pitch_diameter : in any one unit; only their ratio counts
    contact_angle_rad : nominal contact angle
    name : what the report calls it
    """

    elements: int
    element_diameter: float
    pitch_diameter: float
    contact_angle_rad: float = 0.0
    name: str = ""

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
        """D cos(alpha) / D."""
        return self.element_diameter * math.cos(self.contact_angle_rad) / self.pitch_diameter

    @property
    def ftf(self) -> float:
        """Cage order: ½(1-r)."""
        return 0.5 * (1.0 - self.ratio)

    @property
    def bpfo(self) -> float:
        """Order of passing a point of the outer race: n/2 (1-r)."""
        return 0.5 * self.elements * (1.0 - self.ratio)

    @property
    def bpfi(self) -> float:
        """Order of passing a point of the inner race: n/2 (1+r)."""
        return 0.5 * self.elements * (1.0 + self.ratio)

    @property
    def bsf(self) -> float:
        """Order of a ball's own spin, D/(2d) (1-r²). A defect strikes both races: its line is twice this."""
        return 0.5 * self.pitch_diameter / self.element_diameter * (1.0 - self.ratio**2)

    def orders(self) -> dict[str, float]:
        """Give the base order of each family of lines, in the order of `FAMILIES`."""
        return dict(zip(FAMILIES, (self.bpfo, self.bpfi, 2.0 * self.bsf, self.ftf), strict=True))


# Sizes in inches as the data owners state them. CWRU: drive end SKF 6205-2RS JEM, fan end SKF 6203-2RS JEM
# (Case Western Reserve University bearing data centre); MFPT: NICE bearing of the fault data set (Bechhoefer
# 2013).
BEARINGS: Mapping[str, BearingGeometry] = MappingProxyType(
    {
        "6205": BearingGeometry(9, 0.3126, 1.537, 0.0, "6205"),
        "6203": BearingGeometry(8, 0.2656, 1.122, 0.0, "6203"),
        "MFPT": BearingGeometry(8, 0.235, 1.245, 0.0, "MFPT"),
    }
)
_ALIASES: Mapping[str, str] = MappingProxyType(
    {"CWRUDE": "6205", "CWRUFE": "6203", "SKF6205": "6205", "SKF6203": "6203", "NICE": "MFPT"}
)


def parse_bearing(text: str) -> BearingGeometry:
    """Read a bearing from a built-in name or from `n,d,D,angle` (any one length unit, degrees).

    Raises
    ------
    ValueError
        Naming what is wrong and what would be accepted.
    """
    if "," in text:
        return _from_numbers(text)
    plain = text.upper().replace("-", "").replace("_", "").replace(" ", "")
    for suffix in ("2RSJEM", "2RS", "2Z", "JEM"):
        plain = plain.removesuffix(suffix)
    plain = _ALIASES.get(plain, plain)
    if plain in BEARINGS:
        return BEARINGS[plain]
    import difflib

    near = difflib.get_close_matches(plain, BEARINGS, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    raise ValueError(
        f"unknown bearing {text!r}{hint} Known: {', '.join(BEARINGS)}, cwru-de, cwru-fe;"
        " or give n,d,D,angle such as 9,7.94,39.04,0"
    )


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
