"""A TLS server shows a bad certificate: expired, of somewhere else, signed by nobody we know (catalogue T21)."""

from typing import Any, ClassVar, Protocol

from emulator.devices.tls import WHATS, TlsTrouble
from emulator.faults.base import parameters


class HasTls(Protocol):
    """A server's misbehaviour with a part for TLS."""

    @property
    def tls(self) -> TlsTrouble:
        """What goes wrong when connections begin."""


class TlsCertificateFault:
    """New TLS connections are shown a certificate that breaks one rule (RFC 5280 §6.1, RFC 6125 §6).

    Severity is the share of new connections. Parameter: `what`, which rule. Open connections go on; a device
    without TLS has no certificate to show.
    """

    kind: ClassVar[str] = "tls_certificate"
    layer: ClassVar[str] = "protocol"
    targets: ClassVar[tuple[str, ...]] = ("modbus-tcp", "mqtt")

    def __init__(self, params: dict[str, Any]) -> None:
        given = parameters(self.kind, params, what="expired")
        self._what = str(given["what"])
        if self._what not in WHATS:
            raise ValueError(f"fault {self.kind}: unknown what {self._what!r}; it is one of {', '.join(WHATS)}")

    def apply(self, target: HasTls, severity: float, t_ns: int) -> None:
        """Show it to connections from now on; the good one again at severity 0."""
        target.tls.set(self.kind, severity, self._what)
