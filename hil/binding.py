"""Where each device of a rig is: emulated here, or real at an address."""

import difflib
from pathlib import Path

from rigs.document import Problem, RigError, read
from rigs.schema import Rig

SCHEMES = {"modbus-tcp": "modbus-tcp://", "modbus-rtu": "/", "opcua": "opc.tcp://", "mqtt": "mqtt://"}


def load_binding(path: Path | None, rig: Rig, *, plugged_in: bool = True) -> dict[str, str]:
    """Return device id -> address for the devices that are real; the others are emulated.

    A binding file is a map ``binding: {device: address}``; ``emulated`` stands for an emulated device, an address is
    ``host:port`` (Modbus TCP; an MQTT broker, also ``mqtts://host:port``), a serial device such as ``/dev/ttyUSB0``, or
    ``opc.tcp://host:port/path``.
    With `plugged_in`, a serial device must be there now.

    Raises
    ------
    RigError
        Unreadable file, unknown device, or an address that does not fit the device's protocol.

    """
    if path is None:
        return {}
    document = read(path)
    entries = document.data.get("binding") if isinstance(document.data, dict) else None
    if not isinstance(entries, dict):
        raise RigError(Problem(document.place(()), "must hold one map, 'binding', from device to address"))
    real: dict[str, str] = {}
    problems: list[Problem] = []
    known = {device.id: device for device in rig.devices}
    for name, address in entries.items():
        place = document.place(("binding", name))
        if name not in known:
            near = difflib.get_close_matches(name, list(known), 1)
            hint = f"did you mean {near[0]!r}?" if near else f"the rig has {', '.join(known)}"
            problems.append(Problem(document.place(("binding", name), key=True), f"unknown device {name!r}; {hint}"))
        elif address != "emulated":
            url = _url(str(address), known[name].protocol)
            if url is None:
                rule = (
                    f"address {address!r} does not fit {known[name].protocol}; write {_example(known[name].protocol)}"
                )
                problems.append(Problem(place, rule))
            elif plugged_in and known[name].protocol == "modbus-rtu" and not Path(url).exists():
                problems.append(
                    Problem(place, f"there is no serial device {url} for {name!r}; plug it in or check the name")
                )
            else:
                real[name] = url
    if problems:
        raise RigError(*problems)
    return real


def _url(address: str, protocol: str) -> str | None:
    scheme = SCHEMES[protocol]
    if protocol == "mqtt" and address.startswith("mqtts://"):
        scheme = "mqtts://"
    if protocol in ("modbus-tcp", "mqtt") and not address.startswith(scheme):
        address = scheme + address
    if not address.startswith(scheme):
        return None
    if protocol != "modbus-rtu":
        host, _, port = address.split("://", 1)[1].split("/", 1)[0].rpartition(":")
        if not host or not port.isdigit() or not 0 < int(port) < 65536:
            return None
    return address


def _example(protocol: str) -> str:
    return {
        "modbus-tcp": "192.0.2.10:502",
        "modbus-rtu": "/dev/ttyUSB0",
        "opcua": "opc.tcp://192.0.2.10:4840/",
        "mqtt": "192.0.2.10:1883",
    }[protocol]
