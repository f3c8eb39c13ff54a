"""The compressor station as a plant: what one machine gives another takes, on shafts of motors and of their own."""

import numpy as np
import pytest

from emulator.plant import Plant
from rigs.load import load_rig


@pytest.fixture(scope="module")
def rig():
    return load_rig("compressor_station")


@pytest.mark.slow_without_jit
def test_every_account_closes_and_the_net_is_one(rig):
    plant = Plant(rig, 3)
    for i in range(60):
        plant.step()
        if i == 20:
            plant.command("motor1.stop", 1.0)
            plant.command("screw2.run", 0.0)
        if i == 40:
            plant.command("screw2.run", 1.0)
            plant.command("hall1.open", 0.0)
    accounts = plant.balances()
    assert {"screw1.energy", "receiver1.mass", "piston1.gas", "blower1.mass"} <= set(accounts)
    for name, balance in accounts.items():
        assert abs(balance.residual) < 1e-9, name
    given = accounts["screw1.mass"].went_out + accounts["screw2.mass"].went_out
    taken = accounts["hall1.mass"].came_in + accounts["hall2.mass"].came_in
    assert accounts["receiver1.mass"].came_in == pytest.approx(given, rel=1e-12)
    assert accounts["receiver1.mass"].went_out == pytest.approx(taken, rel=1e-12)
    # the piston's discharge valves let a little back: what counts is what is left over
    small = accounts["receiver2.mass"]
    over = accounts["piston1.mass"].went_out - accounts["instruments1.mass"].came_in
    assert small.came_in - small.went_out == pytest.approx(over, abs=1e-12)
    assert given > 0.3


@pytest.mark.slow_without_jit
def test_a_saved_station_goes_on_bit_for_bit_with_all_it_sounds_like(rig):
    heard = ("screw1.acceleration_m_s2", "screw2.acceleration_m_s2", "piston1.acceleration_m_s2",
             "piston1.cylinder_2_pressure_pa")  # fmt: skip

    def steps(plant, count):
        parts = []
        for _ in range(count):
            plant.step()
            n0, many = plant.sample_range(25_000.0)
            parts += [plant.waveform(name, n0, many, 25_000.0) for name in heard]
        return np.concatenate(parts)

    one, two = Plant(rig, 3), Plant(rig, 3)
    steps(one, 3)
    steps(two, 1)
    two.restore(one.save())
    assert np.array_equal(steps(one, 3), steps(two, 3))
    assert dict(one.signals) == dict(two.signals)
