"""One Modbus device, over TCP or a serial line: polls planned blocks and says what it could not get."""

import dataclasses
from collections import deque
from collections.abc import Callable, Sequence
from urllib.parse import unquote, urlsplit

from rigs.devices.device import Device
from rigs.schema import Point
from twin.batch import Batch, Stamp, Status, no_reading, reading
from twin.connectors.backoff import Backoff
from twin.connectors.base import ConnectorState
from twin.connectors.modbus_dialogue import (
    BadFrameError,
    DeviceExceptionError,
    Dialogue,
    NoAnswerError,
    RtuDialogue,
    StreamDialogue,
    TcpDialogue,
)
from twin.connectors.modbus_framing import AsciiFraming, Framing, RtuFraming
from twin.connectors.modbus_plan import Block, plan
from twin.connectors.modbus_tls import context_of
from twin.connectors.serial_line import LineDialogue
from twin.connectors.transport import PipeLostError, SerialPipe, TcpPipe

SECOND_NS = 1_000_000_000
RECHECK_NS = 60 * SECOND_NS
"""How long a block the device calls wrong (exceptions 1 to 3) is left alone: asking heals no rig file."""
TRIES_PER_SECOND = 5
"""Connections opened per second at the very most."""

EXCEPTIONS = {
    1: "illegal function",
    2: "illegal data address",
    3: "illegal data value",
    4: "device failure",
    5: "acknowledge, answer later",
    6: "device busy",
    8: "memory parity error",
    10: "gateway path unavailable",
    11: "gateway target does not respond",
}
_CONFIGURATION = frozenset({1, 2, 3})
_LATER = frozenset({5, 6})
_GATEWAY = frozenset({10, 11})
_STATUS = dict.fromkeys(_CONFIGURATION, Status.BAD_CONFIGURATION_ERROR)
_STATUS |= dict.fromkeys(_LATER, Status.BAD_NO_DATA) | dict.fromkeys(_GATEWAY, Status.BAD_NOT_CONNECTED)

# Device clocks are believed from 1990 to 2200; anything else is an unset clock.
_CLOCK_FROM_NS = 631_152_000 * SECOND_NS
_CLOCK_TO_NS = 7_258_118_400 * SECOND_NS


class _Abandoned(Exception):  # noqa: N818 - never seen outside this file
    """The link is of no use for the rest of this poll."""


