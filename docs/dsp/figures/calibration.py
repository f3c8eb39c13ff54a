"""Fit and judge the map from evidence to confidence on recorded bearings, and draw the reliability diagram.

`python docs/dsp/figures/calibration.py --data DIR [--write]`, with DIR holding `cwru`, `mfpt` and `hit_sm` in
the layout of their index files. Draws `docs/dsp/img/calibration.png`: how often statements of a confidence
were right, on the records the map was fitted to and on those it was not. `--write` stores the constants in
`twin/dsp/data/confidence.json`.

A statement is one family on one record, right when that part was damaged. Records of one assembly (fault,
size, place, end; loads differ) are one witness: they weigh one together, and cross-validation leaves whole
assemblies out.
"""

import argparse
import csv
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import matplotlib as mpl
import numpy as np
from numpy.typing import NDArray

from twin.dsp.analysis import analyze
from twin.dsp.bearing import BEARINGS, FAMILIES, BearingGeometry
from twin.dsp.confidence import log_odds
from twin.dsp.recordings import load_recording

mpl.use("Agg")
import matplotlib.pyplot as plt

Array = NDArray[np.float64]
ROOT = Path(__file__).resolve().parents[3]
PARTS = {"B": "bearing_ball", "IR": "bearing_inner_race", "OR": "bearing_outer_race"}
TUNED = "CWRU 48 kHz and fan end, MFPT"
REPORTED = "CWRU 12 kHz drive end, HIT-SM"
SPOKEN = 0.01
EDGES = (0.0, 0.05, 0.2, 0.5, 0.8, 1.0)


@dataclass(frozen=True, slots=True)
class Statement:
    """One family on one record: its evidence, whether it was right, and whose word it is."""

    assembly: str
    tuned: bool
    evidence: float
    p_value: float
    right: bool


def records(data: Path) -> Iterator[tuple[str, bool, str | None, Array, float, float, BearingGeometry]]:
    """Yield assembly, whether of the tuning split, damaged part, samples, rate, speed, bearing."""
    with (data / "cwru" / "index.csv").open() as index:
        for row in csv.DictReader(index):
            recording = load_recording(data / "cwru" / row["file"])
            end = row["fault_end"] or "DE"
            # record 279 carries a wrong speed, which its note tells
            nominal = recording.speed_hz is None or row["record"] == "279"
            speed = float(row["rpm_nominal"]) / 60.0 if nominal else float(recording.speed_hz or 0.0)
            name = f"cwru {row['fs']} {end} {row['fault']} {row['size_mil']} {row['clock']}"
            yield (
                name,
                row["fs"] == "48000" or end == "FE",
                PARTS.get(row["fault"]),
                recording.channel(end)[1],
                float(row["fs"]),
                speed,
                BEARINGS["6205" if end == "DE" else "6203"],
            )
    for file in sorted((data / "mfpt").glob("*.npz")):
        recording = load_recording(file)
        race = file.name.split("_")[0].lower()
        yield f"mfpt {race}", True, f"bearing_{race}_race", recording.channel("x")[1], 48828.0, 25.0, BEARINGS["MFPT"]
    with (data / "hit_sm" / "index.csv").open() as index:
        for row in csv.DictReader(index):
            recording = load_recording(data / "hit_sm" / row["file"])
            part = None if row["fault"] == "normal" else f"bearing_{row['fault']}"
            # mfs_IR2_900.npz: rig and damage are the assembly, speeds share it
            name = "hit " + " ".join(row["file"].split("_")[:2])
            speed = float(recording.speed_hz or 0.0)
            yield name, False, part, recording.channel("x")[1], 51200.0, speed, BEARINGS["6205"]


def statements(data: Path) -> list[Statement]:
    """Analyze every record."""
    found = []
    for assembly, tuned, part, x, rate_hz, speed_hz, bearing in records(data):
        for family, line in analyze(x, rate_hz, speed_hz, bearing).lines.items():
            found.append(Statement(assembly, tuned, line.evidence, line.p_value, family == part))
    return found


