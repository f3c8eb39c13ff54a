"""Carry out one scenario: rig up, twin up, timeline, capture, judgement, everything down again."""

import asyncio
import contextlib
import traceback
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, Self

from emulator.clock import clock_from, stopwatch_ns
from emulator.desk import UnknownFault, check_fault
from hil.capture.offers import Offers
from hil.capture.received import read_history
from hil.capture.scenario import write_capture
from hil.capture.signals import drawn_signals
from hil.record import FaultTrace, ScenarioResult, TimingStats
from hil.rig import LiveRig
from hil.scenario import Prepared, timeline
from hil.sut import TwinDied, TwinProcess
from hil.verdict.evaluate import Facts, evaluate
from rigs.document import Place, Problem, RigError
from rigs.schema import FaultSpec, RepairStep, Rig, Step

SECOND = 1_000_000_000
PHYSICS_LAYERS = ("physics", "sensor", "device", "protocol")


class Listener(Protocol):
    """Whoever watches a run."""

    def advanced(self, t_ns: int) -> None:
        """Plant time [ns] has come this far."""
        ...

    def found(self, finding: dict[str, Any]) -> None:
        """Take note of a new or changed finding of the twin."""
        ...


class Silence:
    """Watches nothing."""

    def advanced(self, t_ns: int) -> None:
        """Ignore it."""

    def found(self, finding: dict[str, Any]) -> None:
        """Ignore it."""


@dataclass(frozen=True, slots=True)
class Options:
    """How to run: the same for all scenarios of a run."""

    rig_name: str
    clock: str = "lockstep"
    seed: int = 1
    binding: dict[str, str] = field(default_factory=dict)


