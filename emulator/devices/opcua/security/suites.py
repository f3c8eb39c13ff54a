"""Security policies as data: which algorithms and key lengths each uses (OPC 10000-7 §6.6, OPC 10000-6 §6.7)."""

import hmac
from dataclasses import dataclass, field
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

PREFIX: Final = "http://opcfoundation.org/UA/SecurityPolicy#"
NONE_URI: Final = PREFIX + "None"
_BLOCK: Final = 16
_PKCS1: Final = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
_OAEP: Final = "http://www.w3.org/2001/04/xmlenc#rsa-oaep"


def _oaep(algorithm: hashes.HashAlgorithm) -> padding.OAEP:
    return padding.OAEP(mgf=padding.MGF1(algorithm), algorithm=algorithm, label=None)


@dataclass(frozen=True, slots=True)
class Suite:
    """The algorithms of one security policy.

    Parameters
    ----------
    name
        The policy's name, as its URI ends.
    key_bytes, signing_bytes
        Lengths of the symmetric keys for encryption and for signatures.
    digest
        Hash of the symmetric signature and of the key derivation.
    signature_uri, encryption_uri
        The asymmetric algorithms as SignatureData and identity tokens name them.
    signature_padding, signature_hash, encryption_padding
        The same for the `cryptography` package.
    overhead
        Bytes of an RSA block that its padding takes.
    rsa_bits
        Shortest and longest RSA key allowed.

    """

    name: str
    key_bytes: int
    signature_uri: str
    encryption_uri: str
    signature_padding: padding.AsymmetricPadding
    encryption_padding: padding.AsymmetricPadding
    overhead: int
    digest: str = "sha256"
    signing_bytes: int = 32
    nonce_bytes: int = 32
    signature_hash: hashes.HashAlgorithm = field(default_factory=hashes.SHA256)
    rsa_bits: tuple[int, int] = (2048, 4096)

    @property
    def uri(self) -> str:
        """The policy's URI."""
        return PREFIX + self.name

    @property
    def signature_bytes(self) -> int:
        """Length of a symmetric signature."""
        return hmac.new(b"", b"", self.digest).digest_size

    def sign(self, key: RSAPrivateKey, data: bytes) -> bytes:
        """Return the asymmetric signature of `data`."""
        return key.sign(data, self.signature_padding, self.signature_hash)

    def is_signed(self, key: RSAPublicKey, data: bytes, signature: bytes) -> bool:
        """Whether `signature` is the asymmetric signature of `data`."""
        try:
            key.verify(signature, data, self.signature_padding, self.signature_hash)
        except InvalidSignature:
            return False
        return True

    def encrypt(self, key: RSAPublicKey, data: bytes) -> bytes:
        """Encrypt whole plain blocks for the owner of `key`."""
        step = key.key_size // 8 - self.overhead
        return b"".join(key.encrypt(data[i : i + step], self.encryption_padding) for i in range(0, len(data), step))

    def decrypt(self, key: RSAPrivateKey, data: bytes) -> bytes:
        """Decrypt blocks of the key's length.

        Raises
        ------
        ValueError
            They are no such blocks, or were encrypted for somebody else.

        """
        step = key.key_size // 8
        if not data or len(data) % step:
            raise ValueError("not whole RSA blocks")
        return b"".join(key.decrypt(data[i : i + step], self.encryption_padding) for i in range(0, len(data), step))

    def derive(self, secret: bytes, seed: bytes) -> "Keys":
        """Derive the keys of one direction (P_hash of RFC 5246, OPC 10000-6 §6.7.5)."""
        wanted = self.signing_bytes + self.key_bytes + _BLOCK
        stream, chained = b"", seed
        while len(stream) < wanted:
            chained = hmac.digest(secret, chained, self.digest)
            stream += hmac.digest(secret, chained + seed, self.digest)
        split = self.signing_bytes + self.key_bytes
        return Keys(stream[: self.signing_bytes], stream[self.signing_bytes : split], stream[split:wanted], self.digest)


class Keys:
    """The symmetric keys of one direction under one security token; the initialisation vector stays the same."""

    __slots__ = ("_cipher", "_digest", "_signing")

    def __init__(self, signing: bytes, encrypting: bytes, vector: bytes, digest: str) -> None:
        self._signing = signing
        self._digest = digest
        self._cipher = Cipher(algorithms.AES(encrypting), modes.CBC(vector))

    def sign(self, data: bytes) -> bytes:
        """Return the HMAC of `data`."""
        return hmac.digest(self._signing, data, self._digest)

    def is_signed(self, data: bytes, signature: bytes) -> bool:
        """Whether `signature` is the HMAC of `data`, found out in constant time."""
        return hmac.compare_digest(self.sign(data), signature)

    def encrypt(self, data: bytes) -> bytes:
        """Encrypt whole AES blocks in CBC mode."""
        return self._cipher.encryptor().update(data)

    def decrypt(self, data: bytes) -> bytes:
        """Decrypt whole AES blocks in CBC mode."""
        return self._cipher.decryptor().update(data)


_SHA1: Final = hashes.SHA1()  # noqa: S303 - named by the policies, not chosen
_SHA256: Final = hashes.SHA256()
_PSS: Final = padding.PSS(mgf=padding.MGF1(_SHA256), salt_length=32)

SUITES: Final = {
    suite.uri: suite
    for suite in (
        Suite("Basic256Sha256", 32, _PKCS1, _OAEP, padding.PKCS1v15(), _oaep(_SHA1), 42),
        Suite("Aes128_Sha256_RsaOaep", 16, _PKCS1, _OAEP, padding.PKCS1v15(), _oaep(_SHA1), 42),
        Suite(
            "Aes256_Sha256_RsaPss",
            32,
            "http://opcfoundation.org/UA/security/rsa-pss-sha2-256",
            "http://opcfoundation.org/UA/security/rsa-oaep-sha2-256",
            _PSS,
            _oaep(_SHA256),
            66,
        ),
        Suite(
            "Basic128Rsa15",  # deprecated: offered only by a fault
            16,
            "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
            "http://www.w3.org/2001/04/xmlenc#rsa-1_5",
            padding.PKCS1v15(),
            padding.PKCS1v15(),
            11,
            digest="sha1",
            signing_bytes=16,
            nonce_bytes=16,
            signature_hash=_SHA1,
            rsa_bits=(1024, 2048),
        ),
    )
}
DEPRECATED: Final = PREFIX + "Basic128Rsa15"
