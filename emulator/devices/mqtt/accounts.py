"""Who may log in to an emulated broker, and what they may publish and subscribe to."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from typing import TYPE_CHECKING, Final

from emulator.devices.mqtt.topics import matches

if TYPE_CHECKING:
    from collections.abc import Callable

    from rigs.devices.mqtt import MqttAccount

# Checking a hash costs tens of milliseconds: strangers get this many tries, and one more each second.
_TRIES: Final = 10


def password_hash(password: str, salt: bytes) -> str:
    """Return a password as a rig file may carry it."""
    return f"scrypt${salt.hex()}${_scrypt(password.encode(), salt).hex()}"


def _scrypt(password: bytes, salt: bytes) -> bytes:
    return hashlib.scrypt(password, salt=salt, n=16_384, r=8, p=1, dklen=32)


class Accounts:
    """The users of a broker; without any, everybody may do everything.

    Parameters
    ----------
    accounts
        As the rig file has them.
    now_s
        A clock, to bound how often strangers may try [s].

    """

    def __init__(self, accounts: tuple[MqttAccount, ...], now_s: Callable[[], float]) -> None:
        self._accounts = {account.user: account for account in accounts}
        self._now_s = now_s
        self._tries = float(_TRIES)
        self._tried_s = now_s() if accounts else 0.0
        self._key = secrets.token_bytes(32)
        self._right: dict[str, bytes] = {}

    def admits(self, user: str | None, password: bytes | None) -> bool:
        """Whether a client with these credentials may come in; too many wrong tries are refused unseen."""
        if not self._accounts:
            return True
        account = self._accounts.get(user or "")
        if account is None or password is None:
            return False
        if account.password_env is not None:
            wanted = os.environ.get(account.password_env)
            return wanted is not None and hmac.compare_digest(wanted.encode(), password)
        seen = hmac.digest(self._key, password, "sha256")
        if hmac.compare_digest(self._right.get(account.user, b""), seen):
            return True
        now_s = self._now_s()
        self._tries = min(_TRIES, self._tries + now_s - self._tried_s)
        self._tried_s = now_s
        if self._tries < 1.0:
            return False
        _, salt, digest = (account.password_hash or "").split("$")
        if hmac.compare_digest(_scrypt(password, bytes.fromhex(salt)).hex(), digest):
            self._right[account.user] = seen
            return True
        self._tries -= 1.0
        return False

    def may_publish(self, user: str | None, topic: str) -> bool:
        """Whether that user may publish to a topic."""
        account = self._accounts.get(user or "")
        return not self._accounts or (account is not None and any(matches(p, topic) for p in account.publish))

    def may_subscribe(self, user: str | None, wanted: str) -> bool:
        """Whether one of the user's filters takes everything the wanted filter takes."""
        account = self._accounts.get(user or "")
        return not self._accounts or (account is not None and any(covers(p, wanted) for p in account.subscribe))


def covers(wide: str, narrow: str) -> bool:
    """Whether a filter takes every topic that another filter takes."""
    if narrow.startswith("$") and wide[:1] in ("+", "#"):
        return False
    wides, narrows = wide.split("/"), narrow.split("/")
    for index, level in enumerate(wides):
        if level == "#":
            return True
        if index >= len(narrows) or narrows[index] == "#" or level not in ("+", narrows[index]):
            return False
    return len(wides) == len(narrows)
