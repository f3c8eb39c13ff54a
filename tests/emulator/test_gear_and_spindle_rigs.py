"""The gearbox stand and the machining cell as whole plants: machines joined by the rig files that are shipped."""

import numpy as np
import pytest

from emulator.faults.base import registry
from emulator.plant import Plant
from rigs.load import load_rig

WAVES = {
    "gearbox_stand": ("gearbox1.radial_v_m_s2", "gearbox1.key_phase"),
    "machining_cell": ("spindle1.acceleration_y_m_s2", "spindle1.current_a", "spindle1_front.acceleration_m_s2"),
}


def plant(rig, **start):
    return Plant(load_rig(rig, start or None), seed=1)


def run(p, rig, blocks, rate=12800.0):
    out = []
    for _ in range(blocks):
        p.step()
        n0, count = p.sample_range(rate)
        out.append(np.stack([p.waveform(w, n0, count, rate) for w in WAVES[rig]]))
    return np.concatenate(out, axis=1)


def test_the_motor_s_work_is_the_gearbox_s_over_a_stop_and_a_start():
    p = plant("gearbox_stand")
    motor, gear = p.assets["motor1"], p.assets["gearbox1"]
    before = motor.energy()["shaft_out"]
    kinetic = 0.5 * gear.inertia_kg_m2 * motor.speed_rad_s**2
    for on in (1.0, 0.0, 1.0):
        p.command("vfd1.run", on)
        for _ in range(60):
            p.step()
    work = motor.energy()["shaft_out"] - before
    gained = 0.5 * gear.inertia_kg_m2 * motor.speed_rad_s**2 - kinetic
    balances = p.balances()
    assert work > 1e5
    assert balances["gearbox1.energy"].came_in - gained == pytest.approx(work, rel=1e-4)
    assert all(abs(b.residual) < 1e-9 for b in balances.values())
    assert p.signals["gearbox1.output_speed_rad_s"] == pytest.approx(p.signals["brake1.speed_rad_s"], rel=1e-12)


def test_cold_it_begins_at_rest_with_cold_oil():
    p = plant("gearbox_stand", start="cold", ambient="-20 degC")
    p.step()
    assert p.signals["gearbox1.oil_temperature_k"] == pytest.approx(253.15, abs=0.1)
    for _ in range(40):
        p.step()
    assert p.signals["gearbox1.input_speed_rad_s"] > 2.0
    assert abs(p.balances()["gearbox1.energy"].residual) < 1e-9


def test_run_out_ripples_the_motor_s_torque_at_the_turn_of_its_shaft():
    ripple = {}
    for severity in (0.0, 1.0):
        p = plant("gearbox_stand")
        registry()["gear_eccentricity"]({"shaft": "output"}).apply(p.assets["gearbox1"], severity, 0)
        torque = []
        for _ in range(50):
            p.step()
            torque.append(p.signals["motor1.torque_nm"])
        ripple[severity] = np.std(torque[20:]) / np.mean(torque[20:])
    assert ripple[0.0] < 1e-4
    assert ripple[1.0] > 5e-4


@pytest.mark.slow_without_jit
def test_a_crack_is_in_the_sound_and_in_nothing_else():
    seen = {}
    for severity in (0.0, 0.8):
        p = plant("gearbox_stand")
        registry()["gear_tooth_crack"]({}).apply(p.assets["gearbox1"], severity, 0)
        seen[severity] = (run(p, "gearbox_stand", 5)[0], dict(p.signals))
    assert seen[0.0][1] == seen[0.8][1]
    assert not np.array_equal(seen[0.0][0], seen[0.8][0])


@pytest.mark.slow_without_jit
@pytest.mark.parametrize("rig", WAVES)
def test_a_plant_restored_goes_on_bit_for_bit(rig):
    one, other = plant(rig), plant(rig)
    run(one, rig, 20)
    other.restore(one.save())
    assert np.array_equal(run(one, rig, 5), run(other, rig, 5))
    assert dict(one.signals) == dict(other.signals)


def test_the_spindle_turns_its_bearing():
    p = plant("machining_cell")
    for _ in range(20):
        p.step()
    assert p.signals["spindle1_front.radial_load_n"] >= 500.0
    trace = p.traces["spindle1"]
    assert trace.speed_rad_s[-1] == p.signals["spindle1.speed_rad_s"]
    s = p.assets["spindle1"]
    assert (trace.revs0, trace.frac0) != (s.turns_revs, s.turns_frac)


@pytest.mark.slow_without_jit
def test_the_gear_is_heard_at_its_own_mesh_frequency():
    """The id of a gear also names the shaft behind it, which turns slower: the teeth must not follow that one."""
    plant = Plant(load_rig("gearbox_stand"), seed=1)
    wave = []
    for _ in range(20):
        plant.step()
        n0, count = plant.sample_range(12_800.0)
        wave.append(plant.waveform("gearbox1.radial_h_m_s2", n0, count, 12_800.0))
    x = np.concatenate(wave)
    mesh_hz = 23.0 * plant.signals["gearbox1.input_speed_rad_s"] / (2.0 * np.pi)
    spectrum = np.abs(np.fft.rfft(x * np.hanning(x.size)))
    freq = np.fft.rfftfreq(x.size, 1.0 / 12_800.0)
    strongest = freq[np.argmax(spectrum)]
    assert strongest > 5.0 * mesh_hz  # a harmonic of the mesh, where the housing rings
    assert abs(strongest / mesh_hz - round(strongest / mesh_hz)) < 2e-3
