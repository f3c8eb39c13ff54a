import numpy as np
import pytest
from numpy.testing import assert_array_equal

from emulator.faults.base import registry
from emulator.faults.fleet_unit import MODES, FleetUnit
from emulator.physics.fleet import PumpFleet, PumpFleetParameters
from emulator.physics.kernels import fleet as k
from emulator.physics.site import Site
from emulator.streams import Streams

pytestmark = pytest.mark.slow_without_jit
SEEN = {
    "impeller_wear": ("flow_m3_s", -1), "suction_clogging": ("suction_pressure_pa", -1),
    "motor_fan_blocked": ("winding_temperature_k", 1), "bearing_outer_race": ("spall_mm", 1),
    "bearing_dry": ("bearing_temperature_k", 1), "imbalance": ("vibration_velocity_m_s", 1),
}  # fmt: skip


def run(mode=None, severity=0.0, ticks=400):
    made = PumpFleet(PumpFleetParameters(count=3), Site(Streams(1)), "fleet1")
    made.start()
    if mode is not None:
        fault = FleetUnit({"unit": "a00001", "mode": mode})
        fault.check(made)
        fault.apply(made, severity, 0)
        fault.apply(made, severity, 0)
    made.advance(ticks)
    return made


@pytest.fixture(scope="module")
def healthy():
    return run()


@pytest.mark.parametrize("mode", MODES)
def test_severity_zero_changes_no_bit(mode, healthy):
    made = run(mode)
    assert_array_equal(made.state, healthy.state)
    assert_array_equal(made.out, healthy.out)


@pytest.mark.parametrize("mode", MODES)
def test_its_own_unit_moves_as_severity_grows_and_others_do_not(mode, healthy):
    name, sign = SEEN[mode]
    made = [healthy, *(run(mode, s) for s in (0.25, 0.5, 0.8))]
    values = np.array([m.quantities(name) for m in made])
    assert np.all(sign * np.diff(values[:, 1]) > 0)
    assert np.ptp(values[:, [0, 2]], axis=0).max() == 0.0
    if mode in ("motor_fan_blocked", "bearing_outer_race", "imbalance"):
        assert made[-1].signal("a00001.flow_m3_s") == pytest.approx(healthy.signal("a00001.flow_m3_s"), rel=1e-5)


def test_clogging_reaches_sigma_one_at_four_fifths():
    made = run("suction_clogging", 0.8, 3000)
    assert made.signal("a00001.cavitation_sigma") == pytest.approx(1.0, abs=0.01)


def test_what_does_not_exist_is_refused(healthy):
    with pytest.raises(ValueError, match="mode = 'rust' must be one of impeller_wear"):
        FleetUnit({"mode": "rust"})
    with pytest.raises(ValueError, match="no unit 'a00003'; units are a00000 to a00002"):
        FleetUnit({"unit": "a00003"}).check(healthy)
    assert registry()["fleet_unit"] is FleetUnit
    assert healthy.conditions.shape[0] == k.CONDITIONS
