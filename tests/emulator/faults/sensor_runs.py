"""Chains with a fault, run over a known truth: what the tests of sensor faults share."""

import numpy as np

from emulator.faults.base import registry
from emulator.faults.sensor_aliasing import SensorAliasing
from emulator.faults.sensor_drift import SensorDrift
from emulator.faults.sensor_lag import SensorLag
from emulator.faults.sensor_loose_mount import SensorLooseMount
from emulator.faults.sensor_polarity import SensorPolarity
from emulator.faults.sensor_spikes import SensorSpikes
from emulator.faults.sensor_stuck import SensorStuck
from emulator.faults.sensor_wire_break import SensorWireBreak
from emulator.sensors.chain import ScalarChain, WaveformChain
from emulator.streams import Streams
from rigs.schema import SensorSpec

FAULTS = sorted(
    (f for f in registry().values() if f.layer == "sensor"),
    key=lambda f: f.kind,
)
VARIANTS = [(kind, {}) for kind in FAULTS] + [
    (SensorStuck, {"at": "element"}),
    (SensorDrift, {"law": "walk"}),
    (SensorSpikes, {"at": "after"}),
    (SensorPolarity, {"mode": "axis", "with": "q"}),
]
# what says nothing on a scalar, or nothing on a waveform
NOT_SCALAR = {SensorAliasing, SensorLooseMount}
NOT_WAVEFORM = {SensorLag, SensorWireBreak}
TRUTH = 50.0 + 20.0 * np.sin(np.arange(200) / 5.0)
SHAKE = 100.0 * np.sin(np.arange(12_800) / 7.0)


def strip(*chains):
    """Put chains side by side in one device, and return the first."""
    beside = {chain.name: chain for chain in chains}
    for chain in chains:
        chain.neighbours = beside
    return chains[0]


def pressure(kind="transmitter_4_20ma", **spec):
    """A scalar with everything that can go wrong; its neighbour stands at 40 of 100."""
    spec = {"lag": "100 ms"} | spec
    made = [
        ScalarChain(SensorSpec(kind=kind, **spec), Streams(2), f"sensor/{name}", 0.1, span=(0.0, 100.0))
        for name in ("p", "q")
    ]
    made[1].read(40.0)
    return strip(*made)


def vibration(rate=25_600.0, **spec):
    spec = {"kind": "accelerometer", "bits": 24, "noise": 0.0} | spec
    made = [WaveformChain(SensorSpec(**spec), Streams(2), f"sensor/{name}", rate) for name in ("v", "q")]
    return strip(*made)


def scalar_run(fault, severity, chain=None, truth=TRUTH):
    chain = chain or pressure()
    values, status = [], []
    for i, value in enumerate(truth):
        if fault is not None:
            fault.apply(chain, severity, i * 100_000_000)
        values.append(chain.read(float(value)))
        status.append(chain.status)
    return np.array(values), status


def waveform_run(fault, severity, chain=None):
    chain = chain or vibration()
    if fault is not None:
        fault.apply(chain, severity, 0)
    blocks = []
    for n in range(0, SHAKE.size, 2560):
        chain.neighbours["q"].read(n, np.cos(np.arange(n, n + 2560) / 3.0))
        fine = np.repeat(SHAKE[n : n + 2560], 4) if chain.fine_rate_hz else None
        blocks.append(chain.read(n, SHAKE[n : n + 2560], 4 * n, fine))
    return np.concatenate(blocks)
