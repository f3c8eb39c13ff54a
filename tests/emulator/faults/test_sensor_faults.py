"""What each sensor fault does, in numbers."""

import numpy as np
import pytest

from emulator.faults.sensor_aliasing import SensorAliasing
from emulator.faults.sensor_bias import SensorBias
from emulator.faults.sensor_crosstalk import SensorCrosstalk
from emulator.faults.sensor_drift import SensorDrift
from emulator.faults.sensor_dropout import SensorDropout
from emulator.faults.sensor_lag import SensorLag
from emulator.faults.sensor_loose_mount import SensorLooseMount
from emulator.faults.sensor_noise import SensorNoise
from emulator.faults.sensor_polarity import SensorPolarity
from emulator.faults.sensor_quantisation import SensorQuantisation
from emulator.faults.sensor_saturation import SensorSaturation
from emulator.faults.sensor_scale import SensorScale
from emulator.faults.sensor_spikes import SensorSpikes
from emulator.faults.sensor_stuck import SensorStuck
from emulator.faults.sensor_swapped_channels import SensorSwappedChannels
from emulator.faults.sensor_time_skew import SensorTimeSkew
from emulator.faults.sensor_wire_break import SensorWireBreak
from emulator.faults.sensor_wrong_scaling import SensorWrongScaling
from emulator.faults.word_swap import WordSwap
from emulator.sensors.adc import swap_words
from emulator.sensors.chain import ScalarChain
from emulator.sensors.transducers import MOUNTS, Mount
from emulator.streams import Streams
from rigs.schema import SensorSpec
from tests.emulator.faults.sensor_runs import SHAKE, TRUTH, pressure, scalar_run, strip, vibration, waveform_run
from tests.oracles.sensor import amplitude, lag_amplitude


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


@pytest.mark.slow_without_jit
def test_a_stuck_waveform_repeats_its_last_sample():
    chain = vibration()
    before = waveform_run(None, 0.0, chain)
    after = waveform_run(SensorStuck({}), 1.0, chain)
    assert set(after) == {before[-1]}


@pytest.mark.slow_without_jit
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


@pytest.mark.slow_without_jit
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


@pytest.mark.slow_without_jit
def test_saturation_clips_a_waveform_on_both_sides():
    x = waveform_run(SensorSaturation({}), 1.0)
    limit = 0.2 * 50 * 9.80665
    assert x.max() == pytest.approx(limit, abs=0.01)
    assert x.min() == pytest.approx(-limit, abs=0.01)


def in_bar(**spec):
    return ScalarChain(
        SensorSpec(kind="pressure", noise=0.0, **spec), Streams(2), "p", 0.1, span=(0.0, 6e5), unit=(1e5, 0.0)
    )


def test_exchanged_words_are_exchanged_in_the_unit_on_the_wire():
    chain = in_bar()
    healthy = chain.read(3e5) / 1e5
    WordSwap({}).apply(chain, 1.0, 0)
    assert np.float32(chain.read(3e5) / 1e5) == np.float32(swap_words(healthy))


# --- the law of each further fault, by closed form ----------------------------------------------------------

EXACT = {"accuracy": 0.0, "noise": 0.0, "bits": 32, "lag": "0 s"}


@pytest.mark.parametrize("severity", [0.25, 1.0])
def test_a_scale_error_takes_30_percent_of_the_value_and_nothing_of_zero(severity):
    chain = pressure("pressure", **EXACT)
    SensorScale({}).apply(chain, severity, 0)
    assert chain.read(80.0) == pytest.approx(80.0 * (1.0 - 0.3 * severity), abs=1e-6)
    assert chain.read(0.0) == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize(("severity", "bits"), [(0.1, 0), (0.17, 1), (0.5, 3), (1.0, 6)])
@pytest.mark.slow_without_jit
def test_quantisation_loses_the_whole_bits_of_6_s(severity, bits):
    chain = pressure("pressure", **EXACT | {"bits": 12})
    SensorQuantisation({}).apply(chain, severity, 0)
    steps = np.unique(chain.read_block(np.linspace(10.0, 90.0, 20_001)))
    assert np.diff(steps) == pytest.approx(110.0 / 2.0 ** (12 - bits), rel=1e-9)


def test_a_fouled_well_is_ten_times_as_slow_and_right_when_nothing_moves():
    chain = pressure("flow", **EXACT | {"lag": "500 ms"})
    SensorLag({}).apply(chain, 1.0, 0)
    moving = 50.0 + 10.0 * np.sin(2 * np.pi * 0.1 * 0.1 * np.arange(3000))
    seen = chain.read_block(moving)[2000:]
    assert np.ptp(seen) / 20.0 == pytest.approx(lag_amplitude(5.0, 0.1), rel=5e-3)
    assert chain.read_block(np.full(1500, 70.0))[-1] == pytest.approx(70.0, abs=1e-5)


