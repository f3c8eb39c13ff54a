"""Who may do what: observers read, operators command, engineers also see diagnostics."""

from collections.abc import Callable
from enum import IntEnum
from typing import Any, Final

from asyncua import ua
from asyncua.crypto.permission_rules import User, UserRole
from asyncua.server.address_space import NodeData


class Role(IntEnum):
    """What a session may do; each may what those before it may."""

    OBSERVER = 0
    OPERATOR = 1
    ENGINEER = 2


class PlantUser(User):
    """A logged-in user as the library knows one (never its administrator), with a role of ours."""

    def __init__(self, role: Role, name: str = "") -> None:
        super().__init__(role=UserRole.User, name=name)
        self.plant_role = role


_COMMANDS: Final = {
    ua.NodeId(request)
    for request in (
        ua.ObjectIds.HistoryUpdateRequest_Encoding_DefaultBinary,
        ua.ObjectIds.AddNodesRequest_Encoding_DefaultBinary,
        ua.ObjectIds.AddReferencesRequest_Encoding_DefaultBinary,
        ua.ObjectIds.DeleteNodesRequest_Encoding_DefaultBinary,
        ua.ObjectIds.DeleteReferencesRequest_Encoding_DefaultBinary,
    )
}
_CONDITION_REFRESH: Final = (ua.ObjectIds.ConditionType_ConditionRefresh, ua.ObjectIds.ConditionType_ConditionRefresh2)
_HARMLESS: Final = "commands_nothing"
_WRITABLE: Final = 0x02 | 0x08 | 0x20 | 0x40  # CurrentWrite, HistoryWrite, StatusWrite, TimestampWrite


def role_of(user: Any) -> Role:
    """Return the role of a session's user; the server's own session is no plant user and may everything."""
    return user.plant_role if isinstance(user, PlantUser) else Role.ENGINEER


def is_refused(user: Any, request: ua.NodeId) -> bool:
    """Whether a whole service is beyond a user; Write and Call are decided node by node."""
    return role_of(user) < Role.OPERATOR and request in _COMMANDS


def may_command(user: Any) -> bool:
    """Whether a user may write, and call methods that command something."""
    return role_of(user) >= Role.OPERATOR


def commands_nothing(call: Callable[..., Any]) -> Callable[..., Any]:
    """Mark what stands behind a method as one that only tells: everybody may call it."""
    call.__dict__[_HARMLESS] = True
    return call


def may_call(user: Any, method: NodeData) -> bool:
    """Whether a user may call a method: observers call what only tells, as a refresh of the conditions does."""
    if may_command(user) or getattr(method.call, _HARMLESS, False):
        return True
    return method.nodeid.NamespaceIndex == 0 and method.nodeid.Identifier in _CONDITION_REFRESH


_DIAGNOSTICS: Final = frozenset(
    int(number) for name, number in vars(ua.ObjectIds).items() if name.startswith("Server_ServerDiagnostics_")
)


def is_diagnostics(node: ua.NodeId, attribute: int) -> bool:
    """Whether this is the value of one of the server's diagnostics nodes, which some keep to engineers."""
    return node.NamespaceIndex == 0 and node.Identifier in _DIAGNOSTICS and attribute == ua.AttributeIds.Value


def for_user(user: Any, node: NodeData | None, attribute: int, value: ua.DataValue) -> ua.DataValue:
    """Return UserAccessLevel and UserExecutable as they are for this user (OPC 10000-3 §5.6.2, §5.7)."""
    if role_of(user) >= Role.OPERATOR or value.Value is None or value.Value.Value is None:
        return value
    if attribute == ua.AttributeIds.UserAccessLevel:
        return ua.DataValue(ua.Variant(value.Value.Value & ~_WRITABLE & 0xFF, ua.VariantType.Byte))
    if attribute == ua.AttributeIds.UserExecutable and (node is None or not may_call(user, node)):
        return ua.DataValue(ua.Variant(False, ua.VariantType.Boolean))
    return value
