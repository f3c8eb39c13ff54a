import numpy as np
import pytest

from emulator.faults.sensor_bias import SensorBias
from emulator.faults.sensor_drift import SensorDrift
from emulator.faults.sensor_dropout import SensorDropout
from emulator.faults.sensor_noise import SensorNoise
from emulator.faults.sensor_saturation import SensorSaturation
from emulator.faults.sensor_stuck import SensorStuck
from emulator.faults.word_swap import WordSwap
from emulator.sensors.adc import swap_words
from emulator.sensors.chain import ScalarChain, WaveformChain
from emulator.streams import Streams
from rigs.schema import SensorSpec

FAULTS = [SensorBias, SensorDrift, SensorDropout, SensorNoise, SensorSaturation, SensorStuck, WordSwap]
VARIANTS = [(kind, {}) for kind in FAULTS] + [
    (SensorStuck, {"at": "element"}),
    (SensorDrift, {"law": "walk"}),
]
TRUTH = 50.0 + 20.0 * np.sin(np.arange(200) / 5.0)
SHAKE = 100.0 * np.sin(np.arange(12_800) / 7.0)


def pressure():
    return ScalarChain(SensorSpec(kind="pressure"), Streams(2), "p", 0.1, span=(0.0, 100.0))


def vibration():
    return WaveformChain(SensorSpec(kind="accelerometer", bits=24, noise=0.0), Streams(2), "v", 25_600.0)


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
    return np.concatenate([chain.read(n, SHAKE[n : n + 2560]) for n in range(0, SHAKE.size, 2560)])


@pytest.mark.parametrize(("kind", "params"), VARIANTS)
def test_severity_0_leaves_every_bit_as_it_was(kind, params):
    assert scalar_run(kind(params), 0.0)[0].tobytes() == scalar_run(None, 0.0)[0].tobytes()
    assert waveform_run(kind(params), 0.0).tobytes() == waveform_run(None, 0.0).tobytes()


@pytest.mark.parametrize(("kind", "params"), VARIANTS)
def test_severity_1_shows_and_going_back_to_0_heals(kind, params):
    healthy = scalar_run(None, 0.0, truth=np.concatenate((TRUTH, TRUTH)))[0]
    chain = pressure()
    scalar_run(None, 0.0, chain, TRUTH[:50])
    sick, status = scalar_run(kind(params), 1.0, chain, np.concatenate((TRUTH[50:], TRUTH[:100])))
    assert not np.array_equal(sick, healthy[50:300]) or "bad" in status
    healed, status = scalar_run(kind(params), 0.0, chain, TRUTH[100:])
    assert healed.tobytes() == healthy[300:].tobytes()
    assert set(status) == {"good"}


@pytest.mark.parametrize(("kind", "params"), VARIANTS)
def test_applying_a_fault_twice_is_applying_it_once(kind, params):
    once, twice = pressure(), pressure()
    kind(params).apply(once, 0.7, 0)
    kind(params).apply(twice, 0.7, 0)
    kind(params).apply(twice, 0.7, 0)
    assert once.condition == twice.condition


@pytest.mark.parametrize("kind", FAULTS)
def test_an_unknown_parameter_is_refused_by_name(kind):
    with pytest.raises(ValueError, match=f"fault {kind.kind} has no parameter 'colour'"):
        kind({"colour": "red"})


@pytest.mark.parametrize("severity", [0.2, 1.0])
def test_bias_is_five_percent_of_span_at_severity_1(severity):
    shift = scalar_run(SensorBias({}), severity)[0] - scalar_run(None, 0.0)[0]
    assert np.allclose(shift, 5.0 * severity, atol=2e-3)


def test_drift_is_one_percent_of_span_per_day():
    per_scan = np.diff(scalar_run(SensorDrift({"per_day": 864.0}), 0.5)[0] - scalar_run(None, 0.0)[0])
    assert per_scan[TRUTH[1:] < 52].mean() == pytest.approx(0.5 * 864.0 * 100.0 / 86_400 * 0.1, rel=0.02)


