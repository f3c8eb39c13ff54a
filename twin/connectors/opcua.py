"""One OPC UA server, polled with one batch read for all its points, waveforms included."""

import dataclasses
from collections import deque
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

import numpy as np

from rigs.devices.device import Device
from rigs.schema import Point
from twin.batch import Batch, Stamp, Status, Values, is_bad, no_reading, reading
from twin.connectors.backoff import Backoff
from twin.connectors.base import ConnectorState
from twin.connectors.opcua_feed import Feed
from twin.connectors.opcua_security import secured_of
from twin.connectors.opcua_session import (
    SERVER_STATE,
    NodeId,
    OpcUaSession,
    Path,
    ServiceRefusedError,
    SessionLostError,
    Ticket,
    check_url,
    open_session,
)
from twin.connectors.opcua_values import DataValue
from twin.connectors.waveform import WaveformCursor
from twin.context.units import ToSI, to_si

SECOND_NS = 1_000_000_000
RESOLVE_AGAIN_NS = 10 * SECOND_NS
"""How long to live with a node that was not found before looking for it again within the same session."""
TRIES_PER_SECOND = 5
UNCERTAIN_TIME_NS = 400 * 86_400 * SECOND_NS
"""A source time further than this from the twin's is an unset clock, not an early or a late value."""

_RUNNING = 0
_NODE_GONE = frozenset({0x80340000, 0x80330000})  # Bad_NodeIdUnknown, Bad_NodeIdInvalid


@dataclasses.dataclass(slots=True, eq=False)
class _Target:
    """One point of this server: how to find it, how to read it."""

    point: Point
    si: ToSI
    paths: tuple[tuple[str, ...], ...]
    cursor: WaveformCursor | None
    nodes: tuple[NodeId, ...] | None = None
    last: Batch | None = None


