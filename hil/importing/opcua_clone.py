"""Browses a live OPC UA server and takes down its variables: names, types, units, ranges and values; never writes."""

import asyncio
import math
import re
import statistics
from collections import Counter
from collections.abc import Callable
from typing import Any, Final

from hil.importing.found import CannotImportError, FoundDevice, FoundValue, Names, unit_of

MOST_NODES: Final = 100_000
MOST_VARIABLES: Final = 20_000
DEPTH: Final = 12
_LEVELS: Final = 5  # of a browse path in a rig file
# Built-in types that a rig's points can have, by Variant type number (OPC 10000-6 §5.1.2).
_TYPES: Final = {
    1: "Boolean", 2: "Int32", 3: "UInt32", 4: "Int32", 5: "UInt32", 6: "Int32", 7: "UInt32", 8: "Double", 9: "UInt64",
    10: "Float", 11: "Double",
}  # fmt: skip
_SPANS: Final = {"Boolean": (0.0, 1.0), "Int32": (-(2.0**31), 2.0**31 - 1), "UInt32": (0.0, 2.0**32 - 1)}
_WRITE: Final = 2

Progress = Callable[[str], None]


async def clone(
    url: str,
    root: str | None,
    samples: int,
    pause_s: float,
    progress: Progress,
    *,
    user: str | None = None,
    password: str | None = None,
) -> FoundDevice:
    """Browse a server below Objects (or below the node `root`) and read what is there.

    Parameters
    ----------
    url : str
        ``opc.tcp://host:port/path``.
    root : str, optional
        NodeId such as ``ns=2;s=Boiler``.
    samples, pause_s
        How often to read, and how far apart [s]: gives mean and scatter of each value.
    progress : callable
        Told what is going on.
    user, password : str, optional
        Of a server that lets nobody in without.

    Raises
    ------
    CannotImportError
        The server cannot be reached or has nothing to clone.

    """
    from asyncua import Client, ua

    client = Client(url, timeout=10)
    if user is not None:
        client.set_user(user)
        client.set_password(password or "")
    try:
        await client.connect()
    except (OSError, TimeoutError, ua.UaError) as problem:
        why = str(problem) or type(problem).__name__
        raise CannotImportError(f"{url}: cannot connect: {why}; check address, security and user") from None
    try:
        start = client.get_node(root) if root else client.nodes.objects
        progress("browsing")
        places = await _browse(client, start)
        progress(f"{len(places)} variables; reading")
        readings = [await _read(client, [node for node, _ in places])]
        for number in range(1, samples):
            progress(f"listening, {number + 1} of {samples}")
            await asyncio.sleep(pause_s)
            readings.append(await _read(client, [node for node, _ in places]))
        about = await _about(client, [node for node, _ in places])
        namespaces = await client.get_namespace_array()
    except (OSError, TimeoutError, ua.UaError) as problem:
        raise CannotImportError(f"{url}: {str(problem) or type(problem).__name__}") from None
    finally:
        await client.disconnect()
    return _found(url, places, readings, about, namespaces)


async def _browse(client: Any, start: Any) -> list[tuple[Any, list[str]]]:
    """Return the variables below a node with their browse paths, properties and the server's own nodes left out."""
    from asyncua import ua

    found: list[tuple[Any, list[str]]] = []
    seen = {start.nodeid}
    level: list[tuple[Any, list[str]]] = [(start, [])]
    for _ in range(DEPTH):
        below: list[tuple[Any, list[str]]] = []
        for node, path in level:
            for child in await node.get_children_descriptions(ua.ObjectIds.HierarchicalReferences):
                own = child.NodeId.NamespaceIndex == 0 and child.NodeId.Identifier == ua.ObjectIds.Server
                is_property = child.ReferenceTypeId.Identifier == ua.ObjectIds.HasProperty
                if own or is_property or child.NodeId in seen or child.NodeClass not in (1, 2):
                    continue
                seen.add(child.NodeId)
                if len(seen) > MOST_NODES:
                    raise CannotImportError(f"more than {MOST_NODES} nodes; clone a part with --root")
                inner, name = client.get_node(child.NodeId), child.BrowseName.Name or "Unnamed"
                below.append((inner, [*path, name]))
                if child.NodeClass == ua.NodeClass.Variable:
                    found.append((inner, [*path, name]))
        level = below
    if len(found) > MOST_VARIABLES:
        raise CannotImportError(f"{len(found)} variables, more than {MOST_VARIABLES}; clone a part with --root")
    return found


