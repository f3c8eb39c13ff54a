import math

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.signal import butter, sosfreqz, welch

from emulator.physics.ear import asperity_band
from emulator.physics.housing import HousingParameters
from tests.emulator.physics.shaking import RATE, STEEL, Shaken


def dry(drive, kappa=0.1, *, rate=RATE, parameters=STEEL, blocks=150, seed=1, **shaft):
    made = Shaken(drive(1480 / 60, vane=0.0, **shaft), parameters, rate=rate, seed=seed, unbalance_grade_mm_s=0.0)
    made.bearing.condition.viscosity_ratio = kappa
    return made.run(blocks)


def density(x, rate, low, high):
    f, p = welch(x, rate, nperseg=int(rate / 50))
    return p[(f >= low) & (f <= high)].mean()


@pytest.mark.parametrize("rate", [25_600.0, 51_200.0, 102_400.0])
def test_the_band_is_fourth_order_butterworth_at_5_and_20_khz(rate):
    ours = asperity_band(rate)
    sos = np.insert(ours, 3, 1.0, axis=1)
    oracle = butter(4, 5000.0, "high", fs=rate, output="sos")
    if rate > 45_000:
        oracle = np.concatenate((oracle, butter(4, 20_000.0, "low", fs=rate, output="sos")))
    f, gain = sosfreqz(sos, 500, fs=rate)
    assert_allclose(np.abs(gain), np.abs(sosfreqz(oracle, 500, fs=rate)[1]), atol=1e-9)
    assert np.abs(gain)[(f > 7000) & (f < 11_000)].min() > 0.96


def test_a_rate_too_low_to_hold_the_band_has_none_of_it():
    assert not asperity_band(8000.0).any()


@pytest.mark.slow_without_jit
def test_a_dry_bearing_has_its_density_between_5_and_20_khz_at_any_rate(drive):
    """15 s in 2 kHz: 30 000 averages scatter by 0.03 dB."""
    slow, fast = dry(drive), dry(drive, rate=2 * RATE)
    at_slow, at_fast = density(slow, RATE, 8000, 10_000), density(fast, 2 * RATE, 8000, 10_000)
    assert 10 * math.log10(at_fast / at_slow) == pytest.approx(0.0, abs=0.1)
    assert math.sqrt(at_fast) == pytest.approx(STEEL.asperity_m_s2, rel=0.02)
    assert density(fast, 2 * RATE, 100, 1500) < 1e-4 * at_fast


@pytest.mark.slow_without_jit
def test_noise_grows_as_the_film_goes_with_speed_and_with_the_root_of_load(drive):
    levels = [np.std(dry(drive, kappa, blocks=10)) for kappa in (2.0, 1.0, 0.4, 0.1)]
    assert levels[0] == 0.0
    assert levels[1] < levels[2] < levels[3]
    assert levels[1] / levels[3] == pytest.approx(math.log(2.0) / math.log(20.0), rel=1e-9)
    assert np.std(dry(drive, blocks=10, load=6000.0)) == pytest.approx(2.0 * levels[3], rel=1e-9)


@pytest.mark.slow_without_jit
def test_a_full_film_leaves_every_bit_and_a_dry_one_only_adds(drive):
    healthy, thick = (dry(drive, kappa, parameters=HousingParameters(), blocks=5) for kappa in (2.0, 4.0))
    assert healthy.tobytes() == thick.tobytes()
    added = dry(drive, parameters=HousingParameters(), blocks=5) - healthy
    assert_allclose(added, dry(drive, blocks=5), atol=1e-12)
