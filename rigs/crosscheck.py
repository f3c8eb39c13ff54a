"""Rules that join several parts of a rig: references, addresses, units."""

import difflib
from collections.abc import Iterable, Iterator

from rigs.devices.modbus import ModbusAddress
from rigs.document import Document, Path_, Problem
from rigs.schema import Point, Rig
from rigs.units import POINT_UNITS


def crosscheck(rig: Rig, document: Document) -> list[Problem]:
    """Return every problem that a single value cannot show, in file order of the sections."""
    checks = (_unique, _connections, _plant, _points, _addresses, _ports)
    return [Problem(document.place(path), message, path) for check in checks for path, message in check(rig)]


Found = Iterator[tuple[Path_, str]]


def _near(name: str, known: Iterable[str]) -> str:
    options = sorted(known)
    near = difflib.get_close_matches(name, options, 1)
    return f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(options[:12])}"


def _unique(rig: Rig) -> Found:
    for section, items in (("assets", rig.assets), ("devices", rig.devices), ("points", rig.points)):
        seen: set[str] = set()
        for index, item in enumerate(items):
            if item.id in seen:
                yield (section, index, "id"), f"id {item.id!r} is used twice in {section}; rename one"
            seen.add(item.id)
    both = {asset.id for asset in rig.assets} & {device.id for device in rig.devices}
    for index, device in enumerate(rig.devices):
        if device.id in both:
            yield ("devices", index, "id"), f"id {device.id!r} names an asset and a device; rename one"


def _connections(rig: Rig) -> Found:
    assets = {asset.id for asset in rig.assets}
    for index, connection in enumerate(rig.connections):
        for place, name in enumerate(connection.assets):
            if name not in assets:
                yield ("connections", index, "joins", place), f"unknown asset {name!r}; {_near(name, assets)}"


def _plant(rig: Rig) -> Found:
    assets = {asset.id: asset for asset in rig.assets}
    for section in ("parameters", "recordings"):
        for name in getattr(rig.plant, section):
            if name not in assets:
                yield ("plant", section, name), f"unknown asset {name!r}; {_near(name, assets)}"
    for name in rig.plant.recordings:
        if name in assets and assets[name].kind != "recording":
            yield (
                ("plant", "recordings", name),
                f"asset {name!r} is a {assets[name].kind}; only a recording plays a file",
            )
    for asset in rig.assets:
        if asset.kind == "recording" and asset.id not in rig.plant.recordings:
            yield ("plant",), f"recording {asset.id!r} has no file; name it under plant.recordings"


def _points(rig: Rig) -> Found:
    devices = {device.id: device for device in rig.devices}
    owners = {asset.id for asset in rig.assets} | set(devices)
    for index, point in enumerate(rig.points):
        here: Path_ = ("points", index)
        if point.device not in devices:
            yield (*here, "device"), f"unknown device {point.device!r}; {_near(point.device, devices)}"
        elif getattr(point, need := devices[point.device].protocol.partition("-")[0]) is None:
            protocol = devices[point.device].protocol
            yield here, f"point {point.id!r} is on {point.device!r}, which speaks {protocol}; give it a {need} address"
        if point.asset not in owners:
            yield (*here, "asset"), f"unknown asset {point.asset!r}; {_near(point.asset, owners)}"
        if point.waveform is not None and point.modbus is not None:
            yield (
                (*here, "waveform"),
                "waveforms do not fit Modbus registers; put the point on an opcua or mqtt device",
            )
        if point.unit and point.unit not in POINT_UNITS:
            yield (*here, "unit"), f"unknown unit {point.unit!r}; {_near(point.unit, POINT_UNITS)}"
        yield from _encoding(point, here)


def _encoding(point: Point, here: Path_) -> Found:
    address = point.modbus
    if address is None or address.type in ("bool", "f32", "f64"):
        return
    bits = int(address.type[1:])
    low, high = (0, 2**bits - 1) if address.type[0] == "u" else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    for end in point.range:
        if not low <= round(end / address.scale) <= high:
            yield (
                (*here, "range"),
                f"{end} {point.unit} at scale {address.scale} does not fit {address.type}; widen the type or the scale",
            )


def _addresses(rig: Rig) -> Found:
    for device in rig.devices:
        taken: dict[tuple[int, str, int], str] = {}
        nodes: dict[str, str] = {}
        if device.clock is not None:
            _claim(taken, device.clock.address, f"{device.id}'s clock")
        for index, point in enumerate(rig.points):
            if point.device != device.id:
                continue
            here: Path_ = ("points", index)
            if point.modbus is not None:
                other = _claim(taken, point.modbus, point.id)
                if other:
                    where = f"unit {point.modbus.unit}, {point.modbus.table} {point.modbus.register_}"
                    yield (*here, "modbus"), f"point {point.id!r} overlaps {other!r} at {where}; move one"
            if point.opcua is not None:
                first = nodes.setdefault(point.opcua.node.lower(), point.id)
                if first != point.id:
                    yield (
                        (*here, "opcua", "node"),
                        f"node {point.opcua.node!r} is already that of {first!r}; rename one",
                    )


def _claim(taken: dict[tuple[int, str, int], str], address: ModbusAddress, owner: str) -> str | None:
    cells = [(address.unit, address.table, address.register_ + k) for k in range(address.words)]
    other = next((taken[cell] for cell in cells if cell in taken), None)
    for cell in cells:
        taken.setdefault(cell, owner)
    return other


def _ports(rig: Rig) -> Found:
    seen: dict[int, str] = {}
    for index, device in enumerate(rig.devices):
        if device.port and seen.setdefault(device.port, device.id) != device.id:
            yield (
                ("devices", index, "port"),
                f"port {device.port} is already that of {seen[device.port]!r}; choose another or 0",
            )
