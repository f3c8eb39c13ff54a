"""Traces of the TLS faults: a client of TLS 1.2, whose handshake can be read, and a server, both in memory."""

import functools
import ssl
import tempfile
from pathlib import Path
from typing import Any, Literal

from emulator.devices.certificates import TlsCertificates
from emulator.devices.tls import Door, TlsTrouble
from emulator.faults.base import registry
from hil.traces.tap import Piece
from hil.traces.tls import lines


class _Wrong:
    """A device's misbehaviour, as far as TLS goes."""

    def __init__(self) -> None:
        self.tls = TlsTrouble()


@functools.cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    """Return a folder for keys, made once for all recipes and gone with the process."""
    return tempfile.TemporaryDirectory(prefix="plantbench-trace-")


def _certificates() -> TlsCertificates:
    made = TlsCertificates(Path(_folder().name))
    made.make(("viewer",))
    return made


def _play(kind: str, clients: bool, params: dict[str, Any]) -> list[str]:
    made, wrong = _certificates(), _Wrong()
    registry()[kind](params).apply(wrong, 1.0, 0)
    client = ssl.create_default_context(cafile=str(made.authority))
    if kind != "tls_version_old":  # there versions are all there is to see
        client.maximum_version = ssl.TLSVersion.TLSv1_2
    if clients:
        client.load_cert_chain(*made.pair("viewer"))
    door = Door(made, wrong.tls, clients=clients)
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    from_client, from_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends: list[tuple[Literal["up", "down"], Any, ssl.MemoryBIO, ssl.MemoryBIO]] = [
        ("up", client.wrap_bio(to_client, from_client, server_hostname="127.0.0.1"), from_client, to_server),
        ("down", door.wrap_bio(to_server, from_server, server_side=True), from_server, to_client),
    ]
    pieces: list[Piece] = []
    done: set[str] = set()
    for _ in range(6):
        for direction, end, out, other in ends:
            if direction not in done:
                try:
                    end.do_handshake()
                    done.add(direction)
                except ssl.SSLWantReadError:
                    pass
                except ssl.SSLError:
                    done.add(direction)
            data = out.read()
            if data:
                pieces.append(Piece(1, direction, data))
                other.write(data)
    return lines(pieces)


def _recipe(kind: str, *, clients: bool = False, **params: Any) -> Any:
    return lambda: _play(kind, clients, params)


RECIPES = {
    "tls_certificate": _recipe("tls_certificate", what="expired"),
    "tls_version_old": _recipe("tls_version_old", version="1.1"),
    "tls_handshake_stalls": _recipe("tls_handshake_stalls"),
    "tls_refused_client": _recipe("tls_refused_client", clients=True),
}
