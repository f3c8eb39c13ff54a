import math

import numpy as np
import pytest

from emulator.plant import Plant
from rigs.schema import Connection
from tests.emulator.skids import direct_on_line, skid
from tests.oracles.skid import coupled_start


@pytest.mark.slow_without_jit
def test_a_coupled_start_follows_an_independent_integration():
    plant = Plant(direct_on_line(feedback=False, start="cold"), seed=1)
    train = plant.machines.trains["motor1"]
    speed, flow = [0.0], [0.0]
    for i in range(150):
        plant._tick(i * 10_000_000)
        speed.append(train.motor.speed_rad_s)
        flow.append(train.pump.flow_m3_s)
    times = np.arange(0.0, 1.5001, 0.01)
    expected_speed, expected_flow = coupled_start(train.circuit.inertance_1_m, 1.5, times)
    assert np.max(np.abs(np.array(speed) - expected_speed)) < 1e-4 * 155.0
    assert np.max(np.abs(np.array(flow) - expected_flow)) < 5e-4 * 80.0 / 3600.0


def test_bearings_that_rub_take_torque_and_make_heat():
    plant = Plant(skid(), seed=1)
    train = plant.machines.trains["motor1"]
    before = train.solve(50.0, 0.02)
    for mounted in train.bearings.values():
        mounted.bearing.condition.friction_factor = 5.0
    after = train.solve(50.0, 0.02)
    extra = 2 * 4 * 0.5 * 0.0015 * train.radial_load_n * 0.025
    assert (after.torque_nm - before.torque_nm) == pytest.approx(
        extra, rel=0.05
    )  # a little slower, so a little less for the pump
    cold = plant.signals["pump1_nde.temperature_k"]
    train.settle(50.0, 0.02)
    assert train.bearings["pump1_nde"].housing.temperature_k > cold + 30.0


def test_a_load_beyond_breakdown_has_no_warm_start():
    rig = skid(parameters={"pump1": {"efficiency": 0.005}})
    with pytest.raises(ValueError, match="beyond the motor's breakdown torque at 50 Hz"):
        Plant(rig, seed=1)


def test_a_motor_alone_runs_idle():
    rig = skid(initial={"vfd1.run": True, "vfd1.frequency_hz": 50.0})
    rig = rig.model_copy(update={
        "assets": tuple(a for a in rig.assets if a.kind in ("vfd", "induction_motor", "rolling_bearing")),
        "connections": (
            Connection(kind="wire", joins=("vfd1", "motor1")),
            Connection(kind="shaft", joins=("motor1", "pump1_de")),
        ),
    })  # fmt: skip
    plant = Plant(rig, seed=1)
    plant.step()
    assert plant.signals["motor1.speed_rad_s"] == pytest.approx(50.0 * math.pi, rel=2e-3)
    n0, count = plant.sample_range(25600.0)
    assert np.all(np.isfinite(plant.waveform("pump1_de.acceleration_m_s2", n0, count, 25600.0)))


@pytest.mark.slow_without_jit
def test_a_drive_ramps_a_pump_without_reaching_its_current_limit():
    plant = Plant(skid(start="cold"), seed=1)
    peak = 0.0
    for _ in range(100):
        plant.step()
        peak = max(peak, plant.signals["motor1.current_a"])
    assert 15.0 < peak < 45.0
    assert plant.signals["vfd1.tripped"] == 0.0
