"""What the security of an emulated OPC UA server can be told to do wrong."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

WHATS: Final = (
    "expired", "not_yet_valid", "revoked", "wrong_host", "wrong_application_uri", "untrusted", "weak_key", "chain_loop",
)  # fmt: skip
"""The ways a server's certificate can be bad."""


def _unheard(kind: str, detail: str = "") -> None:
    """Nobody keeps a truth log."""


@dataclass(slots=True)
class SecurityMisbehaviour:
    """Security faults of one server; all off means it behaves.

    Attributes
    ----------
    certificate
        Which bad certificate new channels, endpoint lists and sessions show; None for the good one.
    only_none
        Endpoint lists offer nothing but security policy None.
    deprecated
        Endpoint lists offer policy Basic128Rsa15 instead of the sound ones.
    tampered
        GetEndpoints lists the secure endpoints with a lower security level and another mode than CreateSession does.
    renewal
        What happens to a channel's renewal: ``refused``, or late by so many plant seconds; None: it works.
    token_lifetime_s
        Lifetime every new token gets, whatever was asked for [s]; None: as asked.
    nonce
        ``reused``, ``short`` or ``empty`` instead of 32 random bytes in CreateSession's answer; None: sound.
    bad_signature
        The server's signature in CreateSession's answer does not fit its certificate.
    too_many_sessions, activate_refused
        Shares of CreateSession and ActivateSession requests that are refused.
    activate_status
        What ActivateSession is refused with.
    session_timeout_s
        Time-out every new session gets, whatever was asked for [s]; None: as asked.
    note
        Called with fault kind and detail each time one of them touches the wire.
    draw
        Called with a fault kind and a counter: a number in [0, 1) that decides whether a share strikes.
    later
        Runs a call after so many plant seconds.

    """

    certificate: str | None = None
    only_none: bool = False
    deprecated: bool = False
    tampered: bool = False
    renewal: float | str | None = None
    renewal_share: float = 1.0
    token_lifetime_s: float | None = None
    nonce: str | None = None
    bad_signature: bool = False
    too_many_sessions: float = 0.0
    activate_refused: float = 0.0
    activate_status: int = 0x801F0000
    session_timeout_s: float | None = None
    note: Callable[..., None] = _unheard
    draw: Callable[[str, int], float] = lambda kind, index: 0.0
    later: Callable[[float, Callable[[], Any]], Any] | None = None
    _asked: dict[str, int] = field(default_factory=dict)

    def connect(self, note: Callable[..., None] | None, streams: Any, device: str) -> None:
        """Be heard by a truth log and draw from a run's streams; without streams a share strikes all or nothing."""
        if note is not None:
            self.note = lambda kind, detail="": note(kind, detail)
        if streams is not None:
            self.draw = lambda kind, index: float(streams(f"protocol/{device}/{kind}").uniform(index, 1)[0])

    def strikes(self, kind: str, share: float) -> bool:
        """Whether a fault with this share hits the next request it concerns; noted if it does."""
        if share <= 0.0:
            return False
        index = self._asked.get(kind, 0)
        self._asked[kind] = index + 1
        if self.draw(kind, index) >= share:
            return False
        self.note(kind)
        return True
