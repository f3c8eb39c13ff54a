"""Namespace 0, filled quickly: the standard nodes every OPC UA server shows.

asyncua builds its 6,000 standard nodes one checked AddNodes item at a time, which is most of a server's
start-up. The set is fixed, so the checks are left out here, unchanging attributes are shared between nodes,
and the result is built once a process: a server gets its own copy of what a server may change (the Server
object and what hangs below it, the Objects folder) and shares the rest, which nothing writes.
"""

import functools
import gc
from collections.abc import Iterable, Iterator
from typing import Any, Final

from asyncua import ua
from asyncua.server.address_space import AddressSpace, AttributeValue, NodeData, NodeManagementService

# Attribute, its type, whether it is an array, and whether one object can serve every node with that value.
_ATTRIBUTES: Final[tuple[tuple[str, ua.VariantType | None, bool, bool], ...]] = (
    ("AccessLevel", ua.VariantType.Byte, False, True),
    ("ArrayDimensions", ua.VariantType.UInt32, True, False),
    ("BrowseName", ua.VariantType.QualifiedName, False, False),
    ("ContainsNoLoops", ua.VariantType.Boolean, False, True),
    ("DataType", ua.VariantType.NodeId, False, True),
    ("Description", ua.VariantType.LocalizedText, False, False),
    ("DisplayName", ua.VariantType.LocalizedText, False, False),
    ("EventNotifier", ua.VariantType.Byte, False, True),
    ("Executable", ua.VariantType.Boolean, False, True),
    ("Historizing", ua.VariantType.Boolean, False, True),
    ("InverseName", ua.VariantType.LocalizedText, False, False),
    ("IsAbstract", ua.VariantType.Boolean, False, True),
    ("MinimumSamplingInterval", ua.VariantType.Double, False, True),
    ("NodeClass", ua.VariantType.Int32, False, True),
    ("Symmetric", ua.VariantType.Boolean, False, True),
    ("UserAccessLevel", ua.VariantType.Byte, False, True),
    ("UserExecutable", ua.VariantType.Boolean, False, True),
    ("ValueRank", ua.VariantType.Int32, False, True),
    ("WriteMask", ua.VariantType.UInt32, False, True),
    ("UserWriteMask", ua.VariantType.UInt32, False, True),
    ("DataTypeDefinition", ua.VariantType.ExtensionObject, False, False),
    ("Value", None, False, False),
)
_HAS_TYPE_DEFINITION: Final = ua.NodeId(ua.ObjectIds.HasTypeDefinition)
_TYPED: Final = (ua.NodeClass.Object, ua.NodeClass.Variable)


class _QuickNodes(NodeManagementService):
    """Adds nodes and references of a set known to be sound, without looking for what cannot be there."""

    def __init__(self, space: AddressSpace) -> None:
        super().__init__(space)
        self._nodes: dict[ua.NodeId, NodeData] = space._nodes  # noqa: SLF001 - the dictionary is the address space
        self._shared: dict[tuple[str, Any], AttributeValue] = {}
        self._known: dict[int, set[tuple[int, int, bool]]] = {}

    def try_add_nodes(
        self, addnodeitems: Iterable[ua.AddNodesItem], user: Any = None, check: bool = True
    ) -> Iterator[ua.AddNodesItem]:
        for item in addnodeitems:
            if not item.ParentNodeId.is_null() and item.ParentNodeId not in self._nodes:
                yield item
            else:
                self._add(item)

    def try_add_references(
        self, refs: Iterable[ua.AddReferencesItem], user: Any = None
    ) -> Iterator[ua.AddReferencesItem]:
        for item in refs:
            source = self._nodes.get(item.SourceNodeId)
            target = self._nodes.get(item.TargetNodeId)
            if source is None or target is None:
                yield item
            else:
                self._refer(source, target, item.ReferenceTypeId, item.IsForward)

    def _add(self, item: ua.AddNodesItem) -> None:
        node = NodeData(item.RequestedNewNodeId)
        attributes = node.attributes
        attributes[ua.AttributeIds.NodeId] = _constant(node.nodeid, ua.VariantType.NodeId)
        attributes[ua.AttributeIds.BrowseName] = _constant(item.BrowseName, ua.VariantType.QualifiedName)
        attributes[ua.AttributeIds.NodeClass] = self._share("NodeClass", item.NodeClass, ua.VariantType.Int32)
        given = item.NodeAttributes
        mask = given.SpecifiedAttributes
        for name, type_, is_array, shared, bit, identifier in _attribute_table(given.__class__):
            if not mask & bit:
                continue
            value = getattr(given, name)
            if shared:
                attributes[identifier] = self._share(name, value, type_)
            elif name == "DataTypeDefinition" and not isinstance(value, ua.DataTypeDefinition):
                attributes[identifier] = _constant(None, ua.VariantType.Null)
            else:
                attributes[identifier] = _constant(value, type_, is_array=is_array)
        self._nodes[node.nodeid] = node
        parent = self._nodes.get(item.ParentNodeId)
        if parent is not None:
            self._refer(parent, node, item.ReferenceTypeId, True, item.TypeDefinition)
            self._refer(node, parent, item.ReferenceTypeId, False)
        kind = self._nodes.get(item.TypeDefinition)
        if kind is not None:
            self._refer(node, kind, _HAS_TYPE_DEFINITION, True)

    def _refer(
        self,
        source: NodeData,
        target: NodeData,
        kind: ua.NodeId,
        forward: bool,
        type_: ua.NodeId | None = None,
    ) -> None:
        known = self._known.setdefault(source.nodeid.Identifier, set())
        key = (kind.Identifier, target.nodeid.Identifier, forward)
        if key in known:
            return
        known.add(key)
        source.references.append(reference(target, kind, forward, type_))

    def _share(self, name: str, value: Any, type_: ua.VariantType | None) -> AttributeValue:
        found = self._shared.get((name, value))
        if found is None:
            found = self._shared[name, value] = _constant(value, type_)
        return found


