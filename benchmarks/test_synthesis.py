"""Vibration synthesis beside numpy written well, a plain numba loop, and viblearn where it is installed.

`pytest benchmarks/test_synthesis.py -s` prints million samples a second on one core and ratios, interleaved in one run.
Simple form: 40 harmonics of the shaft, impacts ringing five modes, white noise. Full form: 12 orders through the
structure, impacts, broadband force, mount, white and 1/f noise, high-pass, anti-alias filter, saturation, quantiser.
Nearest open simulators found on PyPI: viblearn 0.1 (`synthetic.bearing_fault_signal`: one channel, whole-sample
impacts, constant speed, no sensor; it brings torch and onnx along, so it is compared only where installed). signalz,
hum and sigvargen make generic series without shaft, impacts or sensors. None of them streams or takes many channels.
"""

import math
import os

import numba
import numpy as np
import pytest

from benchmarks.side_by_side import medians, steady_medians
from emulator.physics.channels import BankParameters, ChannelBank, ShaftBlock, Sources
from emulator.physics.rolling_bearing import RollingBearingParameters
from emulator.streams import Streams

RATE, HARMONICS, HZ, TICKS = 25_600.0, 40, 24.6, 10
SAMPLES = 2560
RESONANCES = ((100.0, 0.05), (850.0, 0.04), (3200.0, 0.03), (5400.0, 0.03), (9000.0, 0.02))


class Running:
    """A bank on shafts of their own at constant or rising speed; `step` makes the next block of 100 ms."""

    def __init__(self, channels, simple=False, ramp=0.0, threads=1, width=0.5):
        line = 0.1 * np.exp(1j * np.arange(channels * HARMONICS).reshape(channels, -1)) if simple else None
        parameters = BankParameters.alike(
            channels, orders=HARMONICS if simple else 12, chained=not simple, line=line,
            background_n=0.0 if simple else 0.02, vane_force_n=0.0 if simple else 12.0,
        )  # fmt: skip
        sources = Sources()
        for i in range(channels):
            sources.hear(sources.add(RollingBearingParameters(), "outer", i, width), i)
        self.bank = ChannelBank(parameters, sources, Streams(1), "bench", RATE)
        self.ramp, self.threads, self.channels = ramp, threads, channels
        self.speed = np.full(channels, 2 * np.pi * HZ)
        self.turns = np.zeros(channels)
        self.t = 0
        self.out = np.empty((SAMPLES, channels), np.float32)

    def step(self):
        edges = self.speed[:, None] + self.ramp * 0.01 * np.arange(TICKS + 1)
        block = ShaftBlock(
            self.t * TICKS * 10_000_000, 0.01, np.floor(self.turns).astype(np.int64), self.turns % 1.0, edges,
            np.full((self.channels, TICKS), 1500.0),
        )  # fmt: skip
        self.turns = self.turns + 0.005 * (edges[:, 1:] + edges[:, :-1]).sum(axis=1) / (2 * np.pi)
        self.t += 1
        n0, count = self.bank.enter(block)
        return self.bank.render(n0, count, self.threads, self.out)


class Numpy:
    """The simple form by whole-array operations: Horner in e^{jθ} in place, rings added by slices, one generator."""

    def __init__(self, channels, real, compound):
        self.channels, self.real, self.compound = channels, real, compound
        self.gain = (0.1 * np.exp(1j * np.arange(HARMONICS))).astype(compound)
        t = np.arange(1024) / RATE
        self.ring = sum(np.exp(-z * 2 * np.pi * f * t) * np.sin(2 * np.pi * f * t) for f, z in RESONANCES).astype(real)
        self.rng = np.random.default_rng(1)
        self.out = np.empty((channels, SAMPLES), real)

    def step(self):
        angle = 2 * np.pi * HZ * np.arange(SAMPLES) / RATE
        for c in range(self.channels):  # a channel at a time stays in the cache
            u = np.exp(1j * (angle + c)).astype(self.compound)
            y = np.full(SAMPLES, self.gain[-1], self.compound)
            for k in range(HARMONICS - 2, -1, -1):
                y *= u
                y += self.gain[k]
            y *= u
            x = self.out[c]
            self.rng.standard_normal(dtype=self.real, out=x)
            x *= 0.05
            x += y.real
            for at in np.arange(20) * 128 + c % 100:
                part = x[at : at + 1024]
                part += self.ring[: part.size]
        return self.out


