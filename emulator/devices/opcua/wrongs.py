"""What an emulated OPC UA server can be told to do wrong beside the status of its values, and who acts it out.

Values are changed as they are put into bytes (`Change`), requests as they arrive (`Wrongs.refuses`), writes before they
become commands (`Wrongs.write`), the server's own word about itself where it is asked for it.
"""

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

EVERY: Final = "*"
_GOOD: Final = 0
_TOO_MANY_OPERATIONS: Final = 0x80100000
# Encoding ids of Read, Write and Call, and where their parameters say how many nodes they name.
_COUNT_AT: Final = {631: 12, 673: 0, 712: 0}


@dataclass(slots=True)
class Shown:
    """A reading on its way to the wire.

    Parameters
    ----------
    point
        The point's id.
    type_
        Its built-in type.
    span
        Ends of its range.
    value
        The true value, number or array.
    variant
        The encoded value; None for none.
    status
        StatusCode.
    source
        Source time, FILETIME; None for none.

    """

    point: str
    type_: str
    span: tuple[float, float]
    value: Any
    variant: bytes | None
    status: int
    source: int | None


@dataclass(frozen=True, slots=True)
class Change:
    """Something done to the readings of one point, or of all.

    Parameters
    ----------
    kind
        The fault's kind.
    share
        Part of the commits it strikes, in [0, 1].
    act
        Changes what is shown; called once for each commit it strikes, at the latest when somebody asks.

    """

    kind: str
    share: float
    act: Callable[[Shown], None]


class WriteFate(Protocol):
    """What becomes of a write that the server would carry out."""

    def __call__(self, point: str, span: tuple[float, float], value: Any) -> tuple[int, Any]:
        """Return the StatusCode to answer with, and the value to carry out (None: nothing is carried out)."""
        ...


@dataclass(frozen=True, slots=True)
class ServerState:
    """What a server says of itself (OPC 10000-5 §12.6 and §12.10).

    Parameters
    ----------
    state
        ServerState; 0 is Running.
    seconds_till_shutdown
        Seconds it says are left.
    service_level
        0 to 255; 255 is the best.

    """

    state: int
    seconds_till_shutdown: int = 0
    service_level: int = 255


@dataclass(slots=True)
class Wrongs:
    """Faults of one server; empty means it behaves.

    Attributes
    ----------
    changes
        What is done to readings, by fault kind and point id (or `EVERY`).
    writes
        What becomes of writes, by fault kind and point id (or `EVERY`), each with the share it strikes.
    refused
        Requests refused or never answered, by fault kind: encoding ids, StatusCode (None: no answer), share.
    most_nodes
        Most nodes a Read, Write or Call may name; 0: as the device is.
    state
        What it says of itself; None: it runs.
    skew_ns
        How much its own clock is ahead of the plant's [ns], for server times alone.
    started_ns
        When the server last started by itself, while its device ran on [ns UTC]; 0: not since the device did.
    decoy
        At its next start another namespace stands where its own was, with the same names in it.

    """

    changes: dict[tuple[str, str], Change] = field(default_factory=dict)
    writes: dict[tuple[str, str], tuple[float, WriteFate]] = field(default_factory=dict)
    refused: dict[str, tuple[frozenset[int], int | None, float]] = field(default_factory=dict)
    most_nodes: int = 0
    state: ServerState | None = None
    skew_ns: int = 0
    started_ns: int = 0
    decoy: bool = False
    note: Callable[..., None] = field(default=lambda kind, detail="": None, compare=False, repr=False)
    draw: Callable[[str, int], float] = field(default=lambda kind, index: 0.0, compare=False, repr=False)
    device: Any = field(default=None, compare=False, repr=False)
    _asked: dict[str, int] = field(default_factory=dict, compare=False, repr=False)

    def connect(self, device: Any, note: Callable[..., None] | None, streams: Any, name: str) -> None:
        """Be heard by a truth log, draw from a run's streams, and know the device that is to be restarted."""
        self.device = device
        if note is not None:
            self.note = note
        if streams is not None:
            self.draw = lambda kind, index: float(streams(f"protocol/{name}/{kind}").uniform(index, 1)[0])

    @property
    def service_level(self) -> int:
        """ServiceLevel as the server says it."""
        return 255 if self.state is None else self.state.service_level

    @property
    def answering(self) -> bool:
        """Whether each request must be looked at before it is served."""
        return bool(self.refused or self.most_nodes)

    def changes_of(self, point: str, commit: int) -> Iterator[Change]:
        """Yield the changes that strike a point's reading of that commit, in the order they were set."""
        for (kind, target), change in self.changes.items():
            if target in (point, EVERY) and (
                change.share >= 1.0 or self.draw(f"{kind}/{point}", commit) < change.share
            ):
                yield change

    def strikes(self, kind: str, share: float, detail: str = "") -> bool:
        """Whether a fault with this share hits the next thing it concerns; noted if it does."""
        index = self._asked.get(kind, 0)
        self._asked[kind] = index + 1
        if share <= 0.0 or (share < 1.0 and self.draw(kind, index) >= share):
            return False
        self.note(kind, detail)
        return True

    def refuses(self, request: int, begin: bytes) -> int | None:
        """Return the StatusCode that refuses a request; Good serves it, None never answers it.

        Parameters
        ----------
        request
            Its encoding id.
        begin
            Its first 16 bytes behind the header; fewer if it is shorter.

        """
        kind = "opcua_limits_small"
        if self.most_nodes and request in _COUNT_AT and len(begin) == 16:
            (count,) = struct.unpack_from("<i", begin, _COUNT_AT[request])
            if count > self.most_nodes and self.strikes(kind, 1.0, f"{count} nodes"):
                return _TOO_MANY_OPERATIONS
        for kind, (requests, status, share) in self.refused.items():
            if request in requests and self.strikes(kind, share):
                return status
        return _GOOD

    def write(self, point: str, span: tuple[float, float], value: Any) -> tuple[int, Any]:
        """Return what a write is answered with and what is carried out of it."""
        status = _GOOD
        for (kind, target), (share, fate) in self.writes.items():
            if value is not None and not status and target in (point, EVERY) and self.strikes(kind, share, point):
                status, value = fate(point, span, value)
        return status, value


def set_or_clear(places: dict[Any, Any], key: Any, value: Any) -> None:
    """Put a fault into its place, or (None) take it out."""
    if value is None:
        places.pop(key, None)
    else:
        places[key] = value
