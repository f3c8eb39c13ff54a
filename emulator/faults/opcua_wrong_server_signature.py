"""The server cannot prove that its certificate is its own (catalogue U23)."""

from typing import TYPE_CHECKING, Any, ClassVar

from emulator.faults.base import parameters

if TYPE_CHECKING:
    from emulator.devices.opcua.misbehaviour import OpcUaMisbehaviour


class OpcUaWrongServerSignatureFault:
    """The ServerSignature in CreateSession's answer does not fit the certificate (OPC 10000-4 §5.6.2.2).

    Any severity above 0 switches it on; without a secure channel there is no signature to spoil.
    """

    kind: ClassVar[str] = "opcua_wrong_server_signature"
    layer: ClassVar[str] = "protocol"
    targets: ClassVar[tuple[str, ...]] = ("opcua",)

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def apply(self, target: "OpcUaMisbehaviour", severity: float, t_ns: int) -> None:
        """Spoil the signature while severity is above 0."""
        target.security.bad_signature = severity > 0.0
