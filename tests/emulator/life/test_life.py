"""The plant ages: faults grow, causes have effects, relays trip, repairs undo."""

import asyncio
import csv
import json

import pytest

from emulator.emulation import Emulation
from emulator.life.rul import remaining_life
from rigs.schema import FaultSpec

pytestmark = pytest.mark.slow_without_jit
SECOND = 1_000_000_000
RING = {
    "id": "ring", "on": "pump1", "kind": "impeller_wear",
    "growth": {"law": "wiener", "life": "100 h", "load": [{"signal": "pump1.shaft_power_w", "reference": "9 kW"}]},
}  # fmt: skip
MANUAL = {"pid1.auto": False, "pid1.manual_output": 0.6}
SEAL_LEAK = {"kind": "pump_seal_leak", "on": "pump1", "severity": 0.5}


def run(emulation: Emulation, seconds: float) -> Emulation:
    until = emulation.t_ns + round(seconds * SECOND)
    while emulation.t_ns < until:
        emulation.step()
    return emulation


def events(emulation: Emulation, *names: str) -> list[tuple[str, int]]:
    """(event:id, t_ns) in the order in which they were noted."""
    found = [(f"{e['event']}:{e.get('id', e.get('part', e.get('on', '')))}", e["t_ns"]) for e in emulation.life.events]
    return [item for item in found if not names or item[0].partition(":")[0] in names]


# --- wear ---------------------------------------------------------------------------------------------------


def test_wear_grows_its_fault_and_the_truth_knows_the_remaining_life(alive):
    emulation = run(alive(life={"wear": [RING]}, damage_acceleration=36_000.0), 5)
    (part,) = emulation.life.truth(emulation.t_ns).values()
    assert 0.0 < part["damage"] < 1.0
    wear = emulation.plant.assets["pump1"].condition.wear
    # applied at the last block's beginning
    assert wear == emulation.life.processes["pump1/ring"].severity(emulation.t_ns - SECOND)
    assert part["rul_s"] == pytest.approx(part["rul_damage_time"] / part["rate"])
    assert [f.kind for f in emulation.truth.faults] == ["impeller_wear"]


def test_acceleration_changes_the_speed_of_ageing_and_not_its_path(alive):
    wear = RING | {"growth": {"law": "wiener", "life": "100 h"}}  # no load: damage time is time
    slow, fast = (run(alive(life={"wear": [wear]}, damage_acceleration=a), s) for a, s in ((1000.0, 20), (10_000.0, 2)))
    a, b = (e.life.processes["pump1/ring"] for e in (slow, fast))
    assert a.tau(slow.t_ns) == pytest.approx(b.tau(fast.t_ns), rel=1e-12)
    assert a.damage(slow.t_ns) == pytest.approx(b.damage(fast.t_ns), rel=1e-9)
    assert a.end == b.end


def test_acceleration_never_touches_a_signal(alive):
    silent = RING | {"kind": None}  # damage that has no fault
    plain, fast = (
        run(alive(life={"wear": [silent]}, damage_acceleration=a), 5) for a in (1.0, 1e6)
    )  # fmt: skip
    assert fast.life.processes["pump1/ring"].tau(5 * SECOND) > 1e5 * plain.life.processes["pump1/ring"].tau(5 * SECOND)
    assert plain.digest == fast.digest


def test_damage_does_not_depend_on_the_length_of_a_block(alive):
    # By hand: a transmitter is read once a block, and so a controller in automatic does see the block.
    settings = {"life": {"wear": [RING]}, "damage_acceleration": 36_000.0, "initial": MANUAL}
    long, short = (run(alive(block_ms=ms, **settings), 5) for ms in (1000, 100))
    a, b = (e.life.processes["pump1/ring"] for e in (long, short))
    assert a.tau(5 * SECOND) == b.tau(5 * SECOND)
    assert a.damage(5 * SECOND) == b.damage(5 * SECOND) > 0.0
    assert long.plant.signals["pump1.flow_m3_s"] == short.plant.signals["pump1.flow_m3_s"]


