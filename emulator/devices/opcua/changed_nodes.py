"""Nodes that change while the server runs, and nodes that only look like the device's own."""

from typing import Any, Final

from asyncua import ua
from asyncua.server.address_space import AddressSpace, AttributeValue, NodeData

from emulator.devices.opcua.misbehaviour import OpcUaMisbehaviour
from emulator.devices.opcua.nodes import PlantNodes
from emulator.devices.opcua.served import ServedPoint

DECOY: Final = "urn:plantbench:decoy"


def add_decoys(space: AddressSpace, index: int, device: Any) -> None:
    """Add the device's names to a foreign namespace: the same paths, with values of other points of a type."""
    nodes = PlantNodes(space, index, device.device)
    nodes.top()
    plain = [p for p in device.points if p.opcua is not None and not p.opcua.method and p.waveform is None and p.signal]
    for point in plain:
        alike = [p for p in plain if p.opcua.type == point.opcua.type]
        other = alike[(alike.index(point) + 1) % len(alike)]
        shown = point.model_copy(update={"id": other.id, "write": None})
        nodes.add(shown, ServedPoint(shown, device.image, OpcUaMisbehaviour(), lambda commit: 1.0), None)


class ChangedNode:
    """The variable of one point, to be changed and put back as it was.

    Parameters
    ----------
    device
        The OPC UA device.
    point
        The point's id.

    Raises
    ------
    ValueError
        The device has no such variable.

    """

    def __init__(self, device: Any, point: str) -> None:
        found = next((p for p in device.points if p.id == point), None)
        if found is None or found.opcua is None or found.opcua.method:
            known = ", ".join(p.id for p in device.points if p.opcua is not None and not p.opcua.method)
            raise ValueError(f"{device.device.id} has no variable {point!r}; it has {known}")
        self._space: AddressSpace = device.space
        self._path = f"{device.device.id}/{found.opcua.node}"
        self._index = device.index
        self._before: list[tuple[NodeData, ua.AttributeIds, Any]] = []
        self._names: list[tuple[ua.ReferenceDescription, ua.QualifiedName]] = []

    def attribute(self, attribute: ua.AttributeIds, value: Any, type_: ua.VariantType, below: str = "") -> None:
        """Give the node, or the property `below`, another attribute; does nothing where there is no such node."""
        node = self._space.get(ua.NodeId(self._path + below, self._index))
        if node is None:
            return
        self._before.append((node, attribute, node.attributes[attribute]))
        node.attributes[attribute] = AttributeValue(ua.DataValue(ua.Variant(value, type_)))

    def value(self, below: str) -> Any:
        """Return the value of the property `below`; None where there is none."""
        node = self._space.get(ua.NodeId(self._path + below, self._index))
        return None if node is None else node.attributes[ua.AttributeIds.Value].value.Value.Value

    def rename(self, name: str) -> None:
        """Give the node another browse name, in its attribute and where others refer to it."""
        wanted = ua.QualifiedName(name, self._index)
        self.attribute(ua.AttributeIds.BrowseName, wanted, ua.VariantType.QualifiedName)
        me = ua.NodeId(self._path, self._index)
        for reference in self._space[me].references:
            for back in self._space[reference.NodeId].references if not reference.IsForward else ():
                if back.NodeId == me:
                    self._names.append((back, back.BrowseName))
                    back.BrowseName = wanted

    def put_back(self) -> None:
        """Make all as it was."""
        for node, attribute, value in reversed(self._before):
            node.attributes[attribute] = value
        for reference, name in self._names:
            reference.BrowseName = name
        self._before.clear()
        self._names.clear()