@numba.njit(cache=True, error_model="numpy")
def _plain(amplitude, phase, hits, size, pole, out, n0):
    two_pi = 2 * math.pi
    for c in range(out.shape[0]):
        z = np.zeros(pole.shape[0], np.complex128)
        hit = 0
        for i in range(out.shape[1]):
            theta = two_pi * HZ * (n0 + i) / RATE + c
            y = 0.05 * np.random.standard_normal()  # noqa: NPY002 - what numba offers
            for k in range(amplitude.shape[0]):
                y += amplitude[k] * math.cos((k + 1) * theta + phase[k])
            struck = hit < hits.shape[0] and hits[hit] == i
            for j in range(pole.shape[0]):
                z[j] *= pole[j]
                if struck:
                    z[j] += size
                y += z[j].imag
            hit += struck
            out[c, i] = y


def plain(channels):
    pole = np.exp(np.array([complex(-z * 2 * np.pi * f, 2 * np.pi * f) for f, z in RESONANCES]) / RATE)
    out = np.empty((channels, SAMPLES), np.float32)
    amplitude, phase, hits = np.full(HARMONICS, 0.1), np.arange(HARMONICS) * 1.0, np.arange(20) * 128
    return lambda: _plain(amplitude, phase, hits, 1.0, pole, out, 0)


def rates(jobs, samples, rounds=7):
    return {name: samples / seconds / 1e6 for name, seconds in steady_medians(jobs, rounds, 0.05).items()}


def test_simple_form_beside_its_peers():
    channels = 64
    jobs = {
        "ours": Running(channels, simple=True).step,
        "numpy float32": Numpy(channels, np.float32, np.complex64).step,
        "numpy float64": Numpy(channels, np.float64, np.complex128).step,
        "numba, plain loop": plain(channels),
    }
    found = rates(jobs, channels * SAMPLES)
    print(
        f"\nsimple form, {channels} channels x {SAMPLES} samples a block, one core, impacts found and sorted included:"
    )
    for name, rate in found.items():
        print(
            f"  {name:18s} {rate:7.1f} MS/s = {rate / 0.0256:6.0f} channels of 25.6 kS/s;"
            f" ours is {found['ours'] / rate:5.1f} x"
        )
    assert found["ours"] > found["numpy float32"]


@pytest.mark.parametrize("ramp", [0.0, 10.0])
def test_full_form(ramp):
    channels = 256
    jobs = {"full": Running(channels, ramp=ramp).step, "quiet bearings": Running(channels, ramp=ramp, width=0.0).step}
    found = rates(jobs, channels * SAMPLES)
    kind = "ramp" if ramp else "constant speed"
    for name, rate in found.items():
        print(f"\n{name}, {kind}, {channels} channels x {SAMPLES} samples a block, one core: "
              f"{rate:6.1f} MS/s = {rate / 0.0256:5.0f} channels of 25.6 kS/s in real time")  # fmt: skip


def test_beside_viblearn():
    signals = pytest.importorskip("viblearn.synthetic")
    rng = np.random.default_rng(1)

    def theirs():
        signals.bearing_fault_signal(88.0, 3200.0, 1.0, RATE, rng=rng)

    running = Running(1)
    times = medians({"ours": lambda: [running.step() for _ in range(10)], "viblearn": theirs})
    print(f"\none second of one bearing, one channel: ours (full form) {1e3 * times['ours']:.1f} ms, viblearn"
          f" (one mode, white noise) {1e3 * times['viblearn']:.1f} ms")  # fmt: skip


def test_cost_per_channel_as_channels_grow():
    counts = (1, 16, 64, 256, 1024)
    runs = {str(c): Running(c) for c in counts}
    times = steady_medians({name: run.step for name, run in runs.items()}, 5, 0.05)
    print("\nfull form, block of 100 ms, one core:")
    for name, run in runs.items():
        cost = times[name] / run.channels / SAMPLES * 1e9
        print(f"  {name:>5s} channels: {cost:7.2f} ns a sample; {run.bank.bytes_per_channel:6.0f} bytes a channel")


def test_threads_and_small_blocks():
    channels = 512
    runs = {threads: Running(channels, threads=threads) for threads in (1, min(2, os.cpu_count() or 1))}
    times = steady_medians({str(t): run.step for t, run in runs.items()}, 5, 0.1)
    one = times["1"]
    for threads, seconds in times.items():
        print(
            f"\n{threads} threads, {channels} channels: {channels * SAMPLES / seconds / 1e6:6.1f} MS/s"
            f" ({one / seconds:.2f} x one)"
        )