def test_a_scenarios_fault_may_grow_by_a_law_too(alive):
    emulation = alive(damage_acceleration=36_000.0)
    growth = {"law": "gamma", "life": "20 h"}
    emulation.desk.add(
        FaultSpec.model_validate({"kind": "imbalance", "on": "pump1", "onset": "2 s", "growth": growth, "until": "6 s"})
    )
    run(emulation, 2)
    assert emulation.truth.faults == []
    run(emulation, 4)
    (fault,) = emulation.truth.faults
    assert fault.severity[0][1] > 0.0
    run(emulation, 2)
    assert fault.cleared_ns == 6 * SECOND


def test_a_life_without_anything_leaves_every_byte_as_it_was(alive):
    assert run(alive(), 3).digest == run(alive(life={}, regime={}, scatter=0.0, damage_acceleration=7.0), 3).digest


def test_a_part_that_is_cleared_is_gone(alive):
    emulation = run(alive(life={"wear": [RING]}, damage_acceleration=36_000.0), 2)
    (listed,) = emulation.desk.listing()
    emulation.desk.clear(listed["id"], emulation.t_ns)
    assert emulation.life.processes == {}
    assert emulation.plant.assets["pump1"].condition.wear == 0.0
    run(emulation, 2)


# --- run to failure -----------------------------------------------------------------------------------------


def test_the_exact_remaining_life_is_written_beside_the_truth(alive, tmp_path):
    emulation = run(alive(log=True, life={"wear": [RING]}, damage_acceleration=60_000.0), 12)
    state = emulation.life.processes["pump1/ring"].state
    asyncio.run(emulation.stop())
    assert state.failed_ns is not None
    rows = list(remaining_life(tmp_path / "truth.jsonl"))
    assert len(rows) == 12
    for row in rows:
        assert row.rul_s == pytest.approx(max(state.failed_ns - row.t_ns, 0) / SECOND, abs=1e-9)
    assert rows[-1].rul_s == 0.0
    with (tmp_path / "remaining_life.csv").open() as file:
        written = list(csv.DictReader(file))
    assert [float(r["rul_s"]) for r in written] == [r.rul_s for r in rows]
    lines = [json.loads(line) for line in (tmp_path / "truth.jsonl").read_text().splitlines()]
    assert [e["t_ns"] for e in lines if e["event"] == "failure"] == [state.failed_ns]


def test_the_remaining_life_told_at_each_sample_comes_true_at_constant_load(alive):
    wear = RING | {"growth": {"law": "gamma", "life": "100 h"}}
    emulation = alive(life={"wear": [wear]}, damage_acceleration=36_000.0)
    told = []
    part = emulation.life.processes["pump1/ring"]
    while part.state.failed_ns is None:
        emulation.step()
        told.append((emulation.t_ns, part.rul_s(emulation.t_ns)))
    for t_ns, rul_s in told:
        assert rul_s == pytest.approx(max(part.state.failed_ns - t_ns, 0) / SECOND, abs=2e-9)


# --- cascades -----------------------------------------------------------------------------------------------


def cavitating(alive, until: str | None = None) -> Emulation:
    emulation = alive(life={"chains": {"cavitation": ["pump1"]}}, damage_acceleration=1.5e6)
    spec = {"kind": "suction_clogging", "on": "suction1", "onset": "3 s", "severity": 1.0}
    emulation.desk.add(FaultSpec.model_validate(spec | ({"until": until} if until else {})))
    return emulation


