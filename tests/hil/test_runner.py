"""The bench itself: what it injects, what it skips on real hardware, and how a scenario ends that went wrong."""

import asyncio
import itertools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from emulator.desk import UnknownFault
from emulator.emulation import Emulation
from hil import runner
from hil.runner import Bench, Options, run_scenario
from hil.scenario import Prepared
from hil.sut import TwinDied
from hil.verdict.lattice import Verdict
from rigs.load import SHIPPED, load_rig
from rigs.schema import FaultSpec, RepairStep, Scenario

pytestmark = pytest.mark.slow_without_jit
SECOND = 1_000_000_000
RIG = str(SHIPPED / "pump_skid" / "rig.yaml")


class QuietTwin:
    """Keeps up and finds what it was told to find."""

    def __init__(self, *_: Any, lockstep: bool) -> None:
        self.ticks: list[int] = []
        self.findings: list[dict[str, Any]] = []
        self.history = Path("/nonexistent/history.duckdb")
        self.stopped = False

    async def spawn(self) -> None:
        pass

    async def start(self) -> None:
        pass

    async def tick(self, t_ns: int) -> dict[str, Any]:
        self.ticks.append(t_ns)
        await asyncio.sleep(0)  # as any answer over a socket does, this one lets others run
        return {"watermark_ns": t_ns, "findings": self.findings}

    async def get(self, path: str) -> Any:
        return self.findings

    async def stop(self) -> None:
        self.stopped = True


@pytest.fixture(autouse=True)
def _quiet_twin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "TwinProcess", QuietTwin)
    monkeypatch.setattr(runner, "read_history", lambda *_: ({}, {}))


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Callable[..., Bench]]:
    """Return a function that makes a bench which is never entered; its truth log is closed afterwards."""
    benches: list[Bench] = []

    def make(**binding: str) -> Bench:
        benches.append(bench(tmp_path / str(len(benches)), **binding))
        return benches[-1]

    yield make
    for live in benches:
        asyncio.run(live.close())


def bench(folder: Path, **binding: str) -> Bench:
    clock = "wall" if binding else "lockstep"
    return Bench(Options(RIG, clock, 1, binding), load_rig("pump_skid"), folder)


def scenario(**more: Any) -> Prepared:
    given = {"scenario": "s", "duration": "2 s", "expect": [{"expect": "silent"}]} | more
    return Prepared(Scenario.model_validate(given), load_rig("pump_skid"), "s.yaml")


def ran(folder: Path, prepared: Prepared, **binding: str) -> Any:
    options = Options(RIG, "wall" if binding else "lockstep", 1, binding)
    return asyncio.run(run_scenario(options, prepared, folder))


# --- real devices ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "on"),
    [
        ("imbalance", "pump1"),  # the pump shows on the PLC
        ("sensor_bias", "pump1.flow"),
        ("device_freeze", "plc1"),
        ("opcua_status", "plc1"),
        ("suction_clogging", "suction1"),  # shown by no point: any real device may be the one to show it
    ],
)
def test_what_cannot_be_done_to_real_hardware_is_skipped_with_the_reason(made, kind: str, on: str):
    live = made(plc1="opc.tcp://192.0.2.1:4840/")
    assert live.inject(FaultSpec(kind=kind, on=on, onset="5 s")) is None
    (skipped,) = live.truth()
    assert (skipped.kind, skipped.on) == (kind, on)
    assert skipped.skipped == f"{on} is real hardware; only link faults act on it"
    assert live.live.emulation.desk.listing() == []


@pytest.mark.parametrize("on", ["pump1", "pump1.flow", "plc1"])
def test_real_hardware_is_not_repaired_and_the_record_says_so(made, on: str):
    live = made(plc1="opc.tcp://192.0.2.1:4840/")
    live.carry_out(RepairStep(at="0 s", repair=on))
    (skipped,) = live.truth()
    assert (skipped.kind, skipped.on) == ("repair", on)
    assert "nobody is there to repair it" in skipped.skipped