class OpcUaConnector:
    """Polls one OPC UA server.

    Parameters
    ----------
    device, points : from the rig; only points with a signal are read
    url : `opc.tcp://host:port/path`
    clock : tells the time a request starts, UTC ns; None stamps all of a poll with the poll's own time
    seed : seed of the run, for the jitter of retries

    Raises
    ------
    ValueError : a point cannot be read over OPC UA, the device names no namespace, or the URL is no address
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
        if device.namespace is None:
            raise ValueError(f"device {device.id} needs a namespace: node names mean nothing without one")
        self._device = device
        self._namespace = device.namespace
        self._url = check_url(url)
        self._clock = clock
        self._targets = [_target(point) for point in points if point.signal is not None]
        self._session: OpcUaSession | None = None
        self._secured = secured_of(device, urlsplit(self._url).hostname)
        self._feed = _feed(device) if clock is not None else None
        self._ticket: Ticket | None = None
        self._nodes_per_read = 0
        self._resolve_at_ns: int | None = None
        self._backoff = Backoff(f"{device.id}/link", seed)
        self._tries: deque[int] = deque(maxlen=TRIES_PER_SECOND)
        self._sessions = 0
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
        """Take leave of the server and let go of the connection."""
        self._closed = True
        if self._session is not None:
            await self._session.close()
            self._session = None
        self._state = dataclasses.replace(self._state, status="down")

    async def poll(self, now_ns: int) -> list[Batch]:
        """Read every point once; see `Connector.poll`. Nothing is asked while the link backs off."""
        if self._closed or self._backoff.waiting(now_ns):
            return []
        reused = self._session is not None and self._session.open
        try:
            try:
                return await self._read_all(now_ns)
            except SessionLostError:
                # A session the server has dropped in the meantime shows only now; a new one may do at once.
                timed_out = self._session is not None and self._session.open
                if not reused or timed_out:
                    raise
                self._drop()
                return await self._read_all(now_ns)
        except (SessionLostError, ServiceRefusedError) as problem:
            return self._failed(now_ns, str(problem))
        except Exception as problem:  # noqa: BLE001 - hostile bytes can raise anything inside the library; the link is cut
            return self._failed(now_ns, f"{type(problem).__name__}: {problem}")

    # --- reading --------------------------------------------------------------------------------------------

    async def _read_all(self, now_ns: int) -> list[Batch]:
        session = await self._ready(now_ns)
        fed = await self._fed(session, now_ns)
        asked_ns = self._now(now_ns)
        polled = [target for target in self._targets if target not in fed]
        batches: list[Batch] = []
        if self._feed is not None and fed:
            changes = await self._feed.changes()
            received_ns = self._now(now_ns)
            for place, value in changes:
                target = fed[place]
                target.last = batch = self._batch(target, [value], asked_ns, received_ns)
                if batch is not None:
                    batches.append(batch)
            if self._feed.reread:
                polled = self._targets
        answers = await self._read(session, [SERVER_STATE, *_nodes(polled)])
        received_ns = self._now(now_ns)
        state, rest = answers[0], iter(answers[1:])
        running = is_bad(state.status) or not isinstance(state.value, int) or int(state.value) == _RUNNING
        server_ns = state.server_ns if fed else None
        for target in polled:
            if target.nodes is None:
                batches.append(no_reading(target.point.id, asked_ns, received_ns, Status.BAD_NODE_ID_UNKNOWN))
                continue
            values = [next(rest) for _ in target.nodes]
            if any(value.status in _NODE_GONE for value in values):
                self._resolve_at_ns = now_ns + 1
            server_ns = server_ns or values[0].server_ns
            batch = self._batch(target, values, asked_ns, received_ns)
            if batch is not None:
                batches.append(batch)
        self._hold(fed, asked_ns, batches)
        warning = None if running else f"the server is in state {state.value}, not running"
        if warning is None and self._feed is not None:
            warning = self._feed.warning
        self._succeeded(asked_ns, server_ns, warning)
        return batches if running else [_doubt(batch) for batch in batches]

    async def _fed(self, session: OpcUaSession, now_ns: int) -> list[_Target]:
        """Return the points that come by subscription; none where the server is read."""
        if self._feed is None:
            return []
        fed = [target for target in self._targets if target.cursor is None and target.nodes is not None]
        if not fed or not await self._feed.ready(session, _nodes(fed), now_ns, self._nodes_per_read):
            return []
        if self._feed.semantics_changed:
            # Units or ranges are others now: whatever was learnt of the nodes must be learnt again.
            self._feed.semantics_changed = False
            self._resolve_at_ns = now_ns + 1
        return fed

    def _hold(self, fed: list[_Target], now_ns: int, batches: list[Batch]) -> None:
        """Say again what has not changed: while keep-alives come, no report means no change."""
        for target in fed:
            last = target.last
            if last is not None and now_ns - last.received_ns > self._device.stale_after // 2:
                target.last = dataclasses.replace(last, t0_ns=now_ns, received_ns=now_ns, stamp="poll")
                batches.append(target.last)

    async def _read(self, session: OpcUaSession, nodes: list[NodeId]) -> list[DataValue]:
        size = self._nodes_per_read or len(nodes)
        values: list[DataValue] = []
        for start in range(0, len(nodes), size):
            values += await session.read(nodes[start : start + size])
        return values

    def _batch(self, target: _Target, values: list[DataValue], asked_ns: int, received_ns: int) -> Batch | None:
        point, first = target.point.id, values[0]
        t_ns, stamp = _time(first, asked_ns)
        if is_bad(first.status):
            # Whatever number may stand beside a bad status, it is not a measurement.
            return no_reading(point, t_ns, received_ns, first.status, stamp)
        if target.cursor is not None:
            return _waveform(target, target.cursor, values, (t_ns, stamp), received_ns)
        if first.value is None:
            return no_reading(point, t_ns, received_ns, Status.BAD_NO_DATA, stamp)
        if not isinstance(first.value, (bool, int, float)):
            return no_reading(point, t_ns, received_ns, Status.BAD_TYPE_MISMATCH, stamp)
        value = first.value * target.si.factor + target.si.offset
        if value - value != 0.0:
            return no_reading(point, t_ns, received_ns, Status.BAD_NO_DATA, stamp)
        return reading(point, t_ns, value, received_ns, quality=first.status, stamp=stamp)

    # --- the session ----------------------------------------------------------------------------------------

    def _now(self, now_ns: int) -> int:
        return now_ns if self._clock is None else self._clock()

    async def _ready(self, now_ns: int) -> OpcUaSession:
        """Return a session in which every node has been looked for."""
        if self._session is None or not self._session.open:
            if len(self._tries) == TRIES_PER_SECOND and 0 <= now_ns - self._tries[0] < SECOND_NS:
                raise SessionLostError(f"the session was lost {TRIES_PER_SECOND} times within a second")
            self._drop()
            self._tries.append(now_ns)
            timeout_s = self._device.timeout
            session_s, ticket, self._ticket = max(30.0, 4e-9 * self._device.poll), self._ticket, None
            self._session = await open_session(self._url, timeout_s, session_s, ticket, self._secured)
            self._sessions += 1
            self._resolve_at_ns = now_ns
        if self._resolve_at_ns is not None and now_ns >= self._resolve_at_ns:
            await self._resolve(self._session, now_ns)
        return self._session

    async def _resolve(self, session: OpcUaSession, now_ns: int) -> None:
        """Find every node anew by namespace URI: a restart may move indexes, and old ids lead elsewhere."""
        table, self._nodes_per_read = await session.namespaces_and_limit()
        if self._namespace not in table:
            raise SessionLostError(
                f"the server has no namespace {self._namespace}; it has {', '.join(table[1:]) or 'none'}"
            )
        index = table.index(self._namespace)
        paths: list[Path] = [tuple((index, name) for name in path) for t in self._targets for path in self._full(t)]
        size = 500
        found: list[NodeId | None] = []
        for start in range(0, len(paths), size):
            found += await session.resolve(paths[start : start + size])
        nodes = iter(found)
        missing = False
        for target in self._targets:
            ids = [next(nodes) for _ in target.paths]
            known = tuple(node for node in ids if node is not None)
            target.nodes = known if len(known) == len(ids) else None
            address = target.point.opcua
            if address is not None and address.id is not None and len(ids) == 1:
                target.nodes = (session.node(index, address.id),)
            missing = missing or target.nodes is None
        self._resolve_at_ns = now_ns + RESOLVE_AGAIN_NS if missing else None

    def _full(self, target: _Target) -> list[tuple[str, ...]]:
        return [(self._device.id, *path) for path in target.paths]

    def _drop(self) -> None:
        if self._session is not None:
            self._ticket = self._session.ticket if self._feed is not None else None
            self._session.drop()
        self._session = None

    def _succeeded(self, asked_ns: int, server_ns: int | None, warning: str | None) -> None:
        missing = [target.point.id for target in self._targets if target.nodes is None]
        if missing and warning is None:
            warning = f"no node for {', '.join(missing[:5])}"
        self._backoff.succeeded()
        self._state = dataclasses.replace(
            self._state,
            status="connected",
            last_good_ns=asked_ns,
            outage_since_ns=None,
            reconnects=max(0, self._sessions - 1),
            last_error=warning,
            skew_ns=None if server_ns is None else server_ns - asked_ns,
        )

    def _failed(self, now_ns: int, why: str) -> list[Batch]:
        self._drop()
        self._backoff.failed(now_ns)
        for target in self._targets:
            target.last = None
        old = self._state
        self._state = dataclasses.replace(
            old,
            status="backoff",
            errors=old.errors + 1,
            last_error=why,
            reconnects=max(0, self._sessions - 1),
            outage_since_ns=now_ns if old.outage_since_ns is None else old.outage_since_ns,
        )
        status = Status.BAD_COMMUNICATION_ERROR
        return [no_reading(target.point.id, now_ns, now_ns, status) for target in self._targets]


def _nodes(targets: Sequence[_Target]) -> list[NodeId]:
    return [node for target in targets if target.nodes is not None for node in target.nodes]


def _feed(device: Device) -> Feed | None:
    """Have values reported where the rig says so; in lockstep only an answer to a question repeats exactly."""
    settings = device.opcua.client
    if settings.mode != "subscribe":
        return None
    return Feed((settings.publishing or device.poll) / SECOND_NS, device.stale_after / SECOND_NS, device.timeout)


def _target(point: Point) -> _Target:
    if point.opcua is None:
        raise ValueError(f"point {point.id}: its device speaks OPC UA and needs an opcua address")
    path = tuple(point.opcua.node.split("/"))
    try:
        unit = to_si(point.unit)
    except ValueError as error:
        raise ValueError(f"point {point.id}: {error}") from None
    if point.waveform is None:
        return _Target(point, unit, (path,), None)
    if unit.offset:
        raise ValueError(f"point {point.id}: a waveform in {point.unit} has no zero to swing about")
    return _Target(point, unit, (path, (*path, "SampleCounter"), (*path, "SampleRate")), WaveformCursor())


def _time(value: DataValue, asked_ns: int) -> tuple[int, Stamp]:
    """Choose a value's time: its source's, else its server's, else when it was asked for."""
    if value.source_ns is not None and abs(value.source_ns - asked_ns) < UNCERTAIN_TIME_NS:
        return value.source_ns, "source"
    if value.server_ns is not None and abs(value.server_ns - asked_ns) < UNCERTAIN_TIME_NS:
        return value.server_ns, "device_clock"
    return asked_ns, "poll"


