"""Companion models that the user supplies as UANodeSet files, and instances of their types."""

from pathlib import Path
from typing import Any

from emulator.devices.opcua.nodes import ServedAttribute
from emulator.devices.opcua.nodesets.instances import InstanceError, Instances
from emulator.devices.opcua.nodesets.loader import Loader
from emulator.devices.opcua.nodesets.xml import NodesetError
from emulator.devices.opcua.served import ServedPoint
from rigs.devices.device import Device


async def add_models(server: Any, index: int, device: Device, served: list[ServedPoint]) -> list[ServedAttribute]:
    """Load a device's nodesets and make its instances; returns the values bound to points.

    Parameters
    ----------
    server
        The library's server, not yet started.
    index
        Namespace of the device's own nodes.
    device
        The device.
    served
        Its readable points.

    Raises
    ------
    NodesetError, InstanceError
        Nothing of the nodesets has been loaded, or an instance is impossible; the message says what to do.

    """
    settings = device.opcua
    if settings.nodesets:
        loader = Loader(server.iserver.aspace, await server.get_namespace_array())
        loader.read([Path(path) for path in settings.nodesets])
        for uri in loader.added:
            await server.register_namespace(uri)
        loader.commit()
    namespaces = await server.get_namespace_array()
    by_point = {one.point.id: one for one in served}
    instances = Instances(server.iserver.aspace, index, device.id, namespaces, by_point)
    for wanted in settings.instances:
        instances.make(wanted)
    return instances.bound


__all__ = ["InstanceError", "NodesetError", "add_models"]