def test_cavitation_erodes_vanes_then_wears_the_seal_until_it_leaks(alive):
    emulation = run(cavitating(alive), 40)
    noted = dict(events(emulation, "cause", "effect"))
    order = ["cause:pump1_cavitates", "effect:pump1_cavitates", "cause:pump1_shakes", "effect:pump1_shakes"]
    assert list(noted) == order
    assert noted[order[0]] >= 3 * SECOND
    assert noted[order[1]] >= noted[order[0]] + 10 * SECOND
    onset = {fault.kind: fault.onset_ns for fault in emulation.truth.faults}
    assert onset["suction_clogging"] < noted[order[0]] + SECOND
    assert noted[order[1]] < onset["impeller_wear"] <= noted[order[2]] + SECOND
    assert noted[order[3]] < onset["pump_seal_leak"]
    assert emulation.plant.assets["pump1"].condition.seal_bore_m > 0.0


def test_without_the_cause_there_is_no_effect_at_all(alive):
    emulation = run(alive(life={"chains": {"cavitation": ["pump1"]}}, damage_acceleration=1.5e6), 20)
    assert list(emulation.life.events) == []
    assert [part["damage"] for part in emulation.life.truth(emulation.t_ns).values()] == [0.0, 0.0]


def test_when_the_cause_goes_the_damage_stops_where_it_is(alive):
    emulation = run(cavitating(alive, until="25 s"), 32)
    assert [name for name, _ in events(emulation, "cause_over", "effect_over")][:2] == [
        "cause_over:pump1_cavitates", "effect_over:pump1_cavitates",
    ]  # fmt: skip
    eroded = emulation.life.processes["pump1/pump1_erosion"]
    then = eroded.damage(emulation.t_ns)
    assert then > 0.0
    run(emulation, 6)
    assert eroded.damage(emulation.t_ns) == then


def test_a_fault_that_a_cause_puts_up_goes_with_it(alive):
    cascade = {
        "id": "shut", "cause": {"signal": "vfd1.running", "below": 0.5}, "delay": "2 s", "effect": SEAL_LEAK,
    }  # fmt: skip
    emulation = run(alive(life={"cascades": [cascade]}), 3)
    bore = lambda: emulation.plant.assets["pump1"].condition.seal_bore_m  # noqa: E731
    assert bore() == 0.0
    emulation.plant.machines.trains["motor1"].drive.trip_on("test")
    run(emulation, 1)
    assert bore() == 0.0
    run(emulation, 4)
    assert bore() == pytest.approx(0.0025)
    drive = emulation.plant.machines.trains["motor1"].drive
    drive.command_run(False)
    drive.command_run(True)
    run(emulation, 3)
    assert bore() == 0.0
    assert emulation.desk.listing() == []


def test_a_hot_winding_ages_until_turns_short_and_the_drive_trips(alive):
    emulation = alive(life={"chains": {"winding": ["motor1"]}}, damage_acceleration=3e6, ambient="80 degC")
    run(emulation, 40)
    noted = dict(events(emulation))
    onset = next(fault.onset_ns for fault in emulation.truth.faults if fault.kind == "motor_shorted_turns")
    trip = min(t for name, t in noted.items() if name.startswith("trip:"))
    assert onset < trip
    assert emulation.plant.signals["vfd1.tripped"] == 1.0
    cool = run(alive(life={"chains": {"winding": ["motor1"]}}, damage_acceleration=2e7, ambient="-10 degC"), 15)
    hot = run(alive(life={"chains": {"winding": ["motor1"]}}, damage_acceleration=2e7, ambient="95 degC"), 15)
    a, b = (e.life.processes["motor1/motor1_winding"].tau(15 * SECOND) for e in (cool, hot))
    assert b / a > 2.0**8  # 105 K at 10 K a doubling, less what the winding's own heat changes


# --- interlocks ---------------------------------------------------------------------------------------------


HIGH = {"id": "high_flow", "cause": {"signal": "pump1.flow_m3_s", "above": "10 m^3/h"}, "delay": "3 s", "trip": "vfd1"}


