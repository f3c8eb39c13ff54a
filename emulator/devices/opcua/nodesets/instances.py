"""Objects of types that nodesets bring, their variables bound to points (OPC 10000-3 §6.3, instance declarations)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from asyncua import ua
from asyncua.server.address_space import AddressSpace, NodeData

from emulator.devices.opcua import values
from emulator.devices.opcua.building import A, T, add_node, own, set_attribute
from emulator.devices.opcua.nodes import ServedAttribute
from emulator.devices.opcua.served import ServedPoint
from emulator.devices.opcua.services.view import with_subtypes
from rigs.devices.opcua import OpcUaInstance

DI: Final = "http://opcfoundation.org/UA/DI/"
MACHINERY: Final = "http://opcfoundation.org/UA/Machinery/"
_DEVICE_SET: Final = 5001  # in DI
_TOPOLOGY_ELEMENT: Final = 1001  # in DI: what a DeviceSet holds
_MACHINES: Final = 1001  # in Machinery
_I: Final = ua.ObjectIds
_MOST_NODES: Final = 10_000
_DEEPEST: Final = 12
_COPIED: Final = (
    A.DataType, A.ValueRank, A.ArrayDimensions, A.Value, A.AccessLevel, A.UserAccessLevel, A.Description,
    A.MinimumSamplingInterval, A.Historizing, A.Executable, A.UserExecutable, A.EventNotifier, A.DisplayName,
)  # fmt: skip


class InstanceError(ValueError):
    """An instance that cannot be made; the message names device, instance, rule and way out."""


def _constant(node: NodeData, attribute: ua.AttributeIds) -> Any:
    found = node.attributes.get(attribute)
    return None if found is None or found.value is None or found.value.Value is None else found.value.Value.Value


def _targets(node: NodeData, *kinds: int, forward: bool = True) -> Iterator[ua.NodeId]:
    wanted = [ua.NodeId(kind) for kind in kinds]
    return (r.NodeId for r in node.references if r.IsForward == forward and r.ReferenceTypeId in wanted)


def _key(reference: ua.ReferenceDescription) -> tuple[int, str | None]:
    return reference.BrowseName.NamespaceIndex, reference.BrowseName.Name


@dataclass(slots=True)
class Instances:
    """Makes the instances of one device.

    Parameters
    ----------
    space
        The address space, nodesets loaded.
    index
        Namespace of the device's own nodes, and so of its instances.
    device
        Its id.
    namespaces
        The server's namespaces.
    served
        Its points, by id.

    """

    space: AddressSpace
    index: int
    device: str
    namespaces: list[str]
    served: dict[str, ServedPoint]
    bound: list[ServedAttribute] = field(default_factory=list)
    _count: int = 0
    _aggregates: set[ua.NodeId] = field(default_factory=set)

    def make(self, wanted: OpcUaInstance) -> None:
        """Make one instance with its type's mandatory members and those that are bound.

        Raises
        ------
        InstanceError
            Type, path or point is unknown, or a point does not fit its variable.

        """

        def wrong(rule: str) -> InstanceError:
            return InstanceError(f"device {self.device}, instance {wanted.name!r}: {rule}")

        self._aggregates = with_subtypes(self.space, ua.NodeId(_I.Aggregates))
        type_ = self._type(wanted.type, wrong)
        if _constant(type_, A.IsAbstract):
            raise wrong(f"type {wanted.type!r} is abstract; name one of its subtypes")
        parent, by = self._parent(type_)
        name = ua.QualifiedName(wanted.name, self.index)
        nodeid = ua.NodeId(f"{self.device}/{wanted.name}", self.index)
        root = self._add(nodeid, name, ua.NodeClass.Object, parent, by, type_.nodeid, wrong)
        paths = {tuple(path.split("/")) for path in wanted.bind}
        self._members(root, [type_], paths, 0, wrong)
        for path, point in wanted.bind.items():
            self._bind(root, path, point, wrong)

    def _add(
        self, nodeid: ua.NodeId, name: ua.QualifiedName, node_class: ua.NodeClass, parent: NodeData, by: ua.NodeId,
        kind: ua.NodeId | None, wrong: Callable[[str], InstanceError],
    ) -> NodeData:  # fmt: skip
        self._count += 1
        if self._count > _MOST_NODES:
            raise wrong(f"its type has more than {_MOST_NODES} mandatory members; choose a smaller type")
        try:
            return add_node(self.space, nodeid, name, node_class, parent, by.Identifier, kind)
        except ValueError as taken:
            raise wrong(str(taken)) from None

    def _type(self, written: str, wrong: Callable[[str], InstanceError]) -> NodeData:
        uri, _, rest = written.removeprefix("nsu=").partition(";")
        if not written.startswith("nsu=") or uri not in self.namespaces or not rest:
            known = ", ".join(self.namespaces)
            raise wrong(f"type {written!r} is not nsu=<namespace>;<NodeId or name> of a loaded namespace ({known})")
        index = self.namespaces.index(uri)
        found: list[NodeData] = []
        kind, _, value = rest.partition("=")
        if kind == "i" and value.isdigit():
            node = self.space.get(ua.NodeId(int(value), index))
            found = [] if node is None else [node]
        elif kind == "s" and value:
            node = self.space.get(ua.NodeId(value, index))
            found = [] if node is None else [node]
        else:
            name = ua.QualifiedName(rest, index)
            for nodeid in with_subtypes(self.space, ua.NodeId(_I.BaseObjectType)):
                node = self.space.get(nodeid)
                if node is not None and _constant(node, A.BrowseName) == name:
                    found.append(node)
        if not found or _constant(found[0], A.NodeClass) != ua.NodeClass.ObjectType:
            raise wrong(f"no object type {rest!r} in {uri}; look it up in the nodeset")
        return found[0]

    def _parent(self, type_: NodeData) -> tuple[NodeData, ua.NodeId]:
        """Return where instances of a type stand: DeviceSet, Machines, or Objects (OPC 10000-100, OPC 40001-1)."""
        if DI in self.namespaces:
            index = self.namespaces.index(DI)
            device_set = self.space.get(ua.NodeId(_DEVICE_SET, index))
            if device_set is not None and type_.nodeid in with_subtypes(
                self.space, ua.NodeId(_TOPOLOGY_ELEMENT, index)
            ):
                return device_set, ua.NodeId(_I.HasComponent)
        if MACHINERY in self.namespaces:
            machines = self.space.get(ua.NodeId(_MACHINES, self.namespaces.index(MACHINERY)))
            if machines is not None and _constant(machines, A.NodeClass) == ua.NodeClass.Object:
                return machines, ua.NodeId(_I.HasComponent)
        return own(self.space, ua.NodeId(_I.ObjectsFolder)), ua.NodeId(_I.Organizes)

    def _members(
        self, node: NodeData, declarers: list[NodeData], paths: set[tuple[str, ...]], depth: int,
        wrong: Callable[[str], InstanceError],
    ) -> None:  # fmt: skip
        """Copy what types and the declaration of a node have as mandatory, and what lies on a wanted path."""
        if depth > _DEEPEST:
            raise wrong(f"its type nests deeper than {_DEEPEST} levels; choose a simpler type")
        seen = {_key(r) for r in node.references if r.IsForward and r.ReferenceTypeId in self._aggregates}
        for declarer in declarers:
            for above in self._line(declarer):
                for reference in above.references:
                    if not reference.IsForward or reference.ReferenceTypeId not in self._aggregates:
                        continue
                    below = {path[1:] for path in paths if path[0] == reference.BrowseName.Name}
                    member = self.space.get(reference.NodeId)
                    if member is None or _key(reference) in seen or not (below or self._mandatory(member)):
                        continue
                    seen.add(_key(reference))
                    self._copy(node, member, reference, {path for path in below if path}, depth, wrong)

    def _copy(
        self, node: NodeData, member: NodeData, reference: ua.ReferenceDescription, paths: set[tuple[str, ...]],
        depth: int, wrong: Callable[[str], InstanceError],
    ) -> None:  # fmt: skip
        name = reference.BrowseName
        nodeid = ua.NodeId(f"{node.nodeid.Identifier}/{name.Name}", self.index)
        kind = next(_targets(member, _I.HasTypeDefinition), None)
        node_class = ua.NodeClass(_constant(member, A.NodeClass))
        copy = self._add(nodeid, name, node_class, node, reference.ReferenceTypeId, kind, wrong)
        for attribute in _COPIED:
            if attribute in member.attributes:
                copy.attributes[attribute] = member.attributes[attribute]
        type_ = None if kind is None else self.space.get(kind)
        self._members(copy, [member] if type_ is None else [member, type_], paths, depth + 1, wrong)

    def _line(self, node: NodeData) -> Iterator[NodeData]:
        """Yield a declaration, or a type, the interfaces it has, and the types above it."""
        here: NodeData | None = node
        while here is not None:
            yield here
            for interface in _targets(here, _I.HasInterface):
                found = self.space.get(interface)
                if found is not None:
                    yield from self._line(found)
            above = next(_targets(here, _I.HasSubtype, forward=False), None)
            here = None if above is None else self.space.get(above)

    @staticmethod
    def _mandatory(member: NodeData) -> bool:
        return ua.NodeId(_I.ModellingRule_Mandatory) in _targets(member, _I.HasModellingRule)

    def _bind(self, root: NodeData, path: str, point: str, wrong: Callable[[str], InstanceError]) -> None:
        node = root
        for name in path.split("/"):
            below = {r.BrowseName.Name: r.NodeId for r in node.references if r.IsForward and r.BrowseName.Name}
            if name not in below:
                raise wrong(f"bind {path!r}: the type has no {name!r} there; it has {', '.join(sorted(below))}")
            node = self.space[below[name]]
        served = self.served.get(point)
        if served is None:
            raise wrong(f"bind {path!r}: the device has no readable point {point!r}; name one of its points")
        if _constant(node, A.NodeClass) != ua.NodeClass.Variable:
            raise wrong(f"bind {path!r}: is no variable; bind one below it")
        self._check_type(node, served, path, wrong)
        attribute = ServedAttribute(served, "value")
        node.attributes[A.Value] = attribute
        access = 1 if served.point.write is None else 3
        set_attribute(node, A.AccessLevel, access, T.Byte)
        set_attribute(node, A.UserAccessLevel, access, T.Byte)
        self.bound.append(attribute)

    def _check_type(
        self, node: NodeData, served: ServedPoint, path: str, wrong: Callable[[str], InstanceError]
    ) -> None:
        declared = _constant(node, A.DataType)
        given = ua.NodeId(values.TYPE_IDS[served.type_])
        if given not in with_subtypes(self.space, declared):
            type_ = self.space.get(declared)
            label = declared.to_string() if type_ is None else _constant(type_, A.BrowseName).Name
            rule = f"is a {label}, point {served.point.id!r} a {served.type_}; give the point an opcua.type that fits"
            raise wrong(f"bind {path!r}: {rule}")
        array = served.point.waveform is not None
        if (_constant(node, A.ValueRank) == -1) == array:
            shape = "a waveform" if array else "a scalar"
            raise wrong(f"bind {path!r}: point {served.point.id!r} is {shape} and the variable is not; bind another")
        set_attribute(node, A.DataType, given, T.NodeId)


__all__ = ["DI", "MACHINERY", "InstanceError", "Instances"]
