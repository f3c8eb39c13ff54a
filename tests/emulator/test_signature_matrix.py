"""The signature table of the reference skid: made again from the plant, held against the stored and the published one.

``python -m tests.emulator.test_signature_matrix`` writes the stored table and its page anew.
"""

import json
from pathlib import Path

import pytest

from tests.emulator.signatures import COLUMNS, LIMITS, ROWS, changes

ROOT = Path(__file__).parents[2]
STORED = ROOT / "fixtures" / "signature_matrix.json"
PAGE = ROOT / "docs" / "reference" / "signatures.md"

# Signs published for the skid, direct on line, severity 0.5; H is the discharge head, P_el the power beyond the shaft's.
PUBLISHED = {
    "ring wear":            "- - - 0 0 + 0 0 0 0 - 0 +",
    "suction clogging":     "- - - 0 0 + + 0 0 0 - 0 -",
    "unbalance":            "0 0 0 + 0 0 0 0 0 0 0 + 0",
    "misalignment":         "0 0 + + + 0 0 0 0 0 0 + 0",
    "outer spall":          "0 0 0 0 0 0 + + 0 0 0 + 0",
    "lubrication":          "0 0 + 0 0 0 + 0 0 0 0 + 0",
    "broken bar":           "- - 0 ± 0 0 0 0 + 0 + 0 0",
    "shorted turns":        "0 0 + 0 0 0 0 0 0 + + 0 0",
    "blocked motor fan":    "0 0 + 0 0 0 0 0 0 0 + + 0",
    "discharge valve shut": "- + - 0 0 + + 0 0 0 - 0 +",
}  # fmt: skip

# Where the plant does otherwise, and why.
OTHERWISE = {
    ("unbalance", "T_brg"): "a turning force of a tenth of the static load adds 0.3 % to the mean load: 0.04 K",
    ("misalignment", "1x"): "the coupling pushes at 2× radially; its 1× is axial, which this sensor does not feel",
    ("misalignment", "P_el"): "the load it adds costs 0.8 W in the bearings",
    ("outer spall", "T_brg"): "the spall shakes, and takes no power worth a kelvin",
    ("broken bar", "Q"): "half a bar's resistance slows the pump by 0.02 %, a tenth of what is told from noise",
    ("broken bar", "H"): "as for the flow",
    ("broken bar", "P_el"): "the rotor loses 11 W more",
    ("broken bar", "T_w"): "after ten seconds the winding knows nothing of it yet",
    ("discharge valve shut", "T_brg"): "less heat comes from the cooler motor, more thrust from the shut pump",
}


def sign(value: float) -> str:
    return "0" if abs(value) < 1.0 else "+" if value > 0 else "-"


def stored() -> dict[str, dict[str, float]]:
    return json.loads(STORED.read_text(encoding="utf-8"))["changes"]


@pytest.mark.slow_without_jit
@pytest.mark.parametrize("row", ROWS)
def test_no_sign_has_changed_and_no_size_has_run_away(row):
    found, known = changes(row), stored()[row]
    for name in COLUMNS:
        assert sign(found[name]) == sign(known[name]), (name, found[name], known[name])
        if abs(known[name]) >= 3.0:
            assert found[name] == pytest.approx(known[name], rel=0.25), name


@pytest.mark.parametrize("row", ROWS)
def test_the_signs_are_those_published_but_for_what_is_explained(row):
    for name, published in zip(COLUMNS, PUBLISHED[row].split(), strict=True):
        found = sign(stored()[row][name])
        same = published in (found, "±")
        assert same or (row, name) in OTHERWISE, (name, published, found)


def test_no_explanation_has_become_idle():
    for row, name in OTHERWISE:
        published = PUBLISHED[row].split()[COLUMNS.index(name)]
        if sign(stored()[row][name]) == published:
            assert abs(stored()[row][name]) > 0.5, f"{row}, {name}: agrees by now; take the explanation out"


def write() -> None:
    found = {row: {name: round(value, 2) for name, value in changes(row).items()} for row in ROWS}
    about = "Changes of the reference skid, direct on line, seed 1, severity 0.5, in units of the limits (SI)."
    STORED.write_text(json.dumps({"about": about, "limits": LIMITS, "changes": found}, indent=1) + "\n", "utf-8")
    lines = [
        "# Signatures",
        "",
        "What each fault does to the reference skid (direct on line, thermal rest, severity 0.5): the change of thirteen",
        "features, in units of what a minute of the feature's own sensor can tell. The table is made from the plant by finite",
        "differences (`python -m tests.emulator.test_signature_matrix`); a test makes it again and fails when a sign changes.",
        "",
        "| fault | " + " | ".join(COLUMNS) + " |",
        "|---" * (len(COLUMNS) + 1) + "|",
    ]
    for row, values in found.items():
        cells = " | ".join(
            "0" if sign(v) == "0" else f"{v:+.0f}" if abs(v) >= 10 else f"{v:+.1f}" for v in values.values()
        )
        lines.append(f"| {row} | {cells} |")
    lines += ["", "Where the signs differ from the table they were designed after:", ""]
    lines += [f"- {row}, {name}: {why}." for (row, name), why in OTHERWISE.items()]
    lines += [
        "",
        "Features: Q flow, H discharge pressure, P_el electrical power less shaft power, 1x and 2x lines of the shaft, vane",
        "amplitude of the vane-pass force, HF rms of 5 … 12 kHz, SES envelope line at BPFO, I 2sf side bands of the current in",
        "dB, I2 negative sequence, T_w winding, T_brg bearing, p_s suction pressure.",
        "",
    ]
    PAGE.write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    write()
