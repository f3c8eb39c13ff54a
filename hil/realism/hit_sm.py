"""Two rigs with race faults of 2, 5 and 8 degrees, as HIT-SM recorded them: 600 … 1200 rpm, 51.2 kHz."""

import math
from pathlib import Path

from emulator.physics.rolling_bearing import RollingBearingParameters
from hil.realism import races
from hil.realism.races import HEALTHY, INNER, OUTER, Order, Recorded
from hil.realism.stand import Stand
from hil.scoring import hit_sm as recorded_set
from hil.scoring.base import Progress, Score

BEARING = RollingBearingParameters()
ARCS_DEG = (2, 5, 8)
SPEEDS_HZ = (10.0, 15.0, 20.0)
STAND = Stand(
    BEARING,
    rate_hz=51_200.0,
    oversampling=1,
    seconds=3.2,
    modes_hz=((300, 1000), (1000, 2500), (2500, 5000), (5000, 9000), (9000, 14_000), (14_000, 20_000)),
    background_n=(0.001, 0.01),
    load_n=(50.0, 1500.0),
)
HOW = (
    "The load goes from a 5 kg overhung disc to a load cylinder's; the width of a spall is its arc on its race. The"
    " unit of the records is not stated, so only numbers without one are compared. These records were looked at while"
    " the features, the turning load and the strength of spalls were chosen: they are no independent test."
)


def orders(units: int) -> list[Order]:
    """List the synthetic records: `units` of each fault and arc, every one a structure of its own."""
    listed: list[Order] = []
    for _ in range(units):
        for arc in ARCS_DEG:
            for truth in (OUTER, INNER):
                seed = 10_000 + len(listed)
                listed.append(
                    Order(STAND, "6205", seed, SPEEDS_HZ[seed % 3], truth, width_mm(truth, arc), 0.0, f"{arc}")
                )
    return listed


def width_mm(truth: str, arc_deg: float) -> float:
    """Give the width of an arc on its race [mm]."""
    diameter_m = BEARING.pitch_diameter_m + (1.0 if truth == OUTER else -1.0) * BEARING.ball_diameter_m
    return math.radians(arc_deg) * 0.5 * diameter_m * 1e3


def compare(folder: Path, progress: Progress, units: int, workers: int) -> Score:
    """Hold synthetic records against those of `folder`."""
    listed = [
        Recorded(case.record, str(case.path), case.channel, case.bearing, case.truth, case.speed_hz)
        for case in recorded_set.cases(folder)
        if case.speed_hz and case.truth != HEALTHY
    ]
    wanted = orders(2 * units)
    tell = races.counter(progress, len(listed) + len(wanted))
    real = races.every(races.measured, listed, workers, tell)
    own = races.every(races.made, wanted, workers, tell)
    table, bars = races.ranges(real, own, (OUTER, INNER))
    results = [
        races.cross("synthetic → HIT-SM", own, real),
        races.cross("HIT-SM → synthetic in which lines stand out", real, races.visible(own)),
        races.cross("HIT-SM → all synthetic", real, own),
    ]
    bars += [races.crossed_bar(one) for one in results[:2]]
    return Score("hit_sm", (), tuple(bars), (table, races.crossed_table(results)), HOW, races.kept(real, own))