def test_a_sensor_without_a_lag_has_none_to_foul():
    with pytest.raises(ValueError, match="'p'; its data sheet has no lag that could grow"):
        SensorLag({}).check(pressure(lag="0 s"))


def test_a_late_clock_shows_the_value_of_200_ms_ago():
    ramp = np.arange(100.0) / 2.0
    chain = pressure("pressure", **EXACT)
    SensorTimeSkew({"drift_ppm": 0.0, "jitter_s": 0.0}).apply(chain, 1.0, 0)
    assert np.allclose(chain.read_block(ramp)[10:], ramp[8:-2], atol=1e-6)


@pytest.mark.slow_without_jit
def test_a_slow_clock_loses_its_parts_per_million():
    """A line at 1000 Hz moves by the drift: 2000 ppm, 2 Hz."""
    chain = vibration(accuracy=0.0)
    SensorTimeSkew({"offset_s": 0.0, "drift_ppm": 2000.0, "jitter_s": 0.0}).apply(chain, 1.0, 0)
    n = np.arange(51_200)
    y = chain.read(0, 100.0 * np.sin(2 * np.pi * 1000.0 * n / 25_600.0))[-25_600:].astype(float)
    fitted = [amplitude(y, hz) for hz in (998.0, 1000.0)]
    assert fitted[0] == pytest.approx(100.0, rel=2e-3)
    assert fitted[1] < 1.0


@pytest.mark.slow_without_jit
def test_jitter_leaves_50_1_db_at_5_khz_and_100_ns():
    clean, uneven = vibration(accuracy=0.0), vibration(accuracy=0.0)
    SensorTimeSkew({"offset_s": 0.0, "drift_ppm": 0.0, "jitter_s": 100e-9}).apply(uneven, 1.0, 0)
    x = 300.0 * np.sin(2 * np.pi * 5000.0 * np.arange(51_200) / 25_600.0)
    y = clean.read(0, x)[2000:].astype(float)
    error = uneven.read(0, x)[2000:].astype(float) - y
    assert 20 * np.log10(y.std() / error.std()) == pytest.approx(50.1, abs=0.1)


def spikes(at, rate_hz=50.0):
    clean, spiky = vibration(), vibration()
    SensorSpikes({"at": at, "rate_hz": rate_hz, "share": 0.02}).apply(spiky, 1.0, 0)
    quiet = np.zeros(256_000)
    return spiky.read(0, quiet).astype(float) - clean.read(0, quiet).astype(float)


@pytest.mark.slow_without_jit
def test_spikes_behind_the_filter_are_single_codes_in_front_of_it_they_ring():
    single, ringing = spikes("after"), spikes("before")
    hit = np.flatnonzero(np.abs(single) > 0.1)
    assert hit.size == pytest.approx(50.0 * 10.0, abs=4 * np.sqrt(500))
    assert np.mean(np.diff(hit) > 2) > 0.98
    # Laplace: mean size is the scale, half are positive; few fall below what was counted
    assert np.abs(single[hit]).mean() == pytest.approx(0.02 * 2 * 490.3325, rel=0.15)
    assert np.mean(single[hit] > 0) == pytest.approx(0.5, abs=0.1)
    assert np.sum(np.abs(ringing) > 0.1) > 8 * hit.size
    # the same energy, less what lies above the filter's edge
    assert 0.8 < np.sum(ringing**2) / np.sum(single**2) < 1.0


def test_spikes_of_a_scalar_come_as_often_as_said():
    chain = pressure("pressure", **EXACT)
    SensorSpikes({"rate_hz": 0.5, "share": 0.1}).apply(chain, 1.0, 0)
    off = chain.read_block(np.full(4000, 50.0)) - 50.0
    expected = -np.expm1(-0.05) * 4000
    assert np.sum(np.abs(off) > 1e-6) == pytest.approx(expected, abs=4 * np.sqrt(expected))


