"""Passwords of OPC UA users: kept as salted hashes or in the environment, never in a file, never in a log.

``python -m emulator.devices.opcua.security.passwords`` asks for one and prints the hash for a rig file.
"""

import base64
import getpass
import hashlib
import hmac
import os
import secrets
from typing import Final

_SCRYPT: Final = (16_384, 8, 1)
_MEMORY: Final = 128 * 1024 * 1024
NOBODY: Final = "scrypt:16384:8:1:" + base64.b64encode(bytes(16)).decode() + ":" + base64.b64encode(bytes(32)).decode()
"""A hash no password has: tried for unknown names, so that they take as long as known ones."""


def keep(password: str) -> str:
    """Return the salted scrypt hash of a password, as a rig file keeps it."""
    salt = secrets.token_bytes(16)
    n, r, p = _SCRYPT
    made = hashlib.scrypt(password.encode(), salt=salt, n=n, r=r, p=p, maxmem=_MEMORY, dklen=32)
    return f"scrypt:{n}:{r}:{p}:{base64.b64encode(salt).decode()}:{base64.b64encode(made).decode()}"


def is_password(kept: str, given: str) -> bool:
    """Whether `given` is the password behind `kept` (an ``env:`` name or a hash), found out in constant time."""
    kind, _, rest = kept.partition(":")
    if kind == "env":
        wanted = os.environ.get(rest, "")
        return bool(wanted) and hmac.compare_digest(wanted.encode(), given.encode())
    *numbers, salt64, hash64 = rest.split(":")
    salt, wanted_hash = base64.b64decode(salt64), base64.b64decode(hash64)
    try:
        if kind == "scrypt":
            n, r, p = map(int, numbers)
            made = hashlib.scrypt(given.encode(), salt=salt, n=n, r=r, p=p, maxmem=_MEMORY, dklen=len(wanted_hash))
        else:
            made = hashlib.pbkdf2_hmac("sha256", given.encode(), salt, int(numbers[0]), dklen=len(wanted_hash))
    except ValueError:  # cost numbers no machine has
        return False
    return hmac.compare_digest(made, wanted_hash)


def missing(kept: str) -> str | None:
    """Return the environment variable a kept password names and the process lacks, if so."""
    kind, _, name = kept.partition(":")
    return name if kind == "env" and not os.environ.get(name) else None


if __name__ == "__main__":
    print(keep(getpass.getpass("password: ")))