def test_an_interlock_trips_after_its_delay_and_holds_until_it_is_reset(alive):
    emulation = run(alive(life={"interlocks": [HIGH]}), 3)
    assert emulation.plant.signals["vfd1.running"] == 1.0
    run(emulation, 1)
    assert emulation.plant.signals["vfd1.tripped"] == 1.0
    assert events(emulation)[0] == ("cause:high_flow", 0)
    assert events(emulation)[1] == ("trip:high_flow", 3 * SECOND)
    emulation.images["drive1"].write("vfd1.run", True)
    run(emulation, 1)
    assert emulation.plant.signals["vfd1.running"] == 0.0
    for value in (0.0, 1.0):  # past the refusal, as somebody with a wire would
        emulation.plant.command("vfd1.run", value)
    run(emulation, 2)
    assert emulation.plant.signals["vfd1.tripped"] == 1.0
    run(emulation, 8)  # the flow dies away
    assert emulation.life.reset("high_flow", emulation.t_ns)
    run(emulation, 1)
    assert emulation.plant.signals["vfd1.tripped"] == 0.0
    emulation.images["drive1"].write("vfd1.run", True)
    run(emulation, 2)
    assert emulation.plant.signals["vfd1.running"] == 1.0


def test_a_reset_is_refused_while_the_cause_stands(alive):
    hot = HIGH | {"cause": {"signal": "motor1.winding_temperature_k", "above": "0 degC"}, "delay": "0 s"}
    emulation = run(alive(life={"interlocks": [hot]}), 2)
    assert not emulation.life.reset("high_flow", emulation.t_ns)
    assert emulation.life.relays["high_flow"].latched


def test_an_automatic_reset_lets_go_when_the_cause_is_over(alive):
    emulation = run(alive(life={"interlocks": [HIGH | {"reset": "auto", "delay": "0 s"}]}), 12)
    assert not emulation.life.relays["high_flow"].latched
    assert [name for name, _ in events(emulation, "trip", "reset")] == ["trip:high_flow", "reset:high_flow"]


# --- repair -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("quality", [0.0, 0.3])
def test_a_repair_resets_wear_fault_and_remaining_life(alive, quality: float):
    emulation = run(alive(life={"wear": [RING]}, damage_acceleration=60_000.0), 12)
    process = emulation.life.processes["pump1/ring"]
    assert process.state.failed_ns is not None
    emulation.life.repair(emulation.t_ns, "pump1", "ring", quality)
    assert process.damage(emulation.t_ns) == pytest.approx(quality)
    assert process.rul_s(emulation.t_ns) > 1.0
    t_ns = emulation.t_ns
    emulation.desk.apply(t_ns)
    assert emulation.plant.assets["pump1"].condition.wear == pytest.approx(quality)
    (fault,) = emulation.truth.faults
    assert fault.cleared_ns == (t_ns if quality == 0.0 else None)


def test_a_repair_takes_faults_away_or_leaves_a_share_and_leaves_others_alone(alive):
    emulation = alive()
    for kind, on in (("imbalance", "pump1"), ("impeller_wear", "pump1"), ("sensor_bias", "pump1.flow")):
        emulation.desk.add(FaultSpec(kind=kind, on=on, severity=0.8))
    run(emulation, 2)
    emulation.life.repair(emulation.t_ns, "pump1", "imbalance", 0.0)
    emulation.life.repair(emulation.t_ns, "pump1", "impeller_wear", 0.25)
    run(emulation, 1)
    left = {fault["kind"]: fault["severity"] for fault in emulation.desk.listing()}
    assert left == {"impeller_wear": pytest.approx(0.2), "sensor_bias": 0.8}
    emulation.life.repair(emulation.t_ns, "pump1.flow")
    assert [fault["kind"] for fault in emulation.desk.listing()] == ["impeller_wear"]


