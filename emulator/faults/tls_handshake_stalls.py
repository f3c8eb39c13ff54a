"""A TLS server takes the connection and the client's hello, and says nothing (catalogue T21)."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.faults.tls_certificate import HasTls


class TlsHandshakeStallsFault:
    """New TLS connections are accepted and never get beyond the client's first message.

    Severity is the share of new connections. The server gives a connection up after a minute.
    """

    kind: ClassVar[str] = "tls_handshake_stalls"
    layer: ClassVar[str] = "protocol"
    targets: ClassVar[tuple[str, ...]] = ("modbus-tcp", "mqtt")

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def apply(self, target: HasTls, severity: float, t_ns: int) -> None:
        """Leave connections from now on unanswered; answer them again at severity 0."""
        target.tls.set(self.kind, severity)
