"""A server's TLS, and what it can be told to do wrong with connections that come from now on.

Connections that are open go on; without a fault a new one costs one look at an empty dict.
"""

from __future__ import annotations

import ssl
import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Self

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.devices.certificates import TlsCertificates

WHATS: Final = ("expired", "not_yet_valid", "wrong_host", "unknown_authority", "self_signed", "weak_key")
"""The ways a TLS server's certificate can be bad."""
OLD: Final = {"1.0": "TLSv1", "1.1": "TLSv1_1"}
KINDS: Final = ("tls_handshake_stalls", "tls_version_old", "tls_refused_client", "tls_certificate")


def _unheard(kind: str, detail: str = "") -> None:
    """Nobody keeps a truth log."""


@dataclass(slots=True)
class TlsTrouble:
    """TLS faults of one server: kind -> share of new connections and what is wrong with them.

    Of several the first in the order of `KINDS` that takes a connection has it. A server without TLS has none of this.

    Attributes
    ----------
    draw
        A pure function of kind and count to [0, 1): which connections a share takes.
    note
        Called with kind and detail when a client's hello was answered wrongly, or not at all.

    """

    draw: Callable[[str, int], float] = lambda kind, index: 0.0
    note: Callable[..., None] = _unheard
    plans: dict[str, tuple[float, str]] = field(default_factory=dict)
    _seen: dict[str, int] = field(default_factory=dict)

    def set(self, kind: str, share: float, what: str = "") -> None:
        """Have a share of the new connections go wrong; 0 is none."""
        if share > 0.0:
            self.plans[kind] = (share, what)
        elif self.plans.get(kind, (0.0, what))[1] == what:
            self.plans.pop(kind, None)

    def next(self) -> tuple[str, str] | None:
        """Return kind and detail of what happens to the connection that comes now."""
        for kind in KINDS:
            if kind in self.plans:
                share, what = self.plans[kind]
                index = self._seen[kind] = self._seen.get(kind, -1) + 1
                if share >= 1.0 or self.draw(kind, index) < share:
                    return kind, what
        return None


class Telling(ssl.SSLObject):
    """A server's end that says why: asyncio drops the alert of a handshake that failed, clients should hear it."""

    _failed: ssl.SSLError | None = None

    def do_handshake(self) -> None:
        """Go on; after a failure once more as if more were needed, which sends what there is to say."""
        if self._failed is not None:
            raise self._failed
        try:
            super().do_handshake()
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise
        except ssl.SSLError as error:
            self._failed = error
            raise ssl.SSLWantReadError from None


class Door(ssl.SSLContext):
    """The TLS of a server: 1.2 and above, its own certificate, and clients' certificates where they are needed.

    Parameters
    ----------
    certificates
        Made before.
    trouble
        What goes wrong.
    clients
        Whether a client must show a certificate of the same authority.

    """

    def __new__(cls, *_: Any, **__: Any) -> Self:
        """Make the library's part."""
        return super().__new__(cls, ssl.PROTOCOL_TLS_SERVER)

    def __init__(self, certificates: TlsCertificates, trouble: TlsTrouble, *, clients: bool = False) -> None:
        self._certificates = certificates
        self._trouble = trouble
        self._clients = clients
        self._bad: dict[tuple[str, str], ssl.SSLContext] = {}
        self.sslobject_class = Telling
        self.minimum_version = ssl.TLSVersion.TLSv1_2
        self._furnish(self, certificates.pair("server"))

    def wrap_bio(
        self,
        incoming: ssl.MemoryBIO,
        outgoing: ssl.MemoryBIO,
        server_side: bool = False,
        server_hostname: str | bytes | None = None,
        session: ssl.SSLSession | None = None,
    ) -> ssl.SSLObject:
        """Begin a connection: the library calls this for each that was accepted."""
        wrong = self._trouble.next() if self._trouble.plans else None
        if wrong is None:
            return super().wrap_bio(incoming, outgoing, server_side, server_hostname, session)
        if wrong not in self._bad:
            self._bad[wrong] = self._spoilt(*wrong)
        return self._bad[wrong].wrap_bio(incoming, outgoing, server_side, server_hostname, session)

    def _furnish(self, context: ssl.SSLContext, pair: tuple[Any, Any]) -> None:
        context.load_cert_chain(*pair)
        if self._clients:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(self._certificates.authority)

    def _spoilt(self, kind: str, what: str) -> ssl.SSLContext:
        """Return the TLS of a server with one fault; it tells when a client's hello has come."""
        trouble, made = self._trouble, self._certificates
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        # Old versions and short keys need the library's lowest level.
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion.TLSv1_2

        class Wrong(Telling):
            _calls = 0

            def do_handshake(self) -> None:
                self._calls += 1
                if self._calls == 2:  # the first is before anything has come
                    trouble.note(kind, what)
                if kind == "tls_handshake_stalls":
                    raise ssl.SSLWantReadError
                super().do_handshake()

        context.sslobject_class = Wrong
        if kind == "tls_refused_client":
            # It knows one authority, and that one signed nobody.
            context.load_cert_chain(*made.pair("server"))
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(made.stranger())
        else:
            self._furnish(context, made.bad(what) if kind == "tls_certificate" else made.pair("server"))
        if kind == "tls_version_old":
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)
                context.minimum_version = context.maximum_version = getattr(ssl.TLSVersion, OLD[what])
        return context