class Bench:
    """A live rig with its twin, advanced step by step. Use as an async context manager.

    Parameters
    ----------
    options : Options
        Rig, clock, seed and binding.
    rig : Rig
        The rig as the scenario wants it.
    folder : Path
        Where this scenario's files go; made if missing.

    """

    def __init__(self, options: Options, rig: Rig, folder: Path, listener: Listener | None = None) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.options = options
        self.rig = rig
        self.folder = folder
        self.listener = listener or Silence()
        self.clock = clock_from(options.clock)
        try:
            self.live = LiveRig(
                rig, options.seed, self.clock.epoch_ns, options.binding, folder / "truth.jsonl", self.clock.rate
            )
        except ValueError as problem:  # a plant that cannot be built from this rig
            raise RigError(Problem(Place(options.rig_name), str(problem))) from None
        self.offers = Offers(rig, self.live.emulation)
        self.findings: dict[str, dict[str, Any]] = {}
        self.late_ns: list[int] = []
        self.starts_ns: list[int] = []
        self.skipped: list[FaultTrace] = []
        self.twin: TwinProcess | None = None
        self._began_ns = stopwatch_ns()

    @property
    def t_ns(self) -> int:
        """Plant time [ns]."""
        return self.live.emulation.t_ns

    @property
    def paced(self) -> bool:
        """Whether real time drives the run and the twin polls by itself."""
        return self.clock.kind == "wall"

    async def __aenter__(self) -> Self:
        try:
            protocols = {device.id: str(device.protocol) for device in self.rig.devices}
            # The twin loads its libraries while the devices open; the endpoints are handed to it once they are there.
            self.twin = TwinProcess(
                self.options.rig_name, self.live.endpoints, protocols, self.folder, lockstep=not self.paced
            )
            await self.twin.spawn()
            await self.live.start()
            await self.twin.start()
            self.live.emulation.begin(self.clock.begin(0))
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Stop twin, proxies and devices, whatever state they are in."""
        if self.twin is not None:
            await self.twin.stop()
        await self.live.stop()

    def inject(self, spec: FaultSpec) -> int | None:
        """Configure a fault; None, with the reason kept, where the binding rules it out.

        Raises
        ------
        UnknownFault
            No such fault, target or parameter, whatever the binding.

        """
        kinds = self.live.emulation.desk.kinds
        wrong = check_fault(spec, self.rig, kinds)
        if wrong:
            raise UnknownFault(wrong)
        kind = kinds[spec.kind]
        if kind.layer in PHYSICS_LAYERS and self._is_real(kind.layer, spec.on):
            reason = f"{spec.on} is real hardware; only link faults act on it"
            onset = self.clock.epoch_ns + spec.onset
            self.skipped.append(FaultTrace(spec.kind, spec.on, kind.layer, onset, skipped=reason))
            return None
        return self.live.emulation.desk.add(spec)

    def write(self, point_id: str, value: float | bool) -> None:
        """Give a command at a device's panel: it takes effect at the next block edge.

        Nobody stands at a real device's panel: the command is skipped, with the reason kept.
        """
        point = self.rig.point(point_id)
        if point.device in self.options.binding:
            reason = f"{point.device} is real hardware; commands reach it over its wire or at its panel only"
            now_ns = self.clock.epoch_ns + self.t_ns
            self.skipped.append(FaultTrace("command", point_id, "command", now_ns, skipped=reason))
            return
        self.live.emulation.images[point.device].write(point_id, value)

    def carry_out(self, step: Step | RepairStep) -> None:
        """Give the step's command, or have its repair begun."""
        if isinstance(step, RepairStep):
            self.repair(step)
        else:
            self.write(step.write, step.value)

    def repair(self, step: RepairStep) -> None:
        """Have something of the plant repaired; on real hardware nobody does, with the reason kept."""
        emulation = self.live.emulation
        layer = "physics" if step.repair in emulation.plant.assets else "sensor"
        if any(self._is_real(kind, step.repair) for kind in (layer, "device")):
            reason = f"{step.repair} is real hardware; nobody is there to repair it"
            now_ns = self.clock.epoch_ns + self.t_ns
            self.skipped.append(FaultTrace("repair", step.repair, "command", now_ns, skipped=reason))
            return
        emulation.life.repair(emulation.t_ns, step.repair, step.mode, step.quality, step.downtime)

    async def advance(self, until_ns: int) -> None:
        """Run the plant to plant time `until_ns` [ns], the twin keeping up."""
        emulation, twin = self.live.emulation, self.twin
        assert twin is not None, "enter the bench before advancing it"
        block_ns, watermark_ns = emulation.plant.block_ns, self.rig.clock.watermark
        while emulation.t_ns < until_ns:
            self.late_ns.append(await self.clock.wait_until(emulation.t_ns + block_ns))
            self.starts_ns.append(stopwatch_ns())
            emulation.step()
            self.offers.take()
            if self.paced:
                await asyncio.sleep(0)
            elif emulation.t_ns % watermark_ns == 0 or emulation.t_ns >= until_ns:
                answer = await twin.tick(self.clock.epoch_ns + emulation.t_ns)
                for finding in answer["findings"]:
                    self._found(finding)
            if emulation.t_ns % (10 * block_ns) == 0:
                self.listener.advanced(emulation.t_ns)
                if self.paced:
                    for finding in await twin.get("/findings"):
                        self._found(finding)

    def truth(self) -> list[FaultTrace]:
        """Return what really happened so far, in absolute time."""
        epoch_ns = self.clock.epoch_ns
        happened = [
            FaultTrace(
                fault.kind,
                fault.on,
                fault.layer,
                epoch_ns + fault.onset_ns,
                None if fault.cleared_ns is None else epoch_ns + fault.cleared_ns,
                tuple((epoch_ns + t_ns, severity) for t_ns, severity in fault.severity),
            )
            for fault in self.live.emulation.truth.faults
        ]
        return happened + self.skipped

    def facts(self, errors: tuple[str, ...] = ()) -> Facts:
        """Everything the bench saw, once twin and devices have stopped."""
        # A twin that polls by itself meets devices that have not scanned yet; the first scan ends with the first block.
        since_ns = self.clock.epoch_ns + (self.live.emulation.plant.block_ns if self.paced else 0)
        try:
            values, blocks = read_history(self.twin.history, since_ns) if self.twin else ({}, {})
        except RuntimeError as problem:
            values, blocks, errors = {}, {}, (*errors, str(problem))
        scale = float(getattr(self.clock, "scale", 1.0))
        block_s = self.live.emulation.plant.block_ns / SECOND / scale
        spread = [
            abs((later - earlier) / SECOND - block_s)
            for earlier, later in zip(self.starts_ns, self.starts_ns[1:], strict=False)
        ]
        lockstep = self.clock.kind == "lockstep"
        return Facts(
            t0_ns=self.clock.epoch_ns,
            seed=self.options.seed,
            clock=self.clock.kind,
            wall_s=(stopwatch_ns() - self._began_ns) / SECOND,
            offered=self.offers.series(),
            received=values,
            offered_blocks=self.offers.blocks(),
            received_blocks=blocks,
            resolution=self.offers.resolution(),
            lateness=TimingStats() if lockstep else TimingStats.of([late / SECOND for late in self.late_ns]),
            jitter=TimingStats() if lockstep else TimingStats.of(spread),
            image_digest=self.live.emulation.digest,
            link={name: proxy.counters.to_json() for name, proxy in self.live.proxies.items()},
            errors=errors,
        )

    def _found(self, finding: dict[str, Any]) -> None:
        if self.findings.get(finding["id"]) != finding:
            self.findings[finding["id"]] = finding
            self.listener.found(finding)

    def _is_real(self, layer: str, on: str) -> bool:
        binding = self.options.binding
        if layer == "physics":
            # A physics fault acts on the plant: it is real as soon as any device that shows this asset is. An
            # asset that no point shows acts on its neighbours, so any real device may be the one that should
            # show it.
            shown_by = {point.device for point in self.rig.points if point.asset == on} or set(binding)
            return any(device in binding for device in shown_by)
        if layer == "sensor":
            return any(point.device in binding for point in self.rig.points if point.id == on)
        return on in binding


