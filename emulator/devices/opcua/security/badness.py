"""Bad server certificates on request, one for each rule a client has to check (catalogue U24)."""

from datetime import datetime
from typing import Any, Final

from cryptography.hazmat.primitives import serialization

from emulator.devices.certificates import put
from emulator.devices.opcua.security import certificates
from emulator.devices.opcua.security.certificates import Identity, application, authority, new_key

_HOSTS: Final = ("localhost", "127.0.0.1", "::1")
_ELSEWHERE: Final = ("plc.elsewhere.example",)


def identity(what: str, guard: Any, now: datetime) -> Identity:
    """Return an identity that breaks one rule and no other.

    Parameters
    ----------
    what
        Which, of `emulator.devices.opcua.security.misbehaviour.WHATS`.
    guard
        The server's security, with its sound identity.
    now
        The time.

    """
    key, common, uri = guard.identity.key, guard.common, guard.application_uri
    if what == "expired":
        return application(common, uri, _HOSTS, key, now, days=(-400.0, -1.0))
    if what == "not_yet_valid":
        return application(common, uri, _HOSTS, key, now, days=(1.0, 400.0))
    if what == "wrong_host":
        return application(common, uri, _ELSEWHERE, key, now)
    if what == "wrong_application_uri":
        return application(common, uri + ":other", _HOSTS, key, now)
    if what == "weak_key":
        return application(common, uri, _HOSTS, new_key(1024), now)
    if what == "revoked":
        return _revoked(guard, now)
    if what == "chain_loop":
        return _loop(common, uri, key, now)
    return application(common, uri, _HOSTS, new_key(), now)  # untrusted: sound, and nobody knows it


def _revoked(guard: Any, now: datetime) -> Identity:
    """Return a certificate that its authority took back; authority and list lie in `faults/` of the folder."""
    issuer = authority("plantbench fault authority", new_key(), now)
    made = application(guard.common, guard.application_uri, _HOSTS, guard.identity.key, now, issuer=issuer)
    listed = certificates.revocations(issuer, [made.certificate.serial_number], now)
    folder = guard.pki.folder / "faults"
    put(folder / "authority.der", issuer.der)
    put(folder / "authority.crl", listed.public_bytes(serialization.Encoding.DER))
    return Identity(made.certificate, made.key, (issuer.certificate,))


def _loop(common: str, uri: str, key: Any, now: datetime) -> Identity:
    """Return a certificate under two authorities that vouch for one another."""
    first_key, second_key = new_key(), new_key()
    first = authority("plantbench loop 1", first_key, now)
    second = authority("plantbench loop 2", second_key, now, signed_by=first)
    first_again = authority("plantbench loop 1", first_key, now, signed_by=second)
    made = application(common, uri, _HOSTS, key, now, issuer=first)
    return Identity(made.certificate, made.key, (first_again.certificate, second.certificate))
