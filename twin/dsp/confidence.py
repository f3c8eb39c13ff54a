"""From evidence to a confidence that means what it says.

A statement's evidence is a product of steps (score, depth, margin), proven on records but no probability.
A logistic map of one constant (Platt 1999, with his targets that keep a small sample from claiming certainty)
turns its log-odds into one; even odds stay even. The constant is data, `data/confidence.json`, with the
records that made it; `docs/dsp/figures/calibration.py` fits it again.
"""

import json
import math
from functools import cache
from importlib.resources import files

WIDEST = 8.0
"""Log-odds of evidence beyond which more evidence adds no confidence."""


@cache
def slope() -> float:
    """Slope of the map, from the package's data."""
    content = json.loads(files("twin.dsp").joinpath("data/confidence.json").read_text(encoding="utf-8"))
    return float(content["slope"])


def log_odds(evidence: float) -> float:
    """Log-odds of evidence in [0, 1], cut at ± `WIDEST`."""
    edge = 1.0 / (1.0 + math.exp(WIDEST))
    kept = min(max(evidence, edge), 1.0 - edge)
    return math.log(kept / (1.0 - kept))


def calibrated(evidence: float) -> float:
    """Confidence of a statement with such evidence: the share of like statements that were right."""
    return 1.0 / (1.0 + math.exp(-slope() * log_odds(evidence)))
