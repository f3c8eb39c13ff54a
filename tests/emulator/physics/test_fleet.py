import math

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from emulator.physics.centrifugal_pump import CentrifugalPump, CentrifugalPumpParameters
from emulator.physics.circuit import Circuit
from emulator.physics.drive_train import DriveTrain
from emulator.physics.fleet import PumpFleet, PumpFleetParameters
from emulator.physics.induction_circuit import M15
from emulator.physics.induction_motor import InductionMotor, InductionMotorParameters
from emulator.physics.kernels import fleet as k
from emulator.physics.machine import kinds
from emulator.physics.pipe import Pipe, PipeParameters
from emulator.physics.site import Site
from emulator.physics.vfd import Vfd, VfdParameters
from emulator.streams import Streams
from rigs.assets.pump_fleet import PumpFleet as Nameplate


def fleet(count=3, warm=True, threads=1, seed=1, **given):
    site = Site(Streams(seed), warm=warm)
    made = PumpFleet(PumpFleetParameters(count=count, **given), site, "fleet1", threads)
    made.start()
    return made


def alike(**given):
    return fleet(scatter=0.0, suction_resistance_s2_m5=0.0, temperature_feedback=False, **given)


def same(a, b):
    for name in ("state", "out"):
        assert_array_equal(getattr(a, name), getattr(b, name))


# --- the reference skid ----------------------------------------------------------------------------------------


def test_the_operating_point_is_that_of_the_reference_skid():
    made = alike()
    for quantity, value, places in (
        ("flow_m3_s", 82.0399 / 3600, 5e-7), ("head_m", 33.1362, 2e-6), ("shaft_power_w", 9726.80, 1e-6),
        ("active_power_w", 10_334.32, 1e-6), ("current_a", 18.8794, 3e-6), ("speed_rad_s", 1477.816 * math.pi / 30, 1e-6),
    ):  # fmt: skip
        assert made.signal(f"a00001.{quantity}") == pytest.approx(value, rel=places), quantity
    assert made.signal("a00000.winding_temperature_k") - 293.15 == pytest.approx(45.92, abs=0.01)
    assert made.signal("a00000.frame_temperature_k") - 293.15 == pytest.approx(33.75, abs=0.01)
    assert 1e3 * made.signal("a00000.vibration_velocity_m_s") == pytest.approx(0.0903, rel=0.01)


@pytest.mark.slow_without_jit
def test_equilibrium_stays_where_it_is():
    made = alike()
    before = made.state.copy()
    made.advance(500)
    rows = [k.OMEGA, k.FLOW, k.T_WINDING, k.T_FRAME, k.T_CASING, k.T_BEARING]
    assert_allclose(made.state[rows], before[rows], rtol=1e-9)


def test_the_torque_is_that_of_the_circuit():
    we = 100 * math.pi
    for slip in (-0.05, 0.0, 0.0147, 0.2, 1.0, 1.5):
        point = M15.solve(230.0, 50.0, slip)
        leak, main = we * (M15.stator_inductance_h - M15.magnetising_inductance_h), we * M15.magnetising_inductance_h
        torque, square = k.motor_torque(
            (1 - slip) * we / 2, we, 230.0, M15.stator_resistance_ohm, M15.rotor_resistance_ohm, leak, leak, main, 2.0
        )
        assert torque == pytest.approx(point.torque_nm, rel=1e-11, abs=1e-12)
        assert math.sqrt(square) == pytest.approx(point.current_a, rel=1e-12)


