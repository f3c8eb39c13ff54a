"""The server's endpoint list has lost its secure entries (catalogue U25)."""

from typing import TYPE_CHECKING, Any, ClassVar

from emulator.faults.base import parameters

if TYPE_CHECKING:
    from emulator.devices.opcua.misbehaviour import OpcUaMisbehaviour


class OpcUaEndpointsDowngradedFault:
    """Endpoint lists name only security policy None, and a channel without security is let in.

    Any severity above 0 switches it on. The secure policies still work for who insists on them.
    """

    kind: ClassVar[str] = "opcua_endpoints_downgraded"
    layer: ClassVar[str] = "protocol"
    targets: ClassVar[tuple[str, ...]] = ("opcua",)

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def apply(self, target: "OpcUaMisbehaviour", severity: float, t_ns: int) -> None:
        """Offer None only while severity is above 0."""
        target.security.only_none = severity > 0.0
