"""The server's security tokens last a moment, whatever the client asks for (catalogue U23)."""

from typing import TYPE_CHECKING, Any, ClassVar

from emulator.faults.base import parameters

if TYPE_CHECKING:
    from emulator.devices.opcua.misbehaviour import OpcUaMisbehaviour


class OpcUaTokenLifetimeShortFault:
    """Every new security token gets this lifetime; who does not renew in time is closed (OPC 10000-4 §5.5.2).

    Any severity above 0 switches it on. Parameter: `lifetime_s` [s of real time].
    """

    kind: ClassVar[str] = "opcua_token_lifetime_short"
    layer: ClassVar[str] = "protocol"
    targets: ClassVar[tuple[str, ...]] = ("opcua",)

    def __init__(self, params: dict[str, Any]) -> None:
        self._lifetime_s = float(parameters(self.kind, params, lifetime_s=1.0)["lifetime_s"])
        if not 0.1 <= self._lifetime_s <= 3_600.0:
            raise ValueError(f"fault {self.kind}: lifetime_s = {self._lifetime_s:g} must be in [0.1, 3600]")

    def apply(self, target: "OpcUaMisbehaviour", severity: float, t_ns: int) -> None:
        """Shorten tokens while severity is above 0."""
        target.security.token_lifetime_s = self._lifetime_s if severity > 0.0 else None
