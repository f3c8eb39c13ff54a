"""The server creates sessions and will not have them activated (catalogue U22)."""

from typing import TYPE_CHECKING, Any, ClassVar, Final

from emulator.faults.base import parameters

if TYPE_CHECKING:
    from emulator.devices.opcua.misbehaviour import OpcUaMisbehaviour

_STATUSES: Final = {
    "Bad_UserAccessDenied": 0x801F0000,
    "Bad_IdentityTokenRejected": 0x80210000,
    "Bad_SessionIdInvalid": 0x80250000,
    "Bad_TooManySessions": 0x80560000,
    "Bad_ApplicationSignatureInvalid": 0x80580000,
}


class OpcUaActivateRefusedFault:
    """ActivateSession is refused (OPC 10000-4 §5.6.3); reconnecting on a new channel is hit the same way.

    Severity is the share of requests refused. Parameter: `status`, what it is refused with.
    """

    kind: ClassVar[str] = "opcua_activate_refused"
    layer: ClassVar[str] = "protocol"
    targets: ClassVar[tuple[str, ...]] = ("opcua",)

    def __init__(self, params: dict[str, Any]) -> None:
        name = str(parameters(self.kind, params, status="Bad_UserAccessDenied")["status"])
        if name not in _STATUSES:
            raise ValueError(f"fault {self.kind}: unknown status {name!r}; it is one of {', '.join(_STATUSES)}")
        self._status = _STATUSES[name]

    def apply(self, target: "OpcUaMisbehaviour", severity: float, t_ns: int) -> None:
        """Refuse the share `severity` of activations."""
        target.security.activate_refused = max(0.0, severity)
        target.security.activate_status = self._status
