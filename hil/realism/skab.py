"""A water circuit with a pump: what valve, leak, unbalance and an emptied tank do to it, against SKAB."""

import csv
import gzip
import math
from pathlib import Path

import numpy as np

from hil.realism.signs import Moved, table
from hil.scoring.base import DataError, Progress, Score

COLUMNS = {
    "vibration 1": "Accelerometer1RMS",
    "vibration 2": "Accelerometer2RMS",
    "current": "Current",
    "pressure": "Pressure",
    "flow": "Volume Flow RateRMS",
}
"""Columns both have. Motor and water temperature of the records follow the warming of the day; voltage is the mains."""
FILES = {
    "inlet valve closing": tuple(f"valve1/{i}" for i in range(16)),
    "leak": ("other/1", "other/2"),
    "unbalance": ("other/5", "other/6"),
    "water added": ("other/10",),
    "drained to cavitation": ("other/12",),
}
CLEAR_SIGMA, CLEAR_FILES = 1.0, 0.75
LEAST_CHANGE = {"vibration 1": 0.01, "vibration 2": 0.01, "current": 0.001, "pressure": 0.001, "flow": 0.0005}
"""Relative change of the plant's quantity that counts: above what two seconds of it scatter by."""
SECONDS, RATE_HZ = 4.0, 25_600.0
POSITION = 0.75
LEVEL_M = 1.5
FAULTS: dict[str, tuple[float, tuple[tuple[str, str, float], ...]]] = {
    "sound": (LEVEL_M, ()),
    "inlet valve closing": (LEVEL_M, (("suction_clogging", "pump1", 0.5),)),
    "leak": (1.2, ()),
    "unbalance": (LEVEL_M, (("imbalance", "pump1", 0.7),)),
    "water added": (1.8, ()),
    "drained to cavitation": (0.1, (("pump_air_ingress", "pump1", 0.6),)),
}
"""Level of the tank [m], and faults (kind, asset, severity)."""
HOW = (
    "The shipped pump skid at 50 Hz with its valve held; the return pours into the tank from above. A leak has drained"
    " 0.3 m of the tank and added water has filled 0.3 m; an emptied tank draws air. Recorded: mean of the anomalous"
    " rows less that of the others, in standard deviations of the others, mean over the files; clear when one sigma in"
    " three quarters of the files. Motor and water temperature are left out (the records warm up all day), so is"
    " the voltage. In a first run the return entered below the surface, as the shipped rig has it: a level then moves"
    " nothing, and 6 of 10 agreed."
)


def compare(folder: Path, progress: Progress, units: int, workers: int) -> Score:
    """Hold the skid's changes against those of the records."""
    del units, workers
    real = recorded(folder)
    own: dict[str, dict[str, float]] = {}
    for done, (fault, (level_m, faults)) in enumerate(FAULTS.items(), start=1):
        own[fault] = measured(level_m, faults)
        progress(done, len(FAULTS))
    sound = own["sound"]
    moved = {
        fault: {
            column: Moved(
                own[fault][column] / sound[column] - 1.0,
                abs(own[fault][column] / sound[column] - 1.0) > LEAST_CHANGE[column],
            )
            for column in COLUMNS
        }
        for fault in real
    }
    signs, bar = table("sign of change (recorded in sigma, synthetic relative)", real, moved)
    return Score("skab", (), (bar,), (signs,), HOW, {"synthetic": own})


def recorded(folder: Path) -> dict[str, dict[str, Moved]]:
    """Measure the records that are there.

    Raises
    ------
    DataError
        If none is.
    """
    found: dict[str, dict[str, Moved]] = {}
    for fault, names in FILES.items():
        paths = [path for path in (folder / f"{name}.csv.gz" for name in names) if path.is_file()]
        if not paths:
            continue
        changes = [_changes(path) for path in paths]
        found[fault] = {}
        for column in COLUMNS:
            values = np.array([one[column] for one in changes])
            mean = float(values.mean())
            agree = np.mean((np.abs(values) >= CLEAR_SIGMA) & (np.sign(values) == np.sign(mean)))
            found[fault][column] = Moved(mean, bool(agree >= CLEAR_FILES))
    if not found:
        raise DataError(f"{folder} holds none of valve1/, other/: give the folder of the SKAB records")
    return found


def _changes(path: Path) -> dict[str, float]:
    with gzip.open(path, "rt", encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle, delimiter=";"))
    hurt = np.array([float(row["anomaly"]) > 0.5 for row in rows])
    out = {}
    for column, name in COLUMNS.items():
        values = np.array([float(row[name]) for row in rows])
        out[column] = float((values[hurt].mean() - values[~hurt].mean()) / values[~hurt].std())
    return out


def measured(level_m: float, faults: tuple[tuple[str, str, float], ...]) -> dict[str, float]:
    """Run the skid with faults (kind, asset, severity); return means of the columns in SI."""
    from emulator.faults.base import registry
    from emulator.plant import Plant
    from rigs.load import load_rig

    rig = load_rig("pump_skid")
    initial = {"vfd1.run": True, "vfd1.frequency_hz": 50.0, "pid1.auto": False, "pid1.manual_output": POSITION}
    settings = rig.plant.model_copy(update={"initial": initial, "tank_level": level_m})
    # the return pours in from above: what the level falls by, the water is lifted more
    lift_m = rig.asset("discharge1").static_head + LEVEL_M - level_m
    assets = tuple(
        asset.model_copy(update={"static_head": lift_m}) if asset.id == "discharge1" else asset for asset in rig.assets
    )
    plant = Plant(rig.model_copy(update={"plant": settings, "assets": assets}), seed=1)
    for kind, asset, severity in faults:
        registry()[kind]({}).apply(plant.assets[asset], severity, 0)
    sums: dict[str, list[float]] = {column: [] for column in COLUMNS}
    while plant.t_ns < SECONDS * 1e9:
        plant.step()
        n0, count = plant.sample_range(RATE_HZ)
        shaken = [plant.waveform(f"{end}.acceleration_m_s2", n0, count, RATE_HZ) for end in ("pump1_de", "pump1_nde")]
        if plant.t_ns <= 0.5 * SECONDS * 1e9:
            continue
        s = plant.signals
        sums["vibration 1"].append(float(np.mean(shaken[0] ** 2)))
        sums["vibration 2"].append(float(np.mean(shaken[1] ** 2)))
        sums["current"].append(s["motor1.current_a"])
        sums["pressure"].append(s["pump1.discharge_pressure_pa"])
        sums["flow"].append(s["pump1.flow_m3_s"])
    means = {column: float(np.mean(values)) for column, values in sums.items()}
    return means | {column: math.sqrt(means[column]) for column in ("vibration 1", "vibration 2")}