class ModbusConnector:
    """Polls one Modbus device.

    Parameters
    ----------
    device, points : from the rig; only points with a signal are read
    url : `tcp://host:port` (any scheme serves), or a serial device path, bare or as `serial:///dev/…`
    clock : tells the time a request starts, UTC ns; None stamps all of a poll with the poll's own time
    seed : seed of the run, for the jitter of retries

    Raises
    ------
    ValueError : a point cannot be read over Modbus, or the URL is no address
    """

    def __init__(
        self,
        device: Device,
        points: Sequence[Point],
        url: str,
        clock: Callable[[], int] | None = None,
        *,
        seed: int = 0,
    ) -> None:
        self._device = device
        self._clock = clock
        self._blocks = plan(device, points)
        self._address = _serial_path(url) if device.protocol == "modbus-rtu" else _host_port(url)
        self._tls = None
        if device.modbus.tls is not None and not isinstance(self._address, str):
            self._tls = context_of(device.modbus.tls, device.id, self._address[0])
        elif urlsplit(url).path == "/tls":
            raise ValueError(f"{url!r} speaks TLS, and the rig file gives the device no modbus.tls")
        self._link: Dialogue | None = None
        self._backoff = Backoff(f"{device.id}/link", seed)
        self._units = {block.unit: Backoff(f"{device.id}/unit{block.unit}", seed) for block in self._blocks}
        self._paused_until: dict[Block, int] = {}
        self._tries: deque[int] = deque(maxlen=TRIES_PER_SECOND)
        self._connections = 0
        self._device_time: tuple[int, int] | None = None
        self._state = ConnectorState("down")
        self._closed = False

    @property
    def device(self) -> str:
        """Id of the device in the rig."""
        return self._device.id

    @property
    def state(self) -> ConnectorState:
        """How the link stands."""
        return self._state

    async def close(self) -> None:
        """Let go of the connection."""
        self._closed = True
        self._drop()
        self._state = dataclasses.replace(self._state, status="down")

    async def poll(self, now_ns: int) -> list[Batch]:
        """Read every block once; see `Connector.poll`. Nothing is asked while the link backs off."""
        if self._closed or self._backoff.waiting(now_ns):
            return []
        poll = _Poll(now_ns)
        self._device_time = None
        todo = list(self._blocks)
        while todo:
            block = todo.pop(0)
            if self._skip(block, poll):
                continue
            try:
                await self._read(block, poll)
            except DeviceExceptionError as refusal:
                poll.heard = True
                if refusal.code == 2 and self._split(block):
                    todo = [*block.without_gaps(), *todo]
                else:
                    self._refused(block, refusal.code, poll)
            except (NoAnswerError, BadFrameError) as problem:
                self._unit_failed(block, str(problem), poll)
            except (PipeLostError, _Abandoned) as problem:
                poll.link_lost = True
                poll.fail(block, Status.BAD_COMMUNICATION_ERROR, str(problem))
        self._settle(poll)
        return poll.batches

    # --- one block ------------------------------------------------------------------------------------------

    def _skip(self, block: Block, poll: "_Poll") -> bool:
        """Whether to leave a block out of this poll: its link, its unit or it alone is known to be out."""
        if poll.link_lost or block.unit in poll.failed_units:
            poll.fail(block, Status.BAD_COMMUNICATION_ERROR, None)
            return True
        return self._units[block.unit].waiting(poll.now_ns) or poll.now_ns < self._paused_until.get(block, 0)

    async def _read(self, block: Block, poll: "_Poll") -> None:
        reused = self._link is not None and self._link.open
        link = await self._connected(poll.now_ns)
        asked_ns = self._now(poll)
        try:
            words = await link.ask(block.unit, block.function, block.start, block.count)
        except PipeLostError:
            # An idle connection the device has dropped in the meantime shows only now, and reading twice
            # harms nothing.
            if not reused:
                raise
            link = await self._connected(poll.now_ns)
            asked_ns = self._now(poll)
            words = await link.ask(block.unit, block.function, block.start, block.count)
        poll.heard = True
        poll.good_ns = asked_ns
        self._units[block.unit].succeeded()
        received_ns = self._now(poll)
        t_ns, stamp = self._time_of(block, words, asked_ns)
        for item in block.items:
            if item.point is None:
                continue
            value = item.value(words, block.start)
            if value - value == 0.0:
                poll.batches.append(reading(item.point, t_ns, value, received_ns, stamp=stamp))
            else:
                # NaN or infinity out of a float register is how many devices say "no reading".
                poll.batches.append(no_reading(item.point, t_ns, received_ns, Status.BAD_NO_DATA, stamp))

    def _time_of(self, block: Block, words: list[int], asked_ns: int) -> tuple[int, Stamp]:
        clock = self._device.clock
        if clock is not None:
            for item in block.items:
                if item.point is None:
                    ticks = item.raw(words, block.start)
                    self._device_time = (ticks * (1 if clock.resolution == "ns" else 1_000_000), asked_ns)
        if self._device_time is None:
            return asked_ns, "poll"
        device_ns, read_ns = self._device_time
        if not _CLOCK_FROM_NS <= device_ns <= _CLOCK_TO_NS:
            return asked_ns, "poll"
        return device_ns + (asked_ns - read_ns), "device_clock"

    def _split(self, block: Block) -> bool:
        """Whether a refused block was split at its unused registers; from then on it is read in parts."""
        parts = block.without_gaps()
        if len(parts) < 2 or block not in self._blocks:
            return False
        place = self._blocks.index(block)
        self._blocks = (*self._blocks[:place], *parts, *self._blocks[place + 1 :])
        return True

    def _refused(self, block: Block, code: int, poll: "_Poll") -> None:
        why = f"{block.name}: {EXCEPTIONS.get(code, 'undefined exception')} (exception {code})"
        poll.fail(block, _STATUS.get(code, Status.BAD_DEVICE_FAILURE), why)
        if code in _CONFIGURATION:
            self._paused_until[block] = poll.now_ns + RECHECK_NS
        elif code in _LATER:
            self._paused_until[block] = poll.now_ns + 2 * self._device.poll
        elif code in _GATEWAY:
            self._units[block.unit].failed(poll.now_ns)
            poll.failed_units.add(block.unit)

    def _unit_failed(self, block: Block, why: str, poll: "_Poll") -> None:
        poll.fail(block, Status.BAD_COMMUNICATION_ERROR, f"{block.name}: {why}")
        poll.failed_units.add(block.unit)
        # Two silent units in a row are one silent link: do not spend a timeout on each of the others.
        if len(self._units) == 1 or len(poll.failed_units) > 1:
            poll.link_lost = True
        else:
            self._units[block.unit].failed(poll.now_ns)

    # --- the link -------------------------------------------------------------------------------------------

    def _now(self, poll: "_Poll") -> int:
        return poll.now_ns if self._clock is None else self._clock()

    async def _connected(self, now_ns: int) -> Dialogue:
        if self._link is not None and self._link.open:
            return self._link
        if len(self._tries) == TRIES_PER_SECOND and 0 <= now_ns - self._tries[0] < SECOND_NS:
            raise _Abandoned(f"the connection was lost {TRIES_PER_SECOND} times within a second")
        self._drop()
        self._tries.append(now_ns)
        timeout_s, framing = self._device.timeout, self._device.modbus.framing
        if isinstance(self._address, str):
            parity = self._device.parity[0].upper()
            path, baud = self._address, self._device.baud

            def dialogue() -> RtuDialogue:
                pipe = SerialPipe.connect(path, baud=baud, parity=parity)
                return RtuDialogue(pipe, timeout_s, baud, _framing(framing))

            self._link = LineDialogue(path, timeout_s, dialogue)
        else:
            tcp = await TcpPipe.connect(*self._address, timeout_s=max(timeout_s, 0.5), tls=self._tls)
            if framing in ("rtu", "ascii"):
                self._link = StreamDialogue(tcp, timeout_s, _framing(framing))
            else:
                self._link = TcpDialogue(tcp, timeout_s, first_id=self._connections * 257 + 1)
        self._connections += 1
        return self._link

    def _drop(self) -> None:
        if self._link is not None:
            self._link.close()
        self._link = None

    def _settle(self, poll: "_Poll") -> None:
        """Turn what happened in a poll into the link's new state."""
        old = self._state
        state = dataclasses.replace(
            old,
            reconnects=max(0, self._connections - 1),
            errors=old.errors + (1 if poll.problems else 0),
            last_error=poll.problems[0] if poll.problems else old.last_error,
        )
        if poll.good_ns is not None:
            state = dataclasses.replace(state, last_good_ns=poll.good_ns, outage_since_ns=None)
            if not poll.problems and not self._paused_until and not any(b.failures for b in self._units.values()):
                state = dataclasses.replace(state, last_error=None)
        elif poll.problems and old.outage_since_ns is None:
            state = dataclasses.replace(state, outage_since_ns=poll.now_ns)
        if self._device_time is not None:
            state = dataclasses.replace(state, skew_ns=self._device_time[0] - self._device_time[1])
        if poll.heard:
            self._backoff.succeeded()
            state = dataclasses.replace(state, status="connected")
        elif poll.problems:
            self._backoff.failed(poll.now_ns)
            state = dataclasses.replace(state, status="backoff")
            if isinstance(self._address, tuple):
                self._drop()
        self._paused_until = {b: t for b, t in self._paused_until.items() if t > poll.now_ns}
        self._state = state


