"""Write an asset of a rig as an FMU for co-simulation: FMI 2 with PythonFMU, FMI 3 with PythonFMU3.

The FMU holds a description of the asset and a few lines of Python, no copy of plantbench: it runs where Python and
plantbench are importable, and says so in its documentation.
"""

import importlib
import importlib.util
import json
import sys
import tempfile
import types
import uuid
import zipfile
from pathlib import Path
from typing import Any, Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from emulator.fmi.slave import TOLD
from emulator.physics.asset import TICK_S
from emulator.physics.fmu import Fmu
from emulator.physics.machine import Machine
from emulator.physics.recording import Recording
from emulator.plant import Plant
from rigs.document import Document
from rigs.load import load_with_document
from rigs.schema import Rig

LIBRARIES: Final = {2: "pythonfmu", 3: "pythonfmu3"}
PLANT_KEYS: Final = ("start", "ambient", "fluid", "tank_level", "parameters", "initial")
_SCRIPT: Final = '''"""{title}, an asset of plantbench. Needs plantbench importable where it runs."""

import {library}
from {library} import {prefix}Slave

from emulator.fmi.slave import AssetSlave, register


class {name}(AssetSlave, {prefix}Slave):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.load(kwargs.get("resources"), __file__)
        register(self, {library}, "{prefix}")
'''
_README: Final = """<!DOCTYPE html><html><head><meta charset="utf-8"><title>{title}</title></head><body><h1>{title}</h1>
<p>Asset <code>{asset}</code> ({kind}) of the rig {rig}, exported by plantbench for co-simulation, FMI {fmi}.</p>
<p>The FMU holds no copy of plantbench. It runs where a Python interpreter is loaded, or can be, in which
<code>pip install plantbench</code> has been done, in the version that wrote it ({version}).</p>
<p>Steps must be multiples of 10 ms and begin at one. All values are SI, the unit is in the name. Inputs
<code>command.*</code> are given when they change. Waveforms and faults are not exported.</p></body></html>
"""
_DATE: Final = (1980, 1, 1, 0, 0, 0)  # the same asset gives the same file


class ExportError(ValueError):
    """An asset that cannot be exported; the message says why and what to do."""


def export(rig: str | Path, asset: str, out: Path, fmi: int = 2, seed: int = 1) -> list[str]:
    """Write an asset of a rig as an FMU.

    Parameters
    ----------
    rig : str or Path
        Rig file, or the name of a shipped rig.
    asset : str
        Its id. A machine is exported alone, its joined ports as inputs and outputs; what is stepped as part of a train
        (motor, drive, pump, pipe, valve, …) with all that hangs together with it.
    out : Path
        The file to write.
    fmi : {2, 3}
        Version of the standard.
    seed : int
        Seed of everything random in it.

    Returns
    -------
    list of str
        The names of its variables.

    Raises
    ------
    ExportError
        No such asset, the extra is not installed, or the file cannot be written.
    RigError
        The rig is wrong.

    """
    if fmi not in LIBRARIES:
        raise ExportError(f"fmi = {fmi} must be 2 or 3")
    library = LIBRARIES[fmi]
    if importlib.util.find_spec(library) is None:
        raise ExportError(f"exporting needs {library}; install it: pip install plantbench[fmi]")
    loaded, document = load_with_document(rig)
    told = describe(loaded, document, asset, seed)
    name = f"plantbench_{asset}"
    words = {"title": loaded.asset(asset).title or asset, "library": library, "prefix": f"Fmi{fmi}", "name": name}
    script = _SCRIPT.format(**words | {"title": json.dumps(words["title"])[1:-1].replace('"', "'")})
    text = json.dumps(told, sort_keys=True)
    token = uuid.uuid5(uuid.NAMESPACE_URL, f"{fmi}/{text}")
    # One process may load several FMUs, whose modules share one name space.
    module = f"{name}_{token.hex[:12]}"
    with tempfile.TemporaryDirectory(prefix="plantbench_export_") as folder:
        resources = Path(folder)
        (resources / f"{module}.py").write_text(script, encoding="utf-8")
        (resources / TOLD).write_text(text, encoding="utf-8")
        root = _description(resources / f"{module}.py", name, fmi, str(token))
    readme = _README.format(
        title=_escaped(words["title"]), asset=asset, kind=loaded.asset(asset).kind, rig=loaded.rig, fmi=fmi,
        version=_version(),
    )  # fmt: skip
    files = {
        "modelDescription.xml": tostring(root, "utf-8", xml_declaration=True),
        "documentation/index.html": readme.encode(),
        f"resources/{module}.py": script.encode(),
        f"resources/{TOLD}": text.encode(),
        "resources/slavemodule.txt": module.encode(),
    }
    try:
        _pack(out, files | _library_files(library, name))
    except OSError as problem:
        raise ExportError(f"{out}: cannot be written: {problem.strerror or problem}") from None
    return [str(v.get("name")) for v in root.iterfind("ModelVariables//*[@name]")]


