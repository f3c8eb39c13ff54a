"""Sensor faults that need more than one sensor, in a running plant: exchanged wires, neighbours, a missing filter."""

import numpy as np
import pytest

from emulator.desk import UnknownFault
from emulator.devices.image import BAD_SENSOR_FAILURE, GOOD, UNCERTAIN_SENSOR_NOT_ACCURATE
from emulator.emulation import Emulation
from rigs.load import load_rig
from rigs.schema import FaultSpec, SensorSpec

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


def test_a_filter_may_go_missing_and_come_back_in_the_middle_of_a_run(rig):
    fault = {"kind": "sensor_aliasing", "on": "pump1_de.vibration", "onset": "300 ms", "until": "600 ms"}
    again = {"kind": "sensor_aliasing", "on": "pump1_de.vibration", "onset": "800 ms", "severity": 0.5}
    healthy, sick = values(run(rig, 12)), values(run(rig, 12, fault, again))
    name = "pump1_de.vibration"
    assert sick[name].size == healthy[name].size
    before, during, between = slice(0, 7600), slice(7900, 15_000), slice(16_500, 20_000)
    assert np.array_equal(sick[name][before], healthy[name][before])
    assert not np.array_equal(sick[name][during], healthy[name][during])
    assert np.all(np.isfinite(sick[name]))
    assert np.allclose(sick[name][between], healthy[name][between], atol=0.2)


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
