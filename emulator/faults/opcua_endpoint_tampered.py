"""The endpoint list was changed on its way: GetEndpoints differs from CreateSession (catalogue U25)."""

from typing import TYPE_CHECKING, Any, ClassVar

from emulator.faults.base import parameters

if TYPE_CHECKING:
    from emulator.devices.opcua.misbehaviour import OpcUaMisbehaviour


class OpcUaEndpointTamperedFault:
    """GetEndpoints, which nothing protects, praises the endpoint without security and belittles the others.

    CreateSession repeats the true list on the secured channel, for the client to compare (OPC 10000-4 §5.6.2.2).
    Any severity above 0 switches it on.
    """

    kind: ClassVar[str] = "opcua_endpoint_tampered"
    layer: ClassVar[str] = "protocol"
    targets: ClassVar[tuple[str, ...]] = ("opcua",)

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def apply(self, target: "OpcUaMisbehaviour", severity: float, t_ns: int) -> None:
        """Tell two stories while severity is above 0."""
        target.security.tampered = severity > 0.0