def reference(
    target: NodeData, kind: ua.NodeId, forward: bool, type_: ua.NodeId | None = None
) -> ua.ReferenceDescription:
    """Return the description of a reference to `target`; without `type_` its type definition is looked up."""
    attributes = target.attributes
    node_class = attributes[ua.AttributeIds.NodeClass].value.Value.Value
    if type_ is None and node_class in _TYPED:
        type_ = next(
            (r.NodeId for r in target.references if r.IsForward and r.ReferenceTypeId == _HAS_TYPE_DEFINITION),
            None,
        )
    described = ua.ReferenceDescription(
        ReferenceTypeId=kind,
        IsForward=forward,
        NodeId=target.nodeid,
        BrowseName=attributes[ua.AttributeIds.BrowseName].value.Value.Value,
        DisplayName=attributes[ua.AttributeIds.DisplayName].value.Value.Value,
        NodeClass=node_class,
    )
    if type_ is not None:
        described.TypeDefinition = type_
    return described


def _constant(value: Any, type_: ua.VariantType | None, *, is_array: bool = False) -> AttributeValue:
    return AttributeValue(ua.DataValue(ua.Variant(value, type_, is_array=is_array or None)))


@functools.cache
def _attribute_table(
    kind: Any,
) -> tuple[tuple[str, ua.VariantType | None, bool, bool, int, ua.AttributeIds], ...]:
    return tuple(
        (*row, int(getattr(ua.NodeAttributesMask, row[0])), getattr(ua.AttributeIds, row[0]))
        for row in _ATTRIBUTES
        if hasattr(kind, row[0]) or row[0] in kind.__dataclass_fields__
    )


@functools.cache
def _template() -> dict[ua.NodeId, NodeData]:
    """Return the standard nodes, built once a process and never changed."""
    from asyncua.server.standard_address_space import standard_address_space

    space = AddressSpace()
    collecting = gc.isenabled()
    gc.disable()  # 300,000 objects that all stay: collecting among them would double the time
    try:
        standard_address_space.fill_address_space(_QuickNodes(space))
        gc.freeze()  # nor look at them ever again: a pass over them is 0.2 s, in the middle of a run
    finally:
        if collecting:
            gc.enable()
    return space._nodes  # noqa: SLF001


def own_node(node: NodeData) -> NodeData:
    """Return a copy of a node that can be changed without changing the original."""
    own = NodeData(node.nodeid)
    own.attributes = {key: AttributeValue(attribute.value) for key, attribute in node.attributes.items()}
    own.references = list(node.references)
    return own


@functools.cache
def _changeable() -> tuple[ua.NodeId, ...]:
    """Return the nodes a running server writes: the Server object, all below it, and the Objects folder."""
    nodes = _template()
    server = ua.NodeId(ua.ObjectIds.Server)
    # The library mends a reference of the two base types at every start.
    mended = (ua.ObjectIds.ObjectsFolder, ua.ObjectIds.BaseObjectType, ua.ObjectIds.BaseDataType)
    found = [*map(ua.NodeId, mended), server]
    queue = [server]
    while queue:
        below = [n for n in _below(nodes, queue.pop()) if n not in found]
        found.extend(below)
        queue.extend(below)
    return tuple(found)


def _below(nodes: dict[ua.NodeId, NodeData], nodeid: ua.NodeId) -> list[ua.NodeId]:
    kinds = {ua.ObjectIds.HasComponent, ua.ObjectIds.HasProperty, ua.ObjectIds.Organizes}
    references = nodes[nodeid].references
    return [r.NodeId for r in references if r.IsForward and r.ReferenceTypeId.Identifier in kinds]


def fill(space: AddressSpace) -> None:
    """Put the standard nodes into an empty address space."""
    nodes = dict(_template())
    for nodeid in _changeable():
        nodes[nodeid] = own_node(nodes[nodeid])
    space._nodes = nodes  # noqa: SLF001
