"""What every link fault is: a kind, a severity, and three questions the proxy asks it.

A link fault never touches a clock or a socket. The proxy asks: does anybody listen (`listens`), how is a new
connection met (`welcomes`), what becomes of a standing one (`refuses`, `ends`), what becomes of bytes (`altered`,
`allows`, `slice_bytes`), and when may a piece leave (`due`, None = never). Times are seconds of plant time: at ten
times real time a delay of 200 ms is 20 ms of the event loop. In lockstep, where plant time stands still between
commits, they are the event loop's. A test can answer for a whole link without waiting for anything.
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Direction = Literal["up", "down"]
"""Which way bytes travel: up from the client to the device, down from the device to the client."""


class Stream(Protocol):
    """Counter-based randomness, as `emulator.streams` hands it out."""

    def uniform(self, n0: int, count: int) -> Any:
        """Return float64[count] in [0, 1) for indices from n0 on."""


class Messages(Protocol):
    """Cuts one connection's bytes into its protocol's messages, and has message faults work on them."""

    def __init__(self, wire: Wire) -> None: ...

    @property
    def idle(self) -> bool:
        """Whether the bytes may go their way without it: it holds none and has changed nothing that lasts."""

    def feed(self, direction: Direction, data: bytes) -> None:
        """Take bytes; what becomes of them it emits itself, now or later."""

    def finish(self, direction: Direction) -> None:
        """Emit what is unfinished: no more bytes come this way."""

    def flush(self) -> None:
        """Emit all it holds back: the last fault is gone."""

    def release(self, fault: LinkFault) -> None:
        """Emit what that fault holds back: it is gone."""

    def drop(self) -> None:
        """Forget all it holds back: the connection is gone."""


class Wire(Protocol):
    """What a connection offers its message layer."""

    number: int

    @property
    def faults(self) -> tuple[LinkFault, ...]:
        """The faults on the link now that act on this connection."""

    @property
    def rate(self) -> float:
        """Plant seconds per second of the event loop."""

    def noted(self, fault: LinkFault, what: str) -> None:
        """Tell the truth log what a fault did here."""

    def emit(self, direction: Direction, data: bytes) -> None:
        """Send bytes on; the faults that work on bytes are still before them."""

    def hang_up(self, direction: Direction) -> None:
        """Close the connection once what was sent this way has left."""


class LinkTarget(Protocol):
    """What a link fault acts on; the proxy is one."""

    def stream(self, kind: str) -> Stream:
        """Return the randomness of this link for that kind of fault."""

    def attach(self, fault: LinkFault) -> None:
        """Put the fault on the data path; a second time changes nothing."""

    def detach(self, fault: LinkFault) -> None:
        """Take it off again; the path is then as if it had never been there."""


@dataclass(frozen=True, slots=True)
class Param:
    """A parameter of a link fault: default, inclusive bounds for numbers, or the words it may take."""

    default: float | str
    low: float = 0.0
    high: float = float("inf")
    choices: tuple[str, ...] = ()

    def check(self, place: str, value: Any) -> float | str:
        """Return the value in its proper type.

        Raises
        ------
        ValueError
            If it is out of bounds or not one of the choices; the message names both.
        """
        if self.choices:
            if value not in self.choices:
                raise ValueError(f"{place} = {value!r} must be one of {', '.join(self.choices)}")
            return str(value)
        if isinstance(value, (bool, str)) or not self.low <= float(value) <= self.high:
            raise ValueError(f"{place} = {value!r} must be a number in [{self.low:g}, {self.high:g}]")
        return float(value)


CONNECTION = Param(0.0, 0.0, 1e9)
"""Which connection a link fault acts on: the first since the start is 1; 0 is every one."""

Welcome = Literal["serve", "close", "mute", "hold"]
"""How a new connection is met: served; closed at once; left without a word; served once the fault is over."""

Ending = Literal["close", "half_close", "gone"]
"""What becomes of a connection: both ends are closed; the client is told the end; the device goes without a word."""


class LinkFault:
    """Base of the link faults.

    Parameters
    ----------
    params
        The fault's own parameters, as the scenario gives them; unknown ones are refused.

    Every kind has the parameter `connection`, unless it acts on the listening port (`per_connection` is false).
    """

    kind: ClassVar[str] = ""
    layer: ClassVar[str] = "link"
    targets: ClassVar[tuple[str, ...]] = ("modbus-tcp", "opcua", "mqtt")
    parameters: ClassVar[Mapping[str, Param]] = {}
    per_connection: ClassVar[bool] = True
    joins: ClassVar[bool] = False
    """Whether pieces that may leave at the same time leave as one."""
    messages: ClassVar[type[Messages] | None] = None
    """What cuts bytes into messages, for a fault that works on messages; one kind for each protocol."""

    def __init_subclass__(cls) -> None:
        if cls.kind and cls.per_connection:
            cls.parameters = {**cls.parameters, "connection": CONNECTION}

    def __init__(self, params: Mapping[str, Any]) -> None:
        for name in params:
            if name not in self.parameters:
                raise ValueError(_unknown(f"{self.kind}: unknown parameter", name, self.parameters))
        self.params: dict[str, Any] = {
            name: spec.check(f"{self.kind}.{name}", params.get(name, spec.default))
            for name, spec in self.parameters.items()
        }
        self.severity = 0.0
        self._stream: Stream | None = None

    def apply(self, target: LinkTarget, severity: float, t_ns: int) -> None:
        """Set the severity 0..1 on the link; idempotent, called at each block edge; 0 restores exactly."""
        if not 0.0 <= severity <= 1.0:
            rule = "must be in [0, 1]; 1 is the fully developed fault"
            raise ValueError(f"{self.kind}: severity = {severity!r} {rule}")
        self.severity = severity
        if severity > 0.0:
            self._stream = target.stream(self.kind)
            target.attach(self)
        else:
            target.detach(self)

    def uniform(self, index: int) -> float:
        """Return the draw of that index, in [0, 1): same seed, same link, same index, same number."""
        return float(self._stream.uniform(index, 1)[0]) if self._stream is not None else 0.0

    def uniforms(self, index: int, count: int) -> Any:
        """Return the draws of `count` indices from `index` on, each in [0, 1)."""
        return self._stream.uniform(index, count) if self._stream is not None else [0.0] * count

    def start(self) -> None:
        """Forget what an earlier life of this fault left behind; called when it is attached."""

    def covers(self, connection: int) -> bool:
        """Tell whether it acts on this connection at all."""
        return self.params.get("connection", 0.0) in (0.0, connection + 1.0)

    def picks(self, connection: int) -> bool:
        """Tell whether this connection is among the share `severity`."""
        return self.severity >= 1.0 or self.uniform(connection) < self.severity

    def listens(self) -> tuple[bool, int | None]:
        """Tell whether the port is open, and the other port that is open in its place, if any."""
        return True, None

    def welcomes(self, connection: int) -> Welcome:
        """Tell how a new connection is met."""
        return "serve"

    def dial_s(self, connection: int) -> float:
        """Tell how long it takes to reach the device for a new connection [s]."""
        return 0.0

    def closes_after(self, connection: int) -> float | None:
        """Tell after how long a connection is closed, counted from its start or the fault's [s]; None: never."""
        return None

    def ends(self, connection: int) -> Ending | None:
        """Tell what becomes of a standing connection as the fault begins."""
        return None

    def reads(self, connection: int, direction: Direction) -> bool:
        """Tell whether bytes of that direction are read off the sender's socket at all."""
        return True

    def altered(self, connection: int, direction: Direction, data: bytes) -> bytes:
        """Return what becomes of bytes on their way."""
        return data

    def allows(self, connection: int, direction: Direction, size: int) -> tuple[int, Literal["fin", "rst"]] | None:
        """Tell how many of these bytes may still pass before the connection ends, and how; None: all."""
        return None

    def refuses(self, connection: int, *, existing: bool) -> bool:
        """Tell whether this connection (its number on the link) must be reset, now or as it opens."""
        return False

    def maims(self, connection: int) -> bool:
        """Tell whether the connection cannot go on once this fault is gone."""
        return False

    def slice_bytes(self, direction: Direction) -> int | None:
        """Largest piece that may travel as one; None leaves pieces as they came."""
        return None

    def due(self, connection: int, direction: Direction, arrived_s: float, size: int) -> float | None:
        """When a piece of `size` bytes (0: the end of the stream) that arrived at `arrived_s` may leave [s].

        None is never; infinity is not before the fault is over.
        """
        return arrived_s


def registry() -> dict[str, type[LinkFault]]:
    """Return all link faults by kind, found by looking through this package: adding one is one file."""
    package = importlib.import_module(__package__)
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"{__package__}.{module.name}")
    return {cls.kind: cls for cls in sorted(_below(LinkFault), key=lambda c: c.kind) if cls.kind}


def _below(parent: type[LinkFault]) -> Iterator[type[LinkFault]]:
    for cls in parent.__subclasses__():
        yield cls
        yield from _below(cls)


def create(kind: str, params: Mapping[str, Any]) -> LinkFault:
    """Make a link fault of that kind.

    Raises
    ------
    ValueError
        For an unknown kind (the nearest is offered) or unknown or ill-fitting parameters.
    """
    known = registry()
    if kind not in known:
        raise ValueError(_unknown("unknown link fault", kind, known))
    return known[kind](params)


def _unknown(what: str, name: str, known: Mapping[str, Any]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(known) or 'none'}"
    return f"{what} {name!r}; {hint}"
