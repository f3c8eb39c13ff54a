"""The plant behind its devices: same seed, same bytes; severity 0, same bytes; commands act at the next block edge."""

import contextlib
from functools import cache

import numpy as np
import pytest

from emulator.desk import UnknownFault, check_fault
from emulator.emulation import Emulation
from emulator.faults.base import registry
from rigs.load import load_rig, shipped
from rigs.schema import FaultSpec

pytestmark = pytest.mark.slow_without_jit
LAYERS = ("physics", "sensor", "device")


@pytest.fixture(scope="module")
def rig():
    return load_rig("pump_skid")


def run(rig, seed: int = 1, blocks: int = 30, *faults: FaultSpec) -> Emulation:
    emulation = Emulation(rig, seed)
    for fault in faults:
        emulation.desk.add(fault)
    for _ in range(blocks):
        emulation.step()
    return emulation


def test_the_same_seed_gives_the_same_image_and_another_seed_another(rig):
    assert run(rig, 7).digest == run(rig, 7).digest
    assert run(rig, 7).digest != run(rig, 8).digest


RIGS = [name for name in shipped() if name not in ("pump_skid", "bottling_line", "fleet", "recorded_bearing")]


@cache
def shipped_rig(name: str):
    return load_rig(name)


@cache
def healthy_digest(name: str) -> str:
    return run(shipped_rig(name), 3, 6).digest


def place_for(kind: str) -> tuple[str, str]:
    """The first shipped rig, and what is in it, that a fault fits."""
    # the small ones first: a fault that fits them need not load thousands of points
    for name in ["pump_skid", *RIGS, "bottling_line", "fleet"]:
        candidate = shipped_rig(name)
        places = [
            *(a.id for a in candidate.assets),
            *(p.id for p in candidate.points),
            *(d.id for d in candidate.devices),
        ]
        emulation = None
        for on in places:
            spec = FaultSpec(kind=kind, on=on, severity=0.0)
            if check_fault(spec, candidate, registry()) is None:
                emulation = emulation or Emulation(candidate, 3)
                with contextlib.suppress(UnknownFault):  # choosier than its kind of target: another place may do
                    emulation.desk.add(spec)
                    return name, on
    raise AssertionError(f"no shipped rig can have {kind}")


@pytest.mark.parametrize("kind", sorted(k for k, f in registry().items() if f.layer in LAYERS))
def test_severity_0_leaves_every_byte_as_it_was(kind: str):
    name, on = place_for(kind)
    fault = FaultSpec(kind=kind, on=on, severity=0.0)
    assert run(shipped_rig(name), 3, 6, fault).digest == healthy_digest(name)


def test_a_command_takes_effect_and_shows_in_the_image(rig):
    emulation = run(rig)
    emulation.images["plc1"].write("pid1.setpoint", 50.0)
    emulation.step()
    assert emulation.images["plc1"].readings["pid1.setpoint"].value == pytest.approx(50.0)


def test_waveform_blocks_join_without_a_gap(rig):
    emulation = Emulation(rig, 1)
    ends = []
    for _ in range(25):
        emulation.step()
        reading = emulation.images["plc1"].readings["pump1_de.vibration"]
        ends.append(reading.n0 + len(reading.value))
    counts = np.diff(ends)
    # 2,560 samples a block, and now and then one more: the sensor's clock is 20 ppm fast.
    assert set(counts.tolist()) <= {2560, 2561}


def test_a_frozen_device_keeps_its_readings_and_its_clock(rig):
    freeze = FaultSpec.model_validate({"kind": "device_freeze", "on": "plc1", "onset": "2 s"})
    emulation = run(rig, 1, 20, freeze)
    before = emulation.images["plc1"].readings["pump1_de.vibration"]
    kept = before.value.copy()
    for _ in range(60):
        emulation.step()
    after = emulation.images["plc1"].readings["pump1_de.vibration"]
    assert after.t_ns == before.t_ns
    assert np.array_equal(after.value, kept)


def test_a_restart_loses_memory_and_starts_the_uptime_again(rig):
    restart = FaultSpec.model_validate(
        {"kind": "device_restart", "on": "drive1", "onset": "2 s", "params": {"boot_s": 1.0}}
    )
    emulation = run(rig, 1, 25, restart)
    assert not emulation.images["drive1"].online
    for _ in range(15):
        emulation.step()
    image = emulation.images["drive1"]
    assert image.online
    assert image.readings["drive1.uptime"].value == pytest.approx(1.0, abs=0.11)


def test_a_clock_offset_moves_every_time_stamp_of_its_device_only(rig):
    fault = FaultSpec.model_validate({"kind": "clock_offset", "on": "plc1", "params": {"offset_s": 30}})
    emulation = run(rig, 1, 5, fault)
    now = emulation.epoch_ns + emulation.t_ns
    assert emulation.images["plc1"].readings["pump1.flow"].t_ns - now == 30_000_000_000
    assert emulation.images["drive1"].readings["motor1.speed"].t_ns == now
