import itertools
import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from emulator.physics.housing import (
    DEFAULT_MODES,
    Housing,
    HousingParameters,
    Mode,
    Path,
    modal_bank,
    sample_grid,
)
from emulator.physics.rolling_bearing import RollingBearing, RollingBearingParameters
from emulator.physics.rotor import RotorCondition
from emulator.streams import Streams
from tests.oracles.structure import impulse_response, unbalance_velocity_mm_s

RATE = 25_600.0
NORMAL = HousingParameters()
QUIET = HousingParameters(background_n=0.0)


class Rendered:
    """A housing with its bearing on a driven shaft, rendered block by block."""

    def __init__(self, drive, parameters=NORMAL, seed=1, rate=RATE, grade=2.5, heard=(), name="de"):
        streams = Streams(seed)
        self.drive, self.rate, self.rotor, self.heard = drive, rate, RotorCondition(grade), heard
        self.housing = Housing(parameters, streams, name, "pump")
        self.bearing = RollingBearing(RollingBearingParameters(), streams, f"{name}/bearing")

    def render(self, trace, cuts=()):
        first, _ = sample_grid(trace, self.rate)
        edges = [
            int(first[0]),
            *sorted(int(first[0] + cut * (first[-1] - first[0])) for cut in cuts),
            int(first[-1]),
        ]
        return np.concatenate(
            [
                self.housing.render(trace, self.rotor, self.bearing, a, b - a, self.rate, self.heard)
                for a, b in itertools.pairwise(edges)
            ]
        )

    def run(self, blocks):
        return np.concatenate([self.render(self.drive.step()) for _ in range(blocks)])


def tone(x, hz, rate=RATE):
    t = np.arange(x.size) / rate
    basis = np.stack([np.cos(2 * np.pi * hz * t), np.sin(2 * np.pi * hz * t)], axis=1)
    return float(np.hypot(*np.linalg.lstsq(basis, x, rcond=None)[0]))


