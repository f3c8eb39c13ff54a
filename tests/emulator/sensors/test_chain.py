import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from emulator.sensors import adc, transducers
from emulator.sensors.chain import ScalarChain, WaveformChain
from emulator.streams import Streams
from rigs.schema import SensorSpec
from tests.oracles.sensor import lag_amplitude, one_pole_steps

RATE = 25_600.0
CLEAN = {"accuracy": 0.0, "noise": 0.0, "bits": 32}


def scalar(seed=1, scan_s=0.1, span=(0.0, 100.0), **spec):
    return ScalarChain(SensorSpec(**({"kind": "pressure"} | spec)), Streams(seed), "sensor/p", scan_s, span=span)


def accelerometer(seed=1, rate=RATE, **spec):
    return WaveformChain(
        SensorSpec(**({"kind": "accelerometer", "bits": 24, "noise": 0.0} | spec)),
        Streams(seed),
        "sensor/a",
        rate,
    )


def psd(x, rate, low, high, n=None):
    n = n or int(rate / 4)
    window = np.hanning(n)
    power = np.mean([np.abs(np.fft.rfft(x[i : i + n] * window)) ** 2 for i in range(0, x.size - n, n // 2)], axis=0)
    f = np.fft.rfftfreq(n, 1 / rate)
    return (2 * power / (rate * np.sum(window**2)))[(f >= low) & (f < high)].mean()


def sine(hz, seconds, rate=RATE, amplitude=1.0):
    return amplitude * np.sin(2 * np.pi * hz * np.arange(int(seconds * rate)) / rate)


def amplitude(x, hz, rate=RATE):
    t = np.arange(x.size) / rate
    basis = np.stack([np.cos(2 * np.pi * hz * t), np.sin(2 * np.pi * hz * t), np.ones(x.size)], axis=1)
    return float(np.hypot(*np.linalg.lstsq(basis, x, rcond=None)[0][:2]))


# --- scalar -------------------------------------------------------------------------------------------------


def test_an_ideal_sensor_reads_the_truth_within_half_a_step():
    chain = scalar(**CLEAN)
    for value in (0.0, 12.345, 99.9):
        assert chain.read(value) == pytest.approx(value, abs=adc.step(110.0, 32))


@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5])
def test_a_unit_stays_within_its_accuracy(seed):
    chain = scalar(seed, accuracy=0.0025, noise=0.0, bits=24)
    for value in (0.0, 50.0, 100.0):
        assert abs(chain.read(value) - value) <= 0.25 + 1e-4


def test_a_flow_meters_accuracy_is_of_reading():
    chain = scalar(kind="flow", accuracy=0.005, noise=0.0, of_reading=True, bits=32)
    assert chain.read(0.0) == pytest.approx(0.0, abs=1e-6)
    assert abs(chain.read(80.0) - 80.0) <= 0.4


@pytest.mark.slow_without_jit
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_pressure_noise_is_0_02_percent_of_span(seed):
    x = scalar(seed, accuracy=0.0, noise=0.0002, bits=24).read_block(np.full(20_000, 50.0))
    assert x.std() == pytest.approx(0.02, rel=0.03)


@pytest.mark.slow_without_jit
def test_scalar_noise_is_a_density():
    slow = scalar(scan_s=0.1, noise=0.001, bits=32).read_block(np.full(200_000, 50.0))
    fast = scalar(scan_s=0.05, noise=0.001, bits=32).read_block(np.full(400_000, 50.0))
    assert 10 * math.log10(psd(fast, 20.0, 1, 4, 400) / psd(slow, 10.0, 1, 4, 200)) == pytest.approx(0, abs=0.1)


def test_flow_lags_by_half_a_second():
    chain = scalar(kind="flow", lag="500 ms", **CLEAN)
    inputs = [10.0] * 3 + [20.0] * 20
    assert_allclose([chain.read(v) for v in inputs], one_pole_steps(inputs, 0.5, 0.1), rtol=3e-5)


@pytest.mark.slow_without_jit
@pytest.mark.parametrize("hz", [0.05, 0.3, 1.0])
def test_a_lag_lets_through_what_a_first_order_lag_lets_through(hz):
    x = scalar(kind="flow", lag="500 ms", scan_s=0.01, **CLEAN).read_block(50 + sine(hz, 60, 100.0, 10.0))
    assert amplitude(x[1000:], hz, 100.0) / 10.0 == pytest.approx(lag_amplitude(0.5, hz), rel=2e-3)


@pytest.mark.slow_without_jit
def test_a_pt100_in_its_well_has_two_lags():
    x = scalar(kind="pt100", lag="20 s", scan_s=0.1, **CLEAN).read_block(50 + sine(0.02, 1000, 10.0, 10.0))
    both = lag_amplitude(20.0, 0.02) * lag_amplitude(3.0, 0.02)
    assert amplitude(x[5000:], 0.02, 10.0) / 10.0 == pytest.approx(both, rel=2e-3)


@pytest.mark.slow_without_jit
def test_quantisation_error_has_variance_of_a_twelfth_step_squared():
    chain = scalar(accuracy=0.0, noise=0.0, bits=12)
    truth = np.linspace(1.0, 99.0, 50_001)
    step = adc.step(110.0, 12)
    assert np.var(chain.read_block(truth) - truth) == pytest.approx(step**2 / 12, rel=0.02)


def test_readings_saturate_five_percent_beyond_the_range():
    chain = scalar(**CLEAN)
    assert chain.read(500.0) == pytest.approx(105.0, abs=1e-6)
    assert chain.read(-500.0) == pytest.approx(-5.0, abs=1e-6)


@given(cuts=st.lists(st.integers(1, 7), min_size=1, max_size=5))
@settings(max_examples=30)
def test_any_chunking_of_scans_gives_the_same_readings(cuts):
    truth = np.linspace(20, 40, sum(cuts))
    whole, parts = scalar(lag="1 s", kind="flow"), scalar(lag="1 s", kind="flow")
    expected = whole.read_block(truth)
    got = np.concatenate([parts.read_block(p) for p in np.split(truth, np.cumsum(cuts)[:-1])])
    assert got.tobytes() == expected.tobytes()


@given(before=st.integers(1, 9))
@settings(max_examples=10)
def test_a_restored_scalar_chain_continues_with_the_same_bits(before):
    first = scalar(lag="1 s", kind="flow")
    first.condition.drift_per_s = 0.01
    first.read_block(np.linspace(10, 20, before))
    second = scalar(lag="1 s", kind="flow")
    second.restore(first.save())
    assert [first.read(30.0) for _ in range(5)] == [second.read(30.0) for _ in range(5)]


def test_a_new_sensor_does_not_change_an_old_ones_noise():
    streams = Streams(5)
    alone = ScalarChain(SensorSpec(kind="pressure"), streams, "a", 0.1).read(0.5)
    ScalarChain(SensorSpec(kind="pressure"), streams, "b", 0.1).read(0.5)
    assert ScalarChain(SensorSpec(kind="pressure"), streams, "a", 0.1).read(0.5) == alone


def test_an_empty_range_is_refused():
    with pytest.raises(ValueError, match=r"range \[1.0, 1.0\] of sensor/p is empty"):
        scalar(span=(1.0, 1.0))


# --- waveform -----------------------------------------------------------------------------------------------


@pytest.mark.slow_without_jit
@pytest.mark.parametrize("hz", [100.0, 1000.0, 6000.0, 10_000.0])
def test_the_chain_has_the_mounts_gain(hz):
    chain = accelerometer(accuracy=0.0)
    y = chain.read(0, sine(hz, 1.0, amplitude=50.0))[6000:].astype(float)
    assert amplitude(y, hz) / 50.0 == pytest.approx(float(transducers.MOUNTS["stud"].gain(hz)), rel=2e-3)


@pytest.mark.slow_without_jit
def test_the_amplifier_high_pass_has_half_power_at_0_318_hz():
    chain = accelerometer(accuracy=0.0, rate=1000.0)
    y = chain.read(0, sine(1 / (2 * math.pi * 0.5), 60.0, 1000.0, 50.0))[20_000:].astype(float)
    assert amplitude(y, 1 / (2 * math.pi * 0.5), 1000.0) / 50.0 == pytest.approx(math.sqrt(0.5), rel=3e-3)


def test_the_delay_is_what_the_chain_says():
    chain = accelerometer()
    pulse = np.zeros(200)
    pulse[20] = 100.0
    assert np.argmax(chain.read(0, pulse)) == 20 + round(chain.delay_s * RATE)


@pytest.mark.slow_without_jit
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_doubling_the_rate_leaves_accelerometer_noise_density_unchanged(seed):
    wanted = transducers.IEPE_DENSITY**2
    for rate in (RATE, 2 * RATE):
        chain = accelerometer(seed, rate=rate)
        y = np.concatenate([chain.read(int(i * rate), np.zeros(int(rate))) for i in range(20)]).astype(float)
        assert 10 * math.log10(psd(y, rate, 3000, 9000) / wanted) == pytest.approx(0, abs=0.1)
        assert 10 * math.log10(psd(y, rate, 16, 28) / wanted) == pytest.approx(10 * math.log10(1 + 100 / 22), abs=1.2)


@given(cuts=st.lists(st.integers(1, 900), min_size=1, max_size=6))
@settings(max_examples=20, deadline=None)
@pytest.mark.slow_without_jit
def test_any_chunking_of_samples_gives_the_same_bits(cuts):
    x = sine(1234.0, 1.0, amplitude=900.0)[: sum(cuts)]
    whole, parts = accelerometer(), accelerometer()
    whole.condition.jitter_s = parts.condition.jitter_s = 1e-6
    whole.condition.walk_per_sqrt_s = parts.condition.walk_per_sqrt_s = 0.01
    expected = whole.read(17, x)
    edges = [0, *np.cumsum(cuts)]
    got = np.concatenate([parts.read(17 + a, x[a:b]) for a, b in itertools.pairwise(edges)])
    assert got.tobytes() == expected.tobytes()


@pytest.mark.slow_without_jit
def test_a_restored_waveform_chain_continues_with_the_same_bits():
    first, second = accelerometer(), accelerometer()
    first.read(0, sine(500, 0.1))
    second.restore(first.save())
    assert first.read(2560, sine(500, 0.1)).tobytes() == second.read(2560, sine(500, 0.1)).tobytes()


@pytest.mark.slow_without_jit
def test_a_jittering_sample_clock_leaves_50_1_db_at_5_khz():
    clean, jittered = accelerometer(accuracy=0.0), accelerometer(accuracy=0.0)
    jittered.condition.jitter_s = 100e-9
    x = sine(5000.0, 2.0, amplitude=300.0)
    y = clean.read(0, x)[2000:].astype(float)
    error = jittered.read(0, x)[2000:].astype(float) - y
    assert 20 * math.log10(y.std() / error.std()) == pytest.approx(50.1, abs=0.1)


@pytest.mark.slow_without_jit
def test_a_clipped_accelerometer_stops_at_full_scale_and_recovers_slowly():
    chain = accelerometer(accuracy=0.0)
    burst = np.zeros(25_600)
    burst[1000:1400] = 2000.0
    y = chain.read(0, burst)
    delay = round(chain.delay_s * RATE)
    assert y[1200 + delay] == pytest.approx(chain.full_scale, rel=1e-3)
    assert y.max() <= chain.full_scale
    after = y[1500 + delay : 2500 + delay].mean()
    assert after < -1.0
    assert abs(y[-500:].mean()) < abs(after)


def test_the_sample_clock_tells_the_true_rate():
    assert accelerometer(clock_error_ppm=20).true_rate_hz == pytest.approx(25_600.512)


@pytest.mark.slow_without_jit
def test_a_full_scale_sine_has_the_converters_signal_to_noise_ratio():
    """12 bits, so that the step is far above the amplifier's noise: 74.0 dB."""
    fine, coarse = accelerometer(accuracy=0.0, bits=32), accelerometer(accuracy=0.0, bits=12)
    x = sine(997.0, 2.0, amplitude=480.0)
    y = fine.read(0, x).astype(float)
    error = coarse.read(0, x).astype(float) - y
    assert 20 * math.log10(490.3325 / math.sqrt(2) / error.std()) == pytest.approx(adc.quantisation_snr_db(12), abs=0.1)
