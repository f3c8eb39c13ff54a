"""Velocity severity zones of the ISO 20816 family; boundaries, with edition, in data/velocity_zones.json."""

import functools
import json
from dataclasses import dataclass
from importlib import resources


@dataclass(frozen=True, slots=True)
class ZoneTable:
    """Boundaries between zones A/B, B/C and C/D [mm/s rms] of one machine group and support."""

    group: str
    support: str
    edition: str
    boundaries_mm_s: tuple[float, float, float]

    def zone(self, velocity_mm_s: float) -> str:
        """Give the zone letter of a velocity; a value on a boundary belongs to the worse zone."""
        return "ABCD"[sum(velocity_mm_s >= boundary for boundary in self.boundaries_mm_s)]


def velocity_band_hz(speed_hz: float | None) -> tuple[float, float]:
    """Give the evaluation band: 10-1000 Hz, from 2 Hz for machines that turn slower than 600 rpm."""
    return (2.0 if speed_hz is not None and speed_hz < 10.0 else 10.0), 1000.0


def zone_table(group: str, support: str = "any") -> ZoneTable:
    """Find the table of a machine group (`group1`, `pump_category…`) and support (`rigid`, `flexible`).

    Raises
    ------
    ValueError
        If there is no such table; the message lists those there are.
    """
    tables = _tables()
    for table in tables:
        if table.group == group and table.support in (support, "any"):
            return table
    known = ", ".join(f"{table.group}/{table.support}" for table in tables)
    raise ValueError(f"no vibration zones for {group}/{support}; known: {known}")


@functools.cache
def _tables() -> tuple[ZoneTable, ...]:
    text = resources.files("twin.dsp").joinpath("data/velocity_zones.json").read_text(encoding="utf-8")
    return tuple(
        ZoneTable(row["group"], row["support"], row["edition"], tuple(row["mm_s"]))
        for row in json.loads(text)["tables"]
    )