@pytest.mark.slow_without_jit
def test_means_agree_with_the_single_machine_that_has_fluxes():
    pump, motor = CentrifugalPump(CentrifugalPumpParameters()), InductionMotor(InductionMotorParameters(), 0.1)
    suction = Pipe(PipeParameters(resistance_s2_m5=1200.0))
    pipe = Pipe(PipeParameters(length_m=60.0, diameter_m=0.1, resistance_s2_m5=43_350.0, static_head_m=10.0))
    circuit = Circuit(None, (suction,), (pipe,), None)
    train = DriveTrain(motor, Vfd(VfdParameters(bypass=True)), pump, circuit)
    train.drive.command_run(True)
    train.settle(50.0)
    # both get the same worn impeller and shall run to the new state for a while
    made = fleet(scatter=0.0, suction_level_m=0.0)
    for _ in range(2):
        pump.condition.head_gain, pump.condition.leak_m3_s = 0.925, 0.06 * pump.parameters.flow_m3_s
        made.conditions[k.C_HEAD_GAIN], made.conditions[k.C_LEAK] = 0.925, 0.06
    energy_0, shaft_0 = motor.energy()["electrical_in"], pump.shaft_j
    for _ in range(300):
        train.tick()
    begun = made.state[[k.E_IN, k.E_SHAFT], 0].copy()
    made.advance(300)
    used = made.state[[k.E_IN, k.E_SHAFT], 0] - begun
    assert used[0] == pytest.approx(motor.energy()["electrical_in"] - energy_0, rel=0.002)
    assert used[1] == pytest.approx(pump.shaft_j - shaft_0, rel=0.002)
    assert made.signal("a00000.flow_m3_s") == pytest.approx(pump.flow_m3_s, rel=0.001)
    assert made.signal("a00000.speed_rad_s") == pytest.approx(motor.speed_rad_s, rel=1e-5)
    assert made.signal("a00000.current_a") == pytest.approx(motor.current_a, rel=0.001)
    assert made.signal("a00000.winding_temperature_k") == pytest.approx(motor.winding_k, abs=0.05)
    assert made.signal("a00000.casing_temperature_k") == pytest.approx(pump.casing_k, abs=0.05)


@pytest.mark.slow_without_jit
@pytest.mark.parametrize(("severity", "flow", "head", "power"), [
    (0.5, 74.646, 29.154, 8264.9), (1.0, 69.124, 26.425, 7365.4),
])  # fmt: skip
def test_worn_impellers_at_1450_rpm(severity, flow, head, power):
    made = alike(count=1)
    made.conditions[k.C_HEAD_GAIN], made.conditions[k.C_LEAK] = 1 - 0.15 * severity, 0.12 * severity
    q, common = 0.02, made._common()
    for _ in range(200):  # the flow at which the pump gives what the loop takes
        h, torque, _, _ = k.pump_point(made.parameters.speed_rad_s, q, 0, made.constants, made.conditions, common)
        q += 0.2 * (math.sqrt(max((h - 10.0) / 44_550.0, 0.0)) - q)
    assert (3600 * q, h, torque * made.parameters.speed_rad_s) == pytest.approx((flow, head, power), rel=3e-5)


# --- bits ------------------------------------------------------------------------------------------------------


@pytest.mark.slow_without_jit
def test_neither_cuts_nor_threads_show():
    whole, cut = fleet(300, warm=False), fleet(300, warm=False, threads=2)
    whole.advance(60)
    for ticks in (1, 7, 52):
        cut.advance(ticks)
    same(whole, cut)


def test_saved_in_a_start_it_goes_on_bit_for_bit():
    first, second = fleet(warm=False), fleet(warm=False)
    first.advance(31)
    saved = first.save()
    first.advance(40)
    second.restore(saved)
    second.advance(40)
    same(first, second)


@pytest.mark.slow_without_jit
def test_a_unit_does_not_depend_on_how_many_there_are():
    few, many = fleet(2, warm=False), fleet(70, warm=False)
    few.advance(30)
    many.advance(30)
    assert_array_equal(few.state, many.state[:, :2])


# --- laws ------------------------------------------------------------------------------------------------------


@pytest.mark.slow_without_jit
def test_energy_is_kept_through_start_run_and_stop():
    made = fleet(5, warm=False)
    made.conditions[k.C_BEARING, 1] = 5.0
    for run in (True, False, True):
        made.run = run
        made.advance(250)
        came, went, stored = made.unit_balances()
        assert_allclose(came, went + stored, rtol=1e-9)
    assert abs(made.balances()["energy"].residual) < 1e-9
    assert np.all(made.state[k.E_FRICTION] > 0)


