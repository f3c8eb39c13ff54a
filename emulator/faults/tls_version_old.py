"""A TLS server speaks nothing newer than TLS 1.1 or 1.0 (catalogue T21)."""

from typing import Any, ClassVar

from emulator.devices.tls import OLD
from emulator.faults.base import parameters
from emulator.faults.tls_certificate import HasTls


class TlsVersionOldFault:
    """New TLS connections are offered a version that RFC 8996 forbids; clients of today turn it down.

    Severity is the share of new connections. Parameter: `version`, "1.1" or "1.0".
    """

    kind: ClassVar[str] = "tls_version_old"
    layer: ClassVar[str] = "protocol"
    targets: ClassVar[tuple[str, ...]] = ("modbus-tcp", "mqtt")

    def __init__(self, params: dict[str, Any]) -> None:
        given = parameters(self.kind, params, version="1.1")
        self._version = str(given["version"])
        if self._version not in OLD:
            raise ValueError(f"fault {self.kind}: unknown version {self._version!r}; it is one of {', '.join(OLD)}")

    def apply(self, target: HasTls, severity: float, t_ns: int) -> None:
        """Offer it to connections from now on; TLS 1.2 and 1.3 again at severity 0."""
        target.tls.set(self.kind, severity, self._version)
