"""What an importer found: a device and its values, whatever the source."""

import re
from dataclasses import dataclass, field
from typing import Any

from rigs.units import POINT_UNITS

# How people and vendors spell units that a rig file spells otherwise.
_SPELLINGS = {
    "°C": "degC", "C": "degC", "deg C": "degC", "%": "percent", "m³/h": "m^3/h", "m3/h": "m^3/h", "m³/s": "m^3/s",
    "m³": "m^3", "m3": "m^3", "m/s²": "m/s^2", "m/s2": "m/s^2", "kWh": "kW*h", "Wh": "W*h", "VA": "V*A", "r/min": "rpm",
    "1/min": "rpm", "N·m": "N*m", "Nm": "N*m", "W·h": "W*h", "kW·h": "kW*h", "Ω": "ohm", "L": "l", "L/min": "l/min",
    "g": "g_0", "µm": "um", "°": "deg", "VAr": "var", "kg/m³": "kg/m^3",
}  # fmt: skip
_LONGEST_NAME = 40


@dataclass(slots=True)
class FoundValue:
    """One value; `address` is what stands in the rig under the protocol's key, numbers are in `unit`.

    `wander` is the standard deviation seen while listening, 0 if nobody listened.
    """

    name: str
    address: dict[str, Any]
    value: float = 0.0
    wander: float = 0.0
    unit: str = ""
    low: float = 0.0
    high: float = 1.0
    description: str = ""
    writable: bool = False
    readable: bool = True


@dataclass(slots=True)
class FoundDevice:
    """One device: `settings` is what stands beside its id in the rig, `url` is where it really is, if anywhere.

    `notes` is what a person should know of the import: what was left out, what was guessed.
    """

    protocol: str
    values: list[FoundValue]
    url: str | None = None
    title: str = ""
    settings: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


class CannotImportError(ValueError):
    """The source cannot be made into a rig; the message says why and what to do."""


def unit_of(text: str) -> str:
    """Return a unit as rig files spell it; empty for one they do not know."""
    spelled = _SPELLINGS.get(text.strip(), text.strip())
    return spelled if spelled in POINT_UNITS else ""


class Names:
    """Identifiers out of any text, each once."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def of(self, text: str, otherwise: str = "value") -> str:
        """Return a new identifier that resembles `text`."""
        split = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", text)
        plain = re.sub(r"[^a-z0-9]+", "_", split.lower()).strip("_") or otherwise
        if not plain[0].isalpha():
            plain = f"{otherwise}_{plain}"
        name, number = plain[:_LONGEST_NAME].strip("_"), 1
        while name in self._taken:
            number += 1
            tail = f"_{number}"
            name = plain[: _LONGEST_NAME - len(tail)].strip("_") + tail
        self._taken.add(name)
        return name