def density(x, rate, low, high):
    """Mean one-sided PSD between two frequencies, Hann segments of 1/8 s."""
    n = int(rate / 8)
    window = np.hanning(n)
    parts = [np.abs(np.fft.rfft(x[i : i + n] * window)) ** 2 for i in range(0, x.size - n, n // 2)]
    psd = 2 * np.mean(parts, axis=0) / (rate * np.sum(window**2))
    f = np.fft.rfftfreq(n, 1 / rate)
    return psd[(f >= low) & (f < high)].mean()


def kurtosis(x):
    return float(np.mean((x - x.mean()) ** 4) / np.var(x) ** 2)


@pytest.mark.slow_without_jit
@pytest.mark.parametrize(("grade", "velocity"), [(6.3, 0.22761), (2.5, 0.0903), (250.0, 9.032)])
def test_unbalance_gives_the_housing_velocity_of_its_grade(drive, grade, velocity):
    hz = 1480 / 60
    x = Rendered(drive(hz, vane=0.0), QUIET, grade=grade).run(60)[30 * 2560 :]
    rms = tone(x, hz) / (2 * math.pi * hz) / math.sqrt(2) * 1e3
    assert rms == pytest.approx(unbalance_velocity_mm_s(grade, hz, 40, 50, 2e7, 0.05, hz), rel=1e-8)
    assert rms == pytest.approx(velocity, rel=5e-4)


@pytest.mark.slow_without_jit
@pytest.mark.parametrize("hz", [10.0, 20.0, 25.0])
def test_the_response_to_unbalance_is_the_driven_oscillators_at_any_speed(drive, hz):
    x = Rendered(drive(hz, vane=0.0), QUIET, grade=40.0).run(60)[30 * 2560 :]
    assert tone(x, hz) / (2 * math.pi * hz) / math.sqrt(2) * 1e3 == pytest.approx(
        unbalance_velocity_mm_s(40.0, hz, 40, 50, 2e7, 0.05, 1480 / 60), rel=1e-7
    )


@pytest.mark.slow_without_jit
def test_an_impulse_leaves_the_convolution_of_contact_and_modes():
    pole, gains, contact_gains = modal_bank(DEFAULT_MODES, (60e-6, 12e-6))
    t = np.arange(400) / RATE + 7.3e-6
    for kind, tau in enumerate((60e-6, 12e-6)):
        ours = (gains[kind] * np.exp(np.outer(t, pole))).real.sum(axis=1)
        ours += (contact_gains[kind, 0] + contact_gains[kind, 1] * t) * np.exp(-t / tau)
        oracle = impulse_response(t, [(m.frequency_hz, m.damping, m.mass_kg) for m in DEFAULT_MODES], tau)
        assert_allclose(ours, oracle, atol=2e-4 * np.abs(oracle).max())


def test_an_impulse_starts_from_rest_and_leaves_no_velocity_behind():
    pole, gains, contact_gains = modal_bank(DEFAULT_MODES, (60e-6, 12e-6))
    scale = np.abs(gains).sum(axis=1)
    assert_allclose((gains.sum(axis=1).real + contact_gains[:, 0]) / scale, 0.0, atol=1e-12)
    for kind, tau in enumerate((60e-6, 12e-6)):
        velocity = -(gains[kind] / pole).real.sum() + contact_gains[kind, 0] * tau + contact_gains[kind, 1] * tau**2
        assert velocity == pytest.approx(0.0, abs=1e-9 * scale[kind])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=st.lists(st.floats(0, 1), max_size=6), block=st.integers(0, 2))
@pytest.mark.slow_without_jit
def test_any_chunking_of_samples_gives_the_same_bits(drive, cuts, block):
    def machine():
        made = Rendered(drive(lambda t: 150 + 20 * t, sigma=1.5), grade=20.0)
        made.bearing.condition.outer_spall_mm = 2.0
        made.bearing.condition.inner_spall_mm = 0.5
        return made

    whole, cut = machine(), machine()
    for i in range(3):
        one = whole.render(whole.drive.step())
        other = cut.render(cut.drive.step(), cuts if i == block else ())
        assert one.tobytes() == other.tobytes()


@pytest.mark.slow_without_jit
@pytest.mark.parametrize("ticks", [1, 5, 30])
def test_the_length_of_a_block_does_not_show(drive, ticks):
    def machine(k):
        made = Rendered(drive(lambda t: 150 + 20 * t, ticks=k, sigma=1.5), grade=20.0)
        made.bearing.condition.outer_spall_mm = 2.0
        return made

    assert machine(ticks).run(60 // ticks).tobytes() == machine(10).run(6).tobytes()


@pytest.mark.slow_without_jit
@pytest.mark.parametrize("cut", [0.0, 0.37])
def test_save_and_restore_anywhere_continue_with_the_same_bits(drive, cut):
    first = Rendered(drive(sigma=1.5))
    first.bearing.condition.outer_spall_mm = 1.0
    first.run(2)
    trace = first.drive.step()
    grid, _ = sample_grid(trace, RATE)
    middle, end = int(grid[0] + cut * (grid[-1] - grid[0])), int(grid[-1])
    args = (first.rotor, first.bearing)
    if middle > grid[0]:
        first.housing.render(trace, *args, int(grid[0]), middle - int(grid[0]), RATE)
    second = Rendered(drive(sigma=1.5))
    second.housing.restore(first.housing.save())
    second.bearing.restore(first.bearing.save())
    one = first.housing.render(trace, *args, middle, end - middle, RATE)
    other = second.housing.render(trace, second.rotor, second.bearing, middle, end - middle, RATE)
    assert one.tobytes() == other.tobytes()


@pytest.mark.slow_without_jit
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_doubling_the_rate_leaves_the_noise_density_unchanged(drive, seed):
    """±0.1 dB on 40 s in a 2 kHz band: 80 000 averages scatter by 0.02 dB."""
    slow = Rendered(drive(vane=0.0), seed=seed).run(400)
    fast = Rendered(drive(vane=0.0), seed=seed, rate=2 * RATE).run(400)
    for low, high in ((2200, 4200), (4400, 6400)):
        ratio = density(fast, 2 * RATE, low, high) / density(slow, RATE, low, high)
        assert 10 * math.log10(ratio) == pytest.approx(0.0, abs=0.1)


@pytest.mark.slow_without_jit
def test_the_same_impacts_are_heard_at_any_rate(drive):
    """No impact is rounded to a sample: a train rendered at two rates agrees where samples coincide."""

    def machine(rate):
        made = Rendered(drive(vane=0.0), QUIET, rate=rate, grade=0.0)
        made.bearing.condition.outer_spall_mm = 1.0
        return made.run(10)

    slow, fast = machine(RATE), machine(2 * RATE)
    assert_allclose(fast[::2], slow, atol=1e-9 * np.abs(slow).max())


@pytest.mark.slow_without_jit
def test_a_spall_looks_like_the_published_records(drive):
    """Level and shape of an outer-race defect of 0.533 mm (0.021 in): 0.28-0.58 g rms, kurtosis 6-35.

    CWRU records 234, 236, 246-248, 258-260 (drive end); the healthy record 97 has 0.07 g and 2.8.
    """
    healthy = Rendered(drive(1797 / 60)).run(40)[2560:] / 9.80665
    made = Rendered(drive(1797 / 60))
    made.bearing.condition.outer_spall_mm = 0.533
    x = made.run(40)[2560:] / 9.80665
    assert healthy.std() == pytest.approx(0.07, abs=0.03)
    assert kurtosis(healthy) == pytest.approx(2.9, abs=0.2)
    assert 0.25 < x.std() < 0.6
    assert 6 < kurtosis(x) < 38


@pytest.mark.slow_without_jit
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_spall_below_the_noise_shows_in_the_squared_envelope_and_not_in_kurtosis(drive, seed):
    """V-BRG-6: 4 s, one mode 5400 Hz ζ 0.03, 1 % slip, in-band SNR −7.7 dB; line ≥15 dB over the median."""
    parameters = HousingParameters(modes=(Mode(5400, 0.03, 10.0),), background_n=0.0)
    made = Rendered(drive(1797 / 60, vane=0.0), parameters, seed=seed, grade=0.0)
    made.bearing.condition.outer_spall_mm = 0.5
    signal = made.run(41)[2560:]
    noise = Streams(seed)("white").normal(0, signal.size)

    def band(x):
        spectrum = np.fft.fft(x)
        f = np.fft.fftfreq(x.size, 1 / RATE)
        spectrum[(f < 4400) | (f > 6400)] = 0.0
        return np.fft.ifft(2 * spectrum)

    gain = math.sqrt(10**-0.77 * np.mean(np.abs(band(noise)) ** 2) / np.mean(np.abs(band(signal)) ** 2))
    x = noise + gain * signal
    envelope = np.abs(band(x)) ** 2
    line = np.abs(np.fft.rfft((envelope - envelope.mean()) * np.hanning(x.size)))
    f = np.fft.rfftfreq(x.size, 1 / RATE)
    expected = RollingBearingParameters().outer_order * (1 - 0.004) * 1797 / 60
    near = np.abs(f - expected) < 1.5
    around = np.abs(f - expected) < 30
    assert 20 * math.log10(line[near].max() / np.median(line[around])) >= 15
    assert kurtosis(x) == pytest.approx(3.0, abs=0.2)


@pytest.mark.slow_without_jit
def test_cavitation_noise_rises_from_3_5_to_1_2_and_falls_below_0_9(drive):
    def power(sigma):
        return np.var(Rendered(drive(sigma=sigma, vane=0.0), QUIET, grade=0.0).run(20))

    assert power(4.0) == power(3.5) == 0.0
    levels = [power(s) for s in (3.2, 2.5, 1.8, 1.2)]
    assert all(a < b for a, b in itertools.pairwise(levels))
    assert power(0.3) < power(0.6) < levels[-1]


@pytest.mark.slow_without_jit
def test_bubbles_follow_vanes_and_shaft(drive):
    """The rate is modulated by 1 + 0.5cos(6θ) + 0.3cosθ: the squared signal has lines at both."""
    hz = 25.0
    x = Rendered(drive(hz, sigma=1.2, vane=0.0), QUIET, grade=0.0).run(200) ** 2
    floor = np.median([tone(x - x.mean(), f) for f in (31.0, 57.0, 83.0, 117.0)])
    assert tone(x - x.mean(), 6 * hz) > 4 * floor
    assert tone(x - x.mean(), hz) > 3 * floor


@pytest.mark.slow_without_jit
def test_two_housings_hear_the_same_bubbles_and_each_others_bearing(drive):
    shaft_de, shaft_nde = drive(sigma=1.2, vane=0.0), drive(sigma=1.2, vane=0.0)
    one = Rendered(shaft_de, QUIET, grade=0.0, name="de").run(5)
    two = Rendered(shaft_nde, QUIET, grade=0.0, name="nde").run(5)
    assert_allclose(one, two, atol=1e-12)
    quiet = Rendered(drive(vane=0.0), QUIET, grade=0.0, name="nde")
    damaged = Rendered(drive(vane=0.0), QUIET, grade=0.0, name="de")
    damaged.bearing.condition.outer_spall_mm = 1.0
    quiet.heard = (Path(damaged.bearing, gain=0.5, delay_s=10 / RATE),)
    blocks = [(damaged.render(trace), quiet.render(trace)) for trace in (damaged.drive.step() for _ in range(5))]
    near, far = (np.concatenate(side) for side in zip(*blocks, strict=True))
    assert_allclose(far[10:], 0.5 * near[:-10], atol=1e-9 * np.abs(near).max())


def test_samples_outside_the_block_are_refused(drive):
    made = Rendered(drive())
    trace = made.drive.step()
    with pytest.raises(ValueError, match=r"samples 2500\.\.2599 are not in this block, which holds 0\.\.2559"):
        made.housing.render(trace, made.rotor, made.bearing, 2500, 100, RATE)


def test_samples_that_do_not_follow_are_refused(drive):
    made = Rendered(drive())
    trace = made.drive.step()
    made.housing.render(trace, made.rotor, made.bearing, 0, 100, RATE)
    with pytest.raises(ValueError, match="samples from 200 do not follow: the next sample of this housing is 100"):
        made.housing.render(trace, made.rotor, made.bearing, 200, 100, RATE)


def test_the_sample_grid_is_exact_after_ten_days(drive):
    trace = drive().step()
    late = type(trace)(864_000_000_000_000, *(getattr(trace, n) for n in trace.__slots__[1:]))
    first, lead = sample_grid(late, 25_600.512)
    assert first[0] == math.ceil(864_000 * 25_600.512)
    assert np.all(lead >= 0)
    assert np.all(lead < 1 / 25_600.512)


@pytest.mark.parametrize("hz", [0.0, -25.0, 60.0])
def test_every_shaft_gives_finite_vibration(drive, hz):
    made = Rendered(drive(hz, sigma=0.05, flow=0.0, load=0.0))
    made.bearing.condition.outer_spall_mm = 4.0
    assert np.isfinite(made.run(2)).all()
