"""What may pass a port, so that an FMU's nonsense stays its own."""

import math
from typing import Final

FIELDS_IN: Final = {
    "potential": ("flow", "inward", "met_k", "share_good"),
    "flow": ("potential", "met_k"),
}
"""What a machine reads of a port, by what it gives there."""
FIELDS_OUT: Final = {
    "potential": ("potential", "temperature_k"),
    "flow": ("flow", "temperature_k", "share_good"),
}
"""What it writes."""
STARTS: Final = {"wire": 1.0}
"""Potential of an open port, by medium; that of gas and heat is the surroundings'."""
_POTENTIALS: Final = {
    "gas": (1.0, 1e9, "an absolute pressure in [1, 1e9] Pa"),
    "stream": (-1e9, 1e9, "a pressure in [-1e9, 1e9] Pa"),
    "heat": (1.0, 1e4, "a temperature in [1, 10000] K"),
    "wire": (0.0, 10.0, "a voltage over nominal in [0, 10]"),
    "material": (0.0, 1e9, "a count of parts in [0, 1e9]"),
}
_OTHERS: Final = {
    "flow": (-1e12, 1e12, "a flow in [-1e12, 1e12]"),
    "temperature_k": (1.0, 1e4, "a temperature in [1, 10000] K"),
    "share_good": (0.0, 1.0, "a share in [0, 1]"),
}


def implausible(value: float, medium: str | None, what: str) -> str | None:
    """Return why a value cannot be taken over; None if it can.

    `medium` and `what` are the port's medium and field; no medium: a signal, which must only be finite.
    """
    if not math.isfinite(value):
        return "must be finite"
    if medium is None:
        return None
    low, high, rule = _POTENTIALS[medium] if what == "potential" else _OTHERS[what]
    return None if low <= value <= high else f"must be {rule}"