@pytest.mark.parametrize("hz", [15_000.0, 25_000.0, 40_000.0])
@pytest.mark.slow_without_jit
def test_without_its_filter_a_tone_folds_to_where_it_must(hz):
    rate, folded = 25_600.0, abs(hz - round(hz / 25_600.0) * 25_600.0)
    chain = vibration(accuracy=0.0)
    SensorAliasing({}).apply(chain, 1.0, 0)
    assert chain.fine_rate_hz == 4 * rate
    fine = 10.0 * np.sin(2 * np.pi * hz * np.arange(4 * 25_600) / (4 * rate))
    # what a machine renders at the plain rate has no such tone
    y = chain.read(0, np.zeros(25_600), 0, fine)[8000:].astype(float)
    gain = float(MOUNTS["stud"].gain(hz))
    assert amplitude(y, folded) == pytest.approx(10.0 * gain, rel=0.02)
    assert y.std() == pytest.approx(10.0 * gain / np.sqrt(2), rel=0.02)


def loose(severity, size, hz=500.0):
    chain = vibration(accuracy=0.0)
    SensorLooseMount({}).apply(chain, severity, 0)
    x = size * np.sin(2 * np.pi * hz * np.arange(51_200) / 25_600.0)
    return chain.read(0, x)[20_000:].astype(float)


@pytest.mark.slow_without_jit
@pytest.mark.parametrize("hz", [200.0, 1000.0, 2000.0, 4000.0])
def test_a_loose_mount_resonates_at_2_khz_with_a_tenth_of_damping(hz):
    assert amplitude(loose(1.0, 1.0, hz), hz) == pytest.approx(float(Mount(2000.0, 0.1).gain(hz)), rel=0.02)


@pytest.mark.slow_without_jit
def test_a_loose_mount_rattles_only_above_its_preload():
    def distortion(size):
        y = loose(1.0, size)
        return amplitude(y, 1000.0) / amplitude(y, 500.0)

    assert distortion(10.0) < 1e-3
    assert distortion(60.0) > 0.05


@pytest.mark.slow_without_jit
def test_a_loose_mount_keeps_the_delay():
    pulse = np.zeros(4000)
    pulse[1000:] = np.sin(2 * np.pi * 50.0 * np.arange(3000) / 25_600.0)
    sound, slack = vibration(accuracy=0.0), vibration(accuracy=0.0)
    SensorLooseMount({}).apply(slack, 1.0, 0)
    a, b = sound.read(0, pulse)[1500:].astype(float), slack.read(0, pulse)[1500:].astype(float)
    # the spring itself lags by 2ζ/ω_m = 16 µs, 0.4 samples of 25.6 kS/s
    slope = np.gradient(a)
    assert np.dot(a - b, slope) / np.dot(slope, slope) == pytest.approx(0.4, abs=0.1)


def test_a_loose_mount_needs_a_mounted_waveform():
    with pytest.raises(ValueError, match="'p'; it fits waveforms of mounted"):
        SensorLooseMount({}).check(pressure())
    with pytest.raises(ValueError, match="'v'; it fits waveforms of mounted"):
        SensorLooseMount({}).check(vibration(kind="current_clamp"))


@pytest.mark.slow_without_jit
def test_reversed_leads_turn_the_sign_and_leave_the_size():
    upright, reversed_ = vibration(accuracy=0.0, bits=32), vibration(accuracy=0.0, bits=32)
    SensorPolarity({}).apply(reversed_, 0.1, 0)
    a, b = (
        waveform_run(None, 0.0, upright)[3000:].astype(float),
        waveform_run(None, 0.0, reversed_)[3000:].astype(float),
    )
    assert np.corrcoef(a, b)[0, 1] < -0.99999
    assert b.std() == pytest.approx(a.std(), rel=1e-4)


@pytest.mark.slow_without_jit
def test_a_sensor_turned_by_90_degrees_measures_the_other_axis():
    chain = vibration(accuracy=0.0)
    SensorPolarity({"mode": "axis", "with": "q"}).apply(chain, 1.0, 0)
    y = waveform_run(None, 0.0, chain)[4000:].astype(float)
    assert amplitude(y, 25_600.0 / 3.0 / (2 * np.pi)) == pytest.approx(1.0, rel=0.01)
    assert amplitude(y, 25_600.0 / 7.0 / (2 * np.pi)) < 0.01


def test_a_thermocouple_with_reversed_leads_mirrors_at_its_terminals():
    chain = pressure("thermocouple", cold_junction="300 K", **EXACT)
    chain = strip(ScalarChain(chain.spec, Streams(2), "sensor/t", 0.1, span=(200.0, 500.0)))
    SensorPolarity({}).apply(chain, 1.0, 0)
    assert chain.read(340.0) == pytest.approx(260.0, abs=0.01)