def fit(chosen: list[Statement]) -> float:
    """Slope of the logistic map; Platt's targets, each assembly of weight one.

    Even odds stay even: an offset fitted as well comes out smaller than its error. Statements without any
    evidence are left out of the fit, for how many of them are right tells only how many machines are ill.
    """
    members: dict[str, int] = {}
    for s in chosen:
        members[s.assembly] = members.get(s.assembly, 0) + 1
    spoken = [s for s in chosen if s.evidence >= SPOKEN]
    z = np.array([log_odds(s.evidence) for s in spoken])
    right = np.array([s.right for s in spoken])
    weight = np.array([len(FAMILIES) / members[s.assembly] for s in spoken])
    yes, no = float(weight[right].sum()), float(weight[~right].sum())
    target = np.where(right, (yes + 1.0) / (yes + 2.0), 1.0 / (no + 2.0))
    slope = 0.5
    for _ in range(50):
        p = 1.0 / (1.0 + np.exp(-slope * z))
        slope += float(np.sum(weight * (target - p) * z) / np.sum(weight * p * (1.0 - p) * z * z))
    return slope


def confidence(chosen: list[Statement], slope: float) -> Array:
    """Map the evidence of each; the cap on what chance explains is not part of the map."""
    return np.array([1.0 / (1.0 + math.exp(-slope * log_odds(s.evidence))) for s in chosen])


def left_out(chosen: list[Statement]) -> Array:
    """Confidence of each statement by a map fitted without its assembly."""
    values = np.empty(len(chosen))
    for assembly in {s.assembly for s in chosen}:
        slope = fit([s for s in chosen if s.assembly != assembly])
        inside = [i for i, s in enumerate(chosen) if s.assembly == assembly]
        values[inside] = confidence([chosen[i] for i in inside], slope)
    return values


def table(values: Array, right: NDArray[np.bool_]) -> list[tuple[int, float, float]]:
    """Count, mean confidence and share right for each bin of `EDGES`."""
    rows = []
    for low, high in pairwise(EDGES):
        inside = (values >= low) & ((values < high) | (high == 1.0))
        count = int(inside.sum())
        rows.append(
            (
                count,
                float(values[inside].mean()) if count else math.nan,
                float(right[inside].mean()) if count else math.nan,
            )
        )
    return rows


def main() -> None:
    """Fit, print the tables, draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--write", action="store_true", help="store the constants in the package")
    arguments = parser.parse_args()
    all_said = statements(arguments.data)
    slope = fit([s for s in all_said if s.tuned])
    print(f"slope {slope:.3f}, fitted to {TUNED}")
    figure, axes = plt.subplots(figsize=(5.2, 4.4), dpi=110)
    axes.plot([0, 1], [0, 1], color="0.7", linewidth=1, label="as sure as right")
    for tuned, title, mark in ((True, TUNED, "o"), (False, REPORTED, "s")):
        chosen = [s for s in all_said if s.tuned is tuned]
        right = np.array([s.right for s in chosen])
        values = left_out(chosen) if tuned else confidence(chosen, slope)
        way = "each assembly left out in turn" if tuned else "never fitted to"
        print(
            f"{title} ({way}): {len(chosen)} statements of {len({s.assembly for s in chosen})} assemblies,"
            f" Brier {np.mean((values - right) ** 2):.3f} (share right alone: {right.mean() * (1 - right.mean()):.3f})"
        )
        rows = table(values, right)
        for (count, said, true), low, high in zip(rows, EDGES[:-1], EDGES[1:], strict=True):
            print(f"  {low:.2f} … {high:.2f}: {count:4d} statements, said {said:.2f}, right {true:.2f}")
        filled = [row for row in rows if row[0]]
        axes.plot([r[1] for r in filled], [r[2] for r in filled], mark, label=f"{title}\n({way})")
        for count, said, true in filled:
            inward = -1 if said > 0.9 else 1
            axes.annotate(
                str(count),
                (said, true),
                textcoords="offset points",
                xytext=(9 * inward, -9 if tuned else 5),
                ha="left" if inward > 0 else "right",
                fontsize=8,
            )
    axes.set(xlabel="confidence said", ylabel="share that was right", xlim=(-0.03, 1.03), ylim=(-0.05, 1.08))
    axes.legend(loc="upper left", fontsize=8)
    axes.set_title("Reliability of bearing statements (numbers: statements)", fontsize=10)
    figure.tight_layout()
    figure.savefig(Path(__file__).parent.parent / "img" / "calibration.png")
    if arguments.write:
        content = {
            "note": "Logistic map from log-odds of evidence to confidence; made by docs/dsp/figures/calibration.py.",
            "fitted_to": TUNED,
            "reported_on": REPORTED,
            "slope": round(slope, 3),
        }
        (ROOT / "twin" / "dsp" / "data" / "confidence.json").write_text(json.dumps(content, indent=2) + "\n")


if __name__ == "__main__":
    main()