@pytest.mark.slow_without_jit
def test_coasting_takes_the_viscous_friction():
    made = alike(count=1)
    made.run = False
    before = made.state[k.E_FRICTION, 0]
    w, work = made.state[k.OMEGA, 0], 0.0
    for _ in range(300):
        made.advance(1)
        work += made.parameters.friction_nms * (0.5 * (w + made.state[k.OMEGA, 0])) ** 2 * 0.01
        w = made.state[k.OMEGA, 0]
    assert made.state[k.E_FRICTION, 0] - before == pytest.approx(work, rel=0.01)


@pytest.mark.slow_without_jit
def test_halving_the_step_hardly_moves_a_start():
    coarse, fine = fleet(1, warm=False, scatter=0.0), fleet(1, warm=False, scatter=0.0)
    coarse.advance(40)
    note = np.empty((0, 80, 2))
    k.advance(0, 1, 80, 0.005, fine.state, fine.constants, fine.conditions, fine._common(), fine.out, note)
    assert coarse.state[k.OMEGA, 0] == pytest.approx(fine.state[k.OMEGA, 0], rel=2e-3)
    assert coarse.state[k.FLOW, 0] == pytest.approx(fine.state[k.FLOW, 0], rel=5e-3)


@pytest.mark.slow_without_jit
@pytest.mark.parametrize("static", [10.0, 60.0])
def test_no_head_no_flow_and_nothing_that_is_no_number(static):
    made = fleet(2, warm=False, static_head_m=static)
    made.site.ambient_k = made.site.fluid_k = 273.15
    made.conditions[k.C_SUCTION, 1] = 1e9
    made.advance(300)
    assert np.all(np.isfinite(made.state))
    assert np.all(np.isfinite(made.out))
    assert (made.state[k.FLOW, 0] == 0.0) == (static > 50.0)
    assert made.state[k.FLOW, 1] < 1e-3


@pytest.mark.slow_without_jit
def test_scatter_is_that_of_manufacture():
    made = fleet(4000, warm=False)
    for row, share in ((k.P_H0, 0.03), (k.P_RS, 0.05)):
        values = made.constants[row]
        assert values.std() / values.mean() == pytest.approx(share, rel=0.1)
    life = made.constants[k.P_LIFE]
    assert np.mean(life < 1.0) == pytest.approx(0.1, abs=0.02)
    assert np.median(life) == pytest.approx(3.511, rel=0.06)  # L50/L10 of §2.1
    assert np.ptp(alike().constants, axis=1).max() == pytest.approx(np.ptp(alike().constants[k.P_LIFE]))


@pytest.mark.slow_without_jit
def test_bearings_wear_out_and_spalls_grow_by_the_law():
    made = fleet(200, damage_acceleration=3e7)
    made.advance(200)
    damage, life = made.state[k.DAMAGE], made.constants[k.P_LIFE]
    turns = made.state[k.TURNS] + made.state[k.FRAC]
    load = made.quantities("radial_load_n")
    assert_allclose(damage, 3e7 * turns * 1e-6 * (load / 14_800.0) ** 3, rtol=1e-6)
    spalled = damage >= life
    assert 0 < spalled.sum() < 200
    width = 0.2 * 20.0 ** np.minimum((damage - life) / made.parameters.damage_growth, 1.0)
    assert_allclose(made.quantities("spall_mm"), np.where(spalled, width, 0.0), rtol=1e-12)


# --- faults by unit --------------------------------------------------------------------------------------------


@pytest.mark.slow_without_jit
@pytest.mark.parametrize(("row", "value", "falls", "rises"), [
    (k.C_HEAD_GAIN, 0.9, ("flow_m3_s", "head_m", "active_power_w"), ()),
    (k.C_SUCTION, 60_000.0, ("suction_pressure_pa", "flow_m3_s"), ()),
    (k.C_FAN, 1.0, (), ("winding_temperature_k", "frame_temperature_k", "bearing_temperature_k")),
    (k.C_BEARING, 5.0, ("speed_rad_s",), ("bearing_temperature_k", "active_power_w")),
    (k.C_GRADE, 25.0, (), ("vibration_velocity_m_s",)),
    (k.C_SPALL, 1.0, (), ("spall_mm",)),
])  # fmt: skip
def test_a_fault_moves_its_own_unit_as_physics_says(row, value, falls, rises):
    made, healthy = fleet(), fleet()
    made.conditions[row, 1] = value
    made.advance(3000)
    healthy.advance(3000)
    for name, sign in [*((n, -1) for n in falls), *((n, 1) for n in rises)]:
        change = made.quantities(name) - healthy.quantities(name)
        assert sign * change[1] > 1e-7 * abs(healthy.quantities(name)[1]), name
    assert_array_equal(made.state[:, [0, 2]], healthy.state[:, [0, 2]])


