"""Sensor faults that need more than one sensor, in a running plant: exchanged wires, neighbours, a missing filter."""

import numpy as np
import pytest

from emulator.desk import UnknownFault
from emulator.devices.image import BAD_SENSOR_FAILURE, GOOD, UNCERTAIN_SENSOR_NOT_ACCURATE
from emulator.emulation import Emulation
from emulator.sensors.energy_meter import measure
from emulator.sensors.waveform import WaveformChain
from rigs.load import load_rig
from rigs.schema import FaultSpec, SensorSpec, Waveform

pytestmark = pytest.mark.slow_without_jit


@pytest.fixture(scope="module")
def rig():
    return load_rig("pump_skid")


def run(rig, blocks, *faults):
    emulation = Emulation(rig, 3)
    for fault in faults:
        emulation.desk.add(FaultSpec.model_validate(fault))
    for _ in range(blocks):
        emulation.step()
    return emulation


def values(emulation):
    return {n: r.value for image in emulation.images.values() for n, r in image.readings.items()}


def test_exchanged_wires_show_each_others_fraction_of_range(rig):
    one, other = "pump1.suction_pressure", "pump1.discharge_pressure"
    fault = {"kind": "sensor_swapped_channels", "on": one, "params": {"with": other}}
    healthy, sick = values(run(rig, 5)), values(run(rig, 5, fault))
    ranges = [rig.point(name).range for name in (one, other)]
    assert healthy[one] != pytest.approx(healthy[other], rel=0.1)
    for (low, high), (of_low, of_high), mine, theirs in (
        (*ranges, one, other),
        (*ranges[::-1], other, one),
    ):
        share = (healthy[theirs] - of_low) / (of_high - of_low)
        assert sick[mine] == pytest.approx(low + share * (high - low), rel=1e-9)
    same = [n for n in healthy if n not in (one, other) and not isinstance(healthy[n], np.ndarray)]
    assert [sick[n] for n in same] == [healthy[n] for n in same]


def test_exchanged_waveforms_carry_each_others_samples(rig):
    one, other = "pump1_de.vibration", "pump1_nde.vibration"
    fault = {"kind": "sensor_swapped_channels", "on": one, "params": {"with": other}}
    healthy, sick = values(run(rig, 4)), values(run(rig, 4, fault))
    assert np.array_equal(sick[one], healthy[other])
    assert np.array_equal(sick[other], healthy[one])


def test_a_neighbour_in_another_device_is_none(rig):
    fault = {"kind": "sensor_swapped_channels", "on": "pump1.suction_pressure", "params": {"with": "motor1.speed"}}
    with pytest.raises(UnknownFault, match=r"'motor1\.speed' is no neighbour of 'pump1\.suction_pressure'"):
        run(rig, 0, fault)


def test_a_victim_hears_its_neighbour_of_the_same_block_wherever_it_stands_in_the_file(rig):
    pair = ["pump1_de.vibration", "pump1_nde.vibration"]
    for victim, source in (pair, pair[::-1]):
        fault = {
            "kind": "sensor_crosstalk",
            "on": victim,
            "params": {"neighbour": source, "share": 0.5, "hum": 0.0},
        }
        healthy, sick = values(run(rig, 4)), values(run(rig, 4, fault))
        added = sick[victim].astype(float) - healthy[victim]
        assert np.array_equal(sick[source], healthy[source])
        assert np.corrcoef(added[2000:], healthy[source][2000:])[0, 1] > 0.99


@pytest.mark.parametrize(
    "where", [("pump_skid", "pump1_de.vibration"), ("gearbox_stand", None), ("compressor_station", None)]
)
def test_a_filter_may_go_missing_and_come_back_in_the_middle_of_a_run(where):
    rig = load_rig(where[0])
    name = where[1] or next(p.id for p in rig.points if p.waveform and p.sensor and p.sensor.kind == "accelerometer")
    fault = {"kind": "sensor_aliasing", "on": name, "onset": "300 ms", "until": "600 ms"}
    again = {"kind": "sensor_aliasing", "on": name, "onset": "800 ms", "severity": 0.5}
    healthy, sick = values(run(rig, 12)), values(run(rig, 12, fault, again))
    assert sick[name].size == healthy[name].size
    before, during, between = slice(0, 7400), slice(7900, 14_900), slice(16_500, 19_900)
    assert np.array_equal(sick[name][before], healthy[name][before])
    assert not np.array_equal(sick[name][during], healthy[name][during])
    assert np.all(np.isfinite(sick[name]))
    # only the amplifier's slow recovery remembers what it met
    assert np.std(sick[name][between] - healthy[name][between]) < 0.01 * np.std(healthy[name][between]) + 0.01


