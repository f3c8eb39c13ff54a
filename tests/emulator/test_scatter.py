"""Unit-to-unit scatter: how much, of what, and of what not."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest

from emulator.emulation import Emulation
from emulator.physics.centrifugal_pump import CentrifugalPumpParameters
from emulator.physics.induction_motor import InductionMotorParameters
from emulator.physics.rolling_bearing import RollingBearingParameters
from emulator.plant import Plant
from emulator.scatter import factor, group_of, scatter_housings, scattered, scattered_parameters
from emulator.streams import Streams
from rigs.load import load_rig

UNITS = 2000


def units(parameters, field: str, seed: int = 1) -> np.ndarray:
    streams = Streams(seed)
    return np.array([scattered_parameters(parameters, f"unit{i}", 1.0, streams)[field] for i in range(UNITS)])


@pytest.mark.slow_without_jit
@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("sigma", [0.03, 0.05, 0.2, 0.3])
def test_a_factor_has_mean_one_and_its_spread_and_is_never_negative(seed: int, sigma: float):
    # N = 2000 per seed; standard errors σ/√N of the mean, about σ·√((1 + 8σ²)/2N) of the spread.
    x = np.array([factor(Streams(seed), f"unit{i}/x", sigma) for i in range(UNITS)])
    assert abs(x.mean() - 1.0) < 3.5 * sigma / np.sqrt(UNITS)
    assert np.std(x) == pytest.approx(sigma, rel=3.5 * np.sqrt((1 + 8 * sigma**2) / (2 * UNITS)))
    assert x.min() > 0.0


@pytest.mark.slow_without_jit
def test_head_and_the_slope_of_the_curve_scatter_by_three_percent_each_on_its_own():
    nominal = CentrifugalPumpParameters()
    shutoff, rated = units(nominal, "shutoff_head_m"), units(nominal, "head_m")
    a2 = (shutoff - rated) / nominal.flow_m3_s**2
    assert np.std(shutoff) / nominal.shutoff_head_m == pytest.approx(0.03, rel=0.07)
    assert np.std(a2) / nominal.curve_a2 == pytest.approx(0.03, rel=0.07)
    assert abs(np.corrcoef(shutoff, a2)[0, 1]) < 0.08


@pytest.mark.slow_without_jit
def test_resistances_scatter_by_five_percent():
    nominal = InductionMotorParameters()
    for name in ("stator_resistance_ohm", "rotor_resistance_ohm"):
        assert np.std(units(nominal, name)) / getattr(nominal, name) == pytest.approx(0.05, rel=0.07)


@pytest.mark.parametrize(
    ("name", "group"),
    [
        ("ua_w_k", "ua"), ("frame_air_w_k", "ua"), ("modes_hz", "mode"), ("damping", "damping"),
        ("tool_damping_ratio", "damping"), ("noise_pa", "noise"), ("background_n", "noise"),
        ("balls", None), ("ball_diameter_m", None), ("teeth", None), ("mains_frequency_hz", None), ("inertia_kg_m2", None),
    ],
)  # fmt: skip
def test_a_parameters_name_says_its_group(name: str, group: str | None):
    assert group_of(name) == group


def test_a_field_may_say_its_group_itself():
    @dataclasses.dataclass(frozen=True)
    class Own:
        stiffness: float = dataclasses.field(default=1.0, metadata={"scatter": "resistance"})
        wall_resistance: float = dataclasses.field(default=1.0, metadata={"scatter": "none"})

    assert set(scattered_parameters(Own(), "a", 1.0, Streams(1))) == {"stiffness"}


def test_bearing_geometry_is_exact():
    assert scattered_parameters(RollingBearingParameters(), "b", 1.0, Streams(1)) == {}


def test_without_scatter_the_rig_is_the_same_object():
    rig = load_rig("pump_skid")
    assert scattered(rig, Streams(1)) is rig


@pytest.mark.slow_without_jit
def test_two_seeds_are_two_units_and_what_the_rig_gives_stays():
    rig = load_rig("pump_skid", {"scatter": 1.0, "parameters": {"motor1": {"stator_resistance_ohm": 0.25}}})
    one, other, again = (Emulation(rig, seed) for seed in (1, 2, 1))
    assert one.plant.assets["pump1"].parameters != other.plant.assets["pump1"].parameters
    assert one.plant.assets["pump1"].parameters == again.plant.assets["pump1"].parameters
    assert one.plant.assets["motor1"].parameters.stator_resistance_ohm == 0.25
    assert one.plant.assets["motor1"].parameters.rotor_resistance_ohm != 0.2205
    modes = [e.plant.machines.listeners["pump1_de"].housing.parameters.modes for e in (one, other)]
    assert modes[0] != modes[1]
    assert [m.mass_kg for m in modes[0]] == [m.mass_kg for m in modes[1]]
    noise = [e.rig.point("pump1.discharge_pressure").sensor.noise for e in (one, other)]
    assert noise[0] != noise[1]
    one.step()


@pytest.mark.slow_without_jit
def test_modes_scatter_by_five_and_damping_by_thirty_percent():
    plant = Plant(load_rig("pump_skid"), 1)
    listener = plant.machines.listeners["pump1_de"]
    nominal = listener.housing.parameters
    found = []
    for seed in range(300):
        listener.housing = SimpleNamespace(parameters=nominal)
        scatter_housings(plant, 1.0, Streams(seed))
        found.append(listener.housing.parameters)
    frequency = np.array([[m.frequency_hz for m in p.modes] for p in found]) / [m.frequency_hz for m in nominal.modes]
    damping = np.array([[m.damping for m in p.modes] for p in found]) / [m.damping for m in nominal.modes]
    noise = np.array([p.background_n for p in found]) / nominal.background_n
    assert np.std(frequency) == pytest.approx(0.05, rel=0.1)
    assert np.std(damping) == pytest.approx(0.30, rel=0.1)
    assert np.std(noise) == pytest.approx(0.20, rel=0.15)
