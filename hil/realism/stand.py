"""A bearing test stand from configuration: the plant's own bearing, housing and sensor chain, unit after unit.

Every unit of a stand has a structure of its own (modes, damping, masses), its own noise, slip, load and load zone,
drawn from ranges that say what kind of machine it is. A classifier that learns one structure learns nothing.
"""

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.signal import firwin, lfilter, resample_poly

from emulator.physics.housing import Housing, HousingParameters, Mode, sample_grid
from emulator.physics.rolling_bearing import RollingBearing, RollingBearingParameters
from emulator.physics.rotor import RotorCondition
from emulator.physics.shaft import ShaftTrace
from emulator.sensors.chain import WaveformChain
from emulator.streams import Streams
from rigs.schema import SensorSpec

Array = NDArray[np.float64]
Range = tuple[float, float]
Waves = list[tuple[float, float, float]]

TICK_S = 0.001
BLOCK_TICKS = 500
SETTLE_S = 0.5
CAGE_HARMONICS = 3
SPALLS = {
    "bearing_outer_race": "outer_spall_mm",
    "bearing_inner_race": "inner_spall_mm",
    "bearing_ball": "ball_spall_mm",
}


@dataclass(frozen=True, slots=True)
class Stand:
    """What a kind of test stand is; ranges are drawn from for every unit.

    Attributes
    ----------
    bearing : geometry and law of impacts.
    rate_hz, oversampling : rate of the record, and how much faster the structure is rendered and filtered down.
    seconds : length of a record.
    modes_hz : ranges of the modes' frequencies; outside the band of the record they are simply not heard.
    damping, mass_kg : of each mode; the mass is the modal mass over participation, drawn evenly in its logarithm.
    background_n : one-sided density of the broadband force [N/√Hz], even in its logarithm.
    load_n : radial load of the bearing, even in its logarithm.
    load_zone : ε of the zone; above 1 every ball carries, as in a preloaded bearing.
    load_angle_rad : the load stands this far from straight down, either way.
    slip, slip_sigma : of the cage, and of single passages.
    turning_load : a load that turns with the shaft (unbalance, shafts out of line), as a share of the one that stands.
    cage_load : what balls of unlike size add to the load as the cage brings them round: each of the first harmonics of
        its turn, as a share of the load that stands.
    spall_strength : factor on the bearing's impulse for the edges of this unit's spall, even in its logarithm.
    grade_mm_s : balance grade.
    speed_ripple : standard deviation of slow speed changes, relative.

    """

    bearing: RollingBearingParameters
    rate_hz: float
    oversampling: int
    seconds: float
    modes_hz: tuple[Range, ...]
    damping: Range = (0.01, 0.06)
    mass_kg: Range = (2.0, 20.0)
    background_n: Range = (0.005, 0.05)
    load_n: Range = (150.0, 600.0)
    load_zone: Range = (0.4, 1.6)
    load_angle_rad: float = math.pi / 6.0
    slip: Range = (0.001, 0.01)
    slip_sigma: Range = (0.002, 0.015)
    turning_load: Range = (0.0, 0.8)
    cage_load: Range = (0.0, 0.4)
    spall_strength: Range = (1.0, 6.0)
    grade_mm_s: Range = (1.0, 6.3)
    speed_ripple: float = 2e-4


class _Draws:
    """Uniform numbers of one unit, by name."""

    def __init__(self, streams: Streams) -> None:
        self._streams = streams

    def even(self, name: str, low: float, high: float) -> float:
        return low + (high - low) * float(self._streams(f"unit/{name}").uniform(0, 1)[0])

    def scale(self, name: str, low: float, high: float) -> float:
        return math.exp(self.even(name, math.log(low), math.log(high)))


