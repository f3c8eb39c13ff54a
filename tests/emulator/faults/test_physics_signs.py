"""What each physics fault does to what can be measured: signs of the published table by finite differences.

Direct on line, severity 0.5, thermal equilibrium. "H" of the table is read as the discharge head p_d/(ρ g):
clogging the suction moves the duty up the pump curve, so that the differential head rises until cavitation
eats it. A blocked fan's "+" on P_el is the motor's loss: hot copper also slips more, the pump takes less,
and the sum stays within a tenth of a per cent.
"""

import pytest

from emulator.faults.impeller_wear import ImpellerWear
from emulator.faults.motor_fan_blocked import MotorFanBlocked
from emulator.faults.suction_clogging import SuctionClogging
from emulator.plant import Plant
from tests.emulator.skids import direct_on_line

# feature -> signal, and the change that counts as one: what a mean over a minute of its sensor can tell
FEATURES = {
    "Q": ("pump1.flow_m3_s", 0.2 / 3600.0),
    "H": ("pump1.discharge_pressure_pa", 1000.0),
    "P_el": ("motor1.active_power_w", 15.0),
    "vane": ("pump1.vane_force_n", 0.1),
    "T_w": ("motor1.winding_temperature_k", 0.2),
    "T_brg": ("pump1_de.temperature_k", 0.6),
    "p_s": ("pump1.suction_pressure_pa", 100.0),
}


def equilibrium(fault, on, severity):
    """Signals of the skid in equilibrium with a fault.

    The plant settled, the fault set, and settled again.
    """
    plant = Plant(direct_on_line(), seed=1)
    fault.apply(plant.assets[on], severity, 0)
    plant.machines.trains["motor1"].settle(50.0)
    plant.step()
    return plant.signals


def sign(value, threshold):
    return 0 if abs(value) < threshold else (1 if value > 0 else -1)


@pytest.mark.parametrize(
    ("fault", "on", "expected"),
    [
        (
            ImpellerWear({}),
            "pump1",
            {"Q": -1, "H": -1, "P_el": -1, "vane": 1, "T_w": -1, "T_brg": 0, "p_s": 1},
        ),
        (
            SuctionClogging({}),
            "pump1",
            {"Q": -1, "H": -1, "P_el": -1, "vane": 1, "T_w": -1, "T_brg": 0, "p_s": -1},
        ),
        (
            MotorFanBlocked({}),
            "motor1",
            {"Q": 0, "H": 0, "P_el": 0, "vane": 0, "T_w": 1, "T_brg": 1, "p_s": 0},
        ),
    ],
    ids=["impeller wear", "suction clogging", "blocked motor fan"],
)
def test_features_move_as_the_signature_table_says(fault, on, expected):
    healthy, faulty = equilibrium(fault, on, 0.0), equilibrium(fault, on, 0.5)
    found = {name: sign(faulty[s] - healthy[s], limit) for name, (s, limit) in FEATURES.items()}
    assert found == expected


@pytest.mark.parametrize(
    ("fault", "on", "signal", "direction"),
    [
        (ImpellerWear({}), "pump1", "pump1.flow_m3_s", -1),
        (SuctionClogging({}), "suction1", "pump1.suction_pressure_pa", -1),
        (MotorFanBlocked({}), "motor1", "motor1.winding_temperature_k", 1),
    ],
)
def test_the_effect_grows_with_severity(fault, on, signal, direction):
    values = [direction * equilibrium(fault, on, s)[signal] for s in (0.0, 0.1, 0.3, 0.5, 0.8, 1.0)]
    assert values == sorted(values)
    assert len(set(values)) == len(values)


def test_a_blocked_fan_costs_power():
    def loss(signals):
        return signals["motor1.active_power_w"] - signals["pump1.shaft_power_w"]

    fault = MotorFanBlocked({})
    assert loss(equilibrium(fault, "motor1", 0.5)) - loss(equilibrium(fault, "motor1", 0.0)) > 10.0


def test_clogging_of_four_fifths_brings_the_pump_to_sigma_one():
    plant = Plant(direct_on_line(feedback=False), seed=1)
    SuctionClogging({}).apply(plant.assets["pump1"], 0.8, 0)
    plant.machines.trains["motor1"].settle(50.0)
    assert plant.assets["pump1"].sigma == pytest.approx(1.0, abs=1e-6)
    # As the clogged motor cools the pump turns a little faster than at the start.
    assert equilibrium(SuctionClogging({}), "pump1", 0.8)["pump1.cavitation_sigma"] == pytest.approx(1.0, abs=5e-3)
    assert equilibrium(SuctionClogging({}), "pump1", 0.0)["pump1.cavitation_sigma"] > 3.5


def test_clogging_shows_in_the_suction_pressure_before_the_head():
    healthy, early = (equilibrium(SuctionClogging({}), "pump1", s) for s in (0.0, 0.1))
    fall = {
        n: (early[n] - healthy[n]) / 998.207 / 9.80665
        for n in ("pump1.suction_pressure_pa", "pump1.discharge_pressure_pa")
    }
    assert fall["pump1.suction_pressure_pa"] < -0.5
    assert abs(fall["pump1.discharge_pressure_pa"]) < 0.8 * abs(fall["pump1.suction_pressure_pa"])
    assert early["pump1.cavitation_sigma"] > 2.5


def test_a_discharge_pipe_cannot_be_clogged_on_the_suction_side():
    plant = Plant(direct_on_line(), seed=1)
    with pytest.raises(ValueError, match="put the fault on a pipe between tank and pump"):
        SuctionClogging({}).apply(plant.assets["discharge1"], 0.5, 0)


def test_a_blocked_fan_heats_the_winding_to_the_published_rise():
    rise = {}
    for severity in (0.0, 1.0):
        plant = Plant(direct_on_line(feedback=False), seed=1)
        MotorFanBlocked({}).apply(plant.assets["motor1"], severity, 0)
        plant.machines.trains["motor1"].settle(50.0)
        rise[severity] = plant.assets["motor1"].winding_k - 293.15
    assert rise == {0.0: pytest.approx(45.92, abs=5e-3), 1.0: pytest.approx(96.5, abs=0.06)}


@pytest.mark.parametrize("fault", [ImpellerWear, SuctionClogging, MotorFanBlocked])
def test_a_parameter_the_fault_does_not_have_is_refused(fault):
    with pytest.raises(ValueError, match="has no parameter 'depth'"):
        fault({"depth": 1.0})
