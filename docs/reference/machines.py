"""Write the reference of machines from their code and the shipped rigs: ``python docs/reference/machines.py``."""

import contextlib
import dataclasses
import re
from pathlib import Path
from typing import Any

from emulator.faults.base import registry
from emulator.physics.machine import Machine
from emulator.plant import Plant
from rigs.assets import nameplates
from rigs.load import load_rig, shipped

PAGE = Path(__file__).with_name("machines.md")
COMMON = ("id", "kind", "title", "level", "provenance")
SOME = 40


def plants() -> dict[str, tuple[str, str, Any, Plant]]:
    """Return, by asset kind, the first shipped rig that has one: its name, the asset's id, the asset, the plant."""
    found: dict[str, tuple[str, str, Any, Plant]] = {}
    for name in ["pump_skid", *shipped()]:
        rig = load_rig(name)
        fresh = [asset for asset in rig.assets if asset.kind not in found]
        if not fresh:
            continue
        with contextlib.suppress(ValueError):  # a rig that plays recorded data, where there is none
            plant = Plant(rig, seed=1)
            plant.step()
            for asset in fresh:
                found.setdefault(asset.kind, (name, asset.id, plant.assets[asset.id], plant))
    return found


def section(kind: str, nameplate: Any, found: tuple[str, str, Any, Plant] | None) -> list[str]:
    """Return the lines of one machine."""
    lines = [f"## {kind}", "", (nameplate.__doc__ or "").strip().split("\n\n")[0].replace("\n    ", "\n"), ""]
    keys = {name: field for name, field in nameplate.model_fields.items() if name not in COMMON}
    needed = [f"`{name}`" for name, field in keys.items() if field.is_required()]
    free = [
        f"`{name}` ({_value(field.get_default(call_default_factory=True))})"
        for name, field in keys.items()
        if not field.is_required()
    ]
    lines += _list("Needed", needed) + _list("Optional", free)
    if found is not None:
        name, asset_id, asset, plant = found
        lines += [f"As `{asset_id}` of the shipped rig `{name}`:", ""]
        if dataclasses.is_dataclass(asset.parameters):
            private = [
                f"`{f.name}` ({_value(getattr(asset.parameters, f.name))})"
                for f in dataclasses.fields(asset.parameters)
                if isinstance(getattr(asset.parameters, f.name), (int, float, str, bool))
            ]
            lines += _list("Private parameters, under `plant.parameters`", private)
        signals = [s.partition(".")[2] for s in plant.signals if s.startswith(asset_id + ".")]
        lines += _list("Signals", [f"`{s}`" for s in signals[:SOME]] + (["…"] if len(signals) > SOME else []))
        waves = [s.rpartition(".")[2] for s in plant.waveforms() if s.rpartition(".")[0] == asset_id]
        lines += _list("Waveforms", [f"`{w}`" for w in waves[:SOME]])
        commands = [c.partition(".")[2] for c in plant.commands if c.startswith(asset_id + ".")]
        lines += _list("Commands", [f"`{c}`" for c in commands[:SOME]])
        if isinstance(asset, Machine) and asset.ports:
            ports = [f"`{n}` ({p.medium}, gives {p.gives})" for n, p in asset.ports.items()]
            lines += _list("Ports", ports)
    faults = sorted(k for k, fault in registry().items() if fault.layer == "physics" and kind in fault.targets)
    lines += _list("Faults", [f"[{k}](../faults/{k}.md)" for k in faults])
    return lines


def _list(title: str, entries: list[str]) -> list[str]:
    if not entries:
        return []
    text, out = f"{title}: {', '.join(entries)}.", []
    for word in text.split(" "):
        if out and len(out[-1]) + 1 + len(word) <= 155:
            out[-1] += " " + word
        else:
            out.append(word)
    return [*out, ""]


def _value(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    return re.sub(r"\s+", " ", str(value))[:40] or "none"


def main() -> None:
    """Write the page."""
    lines = [
        "# Machines",
        "",
        "Every kind of asset a rig may name: nameplate keys, private parameters with the values in force (SI),",
        "signals, waveforms, commands, ports and faults. Made from the code by `python docs/reference/machines.py`.",
        "",
        "Besides its own keys every asset has `id` and `kind`, and may have `title`, `level` (F0 to F2), `provenance`.",
        "",
    ]
    found = plants()
    for kind, nameplate in sorted(nameplates().items()):
        lines += section(kind, nameplate, found.get(kind))
    PAGE.write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")
    print(f"{len(nameplates())} machines written to {PAGE}")


if __name__ == "__main__":
    main()
