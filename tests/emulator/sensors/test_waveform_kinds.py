"""Waveforms of other sensors than accelerometers: their own coupling, full scale and noise floor."""

import math

import numpy as np
import pytest

from emulator.sensors.energy_meter import measure, phasor
from emulator.sensors.waveform import WaveformChain
from emulator.streams import Streams
from rigs.schema import SensorSpec
from tests.oracles.sensor import amplitude

EXACT = {"accuracy": 0.0, "noise": 0.0, "bits": 24}


def chain(kind, rate, span=(-1.0, 1.0), name="w", **spec):
    return WaveformChain(SensorSpec(kind=kind, **EXACT | spec), Streams(1), f"sensor/{name}", rate, span)


def test_cylinder_pressure_is_coupled_to_dc_and_scaled_by_its_range():
    indicator = chain("dynamic_pressure", 25_000.0, (0.0, 16e5))
    steady = indicator.read(0, np.full(5000, 3.2e5)).astype(float)
    assert indicator.full_scale == 16e5
    assert np.max(np.abs(steady - 3.2e5)) < 32e5 * 2.0**-24 + 0.1
    assert indicator.mounting.half == 0


@pytest.mark.slow_without_jit
def test_a_dc_coupled_waveform_does_not_wander():
    indicator = chain("dynamic_pressure", 25_000.0, (0.0, 16e5))
    wave = 5e5 + 4e5 * np.sin(2 * np.pi * 12.0 * np.arange(250_000) / 25_000.0)
    y = indicator.read(0, wave).astype(float)
    late = round(indicator.delay_s * 25_000.0)
    assert np.max(np.abs(y[late + 100 :] - wave[100:-late])) < 2.0


@pytest.mark.parametrize("hz", [50.0, 60.0])
@pytest.mark.slow_without_jit
def test_a_current_clamp_leads_by_0_3_degrees_at_the_line_frequency(hz):
    clamp = chain("current_clamp", 10_000.0, line_frequency=f"{hz} Hz")
    assert clamp.full_scale == 100.0
    n = np.arange(60_000)
    y = clamp.read(0, 70.0 * np.sin(2 * np.pi * hz * n / 10_000.0))[40_000:].astype(float)
    late = clamp.delay_s * 10_000.0
    angle = np.angle(np.sum(y * np.exp(-2j * np.pi * hz * (n[40_000:] - late) / 10_000.0)), deg=True) + 90.0
    assert angle == pytest.approx(0.3, abs=0.005)
    assert amplitude(y, hz, 10_000.0) == pytest.approx(70.0, rel=1e-4)


def test_a_current_clamp_clips_at_100_amperes():
    y = chain("current_clamp", 10_000.0).read(0, 150.0 * np.sin(2 * np.pi * 50.0 * np.arange(4000) / 10_000.0))
    assert y.max() == pytest.approx(100.0, rel=1e-4)


@pytest.mark.parametrize("kind", ["current_clamp", "voltage", "dynamic_pressure", "electric"])
@pytest.mark.slow_without_jit
def test_the_data_sheets_noise_is_a_density(kind):
    """Doubling the rate leaves the density: σ grows by √2, exactly."""
    sigma = []
    for rate in (10_000.0, 20_000.0):
        y = [chain(kind, rate, noise=n).read(0, np.zeros(40_000)).astype(float) for n in (0.001, 0.0)]
        sigma.append((y[0] - y[1])[1000:].std())
    assert sigma[1] / sigma[0] == pytest.approx(math.sqrt(2.0), rel=1e-3 if kind != "current_clamp" else 0.01)


@pytest.mark.slow_without_jit
def test_a_microphone_hears_from_3_hz_on():
    y = chain("microphone", 2000.0).read(0, np.sin(2 * np.pi * 3.0 * np.arange(20_000) / 2000.0))[10_000:].astype(float)
    assert amplitude(y, 3.0, 2000.0) == pytest.approx(math.sqrt(0.5), rel=0.01)


