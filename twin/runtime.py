"""The twin at work: polls devices on time and hands what came to the engine and the history.

Wall clock: every device is polled on its own absolute grid, none waits for another, and the engine works in
a thread. Lockstep: nothing happens until `tick`; then all due devices are polled, and everything is
processed when it returns.
"""

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from rigs.schema import Rig
from twin.batch import Batch
from twin.clock import LockstepClock, WallClock, stopwatch_s
from twin.connectors.base import Connector, ConnectorState
from twin.connectors.registry import make_connector
from twin.context.assets import asset_tree
from twin.context.live import LivePoints
from twin.finding import Finding, plain
from twin.history.store import History

SECOND_NS = 1_000_000_000
ENGINE_NS = 100_000_000
"""Grid on which, by the wall clock, the engine gets what has come in since."""
INBOX_BATCHES = 20_000
"""Batches that may wait for the engine; beyond it the oldest are not analysed, but counted and stored."""

log = logging.getLogger("twin.runtime")


class EngineLike(Protocol):
    """What the runtime needs of `twin.engine.Engine`."""

    def ingest(self, batches: list[Batch], link_states: dict[str, ConnectorState], now_ns: int) -> list[Finding]:
        """Take in batches and return new and changed findings."""

    def assets(self) -> Any:
        """Return the condition of each asset."""


@dataclass(frozen=True, slots=True)
class Tick:
    """What came of one step.

    Parameters
    ----------
    watermark_ns : everything the devices offered up to this time has been taken in
    findings : new and changed findings
    latency_s : how long it took [s, wall]
    """

    watermark_ns: int
    findings: tuple[Finding, ...]
    latency_s: float


