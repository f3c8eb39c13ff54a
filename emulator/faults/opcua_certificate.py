"""The server shows a bad certificate: expired, revoked, of somewhere else (catalogue U24)."""

from typing import TYPE_CHECKING, Any, ClassVar

from emulator.devices.opcua.security.misbehaviour import WHATS
from emulator.faults.base import parameters

if TYPE_CHECKING:
    from emulator.devices.opcua.misbehaviour import OpcUaMisbehaviour


class OpcUaCertificateFault:
    """New channels, endpoint lists and sessions show a certificate that breaks one rule (OPC 10000-4 §6.1.3).

    Any severity above 0 switches it on. Parameter: `what`, which rule. Channels that are open go on; a device
    without a secure endpoint has no certificate to show.
    """

    kind: ClassVar[str] = "opcua_certificate"
    layer: ClassVar[str] = "protocol"
    targets: ClassVar[tuple[str, ...]] = ("opcua",)

    def __init__(self, params: dict[str, Any]) -> None:
        given = parameters(self.kind, params, what="expired")
        self._what = str(given["what"])
        if self._what not in WHATS:
            raise ValueError(f"fault {self.kind}: unknown what {self._what!r}; it is one of {', '.join(WHATS)}")

    def apply(self, target: "OpcUaMisbehaviour", severity: float, t_ns: int) -> None:
        """Show the bad certificate from the next channel on; the good one again at severity 0."""
        if severity > 0.0:
            target.security.certificate = self._what
        elif target.security.certificate == self._what:
            target.security.certificate = None