async def _read(client: Any, nodes: list[Any], attribute: int = 13) -> list[Any]:
    """Return the DataValue of an attribute (13: Value) of each node, in portions that small servers take."""
    from asyncua import ua

    answers: list[Any] = []
    for first in range(0, len(nodes), 100):
        wanted = ua.ReadParameters()
        wanted.NodesToRead = [
            ua.ReadValueId(NodeId=node.nodeid, AttributeId=ua.AttributeIds(attribute))
            for node in nodes[first : first + 100]
        ]
        answers += await client.uaclient.read(wanted)
    return answers


async def _about(client: Any, nodes: list[Any]) -> list[dict[str, Any]]:
    """Return description, access and the analog properties of each node, as far as it has them."""
    from asyncua import ua

    about: list[dict[str, Any]] = [{} for _ in nodes]
    for name, attribute in (("description", 5), ("access", 17)):
        for entry, answer in zip(about, await _read(client, nodes, attribute), strict=True):
            if answer.Value is not None and answer.StatusCode.is_good():
                entry[name] = answer.Value.Value
    for entry, node in zip(about, nodes, strict=True):
        for child in await node.get_children_descriptions(ua.ObjectIds.HasProperty):
            if child.BrowseName.Name in ("EURange", "EngineeringUnits"):
                entry[child.BrowseName.Name] = await client.get_node(child.NodeId).read_value()
    return about


def _found(
    url: str,
    places: list[tuple[Any, list[str]]],
    readings: list[list[Any]],
    about: list[dict[str, Any]],
    namespaces: list[str],
) -> FoundDevice:
    names, values, left_out, elsewhere = Names(), [], 0, 0
    taken: set[str] = set()
    spaces = Counter(node.nodeid.NamespaceIndex for node, _ in places if node.nodeid.NamespaceIndex > 0)
    most = spaces.most_common(1)[0][0] if spaces else 0
    for index, (node, path) in enumerate(places):
        answers = [reading[index] for reading in readings]
        kind = answers[-1].Value.VariantType.value if answers[-1].Value is not None else 0
        plain = [a.Value.Value for a in answers if a.Value is not None]
        if kind not in _TYPES or any(isinstance(x, list) or x is None for x in plain):
            left_out += 1
            continue
        values.append(_value(names, taken, path, _TYPES[kind], [float(x) for x in plain], about[index]))
        if node.nodeid.NamespaceIndex == most:
            values[-1].address["id"] = node.nodeid.to_string().partition(";")[2]
        else:
            elsewhere += 1
    notes = [f"cloned from {url} by browsing and reading"]
    if left_out:
        notes.append(f"{left_out} variables that are no single number were left out")
    if elsewhere:
        notes.append(f"{elsewhere} variables lie in other namespaces: the binding will not find them")
    settings = {"namespace": namespaces[most]} if 0 < most < len(namespaces) else {}
    return FoundDevice("opcua", values, url=url, settings=settings, notes=notes)


def _value(
    names: Names, taken: set[str], path: list[str], type_: str, seen: list[float], about: dict[str, Any]
) -> FoundValue:
    finite = [x for x in seen if math.isfinite(x)] or [0.0]
    mean = seen[-1] if type_ == "Boolean" else statistics.fmean(finite)
    low, high = _SPANS.get(type_, (-max(10.0 * abs(mean), 1.0), max(10.0 * abs(mean), 1.0)))
    if type_ == "UInt64":
        low, high = 0.0, 1e15
    span = about.get("EURange")
    if span is not None and span.Low < span.High:
        low, high = float(span.Low), float(span.High)
    unit = about.get("EngineeringUnits")
    symbol = "" if unit is None else str(unit.DisplayName.Text or "")
    described = about.get("description")
    return FoundValue(
        names.of("_".join(path[-2:])), {"node": _node(path, taken), "type": type_}, mean,
        statistics.pstdev(finite) if type_ in ("Float", "Double") else 0.0, unit_of(symbol), low, high,
        str(getattr(described, "Text", "") or ""), bool(int(about.get("access", 1)) & _WRITE),
    )  # fmt: skip


def _node(path: list[str], taken: set[str]) -> str:
    """Return a browse path that a rig may have and nobody else has: five levels of letters, digits and underscores."""
    steps = [re.sub(r"[^A-Za-z0-9_]+", "_", step).strip("_") or "Node" for step in path]
    if len(steps) > _LEVELS:
        steps = [*steps[: _LEVELS - 1], "_".join(steps[_LEVELS - 1 :])]
    steps = [step[:38] for step in steps]
    node, number = "/".join(steps), 1
    while node.lower() in taken:
        number += 1
        node = "/".join((*steps[:-1], f"{steps[-1][:34]}_{number}"))
    taken.add(node.lower())
    return node