class TwinRuntime:
    """A twin of one rig.

    Parameters
    ----------
    rig : the rig; the plant's private part is dropped on entry
    endpoints : device id -> URL; a device without one is reported as down and never polled
    clock : `wall` or `lockstep`
    history_path : DuckDB file, None for a bounded history in memory
    engine : what analyses; None makes the twin's own
    seed : seed of the run
    raw_waveforms : store waveforms sample by sample

    Raises
    ------
    ValueError : an endpoint or a point that cannot work; the message names it
    HistoryError : the history file cannot be used
    """

    def __init__(
        self,
        rig: Rig,
        endpoints: dict[str, str],
        clock: Literal["wall", "lockstep"] = "wall",
        history_path: Path | None = None,
        *,
        engine: EngineLike | None = None,
        seed: int = 0,
        raw_waveforms: bool = False,
    ) -> None:
        self.rig = rig.twin_view()
        self.lockstep = clock == "lockstep"
        self._step_clock = LockstepClock()
        self._wall_clock = WallClock()
        request_clock = None if self.lockstep else self._wall_clock.now_ns
        known = {device.id: device for device in self.rig.devices}
        for name in endpoints:
            if name not in known:
                raise ValueError(f"endpoint for unknown device {name!r}; the rig has {', '.join(known)}")
        self.connectors: dict[str, Connector] = {
            name: make_connector(device, self.rig.points_of(name), endpoints[name], request_clock, seed)
            for name, device in known.items()
            if name in endpoints
        }
        self._poll_ns = {name: known[name].poll for name in self.connectors}
        self._last_slot: dict[str, int] = {}
        self.live = LivePoints(self.rig)
        self._engine = engine if engine is not None else _own_engine(self.rig)
        self.history = History(history_path, raw_waveforms=raw_waveforms)
        self._findings: dict[str, Finding] = {}
        self._assets: dict[str, Any] = {}
        self._order = {point.id: place for place, point in enumerate(self.rig.points)}
        self._inbox: list[Batch] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._pool: ThreadPoolExecutor | None = None
        self._tick_lock = asyncio.Lock()
        self.watermark_ns: int | None = None
        self.polls = dict.fromkeys(self.connectors, 0)
        self.overruns = dict.fromkeys(self.connectors, 0)
        self.batches = 0
        self.shed = 0
        self.latency_s = 0.0
        self.failure: str | None = None
        self._started_s = stopwatch_s()

    # --- life -----------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Begin to poll; in lockstep there is nothing to begin."""
        if self.lockstep:
            return
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="engine")
        self._tasks = [asyncio.create_task(self._poll_for_ever(name), name=f"poll {name}") for name in self.connectors]
        self._tasks.append(asyncio.create_task(self._process_for_ever(), name="engine"))

    async def stop(self) -> None:
        """Stop polling, process and store what has come, close every connection."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        if self._inbox and self.failure is None:
            await self._process_guarded(self.now_ns())
        await asyncio.gather(*(connector.close() for connector in self.connectors.values()))
        if self._pool is not None:
            self._pool.shutdown()
        await asyncio.to_thread(self.history.close)

    def now_ns(self) -> int:
        """Return the twin's time, UTC ns."""
        return self._step_clock.now_ns() if self.lockstep else self._wall_clock.now_ns()

    # --- lockstep -------------------------------------------------------------------------------------------

    async def tick(self, t_ns: int) -> Tick:
        """Move on to `t_ns` [UTC ns]: poll every device whose poll is due by then, process, return.

        Raises
        ------
        ValueError : time would go back
        RuntimeError : the twin runs by the wall clock
        """
        if not self.lockstep:
            raise RuntimeError("this twin runs by the wall clock; start it with --clock lockstep to step it")
        async with self._tick_lock:
            began_s = stopwatch_s()
            self._step_clock.advance(t_ns)
            due = [name for name in self.connectors if self._due(name, t_ns)]
            # Devices answer in any order; what is made of the answers must not depend on it.
            answers = await asyncio.gather(*(self.connectors[name].poll(t_ns) for name in due))
            for name, batches in zip(due, answers, strict=True):
                self._receive(name, batches, t_ns)
            findings = self._absorb(self._take_inbox(), t_ns)
            self.latency_s = stopwatch_s() - began_s
            return Tick(t_ns, tuple(findings), self.latency_s)

    def _due(self, name: str, t_ns: int) -> bool:
        slot = t_ns // self._poll_ns[name]
        due = slot != self._last_slot.get(name)
        self._last_slot[name] = slot
        return due

    # --- wall clock -----------------------------------------------------------------------------------------

    async def _poll_for_ever(self, name: str) -> None:
        connector, period_ns = self.connectors[name], self._poll_ns[name]
        slot = self.now_ns() // period_ns
        while True:
            try:
                now_ns = self.now_ns()
                self._receive(name, await connector.poll(now_ns), now_ns)
            except Exception:
                # A connector answers for its peer; what reaches here is a mistake of ours, and the others
                # must go on.
                log.exception("polling %s failed", name)
                self.failure = f"polling {name} failed; see the log"
            now_ns = self.now_ns()
            next_slot = max(slot + 1, -(-now_ns // period_ns))
            self.overruns[name] += next_slot - slot - 1
            slot = next_slot
            await asyncio.sleep((slot * period_ns - now_ns) / SECOND_NS)

    async def _process_for_ever(self) -> None:
        while True:
            now_ns = self.now_ns()
            await self._process_guarded(now_ns)
            now_ns = self.now_ns()
            await asyncio.sleep((-(-(now_ns + 1) // ENGINE_NS) * ENGINE_NS - now_ns) / SECOND_NS)

    async def _process_guarded(self, now_ns: int) -> None:
        try:
            began_s = stopwatch_s()
            batches = self._take_inbox()
            states = self.link_states()
            loop = asyncio.get_running_loop()
            findings = await loop.run_in_executor(self._pool, self._analyse, batches, states, now_ns)
            self._record(findings, now_ns)
            self.latency_s = stopwatch_s() - began_s
        except Exception:
            log.exception("the engine failed")
            self.failure = "the engine failed; see the log"
            raise

    # --- both -----------------------------------------------------------------------------------------------

    def _receive(self, name: str, batches: list[Batch], now_ns: int) -> None:
        self.polls[name] += 1
        self.batches += len(batches)
        self.live.update(batches, now_ns)
        self.history.add(batches)
        self._inbox += [batch for batch in batches if not batch.historical]
        surplus = len(self._inbox) - INBOX_BATCHES
        if surplus > 0:
            self.shed += surplus
            del self._inbox[:surplus]

    def _take_inbox(self) -> list[Batch]:
        batches, self._inbox = self._inbox, []
        # By source time, then by the rig's order: the same data give the same sequence however they came in.
        batches.sort(key=lambda batch: (batch.t0_ns, self._order[batch.point]))
        return batches

    def _absorb(self, batches: list[Batch], now_ns: int) -> list[Finding]:
        findings = self._analyse(batches, self.link_states(), now_ns)
        self._record(findings, now_ns)
        return findings

    def _analyse(self, batches: list[Batch], states: dict[str, ConnectorState], now_ns: int) -> list[Finding]:
        findings = self._engine.ingest(batches, states, now_ns)
        self._assets = self._engine.assets()
        return findings

    def _record(self, findings: list[Finding], now_ns: int) -> None:
        for finding in findings:
            self._findings[finding.id] = finding
        if findings:
            self.history.add_findings(findings, now_ns)
        self.watermark_ns = now_ns

    # --- what is known --------------------------------------------------------------------------------------

    def link_states(self) -> dict[str, ConnectorState]:
        """Return how each device's link stands; devices without an endpoint are down."""
        nowhere = ConnectorState("down", last_error="no endpoint given")
        return {
            device.id: self.connectors[device.id].state if device.id in self.connectors else nowhere
            for device in self.rig.devices
        }

    def findings(self) -> list[Finding]:
        """Return all findings, oldest first."""
        return sorted(self._findings.values(), key=lambda finding: (finding.detected_ns, finding.id))

    def finding(self, name: str) -> Finding | None:
        """Return one finding by its id."""
        return self._findings.get(name)

    def assets(self) -> list[dict[str, Any]]:
        """Return every asset with its points, its neighbours and its condition, as plain JSON values."""
        conditions = self._assets
        return [
            {
                "id": node.id,
                "kind": node.kind,
                "title": node.title,
                "points": list(node.points),
                "joins": {kind: list(ids) for kind, ids in node.joins.items()},
                "condition": _plain_condition(conditions.get(node.id)),
            }
            for node in asset_tree(self.rig).values()
        ]

    def uptime_s(self) -> float:
        """Return for how long the twin has run [s, wall]."""
        return stopwatch_s() - self._started_s


def _own_engine(rig: Rig) -> EngineLike:
    from twin.engine import Engine

    engine: EngineLike = Engine(rig)
    return engine


def _plain_condition(condition: Any) -> Any:
    if condition is None:
        return None
    if hasattr(condition, "as_dict"):
        return condition.as_dict()
    if hasattr(condition, "__dataclass_fields__"):
        return plain({name: getattr(condition, name) for name in condition.__dataclass_fields__})
    return plain(condition)