def test_an_accelerometer_has_its_amplifiers_noise_only_unless_told():
    assert SensorSpec.model_validate({"kind": "accelerometer"}).noise == 0.0
    assert SensorSpec.model_validate({"kind": "pressure"}).noise == 0.0002


def test_a_full_scale_is_in_the_unit_of_its_kind():
    assert SensorSpec.model_validate({"kind": "current_clamp", "full_scale": "0.2 kA"}).full_scale == 200.0
    with pytest.raises(ValueError, match="'3 A' is not a acceleration"):
        SensorSpec.model_validate({"kind": "accelerometer", "full_scale": "3 A"})
    with pytest.raises(ValueError, match="a sensor of kind level has no full scale of its own"):
        SensorSpec.model_validate({"kind": "level", "full_scale": "3 m"})


# --- energy meter -------------------------------------------------------------------------------------------

TURNS = 2 * np.pi * np.arange(3)[:, None] / 3


def phases(n, hz, peak, phi):
    return peak * np.cos(2 * np.pi * hz * n / 10_000.0 - TURNS - phi)


@pytest.mark.parametrize("phi", [0.0, 0.55, 1.3, 2.5])
@pytest.mark.parametrize("hz", [50.0, 43.7])
@pytest.mark.slow_without_jit
def test_power_is_three_times_v_i_conjugate_of_the_same_samples(phi, hz):
    """Through three voltage inputs and three clamps, 10 kS/s, noise and quantiser in: within 0.2 % of S."""
    n = np.arange(24_000)
    volts, amps = phases(n, hz, 325.0, 0.0), phases(n, hz, 60.0, phi)
    spec = {"noise": 0.0001, "bits": 16, "line_frequency": f"{hz} Hz"}
    v = np.array(
        [chain("voltage", 10_000.0, (-600.0, 600.0), f"v{k}", **spec).read(0, volts[k])[-3333:] for k in range(3)],
        float,
    )
    i = np.array(
        [chain("current_clamp", 10_000.0, name=f"i{k}", **spec).read(0, amps[k])[-3333:] for k in range(3)], float
    )
    power = measure(v, i, hz, 10_000.0)
    ours = 3 * phasor(v, hz, 10_000.0)[0] * phasor(i, hz, 10_000.0)[0].conj()
    # the clamp's phase error is part of what the meter is given: it turns V·I* by 0.3°
    turned = 1.5 * 325.0 * 60.0 * np.exp(1j * (phi - math.radians(0.3)))
    apparent = 1.5 * 325.0 * 60.0
    assert power.active_w == pytest.approx(ours.real, abs=2e-3 * apparent)
    assert power.active_w == pytest.approx(turned.real, abs=2e-3 * apparent)
    assert power.reactive_var == pytest.approx(turned.imag, abs=2e-3 * apparent)
    assert power.factor == pytest.approx(turned.real / apparent, abs=2e-3)


def test_harmonics_lower_the_power_factor_and_nothing_else():
    n = np.arange(20_000)
    volts, amps = phases(n, 50.0, 325.0, 0.0), phases(n, 50.0, 60.0, 0.0)
    plain = measure(volts, amps, 50.0, 10_000.0)
    bent = measure(volts, amps + phases(n, 250.0, 30.0, 0.0), 50.0, 10_000.0)
    assert bent.active_w == pytest.approx(plain.active_w, rel=1e-9)
    assert plain.factor == pytest.approx(1.0)
    assert bent.factor == pytest.approx(1.0 / math.hypot(1.0, 0.5), rel=1e-6)


def test_a_meter_needs_a_cycle_and_pairs_of_samples():
    with pytest.raises(ValueError, match="hold no cycle"):
        measure(np.zeros((3, 100)), np.zeros((3, 100)), 50.0, 10_000.0)
    with pytest.raises(ValueError, match="must be of one shape"):
        measure(np.zeros((3, 400)), np.zeros((3, 300)), 50.0, 10_000.0)
    assert measure(np.zeros((3, 400)), np.zeros((3, 400)), 50.0, 10_000.0).factor == 0.0
