"""What an event of a condition says, field by field: browse path below its event type -> Variant.

OPC 10000-5 §6.4.2 (BaseEventType) and OPC 10000-9 §5.5 to §5.8; a client picks fields by select clauses.
"""

from collections.abc import Mapping
from typing import Final

from asyncua import ua

from emulator.devices.opcua.alarms.condition import State
from emulator.devices.opcua.nodes import as_datetime

Path = tuple[str, ...]
CONDITION_ID: Final[Path] = ("ConditionId",)
"""Under this path stands the condition's own node id, which clients select as attribute NodeId of ConditionType."""

_STATE_WORDS: Final = {
    "EnabledState": ("Enabled", "Disabled"),
    "ActiveState": ("Active", "Inactive"),
    "AckedState": ("Acknowledged", "Unacknowledged"),
    "ConfirmedState": ("Confirmed", "Unconfirmed"),
}
_LEVEL_NODES: Final = {
    "high_high": ua.ObjectIds.ExclusiveLimitStateMachineType_HighHigh,
    "high": ua.ObjectIds.ExclusiveLimitStateMachineType_High,
    "low": ua.ObjectIds.ExclusiveLimitStateMachineType_Low,
    "low_low": ua.ObjectIds.ExclusiveLimitStateMachineType_LowLow,
}
_LEVEL_NAMES: Final = {"high_high": "HighHigh", "high": "High", "low": "Low", "low_low": "LowLow"}
_LIMIT_FIELDS: Final = {
    "high_high": "HighHighLimit", "high": "HighLimit", "low": "LowLimit", "low_low": "LowLowLimit",
}  # fmt: skip

_ID = ua.VariantType.NodeId
_TEXT = ua.VariantType.LocalizedText
_TIME = ua.VariantType.DateTime


def event_fields(
    state: State, *, condition: ua.NodeId, name: str, source: ua.NodeId, source_name: str, event_type: int,
    limits: Mapping[str, float], now: int,
) -> dict[Path, ua.Variant]:  # fmt: skip
    """Return every field of a condition's event.

    Parameters
    ----------
    state
        How the condition stands.
    condition, name
        Its node and its name (ConditionName).
    source, source_name
        The point that it watches.
    event_type
        Identifier of its type, in namespace 0.
    limits
        Its limits by name; empty for a state alarm.
    now
        When the event is given out, FILETIME (ReceiveTime).

    """
    fields = _base(ua.NodeId(event_type), source, source_name, state.ticks, now, state.severity, state.message)
    fields[("EventId",)] = ua.Variant(state.event_id, ua.VariantType.ByteString)
    fields |= {
        CONDITION_ID: ua.Variant(condition, _ID),
        ("ConditionClassId",): ua.Variant(ua.NodeId(ua.ObjectIds.ProcessConditionClassType), _ID),
        ("ConditionClassName",): _text("ProcessConditionClassType"),
        ("ConditionName",): ua.Variant(name, ua.VariantType.String),
        ("BranchId",): ua.Variant(ua.NodeId(), _ID),
        ("Retain",): _yes(state.retain),
        ("Quality",): ua.Variant(ua.StatusCode(state.quality), ua.VariantType.StatusCode),
        ("Quality", "SourceTimestamp"): _time(state.ticks),
        ("LastSeverity",): ua.Variant(state.last_severity, ua.VariantType.UInt16),
        ("LastSeverity", "SourceTimestamp"): _time(state.ticks),
        ("Comment",): _text(state.comment),
        ("Comment", "SourceTimestamp"): _time(state.comment_ticks),
        ("ClientUserId",): ua.Variant(state.user, ua.VariantType.String),
        ("InputNode",): ua.Variant(source, _ID),
        ("SuppressedOrShelved",): _yes(False),
    }
    stands = {
        "EnabledState": (state.enabled, "enabled"), "ActiveState": (state.active, "active"),
        "AckedState": (state.acked, "acked"), "ConfirmedState": (state.confirmed, "confirmed"),
    }  # fmt: skip
    for field, (is_so, key) in stands.items():
        words = _STATE_WORDS[field]
        fields[field,] = _text(words[0] if is_so else words[1])
        fields[field, "Id"] = _yes(is_so)
        if state.since(key):
            fields[field, "TransitionTime"] = _time(state.since(key))
    if limits:
        fields |= _limit_state(state)
        fields |= {(_LIMIT_FIELDS[level],): ua.Variant(limit, ua.VariantType.Double) for level, limit in limits.items()}
    return fields


def refresh_fields(event_type: int, event_id: bytes, ticks: int) -> dict[Path, ua.Variant]:
    """Return the fields of RefreshStartEventType or RefreshEndEventType (OPC 10000-9 §5.11)."""
    fields = _base(
        ua.NodeId(event_type), ua.NodeId(ua.ObjectIds.Server), "Server", ticks, ticks, 1, "Condition refresh"
    )
    fields[("EventId",)] = ua.Variant(event_id, ua.VariantType.ByteString)
    return fields


def _base(
    event_type: ua.NodeId, source: ua.NodeId, source_name: str, ticks: int, now: int, severity: int, message: str
) -> dict[Path, ua.Variant]:
    return {
        ("EventType",): ua.Variant(event_type, _ID),
        ("SourceNode",): ua.Variant(source, _ID),
        ("SourceName",): ua.Variant(source_name, ua.VariantType.String),
        ("Time",): _time(ticks),
        ("ReceiveTime",): _time(now),
        ("Severity",): ua.Variant(severity, ua.VariantType.UInt16),
        ("Message",): _text(message),
    }


def _limit_state(state: State) -> dict[Path, ua.Variant]:
    node = _LEVEL_NODES.get(state.level)
    fields = {
        ("LimitState", "CurrentState"): _text(_LEVEL_NAMES.get(state.level, "")),
        ("LimitState", "CurrentState", "Id"): ua.Variant(ua.NodeId() if node is None else ua.NodeId(node), _ID),
    }
    if state.since("limit"):
        fields["LimitState", "LastTransition", "TransitionTime"] = _time(state.since("limit"))
    return fields


def _text(words: str) -> ua.Variant:
    return ua.Variant(ua.LocalizedText(words), _TEXT)


def _yes(is_so: bool) -> ua.Variant:
    return ua.Variant(is_so, ua.VariantType.Boolean)


def _time(ticks: int) -> ua.Variant:
    return ua.Variant(as_datetime(ticks), _TIME)
