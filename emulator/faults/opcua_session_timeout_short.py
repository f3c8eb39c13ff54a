"""The server's sessions time out in a moment, whatever the client asks for (catalogue U22)."""

from typing import TYPE_CHECKING, Any, ClassVar

from emulator.faults.base import parameters

if TYPE_CHECKING:
    from emulator.devices.opcua.misbehaviour import OpcUaMisbehaviour


class OpcUaSessionTimeoutShortFault:
    """Every new session's time-out is revised to this; silence for so long ends the session (OPC 10000-4 §5.6.2).

    Any severity above 0 switches it on. Parameter: `timeout_s` [s of real time].
    """

    kind: ClassVar[str] = "opcua_session_timeout_short"
    layer: ClassVar[str] = "protocol"
    targets: ClassVar[tuple[str, ...]] = ("opcua",)

    def __init__(self, params: dict[str, Any]) -> None:
        self._timeout_s = float(parameters(self.kind, params, timeout_s=1.0)["timeout_s"])
        if not 0.1 <= self._timeout_s <= 86_400.0:
            raise ValueError(f"fault {self.kind}: timeout_s = {self._timeout_s:g} must be in [0.1, 86400]")

    def apply(self, target: "OpcUaMisbehaviour", severity: float, t_ns: int) -> None:
        """Shorten sessions while severity is above 0."""
        target.security.session_timeout_s = self._timeout_s if severity > 0.0 else None