def _waveform(
    target: _Target,
    cursor: WaveformCursor,
    values: list[DataValue],
    time: tuple[int, Stamp],
    received_ns: int,
) -> Batch | None:
    """Build the batch of a waveform's new samples; None when there are none.

    The array's source time is the end of its last sample.
    """
    point = target.point.id
    (t_ns, stamp), (block, counter, rate) = time, values
    for companion in (counter, rate):
        if is_bad(companion.status):
            return no_reading(point, t_ns, received_ns, companion.status, stamp)
    if not isinstance(block.value, np.ndarray) or block.value.dtype.kind != "f":
        return no_reading(point, t_ns, received_ns, Status.BAD_TYPE_MISMATCH, stamp)
    if not isinstance(counter.value, int) or counter.value < 0 or not isinstance(rate.value, (int, float)):
        return no_reading(point, t_ns, received_ns, Status.BAD_TYPE_MISMATCH, stamp)
    rate_hz = float(rate.value)
    if not 1e-3 <= rate_hz <= 1e8:
        return no_reading(point, t_ns, received_ns, Status.BAD_CONFIGURATION_ERROR, stamp)
    if counter.source_ns != block.source_ns:
        # Read while the server changed them: the counter belongs to another block. The next poll gets them
        # whole.
        return None
    start_n, fresh = cursor.cut(counter.value, block.value, rate_hz)
    if fresh.size == 0:
        return None
    factor = target.si.factor
    samples: Values = fresh.astype(np.float32) if fresh.dtype.itemsize == 4 else fresh.astype(np.float64)
    if factor != 1.0:
        samples *= factor
    dt_ns = round(SECOND_NS / rate_hz)
    t0_ns = t_ns - round(fresh.size * SECOND_NS / rate_hz)
    return Batch(point, t0_ns, dt_ns, samples, block.status, received_ns, start_n, rate_hz, stamp)


def _doubt(batch: Batch) -> Batch:
    """Lower a good batch of a server that says it is not running to Uncertain."""
    return dataclasses.replace(batch, quality=Status.UNCERTAIN_LAST_USABLE_VALUE) if batch.good else batch