def test_axis_errors_name_what_they_need():
    with pytest.raises(ValueError, match="mode 'axis' needs with"):
        SensorPolarity({"mode": "axis"})
    with pytest.raises(ValueError, match="'p' carries no waveform"):
        SensorPolarity({"mode": "axis", "with": "q"}).check(pressure())
    with pytest.raises(ValueError, match="'nobody' is no neighbour of 'v'; its device has q"):
        SensorPolarity({"mode": "axis", "with": "nobody"}).check(vibration())


@pytest.mark.parametrize("factor", [9.80665, 1000.0])
def test_a_wrong_factor_multiplies_the_number_on_the_wire(factor):
    chain = in_bar(bits=32, accuracy=0.0)
    healthy = chain.read(3e5) / 1e5
    SensorWrongScaling({"factor": factor}).apply(chain, 0.2, 0)
    assert chain.read(3e5) / 1e5 == pytest.approx(factor * healthy, rel=1e-9)


@pytest.mark.slow_without_jit
def test_cross_talk_is_a_percent_of_the_neighbour_and_a_line_at_50_hz():
    chain = vibration(accuracy=0.0)
    SensorCrosstalk({"hum": 0.002}).apply(chain, 1.0, 0)
    n = np.arange(51_200)
    chain.neighbours["q"].read(0, 200.0 * np.sin(2 * np.pi * 1600.0 * n / 25_600.0))
    y = chain.read(0, np.zeros(n.size))[4000:].astype(float)
    assert amplitude(y, 50.0) == pytest.approx(0.002 * 2 * 490.3325, rel=0.01)
    assert amplitude(y, 1600.0) == pytest.approx(2.0, rel=0.01)


def test_cross_talk_adds_a_percent_of_the_neighbours_level_to_a_scalar():
    chain = pressure("pressure", **EXACT)
    SensorCrosstalk({"hum": 0.0}).apply(chain, 1.0, 0)
    assert chain.read(50.0) == pytest.approx(50.0 + 0.01 * 40.0, abs=1e-6)


def test_the_next_of_the_sort_is_the_neighbour_and_a_lone_sensor_has_none():
    chain = pressure()
    SensorSwappedChannels({}).apply(chain, 1.0, 0)
    assert chain.condition.swapped_with == "q"
    with pytest.raises(ValueError, match="'p' has no neighbour of its sort"):
        SensorSwappedChannels({}).check(strip(pressure()))


def test_a_dead_loop_is_uncertain_for_four_seconds_and_then_failed():
    chain = pressure(**EXACT)
    chain.read(50.0)
    SensorWireBreak({}).apply(chain, 1.0, 0)
    status = []
    for _ in range(60):
        value = chain.read(50.0)
        status.append(chain.status)
    assert value == pytest.approx(-25.0)
    assert status == ["uncertain"] * 39 + ["bad"] * 21


def test_a_loop_that_leaks_a_little_is_neither_good_nor_failed():
    chain = pressure(**EXACT)
    SensorWireBreak({}).apply(chain, 0.075, 0)
    for _ in range(60):
        chain.read(0.0)  # 3.7 mA
    assert chain.status == "uncertain"
    chain.read(50.0)
    assert chain.status == "good"


@pytest.mark.parametrize(("spec", "end"), [({}, 105.0), ({"burnout": "down"}, -5.0)])
def test_an_open_thermocouple_burns_out_as_its_card_says_and_is_bad(spec, end):
    chain = ScalarChain(SensorSpec(kind="thermocouple", **spec), Streams(2), "t", 0.1, span=(273.15, 373.15))
    SensorWireBreak({}).apply(chain, 0.3, 0)
    assert chain.read(300.0) - 273.15 == pytest.approx(end, abs=0.01)
    assert chain.status == "bad"


@pytest.mark.parametrize(
    ("kind", "params", "message"),
    [
        (SensorSpikes, {"at": "during"}, "at = 'during' must be 'before' or 'after'"),
        (SensorSpikes, {"rate_hz": -1.0}, "rate_hz = -1.0 must not be negative"),
        (SensorQuantisation, {"bits": 9}, r"bits = 9 must be in \[0, 7\]"),
        (SensorTimeSkew, {"offset_s": 60}, r"offset_s = 60 must be in \[0, 5\]"),
        (SensorWrongScaling, {"factor": 0}, "factor = 0 would lose the value"),
        (SensorLooseMount, {"damping": 2}, "damping in"),
        (SensorPolarity, {"mode": "upside"}, "mode = 'upside' must be 'sign' or 'axis'"),
    ],
)
def test_a_parameter_that_makes_no_sense_is_refused_with_the_rule(kind, params, message):
    with pytest.raises(ValueError, match=message):
        kind(params)