@pytest.mark.parametrize(
    ("kind", "on"),
    [
        ("imbalance", "pump1"),
        ("sensor_bias", "pump1.flow"),
        ("device_freeze", "plc1"),
        ("suction_clogging", "suction1"),
    ],
)
def test_on_an_emulated_rig_nothing_is_skipped(made, kind: str, on: str):
    live = made()
    assert live.inject(FaultSpec(kind=kind, on=on)) == 1
    assert live.skipped == []


def test_the_emulated_neighbour_of_a_real_device_still_takes_its_faults(made):
    live = made(drive1="modbus-tcp://192.0.2.1:502")
    assert live.inject(FaultSpec(kind="sensor_bias", on="pump1.flow")) is not None
    assert live.inject(FaultSpec(kind="clock_offset", on="plc1")) is not None
    assert live.inject(FaultSpec(kind="bearing_outer_race", on="pump1_de")) is not None
    assert live.skipped == []


@pytest.mark.parametrize(
    ("kind", "on"), [("sensor_bias", "pump1.flo"), ("imbalance", "pumpe1"), ("inbalance", "pump1")]
)
def test_a_fault_that_does_not_exist_is_named_on_any_binding(made, kind: str, on: str):
    for binding in ({}, {"plc1": "opc.tcp://192.0.2.1:4840/"}):
        live = made(**binding)
        with pytest.raises(UnknownFault, match="did you mean"):
            live.inject(FaultSpec(kind=kind, on=on))


def test_a_command_to_a_real_device_is_skipped_with_the_reason(made):
    live = made(plc1="opc.tcp://192.0.2.1:4840/")
    live.write("pid1.setpoint", 60.0)
    (skipped,) = live.truth()
    assert skipped.on == "pid1.setpoint"
    assert "plc1 is real hardware" in (skipped.skipped or "")


def test_a_physics_fault_on_a_bound_device_makes_the_verdict_inconclusive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    async def nothing(self: Any, announce: Any = None) -> None:
        pass

    monkeypatch.setattr("hil.rig.LiveRig.start", nothing)
    detect = {"expect": "detect", "fault": "imbalance", "on": "pump1", "within": "1 s"}
    prepared = scenario(
        duration="300 ms", faults=[{"kind": "imbalance", "on": "pump1", "onset": "100 ms"}], expect=[detect]
    )
    result = ran(tmp_path, prepared, plc1="opc.tcp://192.0.2.1:4840/")
    assert result.verdict is Verdict.INCONC
    assert any("was not injected: pump1 is real hardware" in reason.text for reason in result.reasons)
    assert [match.outcome for match in result.matches] == ["skipped"]


# --- advancing ---------------------------------------------------------------------------------------------


@pytest.mark.wire
def test_the_twin_is_ticked_at_every_watermark_and_at_the_end(tmp_path: Path):
    async def main() -> None:
        async with bench(tmp_path) as live:
            await live.advance(1_300_000_000)
            assert live.t_ns == 1_300_000_000
            epoch_ns = live.clock.epoch_ns
            assert [t - epoch_ns for t in live.twin.ticks] == [500_000_000, 1_000_000_000, 1_300_000_000]
        assert live.twin.stopped

    asyncio.run(main())


@pytest.mark.wire
def test_a_command_acts_at_the_next_block_edge_and_is_in_the_truth(tmp_path: Path):
    async def main() -> None:
        async with bench(tmp_path) as live:
            await live.advance(SECOND)
            live.write("pid1.setpoint", 60.0)
            before = live.live.emulation.images["plc1"].readings["pid1.setpoint"].value
            await live.advance(SECOND + 100_000_000)
            after = live.live.emulation.images["plc1"].readings["pid1.setpoint"].value
            assert (before, after) == (pytest.approx(75.0), pytest.approx(60.0))

    asyncio.run(main())
    assert '"point": "pid1.setpoint", "value": 60.0' in (tmp_path / "truth.jsonl").read_text()