def record(
    stand: Stand, seed: int, speed_hz: float, fault: str = "", width_mm: float = 0.0, angle_rad: float = 0.0
) -> Array:
    """Return the record [m/s²], float64[n], that unit `seed` of the stand gives; the same for ever.

    Parameters
    ----------
    stand, seed : the kind of stand, and which unit of it.
    speed_hz : mean shaft speed.
    fault, width_mm : a key of `SPALLS` and the spall's width along the rolling direction; "" for a sound bearing.
    angle_rad : where a spall of the outer race lies, from straight down.

    """
    streams = Streams(seed)
    draw = _Draws(streams)
    rate_hz = stand.rate_hz * stand.oversampling
    bearing, housing = _machine(stand, streams, draw, angle_rad)
    if fault:
        setattr(bearing.condition, SPALLS[fault], width_mm)
    rotor = RotorCondition(draw.scale("grade", *stand.grade_mm_s))
    chain = WaveformChain(SensorSpec(kind="accelerometer"), streams, "sensor", rate_hz)
    load_n = draw.scale("load", *stand.load_n)
    parts, n0 = [], 0
    waves = [(1.0, draw.even("turning", *stand.turning_load), draw.even("phase", 0.0, 2.0 * math.pi))]
    cage_order = bearing.parameters.cage_order * (1.0 - bearing.parameters.slip)
    for i in range(1, CAGE_HARMONICS + 1):
        share, phase = draw.even(f"cage{i}", *stand.cage_load), draw.even(f"cage phase{i}", 0.0, 2.0 * math.pi)
        waves.append((i * cage_order, share, phase))
    for trace in _shaft(streams, speed_hz, stand.speed_ripple, load_n, waves, stand.seconds + SETTLE_S):
        first, _ = sample_grid(trace, rate_hz)
        n0, end = int(first[0]), int(first[-1])
        parts.append(chain.read(n0, housing.render(trace, rotor, bearing, n0, end - n0, rate_hz)))
    x = np.concatenate(parts).astype(np.float64)[round(SETTLE_S * rate_hz) :]
    return _decimated(x, stand.oversampling)


def _machine(stand: Stand, streams: Streams, draw: _Draws, angle_rad: float) -> tuple[RollingBearing, Housing]:
    off = draw.even("angle", -stand.load_angle_rad, stand.load_angle_rad)
    parameters = replace(
        stand.bearing,
        slip=draw.even("slip", *stand.slip),
        slip_sigma=draw.scale("slip_sigma", *stand.slip_sigma),
        load_zone=draw.even("zone", *stand.load_zone),
        outer_angle_rad=angle_rad + off,
        scatter=draw.even("scatter", 0.1, 0.4),
        impulse_n_s=stand.bearing.impulse_n_s * draw.scale("strength", *stand.spall_strength),
    )
    modes = tuple(
        Mode(
            draw.scale(f"hz{i}", *span),
            draw.scale(f"damping{i}", *stand.damping),
            draw.scale(f"mass{i}", *stand.mass_kg),
        )
        for i, span in enumerate(stand.modes_hz)
    )
    structure = HousingParameters(modes=modes, background_n=draw.scale("background", *stand.background_n))
    return RollingBearing(parameters, streams, "bearing"), Housing(structure, streams, "housing")


def _shaft(
    streams: Streams, speed_hz: float, ripple: float, load_n: float, waves: Waves, seconds: float
) -> list[ShaftTrace]:
    """Blocks of a shaft whose speed wanders a little about its mean, with a memory of a second.

    `waves` of the load: order of the shaft, share of the load that stands, phase at angle zero [rad].
    """
    ticks = -(-round(seconds / TICK_S) // BLOCK_TICKS) * BLOCK_TICKS
    keep = math.exp(-TICK_S)
    noise = math.sqrt(1.0 - keep**2) * streams("shaft").normal(0, ticks + 1)
    state = lfilter([1.0], [1.0, -keep], noise)
    speed = 2.0 * math.pi * speed_hz * (1.0 + ripple * state)
    turns = np.concatenate(([0.0], np.cumsum(0.5 * (speed[1:] + speed[:-1]) * TICK_S))) / (2.0 * math.pi)
    middle = 0.5 * (turns[1:] + turns[:-1])
    sway = sum(share * np.cos(2.0 * math.pi * order * middle + phase) for order, share, phase in waves)
    load = load_n * np.maximum(1.0 + sway, 0.0)
    zeros, ones = np.zeros(BLOCK_TICKS), np.ones(BLOCK_TICKS)
    blocks = []
    for at in range(0, ticks, BLOCK_TICKS):
        end = at + BLOCK_TICKS
        whole = math.floor(turns[at])
        start = round(at * TICK_S * 1e9), TICK_S, whole, float(turns[at]) - whole
        blocks.append(ShaftTrace(*start, speed[at : end + 1].copy(), 5.0 * ones, ones, load[at:end].copy(), zeros))
    return blocks


def _decimated(x: Array, factor: int) -> Array:
    if factor == 1:
        return x
    taps: Any = firwin(64 * factor + 1, 0.92 / factor)
    return np.asarray(resample_poly(x, 1, factor, window=taps))
