"""What an OPC UA server says of its security, in words: endpoint lists, certificates, nonces (OPC 10000-4 §7.14)."""

from datetime import UTC, datetime
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from hil.traces.opcua_binary import Reader

_MODES: Final = {1: "None", 2: "Sign", 3: "SignAndEncrypt"}
_TOKENS: Final = {0: "anonymous", 1: "user name", 2: "certificate", 3: "issued token"}


def certificate(der: bytes | None) -> str:
    """Describe a certificate, or a chain by its first, without dates: what a checker would say today."""
    if not der:
        return "no certificate"
    count, rest = 0, der
    while len(rest) > 4:
        rest = rest[4 + int.from_bytes(rest[2:4], "big") :]
        count += 1
    made = x509.load_der_x509_certificate(der[: 4 + int.from_bytes(der[2:4], "big")])
    now = datetime.now(UTC)
    names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    key = made.public_key()
    valid = "expired" if made.not_valid_after_utc < now else "valid"
    words = [
        "not yet valid" if made.not_valid_before_utc > now else valid,
        "self-signed" if made.issuer == made.subject else f"by {made.issuer.rfc4514_string()}",
        *(f"URI {one}" for one in names.get_values_for_type(x509.UniformResourceIdentifier)),
        *(f"host {one}" for one in names.get_values_for_type(x509.DNSName)[:1]),
        f"RSA {key.key_size}" if isinstance(key, RSAPublicKey) else "no RSA key",
    ]
    if count > 1:
        words.append(f"sent with {count - 1} above it")
    return "certificate: " + ", ".join(words)


def endpoints(reader: Reader) -> list[str]:
    """Describe an array of EndpointDescription, a line each, and the certificates that differ."""
    lines: list[str] = []
    shown: set[bytes] = set()
    for _ in range(reader.count()):
        reader.string()  # URL
        reader.string(), reader.string(), reader.localized(), reader.u32()
        reader.string(), reader.string()
        for _ in range(reader.count()):
            reader.string()
        der = reader.blob()
        mode, policy = reader.u32(), (reader.string() or "").rpartition("#")[2]
        tokens = []
        for _ in range(reader.count()):
            reader.string()
            kind = _TOKENS.get(reader.u32(), "unknown token")
            reader.string(), reader.string(), reader.string()
            tokens.append(kind)
        reader.string()
        level = reader.take(1)[0]
        lines.append(f"    {policy}, {_MODES.get(mode, mode)}, level {level}, by {' or '.join(tokens)}")
        if der and der not in shown:
            shown.add(der)
            lines.append(f"    {certificate(der)}")
    return lines


def created(reader: Reader) -> list[str]:
    """Describe the security of a CreateSessionResponse, its reader behind the header."""
    reader.nodeid(), reader.nodeid()
    timeout_ms = reader.double()
    nonce, _ = reader.blob(), reader.blob()
    said = f"    time-out {timeout_ms:g} ms, server nonce of {len(nonce or b'')} bytes"
    if nonce and not any(nonce):
        said += ", all zero"
    return [said, *endpoints(reader)]
