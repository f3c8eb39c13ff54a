"""Rules that join several parts of a rig: references, addresses, units."""

import difflib
from collections.abc import Iterable, Iterator

from rigs.devices.modbus import ModbusAddress
from rigs.document import Document, Path_, Problem
from rigs.opcua_check import opcua
from rigs.schema import Point, Rig
from rigs.units import POINT_UNITS


def crosscheck(rig: Rig, document: Document) -> list[Problem]:
    """Return every problem that a single value cannot show, in file order of the sections."""
    checks = (_unique, _connections, _plant, _points, _addresses, _ports, _brokers, _lines, opcua)
    return [Problem(document.place(path), message, path) for check in checks for path, message in check(rig)]


Found = Iterator[tuple[Path_, str]]
Cells = dict[tuple[int, str, int, int], str]


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
    if address is None or address.type in ("bool", "f32", "f64", "string"):
        return
    bits = int(address.type[-2:])
    if address.type.startswith("bcd"):
        low, high = 0, 10 ** (bits // 4) - 1
    else:
        low, high = (0, 2**bits - 1) if address.type[0] == "u" else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    for end in point.range:
        if not low <= round((end - address.offset) / address.scale) <= high:
            yield (
                (*here, "range"),
                f"{end} {point.unit} at scale {address.scale} does not fit {address.type}; widen the type or the scale",
            )


def _addresses(rig: Rig) -> Found:
    for device in rig.devices:
        taken: Cells = {}
        nodes: dict[str, str] = {}
        metrics: dict[tuple[str | None, str], str] = {}
        if device.clock is not None:
            _claim(taken, device.clock.address, f"{device.id}'s clock")
        for constant in device.modbus.constants:
            _claim(taken, constant.address, f"{device.id}'s constants")
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
            if point.mqtt is not None:
                first = metrics.setdefault((point.mqtt.device, point.mqtt.metric), point.id)
                if first != point.id:
                    yield (
                        (*here, "mqtt", "metric"),
                        f"metric {point.mqtt.metric!r} is already that of {first!r}; rename one",
                    )


def _claim(taken: Cells, address: ModbusAddress, owner: str) -> str | None:
    """Note whose registers (or bit of one) these are; return who had one of them before."""
    bits = range(16) if address.bit is None else (address.bit,)
    cells = [(address.unit, address.table, address.register_ + k, bit) for k in range(address.words) for bit in bits]
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


def _lines(rig: Rig) -> Found:
    lines = {line.id: line for line in rig.lines}
    if len(lines) < len(rig.lines):
        names = [line.id for line in rig.lines]
        twice = next(index for index, name in enumerate(names) if name in names[:index])
        yield ("lines", twice, "id"), f"id {names[twice]!r} is used twice in lines; rename one"
    owners: dict[tuple[str, int], str] = {}
    framings: dict[str, tuple[str, str]] = {}
    units = {(point.device, point.modbus.unit) for point in rig.points if point.modbus is not None}
    for index, device in enumerate(rig.devices):
        here: Path_ = ("devices", index)
        if device.protocol == "modbus-rtu":
            for key in ("framing", "tls"):
                if getattr(device.modbus, key) not in (None, "rtu", "ascii"):
                    rule = f"{key} belongs to modbus-tcp; a serial line carries rtu or ascii"
                    yield (*here, "modbus", key), f"{device.id!r}: {rule}"
        if device.line is None:
            continue
        if device.line not in lines:
            yield (
                (*here, "line"),
                f"unknown line {device.line!r}; {_near(device.line, lines) if lines else 'add lines:'}",
            )
            continue
        if device.protocol != "modbus-rtu":
            yield (*here, "line"), f"device {device.id!r} speaks {device.protocol}; only modbus-rtu goes over a line"
            continue
        line = lines[device.line]
        for key in ("baud", "parity"):
            if getattr(device, key) != getattr(line, key):
                rule = (
                    f"{key} {getattr(device, key)} is not that of line {line.id!r}, {getattr(line, key)}; take it out"
                )
                yield (*here, key), f"{device.id!r}: {rule}"
        framing = device.modbus.framing or "rtu"
        first, firsts = framings.setdefault(line.id, (device.id, framing))
        if framing != firsts:
            rule = f"framing {framing} is not that of {first!r} on line {line.id!r}, {firsts}; a line has one"
            yield (*here, "modbus", "framing"), f"{device.id!r}: {rule} (MB-SER V1.02, 2.5)"
        for unit in sorted(number for name, number in units if name == device.id):
            owner = owners.setdefault((line.id, unit), device.id)
            if owner != device.id:
                yield here, f"unit {unit} of {device.id!r} is already that of {owner!r} on line {line.id!r}; move one"


def _brokers(rig: Rig) -> Found:
    devices = {device.id: device for device in rig.devices}
    for index, device in enumerate(rig.devices):
        broker = device.mqtt.broker
        if broker is None or device.mqtt.external is not None:
            continue
        here: Path_ = ("devices", index, "mqtt", "broker")
        owner = devices.get(broker)
        if owner is None:
            yield here, f"unknown device {broker!r}; {_near(broker, devices)}, or write host:port of a broker outside"
        elif owner.protocol != "mqtt" or owner.mqtt.broker is not None:
            yield here, f"device {broker!r} has no broker of its own; name an mqtt device without broker"
