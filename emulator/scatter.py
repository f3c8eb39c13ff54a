"""Unit-to-unit scatter: no two machines off one drawing are alike. A pure function of (seed, asset, parameter).

The true parameters a machine is built with are the nominal ones times log-normal factors of mean 1, by groups: a group
has a standard deviation and the endings or words by which a parameter's name belongs to it. A parameter may say so
itself: ``field(metadata={"scatter": "resistance"})``, or ``"none"``. Geometry of bearings and gears is in no group.
What ``plant.parameters`` gives is taken as the truth and left alone.
"""

import dataclasses
import math
from typing import Any

from emulator.assembly import assemble
from emulator.physics.housing import Housing
from emulator.physics.site import Site
from emulator.plant import Plant
from emulator.streams import Streams
from rigs.schema import Rig

GROUPS = {"head": 0.03, "ua": 0.03, "resistance": 0.05, "mode": 0.05, "damping": 0.30, "noise": 0.20}
HEAD = ("shutoff_head_m", "curve_a2", "a2_s2_m5")
FREQUENCY = ("mode_hz", "modes_hz", "natural_hz", "resonance_hz")


def group_of(name: str) -> str | None:
    """Return the group that a parameter of this name belongs to; None if it is exact."""
    words = name.split("_")
    if name in HEAD:
        return "head"
    if "damping" in words or "zeta" in words:
        return "damping"
    if "noise" in words or name.startswith("background_"):
        return "noise"
    if name.endswith("_w_k") or "ua" in words:
        return "ua"
    if "resistance" in words:
        return "resistance"
    return "mode" if name.endswith(FREQUENCY) else None


def factor(streams: Streams, path: str, sigma: float) -> float:
    """Return a log-normal factor of mean 1 and relative standard deviation `sigma`; the same for the same path."""
    spread = math.sqrt(math.log1p(sigma * sigma))
    return math.exp(spread * float(streams(f"scatter/{path}").normal(0, 1)[0]) - 0.5 * spread * spread)


def scattered_parameters(parameters: Any, name: str, amount: float, streams: Streams) -> dict[str, Any]:
    """Return the parameters that differ from unit to unit, with this unit's values.

    Parameters
    ----------
    parameters : dataclass
        Nominal ones.
    name : str
        Asset id.
    amount : float
        1 is the full scatter.
    streams : Streams
        Of the run.

    """
    found: dict[str, Any] = {}
    for item in dataclasses.fields(parameters):
        group = item.metadata.get("scatter") or group_of(item.name)
        value = getattr(parameters, item.name)
        if group not in GROUPS or isinstance(value, (bool, int)):
            continue
        sigma = amount * GROUPS[group]
        if isinstance(value, float) and math.isfinite(value):
            found[item.name] = value * factor(streams, f"{name}/{item.name}", sigma)
        elif isinstance(value, tuple) and all(isinstance(v, float) for v in value):
            found[item.name] = tuple(v * factor(streams, f"{name}/{item.name}/{i}", sigma) for i, v in enumerate(value))
    if {"shutoff_head_m", "head_m", "flow_m3_s"} <= {f.name for f in dataclasses.fields(parameters)}:
        found["head_m"] = _head(parameters, found["shutoff_head_m"], name, amount, streams)
    return found


def _head(parameters: Any, shutoff_m: float, name: str, amount: float, streams: Streams) -> float:
    """Return the head at rated flow that goes with this unit's H0 and a2: H = H0 − a2 Q²."""
    a2 = (parameters.shutoff_head_m - parameters.head_m) / parameters.flow_m3_s**2
    a2 *= factor(streams, f"{name}/curve_a2", amount * GROUPS["head"])
    return float(shutoff_m - a2 * parameters.flow_m3_s**2)


def scattered(rig: Rig, streams: Streams) -> Rig:
    """Return the rig with this seed's units: true parameters and noise floors scattered by ``plant.scatter``.

    The nominal plant is assembled once to know what its parameters are.
    """
    amount = rig.plant.scatter
    if amount == 0.0:
        return rig
    nominal = assemble(rig, Site(streams, ambient_k=rig.plant.ambient, fluid_k=rig.plant.fluid))
    parameters: dict[str, Any] = {name: dict(given) for name, given in rig.plant.parameters.items()}
    parts = [(name, getattr(asset, "parameters", None)) for name, asset in nominal.assets.items()]
    for train in nominal.trains.values():
        parts += [(name, mounted.housing.parameters) for name, mounted in train.bearings.items()]
    for name, part in parts:
        if dataclasses.is_dataclass(part):
            units = scattered_parameters(part, name, amount, streams)
            parameters[name] = units | parameters.get(name, {})
    plant = rig.plant.model_copy(update={"parameters": {n: v for n, v in parameters.items() if v}})
    points = tuple(_noisy(point, amount, streams) for point in rig.points)
    return rig.model_copy(update={"plant": plant, "points": points})


def scatter_housings(plant: Plant, amount: float, streams: Streams) -> None:
    """Give every bearing housing modes, damping and background noise of its own; before the first step."""
    if amount == 0.0:
        return
    for name, listener in plant.machines.listeners.items():
        p = listener.housing.parameters
        modes = tuple(
            dataclasses.replace(
                mode,
                frequency_hz=mode.frequency_hz * factor(streams, f"{name}/mode{i}", amount * GROUPS["mode"]),
                damping=mode.damping * factor(streams, f"{name}/damping{i}", amount * GROUPS["damping"]),
            )
            for i, mode in enumerate(p.modes)
        )
        noise = p.background_n * factor(streams, f"{name}/background", amount * GROUPS["noise"])
        train = plant.machines.shafts[listener.shaft].train
        pump = next((p for p, m in plant.machines.pumps.items() if m == train), train)
        parameters = dataclasses.replace(p, modes=modes, background_n=noise)
        listener.housing = Housing(parameters, plant.site.streams, name, pump)


def _noisy(point: Any, amount: float, streams: Streams) -> Any:
    if point.sensor is None or point.sensor.noise == 0.0:
        return point
    noise = point.sensor.noise * factor(streams, f"{point.id}/noise", amount * GROUPS["noise"])
    return point.model_copy(update={"sensor": point.sensor.model_copy(update={"noise": noise})})
