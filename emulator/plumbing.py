"""Which pipe connections make one network of water, and which are the loop of a single pump."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from emulator.joining import AssemblyError
from emulator.physics.asset import override
from emulator.physics.centrifugal_pump import CentrifugalPump
from emulator.physics.check_valve import CheckValve, CheckValveParameters
from emulator.physics.control_valve import ControlValve, ControlValveParameters
from emulator.physics.junction import Junction, JunctionParameters, WaterMain, WaterMainParameters
from emulator.physics.pipe import Pipe, PipeParameters
from emulator.physics.site import Site
from emulator.physics.tank import Tank, TankParameters
from emulator.physics.water_network import WaterNetwork
from rigs.schema import Connection


def fitting(declared: Any, private: dict[str, Any], level_m: float) -> Any:
    """Build a tank, pipe, valve, junction, check valve or main from its nameplate; None: it is none of them.

    `private` are its private parameters, `level_m` the level tanks start with [m].
    """
    match declared.kind:
        case "tank":
            tank = TankParameters(declared.area, declared.height, level_m, declared.gas_pressure or 0.0)
            return Tank(override(tank, private, declared.id))
        case "pipe":
            roughness = -1.0 if declared.roughness is None else declared.roughness
            pipe = PipeParameters(
                declared.length, declared.diameter, declared.resistance, declared.static_head, roughness
            )
            return Pipe(override(pipe, private, declared.id))
        case "control_valve":
            valve = ControlValveParameters(
                declared.kvs_m3_h, declared.rangeability, declared.stroke_time, pneumatic=declared.level == "F1"
            )
            return ControlValve(override(valve, private, declared.id))
        case "check_valve":
            check = CheckValveParameters(declared.diameter, declared.loss_coefficient)
            return CheckValve(override(check, private, declared.id))
        case "junction":
            return Junction(override(JunctionParameters(declared.demand), private, declared.id))
        case "water_main":
            return WaterMain(override(WaterMainParameters(declared.pressure), private, declared.id))
    return None


def single_loop(connection: Connection, assets: Mapping[str, Any]) -> bool:
    """Return whether a pipe connection is a chain through one pump that the loop of a single pump can solve."""
    items = [assets[name] for name in connection.assets]
    pumps = [item for item in items if isinstance(item, CentrifugalPump)]
    plain = all(
        isinstance(item, (Tank, Pipe, ControlValve, CentrifugalPump))
        and not (isinstance(item, Tank) and item.parameters.gas_pressure_pa > 0.0)
        and not (isinstance(item, Pipe) and item.parameters.wave_speed_m_s > 0.0)
        for item in items
    )
    whole = all("." not in join for join in connection.joins)
    return len(pumps) == 1 and plain and whole


def groups(connections: Sequence[Connection], assets: Mapping[str, Any]) -> list[list[Connection]]:
    """Return the pipe connections that share water, those of the loops of single pumps left out."""
    pipes = [c for c in connections if c.kind == "pipe"]
    found: list[list[Connection]] = []
    for connection in pipes:
        touching = [g for g in found if any(set(c.assets) & set(connection.assets) for c in g)]
        merged = [c for g in touching for c in g] + [connection]
        found = [g for g in found if not any(g is t for t in touching)] + [merged]
    return [g for g in found if len(g) > 1 or not single_loop(g[0], assets)]


def networks(
    connections: Sequence[Connection], assets: Mapping[str, Any], site: Site, driven: Collection[str] = ()
) -> dict[str, WaterNetwork]:
    """Build every water network of a rig, by name ``water1``, ``water2`` …; `driven` valves belong to control loops.

    Raises
    ------
    AssemblyError
        The pipes cannot be a network; the message names the assets and the way out.

    """
    built: dict[str, WaterNetwork] = {}
    for number, group in enumerate(groups(connections, assets), 1):
        name = f"water{number}"
        try:
            built[name] = WaterNetwork.of(name, assets, [c.joins for c in group], site, driven)
        except ValueError as error:
            raise AssemblyError(str(error)) from error
    return built
