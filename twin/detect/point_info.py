"""What the rig says of a point, in SI, as the checks need it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from twin.context.units import to_si

if TYPE_CHECKING:
    from rigs.schema import Point, Rig


ACCELERATIONS = ("m/s^2", "g_0")
LEAST_REPEATS, MOST_REPEATS = 10, 120


@dataclass(frozen=True, slots=True)
class PointInfo:
    """Data sheet of one point.

    Parameters
    ----------
    low, high
        Measuring range, SI.
    sigma, accuracy
        Noise σ of one reading (quantising included) and class limit, SI; at 0.8 of the range for sensors
        stated "of reading".
    slow
        The element lags 5 s or more: no honest reading of it can jump.
    repeats
        Equal readings in a row that chance gives less than once in 1e13; 0 where even honest readings repeat for long.
    waveform, shaking
        It comes as blocks of samples; those are an acceleration, which vibration analysis understands.
    wire
        "f32", "u32", "i32" when the value travels in two registers, else "".
    """

    id: str
    device: str
    asset: str
    quantity: str
    low: float
    high: float
    sigma: float
    accuracy: float
    of_reading: bool
    sensor: bool
    slow: bool
    repeats: int
    waveform: bool
    shaking: bool
    wire: str
    factor: float
    unit_factor: float
    offset: float

    @property
    def span(self) -> float:
        """Measuring span, SI."""
        return self.high - self.low


def point_infos(rig: Rig) -> dict[str, PointInfo]:
    """Read every readable point of the rig."""
    return {point.id: _info(point) for point in rig.points if point.signal is not None}


def _repeats(step: float, sigma: float) -> int:
    """Run of equal codes that noise of `sigma` quantised in `step` never gives; 0 when runs are normal."""
    if sigma <= 0.0:
        return 0
    same = min(0.999, step / (2.0 * math.sqrt(math.pi) * sigma))  # two normal draws in one cell
    needed = math.ceil(-30.0 / math.log(same))
    return max(LEAST_REPEATS, needed) if needed <= MOST_REPEATS else 0


def _info(point: Point) -> PointInfo:
    unit = to_si(point.unit)
    low, high = (end * unit.factor + unit.offset for end in point.range)
    span = high - low
    spec = point.sensor
    scale = (0.8 * high if spec.of_reading else span) if spec is not None else span
    wire = ""
    factor = unit.factor
    sigma = spec.noise * scale if spec is not None else 0.0
    step = 1.1 * span * 2.0**-spec.bits if spec is not None else span
    if point.modbus is not None and not point.modbus.type.startswith("f"):
        step = max(step, abs(unit.factor * point.modbus.scale))
    if point.modbus is not None and point.modbus.type in ("f32", "u32", "i32"):
        wire = point.modbus.type
        factor = unit.factor * point.modbus.scale
    return PointInfo(
        id=point.id,
        device=point.device,
        asset=point.asset,
        quantity=point.quantity,
        low=low,
        high=high,
        sigma=math.hypot(sigma, step / math.sqrt(12.0)) if spec is not None else 0.0,
        accuracy=spec.accuracy * scale if spec is not None else 0.0,
        of_reading=bool(spec is not None and spec.of_reading),
        sensor=spec is not None and spec.kind != "recorded",
        slow=spec is not None and spec.lag >= 5.0,
        repeats=_repeats(step, sigma),
        waveform=point.waveform is not None,
        shaking=point.waveform is not None and point.unit in ACCELERATIONS,
        wire=wire,
        factor=factor,
        unit_factor=unit.factor,
        offset=unit.offset,
    )
