import copy
import math

import numpy as np
import pytest

from emulator.faults.impeller_wear import ImpellerWear
from emulator.joining import AssemblyError
from emulator.plant import Plant
from rigs.load import load_rig
from rigs.schema import Connection
from tests.emulator.skids import RPM, SYSTEM, direct_on_line, skid, with_block
from tests.oracles.skid import skid as anchor

FLOW_75 = 0.0208333333


def run(plant, blocks):
    for _ in range(blocks):
        plant.step()
    return plant


def test_the_skid_stands_on_the_published_anchor():
    plant = Plant(direct_on_line(feedback=False), seed=1)
    assert plant.machines.trains["motor1"].circuit.resistance == pytest.approx(SYSTEM, rel=1e-12)
    run(plant, 20)
    s, book = plant.signals, anchor()
    found = {
        "slip": 1.0 - s["motor1.speed_rad_s"] / (50.0 * math.pi),
        "rpm": s["motor1.speed_rad_s"] * RPM,
        "flow_m3_h": s["pump1.flow_m3_s"] * 3600.0,
        "head_m": s["pump1.head_m"],
        "shaft_w": s["pump1.shaft_power_w"],
        "electrical_w": s["motor1.active_power_w"],
        "current_a": s["motor1.current_a"],
        "power_factor": s["motor1.power_factor"],
    }
    for name, value in found.items():
        assert value == pytest.approx(book[name], rel=1e-6), name
    # The printed digits; φ(σ = 4.25) = 1 - 3e-7 is in the plant and not in the book.
    assert found["slip"] == pytest.approx(0.01478919, abs=2e-8)
    assert found["rpm"] == pytest.approx(1477.816, abs=5e-4)
    assert found["flow_m3_h"] == pytest.approx(82.0399, abs=5e-5)
    assert found["head_m"] == pytest.approx(33.1362, abs=5e-5)
    assert s["pump1.efficiency"] == pytest.approx(0.75997, abs=5e-6)
    assert found["shaft_w"] == pytest.approx(9726.80, rel=1e-6)
    assert found["electrical_w"] == pytest.approx(10334.32, rel=1e-6)
    assert found["current_a"] == pytest.approx(18.8794, abs=5e-5)
    assert found["power_factor"] == pytest.approx(0.790083, abs=5e-7)
    assert s["motor1.winding_temperature_k"] - 293.15 == pytest.approx(45.92, abs=5e-3)
    assert s["motor1.frame_temperature_k"] - 293.15 == pytest.approx(33.75, abs=5e-3)


def test_the_losses_of_the_anchor_split_as_published():
    plant = Plant(direct_on_line(feedback=False), seed=1)
    before = plant.energy()["motor1"]
    run(plant, 20)
    after = plant.energy()["motor1"]
    power = {name: (after[name] - before[name]) / 2.0 for name in after}
    assert power["stator_copper"] == pytest.approx(229.578, abs=1e-3)
    assert power["rotor_copper"] == pytest.approx(149.441, abs=1e-3)
    assert power["friction"] == pytest.approx(228.503, abs=1e-3)
    assert power["shaft_out"] == pytest.approx(9726.80, rel=1e-6)
    lost = sum(power[name] for name in ("stator_copper", "rotor_copper", "friction", "shaft_out"))
    assert power["electrical_in"] == pytest.approx(lost, rel=1e-9)


@pytest.mark.slow_without_jit
def test_a_warm_start_is_at_rest():
    plant = Plant(skid(), seed=1)
    before = dict(plant.signals)
    run(plant, 50)
    for name, value in plant.signals.items():
        if name != "motor1.energy_j":
            assert value == pytest.approx(before[name], rel=1e-9), name


def test_the_skid_holds_its_flow_at_the_setpoint():
    signals = Plant(skid(), seed=1).signals
    assert signals["pump1.flow_m3_s"] == pytest.approx(FLOW_75, rel=1e-9)
    assert 0.7 < signals["valve1.position"] < 0.95


def test_every_point_of_the_shipped_rig_has_its_signal():
    plant = Plant(skid(), seed=1)
    for point in load_rig("pump_skid").points:
        if point.waveform is None and point.signal and not point.signal.startswith("device."):
            assert math.isfinite(plant.signals[point.signal]), point.signal
        if point.write:
            assert point.write in plant.commands


@pytest.mark.slow_without_jit
def test_energy_is_conserved_from_start_to_stop():
    plant = Plant(direct_on_line(start="cold"), seed=1)
    before = plant.energy()["motor1"]
    run(plant, 30)
    plant.command("motor1.stop", 1.0)
    run(plant, 30)
    plant.command("motor1.start", 1.0)
    run(plant, 10)
    after = plant.energy()["motor1"]
    d = {name: after[name] - before[name] for name in after}
    used = ("shaft_out", "stator_copper", "rotor_copper", "friction", "core", "arc", "magnetic", "kinetic")
    assert abs(d["electrical_in"] - sum(d[name] for name in used)) < 1e-6 * d["electrical_in"]


