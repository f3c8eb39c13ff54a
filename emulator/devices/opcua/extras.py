"""What a device has beside its points' plain variables, as its settings and the points' addresses say."""

from asyncua import ua
from asyncua.server.address_space import AddressSpace

from emulator.devices.image import DeviceImage
from emulator.devices.opcua import structures
from emulator.devices.opcua.gateway import Gateway
from emulator.devices.opcua.history import Historian
from emulator.devices.opcua.history.nodes import announce
from emulator.devices.opcua.nodes import ServedAttribute
from emulator.devices.opcua.served import ServedPoint
from rigs.devices.device import Device
from rigs.devices.opcua import OpcUaHistory
from rigs.schema import Point

_DISCRETE = ("Boolean", "Int32", "UInt32", "UInt64")


def seen_through(device: Device, image: DeviceImage) -> DeviceImage:
    """Return what the server serves: the image itself, or a gateway's copy of it."""
    settings = device.opcua
    if settings.sampling is None:
        return image
    return Gateway(image, settings.sampling, whole_seconds=settings.profile == "slow_kit")


def historian_of(device: Device, points: tuple[Point, ...], image: DeviceImage) -> Historian | None:
    """Return the recorder of a device's historized points; None when there are none."""
    settings = device.opcua
    chosen = []
    for point in points:
        address = point.opcua
        if address is None or point.device != device.id or point.signal is None or point.waveform is not None:
            continue
        asked = settings.history is not None if address.historize is None else address.historize
        if asked and settings.profile != "slow_kit":
            chosen.append(point)
    if not chosen:
        return None
    stepped = frozenset(p.id for p in chosen if p.opcua is not None and p.opcua.type in _DISCRETE)
    depth = (settings.history or OpcUaHistory()).depth
    return Historian(image, tuple(point.id for point in chosen), stepped, depth)


def add_extras(
    space: AddressSpace, index: int, device: Device, served: ServedPoint, historian: Historian | None
) -> list[ServedAttribute]:
    """Add to a point's variable what its address asks for; returns the values that change with it."""
    point = served.point
    address = point.opcua
    assert address is not None  # a served point has one
    path = f"{device.id}/{address.node}"
    node = space[ua.NodeId(path, index)]
    if historian is not None and point.id in historian:
        announce(space, node, stepped=address.type in _DISCRETE, depth=historian.depth)
    if point.waveform is None:
        return []
    added: list[ServedAttribute] = []
    if address.structure:
        added.append(structures.add_block(space, node, served))
    if address.stream is not None:
        added += structures.add_stream(space, node, served, address.stream)
    if device.opcua.profile != "slow_kit":
        owner = space[ua.NodeId(path.rpartition("/")[0], index)]
        structures.add_reader(space, owner, node, served, device.opcua.limits)
    return added
