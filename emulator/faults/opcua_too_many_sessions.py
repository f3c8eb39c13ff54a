"""The server has no session left (catalogue U22)."""

from typing import TYPE_CHECKING, Any, ClassVar

from emulator.faults.base import parameters

if TYPE_CHECKING:
    from emulator.devices.opcua.misbehaviour import OpcUaMisbehaviour


class OpcUaTooManySessionsFault:
    """CreateSession is refused with Bad_TooManySessions, as by a small controller with lost sessions in it.

    Severity is the share of requests refused.
    """

    kind: ClassVar[str] = "opcua_too_many_sessions"
    layer: ClassVar[str] = "protocol"
    targets: ClassVar[tuple[str, ...]] = ("opcua",)

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def apply(self, target: "OpcUaMisbehaviour", severity: float, t_ns: int) -> None:
        """Refuse the share `severity` of new sessions."""
        target.security.too_many_sessions = max(0.0, severity)
