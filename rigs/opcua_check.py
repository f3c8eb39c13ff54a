"""Rules that join an OPC UA device's settings and its points."""

from collections.abc import Iterator
from pathlib import Path

from rigs.document import Path_
from rigs.schema import Point, Rig

Found = Iterator[tuple[Path_, str]]


def opcua(rig: Rig) -> Found:
    """Yield what is wrong with OPC UA devices and their points."""
    devices = {device.id: device for device in rig.devices if device.protocol == "opcua"}
    for index, point in enumerate(rig.points):
        device = devices.get(point.device)
        if point.opcua is None or device is None:
            continue
        yield from _shape(point, ("points", index, "opcua"))
        wave = point.waveform
        most = device.opcua.limits.array_length
        if wave is not None and wave.rate is not None and wave.rate * wave.buffer > most:
            samples = round(wave.rate * wave.buffer)
            rule = (
                f"{samples} samples are more than array_length {most} of {device.id!r}; shorten it, or raise the limit"
            )
            yield ("points", index, "waveform"), rule
        if device.opcua.profile == "slow_kit" and point.opcua.method:
            yield (
                ("points", index, "opcua", "method"),
                f"{device.id!r} is a slow_kit, which has no methods; take out method, and the point is written instead",
            )
    for index, device in enumerate(rig.devices):
        ids = {point.id for point in rig.points_of(device.id)}
        for number, instance in enumerate(device.opcua.instances):
            for path, name in instance.bind.items():
                if name not in ids:
                    here: Path_ = ("devices", index, "opcua", "instances", number, "bind", path)
                    yield here, f"{name!r} is no point of {device.id!r}; bind one of its own"
        for number, file in enumerate(device.opcua.nodesets):
            if not Path(file).is_file():
                place: Path_ = ("devices", index, "opcua", "nodesets", number)
                yield place, f"{file!r} is not a file; nodesets stand relative to the rig file"


def _shape(point: Point, here: Path_) -> Found:
    address = point.opcua
    assert address is not None  # the caller looks
    if point.waveform is None:
        for key in ("structure", "stream"):
            if getattr(address, key):
                yield (*here, key), f"{key} shows samples, and {point.id!r} has no waveform; take it out"
    elif address.historize:
        yield (*here, "historize"), "only scalars are historized; read a waveform's past by its buffer"
