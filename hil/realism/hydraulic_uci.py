"""A hydraulic press: what cooler, valve, pump and accumulator do to it, against the rig of UCI."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hil.realism.signs import Moved, table
from hil.scoring.base import DataError, Progress, Score

COLUMNS = {
    "TS1": "pump_temperature_k", "TS2": "return_temperature_k", "TS3": "reservoir_temperature_k",
    "TS4": "cooler_outlet_temperature_k", "FS1": "pump_flow_m3_s", "FS2": "cooling_flow_m3_s",
    "VS1": "vibration_velocity_m_s", "CP": "cooling_power_w", "CE": "cooling_efficiency", "SE": "efficiency_factor",
}  # fmt: skip
PARTS = {
    "cooler": "hpu_cooler",
    "valve": "hpu_valve_switching",
    "pump": "hpu_pump_leakage",
    "accumulator": "hpu_accumulator_precharge",
}
BEST = {"cooler": 100.0, "valve": 100.0, "pump": 0.0, "accumulator": 130.0}
WORST = {"cooler": 3.0, "valve": 73.0, "pump": 2.0, "accumulator": 90.0}
CLEAR_SHARE = 0.1
"""A part moves a column clearly when it explains a tenth of its scatter (standardised slope)."""
LEAST_CHANGE = 5e-4
CYCLE_S = 60.0
HOW = (
    "Recorded: slope of each column's cycle mean on the severity of the four parts, all four together and the flag of"
    " instability beside them (they are degraded in combination), in standard deviations of the column from best to"
    " worst grade times the scatter of the grades; clear from 0.1 on. Synthetic: the shipped unit, warm, one cycle of"
    " 60 s with the worst grade of one part, against the sound one. The pressures and the motor power of the rig are"
    " not in the folder. Nothing is fitted."
)


def compare(folder: Path, progress: Progress, units: int, workers: int) -> Score:
    """Hold the unit's changes against those of the records."""
    del units, workers
    real = recorded(folder)
    own = {"sound": measured("")}
    for done, part in enumerate(PARTS, start=1):
        own[part] = measured(part)
        progress(done, len(PARTS))
    sound = own["sound"]
    moved = {part: {name: _moved(own[part][name] / sound[name] - 1.0) for name in COLUMNS} for part in PARTS}
    signs, bar = table("sign of change (recorded as standardised slope, synthetic relative)", real, moved, "")
    return Score("hydraulic_uci", (), (bar,), (signs,), HOW, {"synthetic": own})


def _moved(change: float) -> Moved:
    return Moved(change, abs(change) > LEAST_CHANGE)


def recorded(folder: Path) -> dict[str, dict[str, Moved]]:
    """Give the standardised slope of every column on every part.

    Raises
    ------
    DataError
        If the cycles are not there.
    """
    path = folder / "cycles.npz"
    if not path.is_file():
        raise DataError(f"{folder} holds no cycles.npz: give the folder of the hydraulic_uci data set")
    with np.load(path, allow_pickle=False) as file:
        profile = file["profile"].astype(np.float64)
        means = {name: file[name].astype(np.float64).mean(axis=1) for name in COLUMNS}
    severity = [(BEST[p] - profile[:, i]) / (BEST[p] - WORST[p]) for i, p in enumerate(PARTS)]
    x = np.column_stack([*severity, profile[:, 4]])
    slopes = {name: _slopes(x, y) for name, y in means.items()}
    return {
        part: {name: Moved(float(slopes[name][i]), abs(float(slopes[name][i])) >= CLEAR_SHARE) for name in COLUMNS}
        for i, part in enumerate(PARTS)
    }


def _slopes(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    standard = (x - x.mean(axis=0)) / np.maximum(x.std(axis=0), 1e-12)
    a = np.column_stack([standard, np.ones(len(x))])
    return np.asarray(np.linalg.lstsq(a, (y - y.mean()) / max(float(y.std()), 1e-12), rcond=None)[0][:-1])


def measured(part: str) -> dict[str, float]:
    """Run a cycle with one part at its worst grade ("" for none); return means of the columns in SI."""
    from emulator.faults.base import registry
    from emulator.physics.hydraulic_parameters import HydraulicPowerUnitParameters
    from emulator.physics.hydraulic_power_unit import HydraulicPowerUnit
    from emulator.physics.site import Site
    from emulator.streams import Streams

    unit = HydraulicPowerUnit(HydraulicPowerUnitParameters(), Site(Streams(1)), "hpu1")
    if part:
        registry()[PARTS[part]]({}).apply(unit, 1.0, 0)
    unit.start()
    rows = []
    for tick in range(round(100 * CYCLE_S)):
        unit.tick(tick * 10_000_000)
        signals = unit.signals()
        rows.append([signals[name] for name in COLUMNS.values()])
    return dict(zip(COLUMNS, np.mean(rows, axis=0).tolist(), strict=True))
