"""From a measured line to the part of a bearing: matching with slip, and the sum rule of the two races."""

import math
from dataclasses import dataclass

from twin.dsp.bearing import BearingGeometry

SLIP = 0.02
"""Share by which a line may stand off its kinematic place: elements slip 1-2 % (Randall & Antoni 2011)."""


@dataclass(frozen=True, slots=True)
class LineMatch:
    """One way to read a measured line.

    Parameters
    ----------
    family : name from `bearing.FAMILIES`
    harmonic : which multiple of the family's base line
    order : where that multiple should be, in shaft orders
    deviation : (measured - expected) / expected
    """

    family: str
    harmonic: int
    order: float
    deviation: float


def matches(
    order: float, bearing: BearingGeometry, tolerance: float = SLIP, harmonics: int = 3
) -> tuple[LineMatch, ...]:
    """List what a line at `order` (frequency / shaft speed) can be, nearest first; empty when nothing fits.

    More than one entry means that the line alone does not decide. Nothing here says that the line *is* damage.

    Parameters
    ----------
    order : measured line in shaft orders
    tolerance : relative; `SLIP` for an envelope line at a speed known to 0.1 %
    harmonics : how many multiples of each base line are considered

    Raises
    ------
    ValueError
        If the order is not positive and finite, the tolerance not in (0, 0.1], or there are no harmonics.
    """
    if not 0.0 < order < math.inf:
        raise ValueError(f"order = {order} must be positive and finite: line frequency over shaft speed, both in Hz")
    if not 0.0 < tolerance <= 0.1:
        raise ValueError(f"tolerance = {tolerance} must be in (0, 0.1]: a share, 0.02 for 2 % of slip")
    if harmonics < 1:
        raise ValueError(f"harmonics = {harmonics} must be 1 or more")
    found = []
    for family, base in bearing.orders().items():
        for harmonic in range(1, harmonics + 1):
            deviation = order / (harmonic * base) - 1.0
            if abs(deviation) <= tolerance:
                found.append(LineMatch(family, harmonic, harmonic * base, deviation))
    return tuple(sorted(found, key=lambda match: abs(match.deviation)))


@dataclass(frozen=True, slots=True)
class SumRule:
    """What two measured lines say when read as outer and inner race of one bearing.

    Parameters
    ----------
    speed_hz : shaft speed that follows from them: (outer + inner) / n
    speed_error : (declared - speed_hz) / speed_hz; NaN without a declared speed
    ratio : d cos(alpha) / D that follows from them: (inner - outer) / (inner + outer)
    cage_slip : share by which the cage runs slower than the geometry says, from the ratio: ½(1-ratio) against ½(1-r);
        negative when it runs faster, as with a larger contact angle than the nominal one
    speed_agrees : the declared speed is within tolerance; None without one
    geometry_agrees : the slip is within its limit
    reading : one sentence for the reader
    """

    speed_hz: float
    speed_error: float
    ratio: float
    cage_slip: float
    speed_agrees: bool | None
    geometry_agrees: bool
    reading: str


def sum_rule(
    outer_hz: float,
    inner_hz: float,
    bearing: BearingGeometry,
    speed_hz: float | None = None,
    *,
    speed_tolerance: float = 0.005,
    slip: float = SLIP,
) -> SumRule:
    """Tell a wrong speed from slip or a wrong geometry, with one line of each race.

    Every element that passes a point of the outer race passes the inner race too, in the same cage: with the cage at
    any speed c, outer = n c and inner = n (f - c). So outer + inner = n f whatever the slip, contact angle or
    diameters are: **the sum measures the shaft speed**. The share of it that the outer line has, c/f, does not depend
    on the speed scale: **the ratio measures the geometry, slip included**. A wrong sampling clock or tacho moves both
    lines alike: the speed disagrees and the ratio agrees. Slip moves them against each other: the speed agrees and the
    ratio does not. If neither agrees, the two lines are not this bearing's pair.

    Parameters
    ----------
    outer_hz, inner_hz : measured base lines [Hz]
    speed_hz : declared shaft speed, None when unknown
    speed_tolerance : relative difference of speeds that is still agreement
    slip : cage slip that is still agreement

    Raises
    ------
    ValueError
        If a frequency is not positive and finite, or the inner line is not the higher one.
    """
    for name, value in (("outer_hz", outer_hz), ("inner_hz", inner_hz), ("speed_hz", speed_hz)):
        if value is not None and not 0.0 < value < math.inf:
            raise ValueError(f"{name} = {value} must be positive and finite, in Hz")
    if inner_hz <= outer_hz:
        raise ValueError(
            f"inner_hz = {inner_hz:g} must be above outer_hz = {outer_hz:g}: the inner race of any bearing is passed"
            " more often; exchange them, or take lines of the same harmonic"
        )
    implied = (outer_hz + inner_hz) / bearing.elements
    ratio = (inner_hz - outer_hz) / (inner_hz + outer_hz)
    cage_slip = 1.0 - (1.0 - ratio) / (1.0 - bearing.ratio)
    error = math.nan if speed_hz is None else speed_hz / implied - 1.0
    agrees = None if speed_hz is None else abs(error) <= speed_tolerance
    fits = abs(cage_slip) <= slip
    return SumRule(implied, error, ratio, cage_slip, agrees, fits, _reading(agrees, fits, error, cage_slip, implied))


def _reading(agrees: bool | None, fits: bool, error: float, cage_slip: float, implied: float) -> str:
    cage = f"cage slip {100.0 * cage_slip:+.2f} %"
    if agrees is None:
        return (
            f"the two lines put the shaft at {implied:.4g} Hz; {cage}"
            if fits
            else f"not this bearing's pair, or the geometry is wrong: {cage}"
        )
    if agrees and fits:
        return f"a pair of this bearing at the declared speed; {cage}"
    if fits:
        return f"a pair of this bearing, but the declared speed or the clock is off by {100.0 * error:+.2f} %; {cage}"
    if agrees:
        return f"the speed fits, the geometry does not (other maker, contact angle, slip): {cage}"
    return f"not a pair of this bearing: speed off by {100.0 * error:+.2f} %, {cage}"