class _Poll:
    """What has come of one poll so far."""

    __slots__ = ("batches", "failed_units", "good_ns", "heard", "link_lost", "now_ns", "problems")

    def __init__(self, now_ns: int) -> None:
        self.now_ns = now_ns
        self.batches: list[Batch] = []
        self.problems: list[str] = []
        self.failed_units: set[int] = set()
        self.good_ns: int | None = None
        self.heard = False
        self.link_lost = False

    def fail(self, block: Block, status: Status, why: str | None) -> None:
        """Give every point of a block a bad quality and no value."""
        if why is not None:
            self.problems.append(why)
        for item in block.items:
            if item.point is not None:
                self.batches.append(no_reading(item.point, self.now_ns, self.now_ns, status))


def _host_port(url: str) -> tuple[str, int]:
    parts = urlsplit(url if "://" in url else f"tcp://{url}")
    try:
        port = parts.port
    except ValueError:
        port = None
    if not parts.hostname or port is None:
        raise ValueError(f"{url!r} is no Modbus TCP address; write tcp://host:port")
    return parts.hostname, port


def _framing(name: str | None) -> Framing:
    return AsciiFraming() if name == "ascii" else RtuFraming()


def _serial_path(url: str) -> str:
    path = unquote(urlsplit(url).path) if "://" in url else url
    if not path.startswith("/"):
        raise ValueError(f"{url!r} is no serial device; write a path such as /dev/ttyUSB0")
    return path
