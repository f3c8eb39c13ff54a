"""Print the table of docs/dsp/cyclic.md: bearing lines of the CWRU 12 kHz drive-end records in the enhanced envelope.

Run as `python docs/dsp/figures/cyclic_cwru.py FOLDER`, FOLDER holding the records as npz and their index.csv.
"""

import csv
import math
import sys
from pathlib import Path

import numpy as np

from twin.dsp.bearing import BEARINGS
from twin.dsp.cyclic import spectral_coherence
from twin.dsp.enhanced import EnvelopeLine, enhanced_envelope, informative_weights
from twin.dsp.envelope import envelope_spectra
from twin.dsp.recordings import load_recording
from twin.dsp.separation import random_part

BEARING = BEARINGS["6205"]
ORDERS = {"OR": BEARING.bpfo, "IR": BEARING.bpfi, "B": 2.0 * BEARING.bsf}
SLIP = 0.015
ODDS = 0.01
STRANGERS = (1.37, 2.63, 3.23, 4.37, 6.29, 7.71, 8.31)
"""Orders that are no family's and no low harmonic's, looked at the same way."""


def lines_of(file: Path, nominal_hz: float, *, remove_lines: bool, weighted: bool) -> dict[str, EnvelopeLine]:
    """Look for the three families in one record."""
    recording = load_recording(file)
    speed_hz = recording.speed_hz or nominal_hz
    plane = spectral_coherence(
        recording.channel("DE")[1],
        recording.rate_hz or 12000.0,
        300.0,
        128,
        blow_period_s=1.0 / speed_hz,
        remove_lines=remove_lines,
    )
    spectrum = enhanced_envelope(plane, weights=informative_weights(plane) if weighted else None)
    wanted = ORDERS | {str(order): order for order in STRANGERS}
    return {name: spectrum.line(order * speed_hz, SLIP) for name, order in wanted.items()}


def plain_heights(file: Path, nominal_hz: float, *, remove_lines: bool) -> dict[str, float]:
    """Heights over the local median of the same lines in the squared envelope spectrum of the whole band."""
    recording = load_recording(file)
    speed_hz = recording.speed_hz or nominal_hz
    x = recording.channel("DE")[1]
    x = random_part(x) if remove_lines else x
    spectra = envelope_spectra(x, recording.rate_hz or 12000.0, speed_hz, max_order=10.0, tree=())
    order, depth = spectra.order_axis(), spectra.depth(0)
    return {
        name: float(depth[np.abs(order / at - 1.0) <= SLIP].max() / np.median(depth[np.abs(order - at) < 1.0]))
        for name, at in ORDERS.items()
    }


def main(folder: Path) -> None:
    """Judge every record in every variant and print what was counted."""
    with (folder / "index.csv").open() as index:
        rows = [row for row in csv.DictReader(index) if row["sr2015_de"] and row["fault_end"] == "DE"]
    columns = ("class", "records", "lines removed", "weights", "right line", "right is highest", "others", "strangers")
    print("p < 0.01 for the right line, the other families and the strangers:\n")
    print("| " + " | ".join(columns) + " |")
    print("|---|---|---|---|---|---|---|---|")
    detail: list[str] = []
    for remove_lines in (False, True):
        for weighted in (False, True):
            counts: dict[str, list[int]] = {}
            for row in rows:
                found = lines_of(
                    folder / row["file"], float(row["rpm_nominal"]) / 60.0, remove_lines=remove_lines, weighted=weighted
                )
                height = {name: found[name].amplitude / found[name].background for name in ORDERS}
                right = row["fault"]
                count = counts.setdefault(row["sr2015_de"][0] if row["sr2015_de"] != "Y2" else "Y2", [0, 0, 0, 0, 0])
                count[0] += 1
                count[1] += found[right].p_value < ODDS
                count[2] += max(height, key=lambda name: height[name]) == right
                count[3] += sum(found[name].p_value < ODDS for name in ORDERS if name != right)
                count[4] += sum(found[str(order)].p_value < ODDS for order in STRANGERS)
                if remove_lines and not weighted and row["sr2015_de"].startswith("Y"):
                    p = max(found[right].p_value, 1e-99)
                    heights = " | ".join(f"{height[name]:.1f}" for name in ORDERS)
                    detail.append(
                        f"| {row['record']} | {row['sr2015_de']} | {right}{row['size_mil']} | {heights} |"
                        f" {'< -15' if p < 1e-15 else f'{math.log10(p):.1f}'} |"
                    )
            for name, (records, seen, strongest, others, strangers) in sorted(counts.items(), reverse=True):
                label = "Y1" if name == "Y" else name
                variant = f"{'yes' if remove_lines else 'no'} | {'informative' if weighted else 'flat'}"
                odd = f"{others} of {2 * records} | {strangers} of {len(STRANGERS) * records}"
                print(f"| {label} | {records} | {variant} | {seen} | {strongest} | {odd} |")
    clear = [row for row in rows if row["sr2015_de"] in ("Y1", "Y2")]
    for remove_lines in (False, True):
        best = [
            max(heights, key=lambda name: heights[name]) == row["fault"]
            for row in clear
            for heights in [
                plain_heights(folder / row["file"], float(row["rpm_nominal"]) / 60.0, remove_lines=remove_lines)
            ]
        ]
        what = "lines removed" if remove_lines else "as recorded"
        print(f"squared envelope spectrum, whole band, {what}: right is strongest in {sum(best)} of {len(best)} Y1/Y2")
    print("\n| record | class | fault | OR | IR | B | log10 p of the right line |\n|---|---|---|---|---|---|---|")
    print("\n".join(detail))
    normal = folder / "48k_normal_load0_97a.npz"
    if normal.exists():
        found = lines_of(normal, 1797 / 60.0, remove_lines=True, weighted=False)
        print("\nnormal record 97:", ", ".join(f"{name} p = {found[name].p_value:.2g}" for name in ORDERS))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
