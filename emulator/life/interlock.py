"""Interlocks: a relay that trips a drive when a cause has stood, and holds it until it is reset."""

import difflib
from typing import Any

from emulator.life.cascade import Watch
from emulator.physics.vfd import Vfd
from emulator.plant import Plant
from rigs.life import Interlock


class Relay:
    """One interlock at work; looked at every block.

    Attributes
    ----------
    latched : whether it holds the drive.

    """

    def __init__(self, spec: Interlock, plant: Plant) -> None:
        self.spec = spec
        self.watch = Watch(spec.cause, spec.delay)
        self.latched = False
        self._plant = plant
        self._drive = drive_named(plant, spec.trip)
        if self._drive is None and f"{spec.trip}.run" not in plant.commands:
            drives = sorted(name.removesuffix(".run") for name in plant.commands if name.endswith(".run"))
            near = difflib.get_close_matches(spec.trip, drives, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(drives) or 'none'}"
            raise ValueError(f"plant.life.interlocks: {spec.id!r} trips {spec.trip!r}, which cannot be run; {hint}")

    def look(self, t_ns: int, value: float) -> str | None:
        """Take in the cause's value; return ``trip`` or ``reset`` when something happened."""
        changed = self.watch.look(t_ns, value)
        if changed and self.watch.acts and not self.latched:
            self.latched = True
            if self._drive is not None:
                self._drive.trip_on(self.spec.id)
            self.hold()
            return "trip"
        if changed and not self.watch.acts and self.latched and self.spec.reset == "auto":
            self.latched = False
            return "reset"
        if self.latched:
            self.hold()
        return None

    def hold(self) -> None:
        """Keep the drive from running, whatever else it is told."""
        if self._drive is None:
            self._plant.command(f"{self.spec.trip}.run", 0.0)
        elif not self._drive.trip:
            self._drive.trip_on(self.spec.id)

    def reset(self) -> bool:
        """Let go; False while the cause still stands. The drive stays off until it is started."""
        if self.watch.holds:
            return False
        self.latched = False
        if self._drive is not None and self._drive.trip == self.spec.id:
            self._drive.command_run(False)
        return True

    def truth(self) -> dict[str, Any]:
        """Return plain data."""
        return {"trips": self.spec.trip, "cause": self.watch.holds, "latched": self.latched}


def drive_named(plant: Plant, name: str) -> Vfd | None:
    """Return the drive (or contactor) commanded as `name`."""
    for motor, drive in plant.machines.drives.items():
        if drive == name:
            return plant.machines.trains[motor].drive
    return None


def drive_of(plant: Plant, asset: str) -> str | None:
    """Return the name under which the drive that turns an asset is commanded; None if nothing turns it."""
    m = plant.machines
    if asset in m.drives.values():
        return asset
    shaft = asset if asset in m.trains else m.pumps.get(asset) or m.bearings.get(asset) or m.on_shaft.get(asset)
    if shaft in m.shafts:
        shaft = m.shafts[shaft].train
    found = m.drives.get(shaft or "")
    return found if found is not None else (asset if f"{asset}.run" in plant.commands else None)
