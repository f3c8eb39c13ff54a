"""The server's nonce is no nonce: repeated, too short, or none (catalogue U23)."""

from typing import TYPE_CHECKING, Any, ClassVar, Final

from emulator.faults.base import parameters

if TYPE_CHECKING:
    from emulator.devices.opcua.misbehaviour import OpcUaMisbehaviour

_WHATS: Final = ("reused", "short", "empty")


class OpcUaWrongServerNonceFault:
    """CreateSession and ActivateSession answer with a nonce that is not 32 new random bytes (OPC 10000-4 §5.6.2.2).

    Any severity above 0 switches it on. Parameter: `what`: ``reused`` (always the same), ``short`` (8 bytes) or
    ``empty``.
    """

    kind: ClassVar[str] = "opcua_wrong_server_nonce"
    layer: ClassVar[str] = "protocol"
    targets: ClassVar[tuple[str, ...]] = ("opcua",)

    def __init__(self, params: dict[str, Any]) -> None:
        self._what = str(parameters(self.kind, params, what="reused")["what"])
        if self._what not in _WHATS:
            raise ValueError(f"fault {self.kind}: unknown what {self._what!r}; it is one of {', '.join(_WHATS)}")

    def apply(self, target: "OpcUaMisbehaviour", severity: float, t_ns: int) -> None:
        """Spoil the nonces while severity is above 0."""
        target.security.nonce = self._what if severity > 0.0 else None
