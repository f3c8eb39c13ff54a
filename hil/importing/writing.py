"""Writes what was found as a rig: rig, points, one scenario, and the binding to the real device."""

from pathlib import Path
from typing import Any

import yaml

from hil.importing.found import CannotImportError, FoundDevice, FoundValue
from rigs.load import load_rig, load_scenario
from rigs.units import conversion


def write_rig(found: FoundDevice, out: Path, device: str) -> list[Path]:
    """Write the rig's files into `out` and read them back, to be sure; returns what was written.

    Parameters
    ----------
    found : FoundDevice
    out : Path
        A folder that does not exist or is empty.
    device : str
        Id of the device; the rig is called the same.

    Raises
    ------
    CannotImportError
        The folder holds something, or nothing was found.
    RigError
        What was found makes no valid rig.

    """
    if not found.values:
        raise CannotImportError("found no value to put into a rig" + "".join(f"; {note}" for note in found.notes))
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise CannotImportError(f"{out} is there already and not empty; name another folder with --out")
    asset = f"{device[:33]}_values"
    rig = {
        "rig": device,
        "title": found.title or device,
        "description": "Imported. " + " ".join(f"{note[0].upper()}{note[1:]}." for note in found.notes),
        "assets": [{"id": asset, "kind": "stand_in", "holds": {v.name: _held(v) for v in found.values}}],
        "devices": [{"id": device, "protocol": found.protocol, **found.settings}],
        "points": "points.yaml",
    }
    scenario = {
        "scenario": "healthy",
        "title": "Nothing happens, and nothing is lost",
        "duration": "20 s",
        "expect": [{"expect": "silent"}, {"expect": "lossless"}],
    }
    points = [_point(value, device, asset, found.protocol) for value in found.values]
    files: dict[str, Any] = {"rig.yaml": rig, "points.yaml": points, "scenarios/healthy.yaml": scenario}
    if found.url is not None:
        files["binding.yaml"] = {"binding": {device: found.url}}
    written = []
    for name, content in files.items():
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=118, default_flow_style=None)
        path.write_text(text, encoding="utf-8")
        written.append(path)
    load_rig(out / "rig.yaml")
    load_scenario(out / "scenarios" / "healthy.yaml")
    return written


def _held(value: FoundValue) -> float | dict[str, float]:
    factor, offset = conversion(value.unit) if value.unit else (1.0, 0.0)
    level = value.value * factor + offset
    return {"value": level, "wander": abs(value.wander * factor)} if value.wander else level


def _point(value: FoundValue, device: str, asset: str, protocol: str) -> dict[str, Any]:
    signal = f"{asset}.{value.name}"
    point: dict[str, Any] = {"id": f"{device}.{value.name}", "device": device, "asset": asset, "quantity": value.name}
    if value.description:
        point["description"] = value.description
    if value.unit:
        point["unit"] = value.unit
    point["range"] = [value.low, value.high]
    if value.readable:
        point["signal"] = signal
    if value.writable:
        point["write"] = signal
    point[protocol.partition("-")[0]] = value.address
    return point