def test_a_machine_that_exists_at_one_rate_refuses_to_lose_a_filter():
    rig = load_rig("fleet")
    on = next(p.id for p in rig.points if p.waveform and p.sensor and p.sensor.kind == "accelerometer")
    with pytest.raises(UnknownFault, match="exists at one rate only"):
        run(rig, 0, {"kind": "sensor_aliasing", "on": on})


def test_status_follows_a_broken_loop_through_uncertain_to_bad(rig):
    index = next(i for i, p in enumerate(rig.points) if p.id == "pump1.discharge_pressure")
    points = list(rig.points)
    sensor = SensorSpec(kind="transmitter_4_20ma")
    points[index] = points[index].model_copy(update={"sensor": sensor})
    looped = rig.model_copy(update={"points": tuple(points)})
    emulation = run(looped, 3, {"kind": "sensor_wire_break", "on": "pump1.discharge_pressure", "onset": "300 ms"})
    seen = []
    image = next(i for i in emulation.images.values() if "pump1.discharge_pressure" in i.readings)
    for _ in range(45):
        emulation.step()
        seen.append(image.readings["pump1.discharge_pressure"].status)
    assert seen[:39] == [UNCERTAIN_SENSOR_NOT_ACCURATE] * 39
    assert set(seen[40:]) == {BAD_SENSOR_FAILURE}
    assert image.readings["pump1.suction_pressure"].status == GOOD


def test_a_waveform_stands_in_the_unit_of_its_point(rig):
    index = next(i for i, p in enumerate(rig.points) if p.id == "pump1_de.vibration")
    points = list(rig.points)
    points[index] = points[index].model_copy(update={"unit": "g_0"})
    plain, in_g = values(run(rig, 2)), values(run(rig.model_copy(update={"points": tuple(points)}), 2))
    name = "pump1_de.vibration"
    assert np.allclose(in_g[name] * 9.80665, plain[name], rtol=1e-6)


def test_a_clamp_on_a_motor_lead_carries_its_current_at_10_ks(rig):
    index = next(i for i, p in enumerate(rig.points) if p.id == "pump1_nde.vibration")
    points = list(rig.points)
    clamp = {"sensor": SensorSpec(kind="current_clamp"), "unit": "A", "range": (-100.0, 100.0)}
    lead = {"signal": "motor1.current_a_a", "waveform": Waveform.model_validate({"rate": "10 kHz"})}
    points[index] = points[index].model_copy(update=clamp | lead)
    emulation = run(rig.model_copy(update={"points": tuple(points)}), 10)
    current = values(emulation)["pump1_nde.vibration"]
    assert current.size == 10_000
    rms = emulation.plant.signals["motor1.current_a"]
    assert current[5000:].std() == pytest.approx(rms, rel=0.03)


def test_an_energy_meter_on_the_motors_terminals_agrees_with_its_power(rig):
    """Six waveforms of one plant, through voltage inputs and clamps; the clamps' 0.3° turn P and Q by a known angle."""
    emulation = Emulation(rig, 3)
    plant, rate = emulation.plant, 10_000.0
    lines = [f"motor1.{what}" for what in ("voltage_a_v", "voltage_b_v", "voltage_c_v")]
    lines += [f"motor1.{what}" for what in ("current_a_a", "current_b_a", "current_c_a")]
    for line in lines:
        plant.listen(line)
    hz = 0.0
    spec = {"accuracy": 0.0, "noise": 0.0001, "bits": 16}
    kinds = [("voltage", (-800.0, 800.0))] * 3 + [("current_clamp", (-100.0, 100.0))] * 3
    chains, seen = [], [[] for _ in lines]
    for _ in range(15):
        emulation.step()
        if not chains:
            hz = plant.signals["vfd1.frequency_hz"]
            chains = [
                WaveformChain(
                    SensorSpec(kind=kind, line_frequency=f"{hz} Hz", **spec), emulation.streams, line, rate, span
                )
                for (kind, span), line in zip(kinds, lines, strict=True)
            ]
        n0, count = plant.sample_range(rate)
        for chain, line, kept in zip(chains, lines, seen, strict=True):
            kept.append(chain.read(n0, plant.waveform(line, n0, count, rate)).astype(float))
    v, i = np.array([np.concatenate(kept[10:]) for kept in seen]).reshape(2, 3, -1)
    power = measure(v, i, hz, rate)
    given = complex(plant.signals["motor1.active_power_w"], plant.signals["motor1.reactive_power_var"])
    turned = given * np.exp(-1j * np.radians(0.3))
    assert power.active_w == pytest.approx(turned.real, abs=2e-3 * abs(given))
    assert power.reactive_var == pytest.approx(turned.imag, abs=2e-3 * abs(given))
    assert power.factor == pytest.approx(plant.signals["motor1.power_factor"], abs=0.01)