def test_during_its_downtime_the_drive_stands_still_and_then_runs_again(alive):
    emulation = run(alive(life={"wear": [RING]}, damage_acceleration=36_000.0), 3)
    process = emulation.life.processes["pump1/ring"]
    emulation.life.repair(emulation.t_ns, "pump1", downtime_ns=15 * SECOND)
    run(emulation, 10)
    emulation.images["drive1"].write("vfd1.run", True)  # refused: somebody works on it
    run(emulation, 4)
    assert emulation.plant.signals["vfd1.running"] == 0.0
    assert process.state.generation == 0
    run(emulation, 3)
    assert process.state.generation == 1
    assert emulation.plant.signals["vfd1.running"] == 1.0


@pytest.mark.parametrize(
    ("on", "mode", "message"), [("pmp1", None, "did you mean 'pump1'"), ("pump1", "rign", "'ring'")]
)
def test_a_repair_of_what_is_not_there_names_the_nearest(alive, on: str, mode: str | None, message: str):
    with pytest.raises(ValueError, match=message):
        alive(life={"wear": [RING]}).life.repair(0, on, mode)


# --- drift, save, errors ------------------------------------------------------------------------------------


def test_a_drifting_parameter_moves_the_plant(alive):
    drift = {"on": "pump1", "parameter": "efficiency", "wander": "0 1/h^0.5", "trend": "-0.1 1/h"}
    emulation = run(alive(life={"drifts": [drift]}, damage_acceleration=720.0), 5)
    assert emulation.plant.assets["pump1"].parameters.efficiency == pytest.approx(0.76 * (1.0 - 0.02 * 4))
    still = run(alive(), 5)
    assert emulation.plant.signals["pump1.shaft_power_w"] > 1.05 * still.plant.signals["pump1.shaft_power_w"]


def test_a_life_goes_on_from_where_it_was_saved(alive):
    settings = {
        "life": {"wear": [RING], "interlocks": [HIGH]}, "damage_acceleration": 36_000.0,
        "initial": MANUAL,
    }  # fmt: skip
    one = run(alive(**settings), 2)
    kept = one.life.save(), one.plant.save()
    run(one, 4)
    other = alive(**settings)
    other.life.restore(kept[0])
    other.plant.restore(kept[1])
    run(other, 4)
    assert other.life.truth(other.t_ns) == one.life.truth(one.t_ns)
    assert other.plant.signals == one.plant.signals


@pytest.mark.parametrize(
    ("life", "message"),
    [
        ({"wear": [RING | {"kind": "impeler_wear"}]}, r"plant.life.wear: 'ring': unknown fault .*'impeller_wear'"),
        ({"wear": [RING | {"on": "motor1"}]}, "does not fit 'motor1'"),
        ({"wear": [RING | {"on": "pump9", "kind": None}]}, "unknown asset 'pump9'"),
        ({"wear": [RING | {"growth": {"law": "gamma", "load": [{"signal": "pump1.shaft_powr_w", "reference": 1}]}}]},
         "did you mean 'pump1.shaft_power_w'"),
        ({"cascades": [{"id": "a", "cause": {"wear": "rng", "above": 1}, "effect": {"wear": "ring"}}], "wear": [RING]},
         "plant.life.cascades: 'a': unknown wear 'rng'; did you mean 'ring'"),
        ({"cascades": [{"id": "a", "cause": {"signal": "pump1.head_m", "above": 1}, "effect": SEAL_LEAK | {"on": "x"}}]},
         "plant.life.cascades: 'a': .* unknown 'x'"),
        ({"interlocks": [HIGH | {"trip": "vfd2"}]}, "did you mean 'vfd1'"),
        ({"drifts": [{"on": "pump1", "parameter": "eficiency"}]}, "did you mean 'efficiency'"),
        ({"chains": {"cavitation": ["motor1"]}}, "'motor1' is no centrifugal pump"),
        ({"chains": {"winding": ["pump1"]}}, "'pump1' is no motor"),
    ],
)  # fmt: skip
def test_a_wrong_entry_says_where_and_what_would_be_right(alive, life: dict, message: str):
    with pytest.raises(ValueError, match=message):
        alive(life=life)
