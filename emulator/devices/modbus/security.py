"""Modbus/TCP Security: TLS with certificates of both sides, and what the client's role allows.

The role is a UTF-8 string in an extension of the client's certificate, OID 1.3.6.1.4.1.50316.802.1 (MODBUS/TCP
Security Protocol Specification v21, chapter 8); what it may not do is answered with exception 01. Frames are those of
plain Modbus TCP and need not end where TLS records do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cryptography import x509

from emulator.devices.certificates import LOOPBACK, ROLE_OID, TlsCertificates
from emulator.devices.tls import Door, TlsTrouble

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

_WRITING: Final = frozenset((5, 6, 8, 15, 16, 21, 22, 23))
_NOTHING: Final = "nothing"


class TlsServing:
    """Certificates and roles of one device.

    Parameters
    ----------
    folder
        keeps the certificates; they are made on first use.
    roles
        what a role may do: "read", "write" (everything) or the function codes.
    without_role
        what a certificate without a role may do: "nothing", "read" or "write".
    hosts
        what the server's certificate names.
    trouble
        what goes wrong when connections begin.
    """

    def __init__(
        self,
        folder: Path,
        roles: Mapping[str, str | tuple[int, ...]],
        *,
        without_role: str = _NOTHING,
        hosts: Iterable[str] = LOOPBACK,
        trouble: TlsTrouble | None = None,
    ) -> None:
        self.certificates = TlsCertificates(folder, hosts)
        self._trouble = trouble or TlsTrouble()
        self._roles = roles
        self._without_role = without_role

    def context(self) -> ssl.SSLContext:
        """Return the server's TLS context: 1.2 or later, a client certificate of our authority needed.

        Raises
        ------
        OSError
            The folder cannot be written.
        """
        self.certificates.make(tuple(self._roles))
        return Door(self.certificates, self._trouble, clients=True)

    def rights_of(self, connection: Any) -> Callable[[int], bool]:
        """Return which function codes the peer of a TLS connection (its `ssl_object`) may use."""
        role = role_of(connection.getpeercert(binary_form=True))
        rights = self._without_role if role is None else self._roles.get(role, _NOTHING)
        if isinstance(rights, tuple):
            return frozenset(rights).__contains__
        return {"write": _anything, "read": _reading}.get(rights, _nothing)


def role_of(certificate: bytes | None) -> str | None:
    """Return the role in a certificate (DER), None where it has none or none that can be read."""
    if certificate is None:
        return None
    try:
        extension = x509.load_der_x509_certificate(certificate).extensions.get_extension_for_oid(ROLE_OID).value
    except (x509.ExtensionNotFound, ValueError):
        return None
    value: bytes = extension.value  # type: ignore[attr-defined]  # an extension that the library does not know
    # DER: UTF8String, a length below 128, the text.
    if len(value) < 2 or value[0] != 0x0C or value[1] != len(value) - 2 or value[1] > 127:
        return None
    try:
        return value[2:].decode("utf-8")
    except UnicodeDecodeError:
        return None


def _anything(_function: int) -> bool:
    return True


def _reading(function: int) -> bool:
    return function not in _WRITING


def _nothing(_function: int) -> bool:
    return False
