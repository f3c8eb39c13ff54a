"""OPC UA security in a rig file: which endpoints a device offers, whom it trusts, who may do what."""

import re
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from rigs.assets.base import Strict
from rigs.quantity import Seconds

Endpoint = Literal[
    "None",
    "Basic256Sha256_Sign",
    "Basic256Sha256_SignAndEncrypt",
    "Aes128_Sha256_RsaOaep_Sign",
    "Aes128_Sha256_RsaOaep_SignAndEncrypt",
    "Aes256_Sha256_RsaPss_Sign",
    "Aes256_Sha256_RsaPss_SignAndEncrypt",
]
Role = Literal["observer", "operator", "engineer"]

_KEPT = re.compile(
    r"env:[A-Za-z_][A-Za-z0-9_]{0,99}"
    r"|scrypt:\d{1,8}:\d{1,3}:\d{1,3}:[A-Za-z0-9+/=]{16,88}:[A-Za-z0-9+/=]{44,88}"
    r"|pbkdf2:\d{4,8}:[A-Za-z0-9+/=]{16,88}:[A-Za-z0-9+/=]{44,88}"
)


def _is_kept(given: str) -> str:
    if len(given) > 300 or not _KEPT.fullmatch(given):
        raise ValueError("write env:NAME, or a salted hash scrypt:… or pbkdf2:…; the word itself must not stand here")
    return given


KeptPassword = Annotated[str, AfterValidator(_is_kept)]
"""Where a password is, never the password: ``env:NAME``, or its salted hash (scrypt or PBKDF2-HMAC-SHA256)."""


class OpcUaUser(Strict):
    """Somebody who may log in: by name and password, or by an X.509 certificate.

    `password` is ``env:NAME`` (an environment variable of the process) or a salted hash as
    ``python -m emulator.devices.opcua.security.passwords`` prints it; `certificate` the SHA-256 thumbprint of the
    user's certificate in hexadecimal.
    """

    name: str = Field(min_length=1, max_length=100)
    password: KeptPassword | None = Field(default=None, repr=False)
    certificate: Annotated[str, Field(pattern=r"^[0-9a-fA-F]{64}$")] | None = None
    role: Role = "observer"

    @model_validator(mode="after")
    def _can_log_in(self) -> Self:
        if (self.password is None) == (self.certificate is None):
            raise ValueError(f"user {self.name!r} needs a password or a certificate, one of them")
        return self


class OpcUaSecurity(Strict):
    """What a client must show before it may talk to the device; a list is short for its `endpoints`.

    Without users everyone is an operator, with users a stranger is an observer; `anonymous` says otherwise.
    Observers read, operators also write, call methods and acknowledge alarms, engineers also see diagnostics where
    `diagnostics` keeps them from others. `trust` ``list`` takes clients whose certificate stands in the trust list,
    ``any`` takes every sound one. Session time-outs and token lifetimes are revised into their bounds.
    """

    endpoints: tuple[Endpoint, ...] = Field(default=("None",), min_length=1, max_length=7)
    users: tuple[OpcUaUser, ...] = Field(default=(), max_length=1_000)
    anonymous: Role | Literal["refused"] | None = None
    trust: Literal["list", "any"] = "list"
    allow_clear_passwords: bool = False
    reactivate_anonymous: bool = True
    diagnostics: Literal["anyone", "engineer"] = "anyone"
    shortest_session: Seconds = Field(default=5.0, gt=0, le=86_400)
    longest_session: Seconds = Field(default=600.0, gt=0, le=86_400)
    shortest_token: Seconds = Field(default=10.0, ge=1, le=3_600)
    longest_token: Seconds = Field(default=3_600.0, ge=1, le=3_600)

    @model_validator(mode="before")
    @classmethod
    def _from_list(cls, data: Any) -> Any:
        return {"endpoints": data} if isinstance(data, (list, tuple)) else data

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if len(set(self.endpoints)) < len(self.endpoints):
            raise ValueError("endpoints names one of them twice")
        named = [user.name for user in self.users]
        if len(set(named)) < len(named):
            raise ValueError("two users have one name; names tell them apart")
        if self.anonymous == "refused" and not self.users:
            raise ValueError("anonymous is refused and there are no users; nobody could log in")
        if self.shortest_session > self.longest_session:
            raise ValueError("shortest_session is longer than longest_session")
        if self.shortest_token > self.longest_token:
            raise ValueError("shortest_token is longer than longest_token")
        return self

    @property
    def stranger(self) -> Role | None:
        """The role of a session without a user; None if there is no such session."""
        if self.anonymous == "refused":
            return None
        return self.anonymous or ("observer" if self.users else "operator")