def test_a_random_walk_drifts_without_a_direction():
    walk = scalar_run(SensorDrift({"law": "walk", "per_day": 1.0}), 1.0)[0] - scalar_run(None, 0.0)[0]
    steps = np.diff(walk)
    assert steps.std() == pytest.approx(100.0 * np.sqrt(0.1 / 86_400), rel=0.2)


def test_a_sensor_stuck_in_transport_repeats_its_last_reading():
    chain = pressure()
    before = scalar_run(None, 0.0, chain, TRUTH[:10])[0]
    assert set(scalar_run(SensorStuck({}), 1.0, chain, TRUTH[10:])[0]) == {before[-1]}


def test_a_stuck_element_keeps_its_noise():
    chain = pressure()
    scalar_run(None, 0.0, chain, TRUTH[:10])
    after = scalar_run(SensorStuck({"at": "element"}), 1.0, chain, TRUTH[10:])[0]
    assert np.ptp(after) < 0.2
    assert np.unique(after).size > 10


def test_a_stuck_waveform_repeats_its_last_sample():
    chain = vibration()
    before = waveform_run(None, 0.0, chain)
    after = waveform_run(SensorStuck({}), 1.0, chain)
    assert set(after) == {before[-1]}


def test_noise_is_ten_times_as_strong_at_severity_1():
    flat = np.full(4000, 50.0)
    healthy, noisy = scalar_run(None, 0.0, truth=flat)[0], scalar_run(SensorNoise({}), 1.0, truth=flat)[0]
    assert noisy.std() / healthy.std() == pytest.approx(10.0, rel=0.02)


@pytest.mark.slow_without_jit
@pytest.mark.parametrize("severity", [0.2, 1.0])
def test_gaps_have_their_mean_length_and_status_follows(severity):
    fault = SensorDropout({"every_s": 10.0})
    chain = pressure()
    fault.apply(chain, severity, 0)
    flags = []
    for value in np.resize(TRUTH, 40_000):
        reading = chain.read(float(value))
        flags.append(chain.status == "bad")
        if flags[-1] and len(flags) > 1:
            assert reading == last  # noqa: F821
        last = reading  # noqa: F841
    flags = np.array(flags)
    gaps = int(np.sum(~flags[:-1] & flags[1:]))
    assert flags.sum() * 0.1 / gaps == pytest.approx(10.0 * severity, rel=4 / np.sqrt(gaps))


def test_a_dropped_waveform_stands_still_and_is_bad():
    chain = vibration()
    SensorDropout({"gap_s": 1e6, "every_s": 0.1}).apply(chain, 1.0, 0)
    x = chain.read(0, SHAKE)
    assert chain.status == "bad"
    assert np.ptp(x) == 0.0


def test_saturation_takes_the_top_off_a_transmitter():
    values = scalar_run(SensorSaturation({}), 0.5)[0]
    assert values.max() == pytest.approx(60.0, abs=2e-3)
    assert values.min() == pytest.approx(scalar_run(None, 0.0)[0].min())


def test_saturation_clips_a_waveform_on_both_sides():
    x = waveform_run(SensorSaturation({}), 1.0)
    limit = 0.2 * 50 * 9.80665
    assert x.max() == pytest.approx(limit, abs=0.01)
    assert x.min() == pytest.approx(-limit, abs=0.01)


def test_exchanged_words_are_exchanged_in_the_unit_on_the_wire():
    chain = ScalarChain(SensorSpec(kind="pressure", noise=0.0), Streams(2), "p", 0.1, span=(0.0, 6e5), unit=(1e5, 0.0))
    healthy = chain.read(3e5) / 1e5
    WordSwap({}).apply(chain, 1.0, 0)
    assert np.float32(chain.read(3e5) / 1e5) == np.float32(swap_words(healthy))