async def run_scenario(
    options: Options, prepared: Prepared, folder: Path, listener: Listener | None = None
) -> ScenarioResult:
    """Run one scenario to its end and judge it.

    A twin that dies, or any failure of the bench itself, ends the scenario with the verdict ``error`` and
    whatever was captured until then. Cancelling (Ctrl-C) does the same and stops everything before it
    returns.
    """
    scenario = prepared.scenario
    bench = Bench(options, prepared.rig, folder, listener)
    errors: tuple[str, ...] = ()
    try:
        async with bench:
            for spec in scenario.faults:
                bench.inject(spec)
            for step in timeline(scenario):
                await bench.advance(step.at)
                bench.carry_out(step)
            await bench.advance(scenario.duration)
            if bench.twin is not None:
                for finding in await bench.twin.get("/findings"):
                    bench._found(finding)  # noqa: SLF001 - the same module's own
    except TwinDied as problem:
        errors = (str(problem),)
    except OSError as problem:
        errors = (f"the rig could not be brought up: {problem.strerror or problem}",)
    except Exception as problem:  # noqa: BLE001 - the edge of a scenario: reported, everything stopped, the others run
        (folder / "traceback.txt").write_text(traceback.format_exc(), encoding="utf-8")
        errors = (f"the bench itself broke: {problem!r}; traceback.txt in the scenario's capture says where",)
    except asyncio.CancelledError:
        errors = (f"interrupted at {bench.t_ns / SECOND:.1f} s of {scenario.duration / SECOND:.0f} s",)
    return _judged(bench, prepared, errors)


def _judged(bench: Bench, prepared: Prepared, errors: tuple[str, ...]) -> ScenarioResult:
    facts = bench.facts(errors)
    findings = sorted(bench.findings.values(), key=lambda f: (f["detected_ns"], f["id"]))
    signals = drawn_signals(prepared.scenario, prepared.rig, facts, findings)
    facts = Facts(**{name: getattr(facts, name) for name in facts.__dataclass_fields__} | {"signals": signals})
    truth = bench.truth()
    write_capture(bench.folder, truth, findings, facts)
    return evaluate(prepared.scenario, prepared.rig, truth, findings, facts)


@contextlib.asynccontextmanager
async def bench_on(options: Options, rig: Rig, folder: Path) -> AsyncIterator[Bench]:
    """Open a bench without a scenario, for test fixtures."""
    async with Bench(options, rig, folder) as bench:
        yield bench