@pytest.mark.slow_without_jit
def test_a_cold_start_ramps_up_to_the_warm_duty():
    plant = Plant(skid(start="cold"), seed=1)
    assert plant.signals["motor1.speed_rad_s"] == 0.0
    assert plant.signals["motor1.winding_temperature_k"] == 293.15
    run(plant, 100)
    assert plant.signals["vfd1.status_word"] == 11.0
    assert plant.signals["motor1.speed_rad_s"] * RPM == pytest.approx(1480.0, abs=10.0)
    run(plant, 3000)
    assert plant.signals["pump1.flow_m3_s"] == pytest.approx(FLOW_75, rel=1e-3)


@pytest.mark.slow_without_jit
def test_a_stop_over_the_wire_ramps_down_to_standstill():
    plant = Plant(skid(), seed=1)
    plant.command("vfd1.stop", True)
    run(plant, 1)
    assert plant.signals["vfd1.run"] == 0.0
    assert plant.signals["vfd1.running"] == 1.0
    run(plant, 150)
    assert plant.signals["vfd1.running"] == 0.0
    assert plant.signals["pump1.flow_m3_s"] == 0.0
    assert plant.signals["motor1.current_a"] == 0.0
    run(plant, 900)
    assert plant.signals["motor1.speed_rad_s"] == 0.0
    assert all(math.isfinite(v) for v in plant.signals.values())


@pytest.mark.slow_without_jit
def test_a_command_takes_effect_at_the_next_block_edge():
    plant = Plant(skid(), seed=1)
    run(plant, 3)
    plant.command("pid1.setpoint_m3_s", 0.018)
    assert plant.signals["pid1.setpoint_m3_s"] == FLOW_75
    run(plant, 1)
    assert plant.signals["pid1.setpoint_m3_s"] == 0.018
    run(plant, 3000)
    assert plant.signals["pump1.flow_m3_s"] == pytest.approx(0.018, rel=1e-3)


@pytest.mark.slow_without_jit
def test_manual_is_bumpless_and_moves_the_valve_by_hand():
    plant = Plant(skid(), seed=1)
    position = plant.signals["valve1.position"]
    plant.command("pid1.auto", False)
    run(plant, 2)
    assert plant.signals["valve1.position"] == position
    plant.command("pid1.manual_output", 0.5)
    run(plant, 200)
    assert plant.signals["valve1.position"] == 0.5


@pytest.mark.slow_without_jit
def test_the_controller_believes_what_it_is_fed():
    plant = Plant(skid(), seed=1)
    plant.feed_back("pid1", FLOW_75 * 1.1)
    run(plant, 50)
    assert plant.signals["pump1.flow_m3_s"] < FLOW_75
    plant.feed_back("pid1", None)
    run(plant, 3000)
    assert plant.signals["pump1.flow_m3_s"] == pytest.approx(FLOW_75, rel=1e-3)


def test_an_unknown_command_offers_the_nearest():
    plant = Plant(skid(), seed=1)
    with pytest.raises(ValueError, match=r"command: unknown 'vfd1.frequency'; did you mean 'vfd1.frequency_hz'\?"):
        plant.command("vfd1.frequency", 10.0)
    with pytest.raises(ValueError, match="no finite number"):
        plant.command("vfd1.frequency_hz", math.nan)


def test_an_unknown_private_parameter_offers_the_nearest():
    rig = skid(parameters={"pump1": {"inertia": 0.1}})
    with pytest.raises(ValueError, match=r"plant.parameters.pump1.inertia: unknown .* did you mean 'inertia_kg_m2'\?"):
        Plant(rig, seed=1)


def test_a_pump_without_a_circuit_is_refused():
    rig = skid()
    rig = rig.model_copy(update={"connections": tuple(c for c in rig.connections if c.kind not in ("pipe", "control"))})
    with pytest.raises(AssemblyError, match="pump 'pump1' is in no pipe connection"):
        Plant(rig, seed=1)


def test_a_shaft_without_a_motor_is_refused():
    rig = skid()
    shafts = (Connection(kind="shaft", joins=("pump1_de", "pump1")),)
    rig = rig.model_copy(update={"connections": shafts})
    with pytest.raises(AssemblyError, match="nothing turns it"):
        Plant(rig, seed=1)


