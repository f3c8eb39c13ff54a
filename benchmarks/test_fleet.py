"""The fleet of pump sets: units per core in real time, beside the single machine and numpy over all units.

`pytest benchmarks/test_fleet.py -s`; ticks of 10 ms, float64, wall time of one second of plant time.
"""

import os
import time

import numpy as np
import pytest

from benchmarks.side_by_side import medians
from emulator.physics.centrifugal_pump import CentrifugalPump, CentrifugalPumpParameters
from emulator.physics.circuit import Circuit
from emulator.physics.drive_train import DriveTrain
from emulator.physics.fleet import PumpFleet, PumpFleetParameters
from emulator.physics.induction_motor import InductionMotor, InductionMotorParameters
from emulator.physics.pipe import Pipe, PipeParameters
from emulator.physics.site import Site
from emulator.physics.vfd import Vfd, VfdParameters
from emulator.streams import Streams

CORES = min(2, os.cpu_count() or 1)


def fleet(count, threads=1):
    made = PumpFleet(PumpFleetParameters(count=count), Site(Streams(1)), "fleet1", threads)
    made.start()
    return made


def single():
    pump, motor = CentrifugalPump(CentrifugalPumpParameters()), InductionMotor(InductionMotorParameters(), 0.1)
    pipe = Pipe(PipeParameters(length_m=60.0, diameter_m=0.1, resistance_s2_m5=43_350.0, static_head_m=10.0))
    train = DriveTrain(
        motor, Vfd(VfdParameters(bypass=True)), pump, Circuit(None, (Pipe(PipeParameters()),), (pipe,), None)
    )
    train.drive.command_run(True)
    train.settle(50.0)
    return train


@pytest.mark.parametrize("threads", sorted({1, CORES}))
def test_units_per_second(threads):
    counts = (1, 10, 100, 1000, 10_000)
    fleets = {str(c): fleet(c, threads) for c in counts}
    times = medians({name: (lambda f=f: f.advance(100)) for name, f in fleets.items()}, 5)
    print(f"\nfleet F1, {threads} threads, 100 ticks a call:")
    for name, seconds in times.items():
        count = int(name)
        bytes_each = sum(a.nbytes for a in (fleets[name].state, fleets[name].out, fleets[name].constants,
                                            fleets[name].conditions)) / count  # fmt: skip
        print(f"  {count:6d} units: {1.0 / seconds:9.1f} x real time, {count / seconds:9.0f} unit-seconds a second,"
              f" {seconds / count / 100 * 1e9:6.0f} ns a tick, {bytes_each:.0f} bytes a unit")  # fmt: skip
    if threads == 2:
        assert times["10000"] < 1.0, "ten thousand units are faster than real time on two cores"


def test_beside_the_single_machine_and_tick_by_tick():
    one, many = single(), fleet(1000)
    times = medians({
        "single": lambda: [one.tick() for _ in range(100)],
        "fleet": lambda: many.advance(100),
        "fleet, a call a tick": lambda: [many.tick(0) for _ in range(100)],
    }, 5)  # fmt: skip
    per_unit = {"single": times["single"], "fleet": times["fleet"] / 1000,
                "fleet, a call a tick": times["fleet, a call a tick"] / 1000}  # fmt: skip
    for name, seconds in per_unit.items():
        print(
            f"\n{name}: {1e6 * seconds:8.1f} µs for one unit and second of plant time"
            f" ({per_unit['single'] / seconds:6.0f} x)"
        )


def test_start_and_save():
    begun = time.perf_counter()
    made = fleet(10_000)
    built = time.perf_counter()
    saved = made.save()
    kept = time.perf_counter()
    size = sum(v.nbytes for v in saved.values() if isinstance(v, np.ndarray)) / 1e6
    print(
        f"\n10,000 units: built and settled in {built - begun:.2f} s,"
        f" saved in {1e3 * (kept - built):.1f} ms ({size:.1f} MB)"
    )
