"""Every shipped plant under conditions no one wishes for: numbers stay numbers, and nothing is made of nothing."""

import contextlib
import math
from functools import cache

import numpy as np
import pytest

from emulator.desk import UnknownFault, fitting_targets
from emulator.emulation import Emulation
from rigs.load import load_rig, shipped
from rigs.schema import FaultSpec

pytestmark = pytest.mark.slow_without_jit
RIGS = [name for name in shipped() if name not in ("recorded_bearing", "bottling_line", "fleet")]
LARGE = ["bottling_line", "fleet"]


@cache
def shipped_rig(name: str):
    return load_rig(name)


def with_plant(name: str, **changed):
    rig = shipped_rig(name)
    return rig.model_copy(update={"plant": rig.plant.model_copy(update=changed)})


def run(emulation: Emulation, blocks: int) -> None:
    for _ in range(blocks):
        emulation.step()
        for name, value in emulation.plant.signals.items():
            assert math.isfinite(value), (name, value)
        for image in emulation.images.values():
            for name, reading in image.readings.items():
                assert np.all(np.isfinite(np.asarray(reading.value, dtype=float))), name


def residuals(emulation: Emulation) -> dict[str, float]:
    return {name: balance.residual for name, balance in emulation.plant.balances().items()}


@pytest.mark.parametrize("name", RIGS)
@pytest.mark.parametrize("start", ["warm", "cold"])
def test_twenty_below_and_everything_commanded_to_its_ends(name, start):
    emulation = Emulation(with_plant(name, ambient=253.15, fluid=274.15, start=start), seed=2)
    run(emulation, 3)
    for value in (0.0, 1.0, 0.0):
        for command in emulation.plant.commands:
            if not command.startswith(("ambient", "damage")):
                emulation.plant.command(command, value)
        run(emulation, 8)
    for where, residual in residuals(emulation).items():
        assert abs(residual) < 1e-6, where


@pytest.mark.parametrize("name", RIGS)
def test_every_fault_at_once_and_gone_again(name):
    rig = shipped_rig(name)
    emulation = Emulation(rig, seed=3)
    run(emulation, 2)
    added = []
    for kind, fault in emulation.desk.kinds.items():
        if fault.layer == "physics":
            for on in fitting_targets(fault, rig):
                with contextlib.suppress(UnknownFault):
                    added.append(emulation.desk.add(FaultSpec(kind=kind, on=on)))
    assert added
    run(emulation, 12)
    for number in added:
        emulation.desk.clear(number, emulation.t_ns)
    run(emulation, 8)
    for where, residual in residuals(emulation).items():
        assert abs(residual) < 1e-6, where


@pytest.mark.parametrize("name", LARGE)
def test_large_plants_in_the_cold(name):
    emulation = Emulation(with_plant(name, ambient=253.15, fluid=274.15), seed=2)
    run(emulation, 3)


def test_no_water_at_all():
    emulation = Emulation(with_plant("pump_skid", tank_level=0.0), seed=1)
    run(emulation, 20)
    assert emulation.plant.signals["pump1.flow_m3_s"] >= 0.0