def disturbed(plant, seconds):
    """A busy stretch: set-point change, manual, a fault, a stop and a start; sampled every second."""
    seen = []
    block_s = plant.block_ns * 1e-9
    wear = ImpellerWear({})
    for n in range(round(seconds / block_s)):
        second, rest = divmod(round(n * block_s * 1000), 1000)
        if rest == 0:
            commands = {2: ("pid1.setpoint_m3_s", 0.018), 5: ("vfd1.stop", 1.0), 7: ("vfd1.start", 1.0)}
            if second in commands:
                plant.command(*commands[second])
            wear.apply(plant.assets["pump1"], 0.3 if second >= 3 else 0.0, plant.t_ns)
        plant.step()
        if (n + 1) * round(block_s * 1000) % 1000 == 0:
            states = plant.machines.trains["motor1"].motor.state.copy()
            pump = plant.assets["pump1"]
            seen.append(
                (
                    states,
                    pump.flow_m3_s,
                    plant.assets["valve1"].position,
                    plant.machines.trains["motor1"].angle.frac,
                )
            )
    return seen


@pytest.mark.slow_without_jit
def test_the_block_length_changes_no_bit():
    whole = disturbed(Plant(with_block(skid(), 100), seed=1), 10)
    for milliseconds in (20, 50, 200, 500):
        other = disturbed(Plant(with_block(skid(), milliseconds), seed=1), 10)
        for one, two in zip(whole, other, strict=True):
            assert np.array_equal(one[0], two[0])
            assert one[1:] == two[1:]


@pytest.mark.slow_without_jit
def test_a_restored_plant_goes_on_bit_for_bit():
    plant = Plant(skid(), seed=3)
    plant.command("pid1.setpoint_m3_s", 0.019)
    ImpellerWear({}).apply(plant.assets["pump1"], 0.4, 0)
    run(plant, 17)
    plant.command("vfd1.frequency_hz", 42.0)
    saved = plant.save()
    frozen = copy.deepcopy(saved)

    def future(p):
        rows = []
        for _ in range(30):
            p.step()
            n0, count = p.sample_range(25600.0)
            rows.append((dict(p.signals), p.waveform("pump1_de.acceleration_m_s2", n0, count, 25600.0)))
        return rows

    first = future(plant)
    other = Plant(skid(), seed=3)
    other.restore(saved)
    for target in (plant, other):
        target.restore(frozen)
        for (s1, w1), (s2, w2) in zip(first, future(target), strict=True):
            assert s1 == s2
            assert np.array_equal(w1, w2)


def test_severity_zero_changes_no_bit():
    from emulator.faults.motor_fan_blocked import MotorFanBlocked
    from emulator.faults.suction_clogging import SuctionClogging

    clean, touched = Plant(skid(), seed=1), Plant(skid(), seed=1)
    faults = [(ImpellerWear({}), "pump1"), (SuctionClogging({}), "suction1"), (MotorFanBlocked({}), "motor1")]
    for _ in range(20):
        for fault, on in faults:
            fault.apply(touched.assets[on], 0.0, touched.t_ns)
        clean.step()
        touched.step()
    assert clean.signals == touched.signals
    n0, count = clean.sample_range(25600.0)
    one, two = (p.waveform("pump1_de.acceleration_m_s2", n0, count, 25600.0) for p in (clean, touched))
    assert np.array_equal(one, two)


def test_the_sample_range_counts_every_sample_once():
    plant = Plant(skid(), seed=1)
    following = 0
    for _ in range(50):
        plant.step()
        n0, count = plant.sample_range(25600.512)
        assert n0 == following
        following = n0 + count
    assert following == math.ceil(25600.512 * 5.0)


def test_waveforms_are_there_for_every_bearing_and_nothing_else():
    plant = run(Plant(skid(), seed=1), 1)
    for bearing in ("pump1_de", "pump1_nde"):
        x = plant.waveform(f"{bearing}.acceleration_m_s2", 0, 2560, 25600.0)
        assert x.shape == (2560,)
        assert np.all(np.isfinite(x))
    with pytest.raises(ValueError, match=r"no waveform 'motor1.acceleration_m_s2'; there are: pump1_de"):
        plant.waveform("motor1.acceleration_m_s2", 0, 10, 25600.0)


def test_ambient_heat_reaches_the_winding_and_the_bearings():
    cool, hot = Plant(skid(), seed=1), Plant(skid(ambient=308.15), seed=1)
    for name in ("motor1.winding_temperature_k", "motor1.frame_temperature_k", "pump1_nde.temperature_k"):
        assert hot.signals[name] - cool.signals[name] == pytest.approx(15.0, abs=2.5), (
            name
        )  # and more: hot copper loses more


def test_hot_water_takes_the_npsh():
    assert Plant(skid(fluid=353.15), seed=1).signals["pump1.npsh_available_m"] < 7.0


def test_a_winding_too_hot_trips_the_drive():
    plant = Plant(skid(parameters={"motor1": {"winding_limit_k": 340.0}}), seed=1)
    run(plant, 2)
    assert plant.signals["vfd1.tripped"] == 1.0
    assert plant.signals["vfd1.status_word"] == 4.0
