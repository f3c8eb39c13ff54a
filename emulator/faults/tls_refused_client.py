"""A TLS server no longer takes the certificate its clients show, or the one they do not have (catalogue T21)."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.faults.tls_certificate import HasTls


class TlsRefusedClientFault:
    """New TLS connections must show a certificate of an authority that signed nobody's (RFC 8446 §4.4.2.4).

    Severity is the share of new connections. In TLS 1.3 the client has finished its handshake when the alert comes.
    """

    kind: ClassVar[str] = "tls_refused_client"
    layer: ClassVar[str] = "protocol"
    targets: ClassVar[tuple[str, ...]] = ("modbus-tcp", "mqtt")

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def apply(self, target: HasTls, severity: float, t_ns: int) -> None:
        """Refuse connections from now on; take clients again at severity 0."""
        target.tls.set(self.kind, severity)
