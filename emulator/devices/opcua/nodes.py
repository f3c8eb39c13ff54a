"""The device's own nodes: Objects/<device>/<folder>/<point>, as the rig's OPC UA addresses say.

A value attribute here is a question to the device image (`ServedAttribute`), answered when it is read.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from asyncua import ua
from asyncua.server.address_space import AddressSpace, AttributeValue, NodeData

from emulator.devices.opcua import values
from emulator.devices.opcua.served import Part, ServedPoint
from emulator.devices.opcua.standard_space import reference
from emulator.devices.opcua.units import NAMESPACE, engineering_unit
from rigs.devices.device import Device
from rigs.schema import Point

Method = Callable[..., Awaitable[Any]]

_READ: Final = 1
_WRITE: Final = 2
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class WireValue(ua.DataValue):
    """A DataValue that carries its own bytes, exact to the 100 ns tick that datetime cannot hold.

    asyncua copies every monitored value deeply; this one never changes, so the copy is itself.
    """

    __slots__ = ("encoded",)
    encoded: bytes

    def __deepcopy__(self, memo: Any) -> "WireValue":
        return self


def as_datetime(ticks: int) -> datetime:
    """Return a FILETIME as datetime, rounded down to its microsecond."""
    return _EPOCH + timedelta(microseconds=(ticks - values.UNIX_EPOCH_TICKS) // 10)


class ServedAttribute(AttributeValue):
    """A Value attribute that asks its point each time it is read."""

    def __init__(self, served: ServedPoint, part: Part) -> None:
        super().__init__(None)
        self.served = served
        self.part: Part = part
        self.value_callback = self._answer

    def encode(self, times: int, index_range: str | None) -> bytes:
        """Return the encoded DataValue: the way of the Read service."""
        return self.served.data_value(self.part, times, index_range)

    def wire_value(self) -> WireValue:
        """Return the DataValue with its bytes: the way of subscriptions."""
        served = self.served
        plain = served.plain(self.part)
        type_ = {"value": served.type_, "counter": "UInt64", "rate": "Double"}[self.part]
        kind = ua.VariantType.Null if plain is None else ua.VariantType(values.TYPE_IDS[type_])
        value = WireValue(
            ua.Variant(plain, kind),
            ua.StatusCode(served.status),
            SourceTimestamp=None if served.source_ticks is None else as_datetime(served.source_ticks),
            ServerTimestamp=as_datetime(served.server_ticks),
        )
        value.encoded = served.data_value(self.part)
        return value

    def _answer(self, nodeid: ua.NodeId, attribute: ua.AttributeIds) -> WireValue:
        return self.wire_value()


@dataclass(slots=True)
class PlantNodes:
    """Builds the device's nodes straight into an address space, which checks nothing, so this does.

    Parameters
    ----------
    space
        The address space, with the standard nodes in it.
    index
        Namespace index of the device's own nodes.
    device
        The device; its id is the browse name of the top object and the first part of every node id.

    """

    space: AddressSpace
    index: int
    device: Device
    attributes: list[ServedAttribute] = field(default_factory=list)

    def top(self) -> NodeData:
        """Add and return Objects/<device>."""
        objects = self.space[ua.NodeId(ua.ObjectIds.ObjectsFolder)]
        return self._add(
            objects, self.device.id, self.device.id, ua.ObjectIds.Organizes, ua.NodeClass.Object,
            ua.ObjectIds.BaseObjectType, self.device.title,
        )  # fmt: skip

    def add(self, point: Point, served: ServedPoint | None, call: Method | None) -> None:
        """Add one point: a variable, or a method when its address says so, in the folders its path names.

        Raises
        ------
        ValueError
            Two points claim one node.

        """
        address = point.opcua
        assert address is not None  # the caller picks the points of this device, and those have one
        *folders, name = address.node.split("/")
        parent = self._folder(folders)
        nodeid = f"{self.device.id}/{address.node}"
        if call is not None:
            method = self._add(
                parent, nodeid, name, ua.ObjectIds.HasComponent, ua.NodeClass.Method, None, point.description
            )
            _set(method, ua.AttributeIds.Executable, True, ua.VariantType.Boolean)
            _set(method, ua.AttributeIds.UserExecutable, True, ua.VariantType.Boolean)
            method.call = call
        elif served is not None:
            self._variable(parent, nodeid, name, point, served)

    def _variable(self, parent: NodeData, nodeid: str, name: str, point: Point, served: ServedPoint) -> None:
        analog = served.type_ != "Boolean"
        kind = ua.ObjectIds.AnalogItemType if analog else ua.ObjectIds.BaseDataVariableType
        node = self._add(
            parent, nodeid, name, ua.ObjectIds.HasComponent, ua.NodeClass.Variable, kind, point.description
        )
        self._serve(node, served, "value", served.type_, point)
        if analog:
            low, high = point.range
            self._property(node, nodeid, "EURange", ua.Range(low, high), ua.ObjectIds.Range)
            unit = engineering_unit(point.unit)
            eu = ua.EUInformation(NAMESPACE, unit.unit_id, ua.LocalizedText(unit.symbol), ua.LocalizedText(unit.name))
            self._property(node, nodeid, "EngineeringUnits", eu, ua.ObjectIds.EUInformation)
        if point.sensor is not None and point.sensor.full_scale is not None:
            full = ua.Range(-point.sensor.full_scale, point.sensor.full_scale)
            self._property(node, nodeid, "InstrumentRange", full, ua.ObjectIds.Range)
        if point.waveform is not None:
            self._part(
                node,
                nodeid,
                "SampleCounter",
                served,
                "counter",
                "UInt64",
                "Index of the array's first sample",
            )
            self._part(node, nodeid, "SampleRate", served, "rate", "Double", "Samples per second")

    def _part(
        self,
        parent: NodeData,
        nodeid: str,
        name: str,
        served: ServedPoint,
        part: Part,
        type_: str,
        about: str,
    ) -> None:
        node = self._add(
            parent, f"{nodeid}/{name}", name, ua.ObjectIds.HasComponent, ua.NodeClass.Variable,
            ua.ObjectIds.BaseDataVariableType, about,
        )  # fmt: skip
        self._serve(node, served, part, type_, None)

    def _serve(self, node: NodeData, served: ServedPoint, part: Part, type_: str, point: Point | None) -> None:
        array = point is not None and point.waveform is not None
        access = _READ if point is None or point.signal is not None else 0
        if point is not None and point.write is not None:
            access |= _WRITE
        _describe_variable(node, ua.NodeId(values.TYPE_IDS[type_]), access, array=array)
        attribute = ServedAttribute(served, part)
        node.attributes[ua.AttributeIds.Value] = attribute
        self.attributes.append(attribute)

    def _property(self, parent: NodeData, nodeid: str, name: str, value: Any, data_type: int) -> None:
        node = self._add(
            parent, f"{nodeid}/{name}", name, ua.ObjectIds.HasProperty, ua.NodeClass.Variable,
            ua.ObjectIds.PropertyType, "", index=0,
        )  # fmt: skip
        _describe_variable(node, ua.NodeId(data_type), _READ, array=False)
        _set(node, ua.AttributeIds.Value, value, ua.VariantType.ExtensionObject)

    def _folder(self, path: list[str]) -> NodeData:
        parent = self.space[ua.NodeId(self.device.id, self.index)]
        nodeid = self.device.id
        for name in path:
            nodeid = f"{nodeid}/{name}"
            found = self.space.get(ua.NodeId(nodeid, self.index))
            parent = found or self._add(
                parent,
                nodeid,
                name,
                ua.ObjectIds.HasComponent,
                ua.NodeClass.Object,
                ua.ObjectIds.BaseObjectType,
                "",
            )
        return parent

    def _add(
        self,
        parent: NodeData,
        nodeid: str,
        name: str,
        by: int,
        node_class: ua.NodeClass,
        kind: int | None,
        description: str,
        *,
        index: int | None = None,
    ) -> NodeData:
        identifier = ua.NodeId(nodeid, self.index)
        if identifier in self.space:
            raise ValueError(
                f"two points of {self.device.id} claim the node {nodeid}; give each opcua.node its own path"
            )
        node = NodeData(identifier)
        browse_name = ua.QualifiedName(name, self.index if index is None else index)
        _set(node, ua.AttributeIds.NodeId, identifier, ua.VariantType.NodeId)
        _set(node, ua.AttributeIds.NodeClass, node_class, ua.VariantType.Int32)
        _set(node, ua.AttributeIds.BrowseName, browse_name, ua.VariantType.QualifiedName)
        _set(node, ua.AttributeIds.DisplayName, ua.LocalizedText(name), ua.VariantType.LocalizedText)
        _set(node, ua.AttributeIds.Description, ua.LocalizedText(description), ua.VariantType.LocalizedText)
        _set(node, ua.AttributeIds.WriteMask, 0, ua.VariantType.UInt32)
        _set(node, ua.AttributeIds.UserWriteMask, 0, ua.VariantType.UInt32)
        if node_class == ua.NodeClass.Object:
            _set(node, ua.AttributeIds.EventNotifier, 0, ua.VariantType.Byte)
        type_ = None if kind is None else self.space[ua.NodeId(kind)]
        if type_ is not None:
            node.references.append(reference(type_, ua.NodeId(ua.ObjectIds.HasTypeDefinition), True))
        node.references.append(reference(parent, ua.NodeId(by), False))
        parent.references.append(reference(node, ua.NodeId(by), True))
        self.space[identifier] = node
        return node


def _set(node: NodeData, attribute: ua.AttributeIds, value: Any, type_: ua.VariantType) -> None:
    node.attributes[attribute] = AttributeValue(ua.DataValue(ua.Variant(value, type_)))


def _describe_variable(node: NodeData, data_type: ua.NodeId, access: int, *, array: bool) -> None:
    _set(node, ua.AttributeIds.DataType, data_type, ua.VariantType.NodeId)
    _set(node, ua.AttributeIds.ValueRank, 1 if array else -1, ua.VariantType.Int32)
    if array:
        _set(node, ua.AttributeIds.ArrayDimensions, [0], ua.VariantType.UInt32)
    _set(node, ua.AttributeIds.AccessLevel, access, ua.VariantType.Byte)
    _set(node, ua.AttributeIds.UserAccessLevel, access, ua.VariantType.Byte)
    _set(node, ua.AttributeIds.MinimumSamplingInterval, 0.0, ua.VariantType.Double)
    _set(node, ua.AttributeIds.Historizing, False, ua.VariantType.Boolean)
