"""The device's own nodes: Objects/<device>/<folder>/<point>, as the rig's OPC UA addresses say.

A value attribute here is a question to the device image (`ServedAttribute`), answered when it is read.
"""

import gc
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
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
_HAS_TYPE_DEFINITION: Final = ua.NodeId(ua.ObjectIds.HasTypeDefinition)
_NULL: Final = ua.NodeId()
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class WireValue(ua.DataValue):
    """A DataValue that carries its own bytes, exact to the 100 ns tick that datetime cannot hold.

    asyncua copies every monitored value deeply; this one never changes, so the copy is itself.
    """

    __slots__ = ("encoded",)
    encoded: bytes

    def __deepcopy__(self, memo: Any) -> "WireValue":
        return self


@contextmanager
def uncollected() -> Iterator[None]:
    """Leave garbage alone while many objects are made that all stay; they are not looked at ever again."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        if collecting:
            gc.enable()


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
    scan_ms
        How often it takes new values [ms]: the MinimumSamplingInterval of all that changes; 0 where nobody says.

    """

    space: AddressSpace
    index: int
    device: Device
    scan_ms: float = 0.0
    attributes: list[ServedAttribute] = field(default_factory=list)
    _constants: dict[tuple[Any, ua.VariantType], AttributeValue] = field(default_factory=dict)
    _templates: dict[tuple[ua.NodeClass, str, str], dict[ua.AttributeIds, AttributeValue]] = field(default_factory=dict)
    _variables: dict[tuple[int, int, bool], dict[ua.AttributeIds, AttributeValue]] = field(default_factory=dict)
    _folders: dict[tuple[str, ...], NodeData] = field(default_factory=dict)
    _ids: dict[int, ua.NodeId] = field(default_factory=dict)
    _references: dict[tuple[Any, int], ua.ReferenceDescription] = field(default_factory=dict)

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
        if address.id is not None:
            alias = ua.NodeId.from_string(f"ns={self.index};{address.id}")
            if alias in self.space:
                raise ValueError(f"two points of {self.device.id} claim the node id {address.id}; give each its own")
            self.space[alias] = self.space[ua.NodeId(nodeid, self.index)]

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
        self._describe_variable(node, values.TYPE_IDS[type_], access, array=array)
        if self.scan_ms:
            node.attributes[ua.AttributeIds.MinimumSamplingInterval] = self._shared(self.scan_ms, ua.VariantType.Double)
        attribute = ServedAttribute(served, part)
        node.attributes[ua.AttributeIds.Value] = attribute
        self.attributes.append(attribute)

    def _property(self, parent: NodeData, nodeid: str, name: str, value: Any, data_type: int) -> None:
        node = self._add(
            parent, f"{nodeid}/{name}", name, ua.ObjectIds.HasProperty, ua.NodeClass.Variable,
            ua.ObjectIds.PropertyType, "", index=0,
        )  # fmt: skip
        self._describe_variable(node, data_type, _READ, array=False)
        node.attributes[ua.AttributeIds.Value] = self._shared(
            _key(value), ua.VariantType.ExtensionObject, lambda: value
        )

    def _folder(self, path: list[str]) -> NodeData:
        found = self._folders.get(tuple(path))
        if found is None:
            found = self._folders[tuple(path)] = self._make_folder(path)
        return found

    def _make_folder(self, path: list[str]) -> NodeData:
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
        template = self._template(node_class, "" if index is None else name, description)
        attributes = node.attributes = template.copy()
        attributes[ua.AttributeIds.NodeId] = _constant(identifier, ua.VariantType.NodeId)
        if index is None:
            browse_name, display_name = ua.QualifiedName(name, self.index), ua.LocalizedText(name)
            attributes[ua.AttributeIds.BrowseName] = _constant(browse_name, ua.VariantType.QualifiedName)
            attributes[ua.AttributeIds.DisplayName] = _constant(display_name, ua.VariantType.LocalizedText)
        type_ = None if kind is None else self._id(kind)
        refers = self._id(by)
        if type_ is not None:
            node.references.append(self._reference((kind, by), type_, _HAS_TYPE_DEFINITION, forward=True))
        node.references.append(self._reference((parent.nodeid.Identifier, by), parent.nodeid, refers, forward=False))
        parent.references.append(
            ua.ReferenceDescription(
                ReferenceTypeId=refers,
                IsForward=True,
                NodeId=identifier,
                BrowseName=attributes[ua.AttributeIds.BrowseName].value.Value.Value,
                DisplayName=attributes[ua.AttributeIds.DisplayName].value.Value.Value,
                NodeClass=node_class,
                TypeDefinition=type_ or _NULL,
            )
        )
        self.space[identifier] = node
        return node

    def _template(self, node_class: ua.NodeClass, name: str, description: str) -> dict[ua.AttributeIds, AttributeValue]:
        """Return what all nodes of a class and description share; with a name, a standard property's."""
        key = (node_class, name, description)
        found = self._templates.get(key)
        if found is None:
            a, kind = ua.AttributeIds, ua.VariantType
            found = self._templates[key] = {
                a.NodeClass: self._shared(node_class, kind.Int32),
                a.Description: _constant(ua.LocalizedText(description), kind.LocalizedText),
                a.WriteMask: self._shared(0, kind.UInt32),
                a.UserWriteMask: self._shared(0, kind.UInt32),
            }
            if name:
                found[a.BrowseName] = _constant(ua.QualifiedName(name, 0), kind.QualifiedName)
                found[a.DisplayName] = _constant(ua.LocalizedText(name), kind.LocalizedText)
            if node_class == ua.NodeClass.Object:
                found[a.EventNotifier] = self._shared(0, kind.Byte)
        return found

    def _shared(self, value: Any, type_: ua.VariantType, make: Callable[[], Any] | None = None) -> AttributeValue:
        """Return one attribute for all nodes that have this value in it; nobody writes such an attribute."""
        found = self._constants.get((value, type_))
        if found is None:
            found = self._constants[value, type_] = _constant(make() if make else value, type_)
        return found

    def _id(self, identifier: int) -> ua.NodeId:
        found = self._ids.get(identifier)
        if found is None:
            found = self._ids[identifier] = ua.NodeId(identifier)
        return found

    def _reference(
        self, key: tuple[Any, int], target: ua.NodeId, by: ua.NodeId, *, forward: bool
    ) -> ua.ReferenceDescription:
        """Return one reference for all nodes that have it: to their type, back to their parent."""
        found = self._references.get(key)
        if found is None:
            found = self._references[key] = reference(self.space[target], by, forward)
        return found

    def _describe_variable(self, node: NodeData, data_type: int, access: int, *, array: bool) -> None:
        key = (data_type, access, array)
        found = self._variables.get(key)
        if found is None:
            kind, a = ua.VariantType, ua.AttributeIds
            found = self._variables[key] = {
                a.DataType: _constant(self._id(data_type), kind.NodeId),
                a.ValueRank: self._shared(1 if array else -1, kind.Int32),
                a.AccessLevel: self._shared(access, kind.Byte),
                a.UserAccessLevel: self._shared(access, kind.Byte),
                a.MinimumSamplingInterval: self._shared(0.0, kind.Double),
                a.Historizing: self._shared(value=False, type_=kind.Boolean),
            }
        node.attributes.update(found)
        if array:
            _set(node, ua.AttributeIds.ArrayDimensions, [0], ua.VariantType.UInt32)


def _key(value: Any) -> tuple[Any, ...]:
    """Return what tells a Range or EUInformation from others."""
    return (value.Low, value.High) if isinstance(value, ua.Range) else (value.UnitId, value.DisplayName.Text)


def _set(node: NodeData, attribute: ua.AttributeIds, value: Any, type_: ua.VariantType) -> None:
    node.attributes[attribute] = _constant(value, type_)


def _constant(value: Any, type_: ua.VariantType) -> AttributeValue:
    return AttributeValue(ua.DataValue(ua.Variant(value, type_)))