@pytest.mark.wire
def test_a_finding_is_reported_when_it_is_new_and_when_it_changes(tmp_path: Path):
    told: list[str] = []

    class Ear:
        def advanced(self, t_ns: int) -> None:
            pass

        def found(self, finding: dict[str, Any]) -> None:
            told.append(finding["state"])

    async def main() -> None:
        live = Bench(Options(RIG), load_rig("pump_skid"), tmp_path, Ear())
        async with live:
            live.twin.findings = [{"id": "1", "state": "open"}]
            await live.advance(SECOND)
            live.twin.findings = [{"id": "1", "state": "closed"}]
            await live.advance(2 * SECOND)

    asyncio.run(main())
    assert told == ["open", "closed"]


# --- scenarios that end early ------------------------------------------------------------------------------


@pytest.mark.wire
def test_a_quiet_scenario_passes(tmp_path: Path):
    assert ran(tmp_path, scenario()).verdict is Verdict.PASS


@pytest.mark.wire
def test_commands_of_the_timeline_are_given_at_their_time(tmp_path: Path):
    steps = [
        {"at": "1 s", "write": "pid1.setpoint", "value": 60},
        {"at": "500 ms", "write": "pid1.auto", "value": False},
    ]
    ran(tmp_path, scenario(steps=steps))
    commands = [line for line in (tmp_path / "truth.jsonl").read_text().splitlines() if '"command"' in line]
    assert [line.split(",")[0] for line in commands] == ['{"t_ns": 500000000', '{"t_ns": 1000000000']


@pytest.mark.wire
def test_a_repair_of_the_timeline_is_done_at_its_time_and_ends_the_fault(tmp_path: Path):
    fault = {"kind": "imbalance", "on": "pump1", "severity": 0.5}
    result = ran(tmp_path, scenario(faults=[fault], steps=[{"at": "1 s", "repair": "pump1"}]))
    assert [t.cleared_ns - t.onset_ns for t in result.truth] == [SECOND]
    lines = (tmp_path / "truth.jsonl").read_text().splitlines()
    (line,) = [json.loads(line) for line in lines if '"repair"' in line]
    assert (line["t_ns"], line["on"], line["quality"]) == (SECOND, "pump1", 0.0)


@pytest.mark.wire
@pytest.mark.parametrize(
    ("problem", "expected"),
    [
        (TwinDied("the twin ended with code -9"), "the twin ended with code -9"),
        (ValueError("no root"), "the bench itself broke: ValueError('no root')"),
    ],
)
def test_whatever_breaks_a_scenario_is_its_error_and_everything_is_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, problem: Exception, expected: str
):
    twins: list[QuietTwin] = []

    async def start(self: QuietTwin) -> None:
        twins.append(self)

    calls = itertools.count()
    step = Emulation.step

    def breaks(self: Emulation) -> None:
        if next(calls) == 7:
            raise problem
        step(self)

    monkeypatch.setattr(QuietTwin, "start", start)
    monkeypatch.setattr(Emulation, "step", breaks)
    result = ran(tmp_path, scenario())
    assert result.verdict is Verdict.ERROR
    assert any(expected in reason.text for reason in result.reasons)
    assert [twin.stopped for twin in twins] == [True]
    assert (tmp_path / "traceback.txt").exists() is isinstance(problem, ValueError)


@pytest.mark.wire
def test_a_cancelled_scenario_says_how_far_it_came(tmp_path: Path):
    async def main() -> Any:
        reached = asyncio.Event()

        class Ear:
            def advanced(self, t_ns: int) -> None:
                reached.set()

            def found(self, finding: dict[str, Any]) -> None:
                pass

        options = Options(RIG)
        task = asyncio.create_task(run_scenario(options, scenario(duration="1000 s"), tmp_path, Ear()))
        async with asyncio.timeout(30):
            await reached.wait()
        task.cancel()
        return await task

    result = asyncio.run(main())
    assert result.verdict is Verdict.ERROR
    assert any("interrupted at " in reason.text for reason in result.reasons)
