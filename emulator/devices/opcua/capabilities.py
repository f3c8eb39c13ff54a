"""What the server says of its limits and abilities: ServerCapabilities and below (OPC 10000-5 §6.3.2, §6.3.11)."""

from typing import Any, Final

from asyncua import ua
from asyncua.server.address_space import AddressSpace, AttributeValue

from emulator.devices.opcua.standard_space import reference
from rigs.devices.opcua import OpcUaHistory, OpcUaSettings

_UINT32: Final = {
    "MaxArrayLength": "array_length",
    "MaxStringLength": "string_length",
    "MaxByteStringLength": "string_length",
    "MaxSessions": "sessions",
    "MaxSubscriptionsPerSession": "subscriptions_per_session",
    "MaxMonitoredItemsPerSubscription": "items_per_subscription",
    "MaxMonitoredItemsQueueSize": "queue_size",
    "OperationLimits_MaxNodesPerRead": "nodes_per_read",
    "OperationLimits_MaxNodesPerWrite": "nodes_per_write",
    "OperationLimits_MaxNodesPerBrowse": "nodes_per_browse",
    "OperationLimits_MaxNodesPerMethodCall": "nodes_per_method_call",
    "OperationLimits_MaxNodesPerRegisterNodes": "nodes_per_register",
    "OperationLimits_MaxNodesPerTranslateBrowsePathsToNodeIds": "nodes_per_translate",
    "OperationLimits_MaxNodesPerHistoryReadData": "nodes_per_history_read",
    "OperationLimits_MaxMonitoredItemsPerCall": "monitored_items_per_call",
}
_ABLE: Final = ("AccessHistoryDataCapability",)
_PROFILES: Final = ("Server/EmbeddedUA2017", "Transport/uatcp-uasc-uabinary")
_PROFILE: Final = "http://opcfoundation.org/UA-Profile/"
_UNABLE: Final = (
    "AccessHistoryEventsCapability", "InsertDataCapability", "ReplaceDataCapability", "UpdateDataCapability",
    "DeleteRawCapability", "DeleteAtTimeCapability", "InsertEventCapability", "ReplaceEventCapability",
    "UpdateEventCapability", "DeleteEventCapability", "InsertAnnotationCapability", "ServerTimestampSupported",
)  # fmt: skip


def advertise(
    space: AddressSpace, settings: OpcUaSettings, aggregates: tuple[int, ...], fastest_ms: float = 0.0
) -> None:
    """Fill in the server's own account of itself.

    Parameters
    ----------
    space
        The address space, with standard nodes of its own.
    settings
        The device's settings.
    aggregates
        Aggregate functions it can compute, as identifiers of namespace 0; none without a history.
    fastest_ms
        The fastest it samples [ms]; 0 for whenever its plant moves.

    """
    profiles = [_PROFILE + name for name in _PROFILES]
    _set(space, "Server_ServerCapabilities_ServerProfileArray", profiles, ua.VariantType.String)
    _set(space, "Server_ServerCapabilities_LocaleIdArray", ["en"], ua.VariantType.String)
    _set(space, "Server_ServerCapabilities_MinSupportedSampleRate", fastest_ms, ua.VariantType.Double)
    _set(space, "Server_Auditing", False, ua.VariantType.Boolean)  # no audit events are sent, and none are claimed
    _set(space, "Server_ServerRedundancy_RedundancySupport", 0, ua.VariantType.Int32)
    limits = settings.limits
    for name, field in _UINT32.items():
        _set(space, f"Server_ServerCapabilities_{name}", getattr(limits, field), ua.VariantType.UInt32)
    history = settings.history or OpcUaHistory()
    points = {
        "MaxBrowseContinuationPoints": limits.browse_continuation_points,
        "MaxQueryContinuationPoints": 0,
        "MaxHistoryContinuationPoints": history.continuation_points,
    }
    for name, number in points.items():
        _set(space, f"Server_ServerCapabilities_{name}", number, ua.VariantType.UInt16)
    for names, able in ((_ABLE, bool(aggregates)), (_UNABLE, False)):
        for name in names:
            _set(space, f"HistoryServerCapabilities_{name}", able, ua.VariantType.Boolean)
    most = min(history.values_per_read, limits.array_length) if aggregates else 0
    _set(space, "HistoryServerCapabilities_MaxReturnDataValues", most, ua.VariantType.UInt32)
    _set(space, "HistoryServerCapabilities_MaxReturnEventValues", 0, ua.VariantType.UInt32)
    for folder in ("Server_ServerCapabilities_AggregateFunctions", "HistoryServerCapabilities_AggregateFunctions"):
        node = space[ua.NodeId(getattr(ua.ObjectIds, folder))]
        kind = ua.NodeId(ua.ObjectIds.Organizes)
        node.references.extend(reference(space[ua.NodeId(number)], kind, True) for number in aggregates)


def _set(space: AddressSpace, name: str, value: Any, type_: ua.VariantType) -> None:
    node = space[ua.NodeId(getattr(ua.ObjectIds, name))]
    node.attributes[ua.AttributeIds.Value] = AttributeValue(ua.DataValue(ua.Variant(value, type_)))
