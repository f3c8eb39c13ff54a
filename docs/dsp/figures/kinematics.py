"""Draw the sum rule: where the two race lines of a bearing lie with slip, with a wrong clock, and for other makers."""

from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

from twin.dsp.bearing import BEARINGS, parse_bearing
from twin.dsp.line_matching import sum_rule

IMG = Path(__file__).parent.parent / "img"
SPEED = 29.95


def main() -> None:
    """Draw the figure."""
    bearing = parse_bearing("6205")
    n = bearing.elements
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4.2))
    cages = {
        "no slip": (1.0, 1.0),
        "1.5 % slip": (0.985, 1.0),
        "clock 2.4 % off": (1.0, 1.0 / 1.024),
        "other geometry": (1.04, 1.0),
        "not a pair": (1.035, 1.03),
    }
    left.axhspan(-2, 2, color="#2e7d32", alpha=0.12, lw=0)
    left.axvspan(-0.5, 0.5, color="#1f5582", alpha=0.12, lw=0)
    for name, (lag, clock) in cages.items():
        cage = bearing.ftf * lag * SPEED
        rule = sum_rule(n * cage * clock, n * (SPEED - cage) * clock, bearing, SPEED)
        x, y = 100 * rule.speed_error, 100 * rule.cage_slip
        left.plot(x, y, "o", color="#b5651d")
        left.annotate(name, (x, y), xytext=(0, -14), textcoords="offset points", ha="center", fontsize=9)
    left.set_xlabel("declared speed against (BPFO + BPFI) / n  [%]")
    left.set_ylabel("cage slip from BPFO / (BPFO + BPFI)  [%]")
    left.set_xlim(-4, 3.5)
    left.set_ylim(-5.5, 4)
    left.text(3.4, 1.7, "geometry agrees", color="#2e7d32", fontsize=8, ha="right", va="top")
    left.text(0.0, 3.9, "speed agrees", color="#1f5582", fontsize=8, ha="center", va="top")
    left.set_title("what two measured lines say (6205 at 29.95 Hz)", fontsize=9, loc="left")
    shown = ["6203", "FAG6203", "IBU6203", "6204", "KG6204", "6205", "NSK6205", "KG6205", "6206", "KG6206"]
    for row, name in enumerate(shown):
        right.errorbar(
            BEARINGS[name].bpfo, row, xerr=0.02 * BEARINGS[name].bpfo, fmt="o", color="#1f5582", capsize=3, ms=4
        )
    right.set_yticks(np.arange(len(shown)), shown)
    right.invert_yaxis()
    right.set_xlabel("outer-race order; bars: 2 % for slip")
    right.set_title("one designation, several makers", fontsize=9, loc="left")
    for axis in (left, right):
        axis.grid(visible=True, alpha=0.3)
    figure.tight_layout()
    figure.savefig(IMG / "kinematics.png", dpi=110)


if __name__ == "__main__":
    main()
