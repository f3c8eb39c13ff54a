"""Nodes put into an address space by hand: what a device has beside its points' own variables."""

from typing import Any

from asyncua import ua
from asyncua.server.address_space import AddressSpace, AttributeValue, NodeData

from emulator.devices.opcua.standard_space import own_node, reference

A = ua.AttributeIds
T = ua.VariantType


def own(space: AddressSpace, nodeid: ua.NodeId) -> NodeData:
    """Return a node of this server's alone, to be changed: standard nodes are shared by all servers of a process."""
    node = space[nodeid] = own_node(space[nodeid])
    return node


def set_attribute(node: NodeData, attribute: ua.AttributeIds, value: Any, type_: ua.VariantType) -> None:
    """Give a node a constant attribute."""
    node.attributes[attribute] = AttributeValue(ua.DataValue(ua.Variant(value, type_)))


def join(source: NodeData, target: NodeData, by: ua.NodeId) -> None:
    """Let a node refer to another and back."""
    source.references.append(reference(target, by, True))
    target.references.append(reference(source, by, False))


def add_node(
    space: AddressSpace,
    nodeid: ua.NodeId,
    name: ua.QualifiedName,
    node_class: ua.NodeClass,
    parent: NodeData,
    by: int,
    kind: int | ua.NodeId | None = None,
    description: str = "",
) -> NodeData:
    """Add a node below another.

    Raises
    ------
    ValueError
        The NodeId is taken.

    """
    if nodeid in space:
        raise ValueError(f"the node {nodeid.to_string()} is there already; give points and instances other names")
    node = NodeData(nodeid)
    set_attribute(node, A.NodeId, nodeid, T.NodeId)
    set_attribute(node, A.NodeClass, node_class, T.Int32)
    set_attribute(node, A.BrowseName, name, T.QualifiedName)
    set_attribute(node, A.DisplayName, ua.LocalizedText(name.Name), T.LocalizedText)
    set_attribute(node, A.Description, ua.LocalizedText(description), T.LocalizedText)
    set_attribute(node, A.WriteMask, 0, T.UInt32)
    set_attribute(node, A.UserWriteMask, 0, T.UInt32)
    if node_class == ua.NodeClass.Object:
        set_attribute(node, A.EventNotifier, 0, T.Byte)
    if node_class == ua.NodeClass.Method:
        set_attribute(node, A.Executable, True, T.Boolean)
        set_attribute(node, A.UserExecutable, True, T.Boolean)
    if kind is not None:
        type_ = space[kind if isinstance(kind, ua.NodeId) else ua.NodeId(kind)]
        node.references.append(reference(type_, ua.NodeId(ua.ObjectIds.HasTypeDefinition), True))
    join(parent, node, ua.NodeId(by))
    space[nodeid] = node
    return node


def describe(node: NodeData, data_type: ua.NodeId, rank: int = -1) -> None:
    """Make a node a variable that can be read."""
    set_attribute(node, A.DataType, data_type, T.NodeId)
    set_attribute(node, A.ValueRank, rank, T.Int32)
    if rank > 0:
        set_attribute(node, A.ArrayDimensions, [0] * rank, T.UInt32)
    set_attribute(node, A.AccessLevel, 1, T.Byte)
    set_attribute(node, A.UserAccessLevel, 1, T.Byte)
    set_attribute(node, A.MinimumSamplingInterval, 0.0, T.Double)
    set_attribute(node, A.Historizing, False, T.Boolean)


def add_property(
    space: AddressSpace, parent: NodeData, name: str, value: Any, data_type: int, type_: ua.VariantType
) -> NodeData:
    """Add a property of namespace 0 with a constant value; its NodeId is its parent's with `name` behind."""
    above = parent.nodeid
    nodeid = ua.NodeId(f"{above.Identifier}/{name}", above.NamespaceIndex)
    node = add_node(
        space, nodeid, ua.QualifiedName(name, 0), ua.NodeClass.Variable, parent, ua.ObjectIds.HasProperty,
        ua.ObjectIds.PropertyType,
    )  # fmt: skip
    describe(node, ua.NodeId(data_type), 1 if isinstance(value, list) else -1)
    set_attribute(node, A.Value, value, type_)
    return node
