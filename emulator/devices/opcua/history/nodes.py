"""What says that a variable has a past: its access level, Historizing and HA Configuration (OPC 10000-11 §5.2)."""

from typing import Final

from asyncua import ua
from asyncua.server.address_space import AddressSpace, NodeData

from emulator.devices.opcua.building import A, T, add_node, add_property, set_attribute
from emulator.devices.opcua.history.track import Configuration

HISTORY_READ: Final = 4


def announce(space: AddressSpace, node: NodeData, *, stepped: bool, depth: int) -> None:
    """Mark a variable as historized, and say how its past is to be read."""
    for attribute in (A.AccessLevel, A.UserAccessLevel):
        level = node.attributes[attribute].value
        assert level is not None
        assert level.Value is not None
        set_attribute(node, attribute, int(level.Value.Value) | HISTORY_READ, T.Byte)
    set_attribute(node, A.Historizing, True, T.Boolean)
    name = f"{node.nodeid.Identifier}/HA Configuration"
    index = node.nodeid.NamespaceIndex
    configuration = add_node(
        space, ua.NodeId(name, index), ua.QualifiedName("HA Configuration", 0), ua.NodeClass.Object, node,
        ua.ObjectIds.HasHistoricalConfiguration, ua.ObjectIds.HistoricalDataConfigurationType,
    )  # fmt: skip
    add_property(space, configuration, "Stepped", stepped, ua.ObjectIds.Boolean, T.Boolean)
    add_property(space, configuration, "MaxCountStoredValues", depth, ua.ObjectIds.UInt32, T.UInt32)
    below = add_node(
        space, ua.NodeId(f"{name}/AggregateConfiguration", index), ua.QualifiedName("AggregateConfiguration", 0),
        ua.NodeClass.Object, configuration, ua.ObjectIds.HasComponent, ua.ObjectIds.AggregateConfigurationType,
    )  # fmt: skip
    standard = Configuration()
    for label, value in (
        ("TreatUncertainAsBad", standard.treat_uncertain_as_bad),
        ("UseSlopedExtrapolation", standard.sloped_extrapolation),
    ):
        add_property(space, below, label, value, ua.ObjectIds.Boolean, T.Boolean)
    for label, share in (("PercentDataBad", standard.percent_bad), ("PercentDataGood", standard.percent_good)):
        add_property(space, below, label, share, ua.ObjectIds.Byte, T.Byte)
