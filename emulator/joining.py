"""Joins the ports of machines as a rig's connections say."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from emulator.physics.machine import Machine
from emulator.physics.ports import Junction, Port
from rigs.schema import Connection

MEDIA = ("gas", "stream", "heat", "wire", "material")


class AssemblyError(ValueError):
    """A rig whose assets cannot be joined into a working plant.

    The message names the asset and the way out; `path` is where the culprit stands in the rig file.
    """

    path: tuple[str | int, ...] = ()


@contextlib.contextmanager
def standing_at(*path: str | int) -> Iterator[None]:
    """Say of what goes wrong inside that it stands at `path` in the rig file."""
    try:
        yield
    except AssemblyError as problem:
        problem.path = problem.path or path
        raise
    except ValueError as problem:
        error = AssemblyError(str(problem))
        error.path = path
        raise error from problem


def junctions(connections: Sequence[Connection], assets: Mapping[str, Any]) -> list[Junction]:
    """Return one junction per giver of potential, over all connections of the media that travel through ports.

    A chain of streams or materials joins each asset's outlet to the next one's inlet; in the other media everything
    on one connection meets in one place.

    Raises
    ------
    AssemblyError
        A join without such a port, no giver or several givers of potential in one place, a port used twice.

    """
    found: dict[int, Junction] = {}
    for index, connection in enumerate(connections):
        if connection.kind not in MEDIA or not any(isinstance(assets[name], Machine) for name in connection.assets):
            continue
        with standing_at("connections", index):
            _join(connection, assets, found)
    return list(found.values())


def _join(connection: Connection, assets: Mapping[str, Any], found: dict[int, Junction]) -> None:
    where = f"{connection.kind} {' - '.join(connection.joins)}"
    if connection.kind in ("stream", "material"):
        for before, after in zip(connection.joins, connection.joins[1:], strict=False):
            store = _port(assets, after, connection.kind, ("potential",), where)
            _meet(found, store, [_port(assets, before, connection.kind, ("flow",), where)])
        return
    ports = [
        _port(assets, join, connection.kind, ("potential", "flow"), where)
        for join in connection.joins
        if connection.kind != "wire" or _speaks(assets[join.partition(".")[0]], "wire")
    ]
    if len(ports) < 2:
        return  # a supply and its drives, which are fed by name
    stores = [port for port in ports if port.gives == "potential"]
    if len(stores) != 1:
        raise AssemblyError(
            f"{where} has {len(stores)} assets that store; exactly one must hold the {_held(connection.kind)} "
            f"that the others meet: join {'them through separate connections' if stores else 'one that stores'}"
        )
    _meet(found, stores[0], [port for port in ports if port.gives == "flow"])


def _speaks(asset: Any, medium: str) -> bool:
    return isinstance(asset, Machine) and any(port.medium == medium for port in asset.ports.values())


def _meet(found: dict[int, Junction], store: Port, takers: list[Port]) -> None:
    junction = found.setdefault(id(store), Junction(store))
    store.joined = True
    for taker in takers:
        taker.joined = True
        junction.takers.append(taker)


def _port(assets: Mapping[str, Any], join: str, medium: str, gives: tuple[str, ...], where: str) -> Port:
    name, _, wanted = join.partition(".")
    machine = assets[name]
    ports: dict[str, Port] = machine.ports if isinstance(machine, Machine) else {}
    fitting = {n: port for n, port in ports.items() if port.medium == medium and port.gives in gives}
    if wanted:
        if wanted not in fitting:
            known = ", ".join(f"{name}.{n}" for n in fitting) or "none"
            raise AssemblyError(f"{where}: {join!r} is no {medium} port that fits here; there are: {known}")
        chosen = fitting[wanted]
        if chosen.joined and chosen.gives == "flow":
            raise AssemblyError(f"{where}: port {join!r} is joined already; a flow goes to one place")
        return chosen
    free = {n: port for n, port in fitting.items() if not (port.joined and port.gives == "flow")}
    if len(free) != 1:
        known = ", ".join(f"{name}.{n}" for n in (free or fitting)) or "none"
        rule = "name one of them" if free else "nothing of it can be joined here"
        raise AssemblyError(f"{where}: {name!r} has {len(free)} free {medium} ports that fit; {rule}: {known}")
    return next(iter(free.values()))


def _held(medium: str) -> str:
    return {"gas": "pressure", "heat": "temperature", "wire": "voltage"}[medium]