def describe(rig: Rig, document: Document, asset: str, seed: int = 1) -> dict[str, Any]:
    """Return plain data from which `emulator.fmi.units.unit_of` makes the asset again.

    Raises
    ------
    ExportError
        There is no such asset, or it is an FMU already.

    """
    ids = [item.id for item in rig.assets]
    if asset not in ids:
        raise ExportError(f"no asset {asset!r} in {rig.rig}; there are: {', '.join(ids)}")
    raw: dict[str, Any] = {item["id"]: item for item in document.data["assets"]}
    plant_raw = document.data.get("plant") or {}
    settings = {key: plant_raw[key] for key in PLANT_KEYS if key in plant_raw}
    plant = Plant(rig, seed)
    machine = plant.assets[asset]
    if isinstance(machine, Fmu):
        raise ExportError(f"{asset} is an FMU already: {rig.asset(asset).file}")
    if isinstance(machine, Recording):
        raise ExportError(f"{asset} is a recording, no model; an FMU cannot play it")
    if not isinstance(machine, Machine):
        return {"alone": False, "id": asset, "seed": seed, "rig": _part(rig, document, asset, settings)}
    shaft = plant.machines.on_shaft.get(asset)
    home = plant.machines.shafts[shaft] if shaft is not None else None
    train = plant.machines.trains.get(home.train) if home is not None else None
    speed = train.motor.speed_rad_s * home.ratio if train is not None and home is not None else None
    fields = ("potential", "flow", "met_k", "share_good", "inward")
    ports = {n: {f: float(getattr(p, f)) for f in fields} for n, p in machine.ports.items() if p.joined}
    initial = {n.partition(".")[2]: v for n, v in rig.plant.initial.items() if n.partition(".")[0] == asset}
    given = rig.plant.parameters.get(asset, {})
    site = {key: value for key, value in settings.items() if key not in ("parameters", "initial")}
    return {
        "alone": True, "id": asset, "seed": seed, "asset": raw[asset], "given": given, "plant": site, "ports": ports,
        "initial": initial, "speed_rad_s": speed,
    }  # fmt: skip


def _part(rig: Rig, document: Document, asset: str, settings: dict[str, Any]) -> dict[str, Any]:
    """Return the part of a rig that hangs together with an asset, as a rig without devices of its own."""
    inside, before = {asset}, 0
    while len(inside) != before:
        before = len(inside)
        for connection in rig.connections:
            if inside & set(connection.assets):
                inside |= set(connection.assets)
    foreign = next((item.id for item in rig.assets if item.id in inside and item.kind == "fmu"), None)
    if foreign is not None:
        raise ExportError(f"{asset} hangs together with {foreign}, an FMU, which cannot be put into another one")
    within = lambda name: name.partition(".")[0] in inside  # noqa: E731 - said once
    plant = dict(settings)
    for section in ("parameters", "initial"):
        plant[section] = {n: v for n, v in (settings.get(section) or {}).items() if within(n)}
    return {
        "rig": rig.rig,
        "clock": {"block": "10 ms"},
        "assets": [item for item in document.data["assets"] if item["id"] in inside],
        "connections": [c for c in document.data.get("connections") or [] if within(c["joins"][0])],
        "plant": plant,
        "devices": [{"id": "none", "protocol": "opcua"}],
        "points": [{"id": "none.time", "device": "none", "asset": "none", "quantity": "time", "signal": "none",
                    "opcua": {"node": "None"}}],
    }  # fmt: skip


# --- the file -----------------------------------------------------------------------------------------------


def _description(script: Path, name: str, fmi: int, token: str) -> Element:
    """Load the script as the FMU will, and return its model description."""
    module = types.ModuleType(script.stem)
    module.__file__ = str(script)
    exec(compile(script.read_text(encoding="utf-8"), str(script), "exec"), vars(module))  # noqa: S102 - our own lines
    slave = vars(module)[name](instance_name="description", resources=str(script.parent))
    root: Element = slave.to_xml()
    root.attrib.pop("generationDateAndTime", None)
    root.set("generationTool", f"plantbench {_version()}")
    root.set("guid" if fmi == 2 else "instantiationToken", token)
    kind = root.find("CoSimulation")
    assert kind is not None
    state = "FMUstate" if fmi == 2 else "FMUState"
    kind.set(f"canGetAndSet{state}", "true")
    kind.set(f"canSerialize{state}", "true")
    if fmi == 3:
        kind.set("fixedInternalStepSize", f"{TICK_S}")
    else:
        _initial_unknowns(root)
    logs = root.find("LogCategories")
    experiment = Element("DefaultExperiment", startTime="0.0", stepSize=f"{TICK_S}")
    root.insert(list(root).index(logs) + 1 if logs is not None else 1, experiment)
    indent(root)
    return root


def _initial_unknowns(root: Element) -> None:
    """Add what FMI 2.0.4 (2.2.8) asks for and PythonFMU leaves out: the outputs that are known only after the start."""
    structure, outputs = root.find("ModelStructure"), root.find("ModelStructure/Outputs")
    if structure is not None and outputs is not None:
        unknowns = SubElement(structure, "InitialUnknowns")
        for output in outputs:
            SubElement(unknowns, "Unknown", index=str(output.get("index")))


def _library_files(library: str, name: str) -> dict[str, bytes]:
    """Return PythonFMU's sources and binaries, each at its place in the archive."""
    spec = importlib.util.find_spec(library)
    assert spec is not None
    assert spec.origin is not None
    home = Path(spec.origin).parent
    files = {f"resources/{library}/{path.name}": path.read_bytes() for path in home.glob("*.py")}
    for path in sorted((home / "resources" / "binaries").rglob("*")):
        if path.suffix in (".so", ".dll", ".dylib"):
            files[f"binaries/{path.parent.name}/{name}{path.suffix}"] = path.read_bytes()
    return files


def _pack(out: Path, files: dict[str, bytes]) -> None:
    out.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, _DATE), content, zipfile.ZIP_DEFLATED)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("plantbench")
    except PackageNotFoundError:
        return f"of Python {sys.version_info.major}.{sys.version_info.minor}"