@pytest.mark.slow_without_jit
def test_the_critical_suction_resistance_brings_sigma_to_one():
    made = fleet()
    made.conditions[k.C_SUCTION, 2] = made.critical_resistance(2)
    made.start()
    assert made.signal("a00002.cavitation_sigma") == pytest.approx(1.0, rel=1e-6)
    assert made.signal("a00001.cavitation_sigma") > 2.0


# --- the machine -----------------------------------------------------------------------------------------------


@pytest.mark.slow_without_jit
def test_the_machine_is_found_and_built_from_its_nameplate():
    plate = Nameplate(id="f", kind="pump_fleet", count=12)
    made = kinds()["pump_fleet"].build(plate, {"weibull_shape": 2.0}, Site(Streams(1)))
    made.start()
    made.tick(0)
    assert made.signals()["running"] == 12.0
    assert made.signal("a00011.flow_m3_s") > 0.0
    assert made.signal("a00012.flow_m3_s") is None
    assert made.signal("a00000.colour") is None
    made.commands()["run"](0.0)
    made.advance(15_000, 10_000_000)
    assert made.signals()["running"] == 0.0


@pytest.mark.parametrize(("given", "words"), [
    ({"shutoff_head_m": 30.0}, "f.shutoff_head_m = 30.0 must exceed head_m"),
    ({"efficiency": 1.2}, "f.efficiency = 1.2 must be below 1"),
    ({"inertia_kg_m2": 0.0}, "f.inertia_kg_m2 = 0.0 must be a number above 0"),
    ({"magnetising_inductance_h": 1.0}, "the difference is leakage"),
    ({"instrumented": 99}, "f.instrumented = 99 must not exceed count = 12"),
    ({"efficincy": 0.5}, "did you mean 'efficiency'"),
])  # fmt: skip
def test_what_cannot_be_is_refused(given, words):
    with pytest.raises(ValueError, match=words):
        PumpFleet.build(Nameplate(id="f", kind="pump_fleet", count=12), given, Site(Streams(1)))


@pytest.mark.slow_without_jit
def test_instrumented_units_have_a_waveform_that_no_cut_changes():
    def heard(pieces, restored=False):
        made = fleet(40, instrumented=20)
        made.conditions[k.C_SPALL, 3] = 2.0
        out = {3: [], 4: []}
        for block in range(3):
            for i in range(5):
                made.tick((block * 5 + i) * 10_000_000)
            if restored and block == 1:
                other = fleet(40, instrumented=20)
                other.restore(made.save())
                made = other
            for piece in range(pieces):
                n0 = 1280 * block + 1280 // pieces * piece
                for unit, parts in out.items():
                    parts.append(made.waveform(f"a{unit:05d}_acceleration_m_s2", None, n0, 1280 // pieces, 25_600.0))
        return np.array([np.concatenate(parts) for parts in out.values()])

    whole = heard(1)
    assert_array_equal(whole, heard(4))
    assert_array_equal(whole, heard(2, restored=True))
    assert whole[0].std() > 2 * whole[1].std()
    with pytest.raises(ValueError, match="no unit 'b1'"):
        fleet(2).waveform("b1_acceleration_m_s2", None, 0, 1, 25_600.0)


@pytest.mark.slow_without_jit
def test_the_fleet_rig_gives_its_thousand_points():
    from emulator.plant import Plant
    from rigs.load import load_rig

    rig = load_rig("fleet")
    plant = Plant(rig, 1)
    plant.step()
    n0, count = plant.sample_range(25_600.0)
    assert len(rig.points) == 1002
    for point in rig.points:
        if point.waveform is None:
            assert math.isfinite(plant.signals[point.signal])
        else:
            assert plant.waveform(point.signal, n0, count, 25_600.0).std() > 0.01
