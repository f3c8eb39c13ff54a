"""Onset of damage: found early, not before it is there, and not where nothing happens."""

import numpy as np
import pytest

from twin.detect.onset import OnsetDetector, OnsetSettings, find_onset


def correlated(rng, n, phi, sigma):
    """AR(1) noise of standard deviation sigma."""
    x = np.empty(n)
    x[0] = rng.standard_normal()
    step = np.sqrt(1 - phi**2)
    for i in range(1, n):
        x[i] = phi * x[i - 1] + step * rng.standard_normal()
    return sigma * x


def life(n=800, *, seed=0, phi=0.4, noise_db=0.4, rise_db=None):
    """Features of one direction: rms follows `rise_db`, peak and kurtosis scatter more."""
    rng = np.random.default_rng(seed)
    common = correlated(rng, n, phi, noise_db)
    rise = np.zeros(n) if rise_db is None else rise_db
    return {
        "rms_h": 0.3 * 10 ** ((common + rise) / 20),
        "peak_h": 1.2 * 10 ** ((common + rise + 1.0 * rng.standard_normal(n)) / 20),
        "kurt_h": 3.0 * 10 ** (0.5 * np.abs(rng.standard_normal(n)) / 20),
        "rms_h_6k4_12k8": 0.1 * 10 ** ((common + rise + 0.3 * rng.standard_normal(n)) / 20),
    }


def test_a_lasting_rise_is_found_soon_after_it_began_and_stands_to_the_end():
    rise = np.where(np.arange(800) >= 500, 4.0, 0.0)
    onset = find_onset(life(rise_db=rise))
    assert onset.retracted == ()
    assert onset.standing is not None
    assert 500 <= onset.standing.alarmed <= 520
    assert 495 <= onset.standing.began <= 505


def test_a_slow_growth_is_found_once_it_is_worth_an_alarm():
    rise = np.clip(np.arange(800) - 400, 0, None) * 0.02
    onset = find_onset(life(rise_db=rise))
    assert onset.standing is not None
    assert 400 < onset.standing.alarmed < 400 + 1.2 * onset.growth_db / 0.02


def test_healthy_lives_keep_silent_for_as_long_as_the_run_length_promises():
    settings = OnsetSettings(run_length=1e5)
    alarms = sum(len(find_onset(life(2000, seed=seed, phi=0.6), settings).episodes) for seed in range(12))
    assert alarms <= 1  # 24 000 readings in all


def test_the_reference_follows_a_machine_that_runs_in_but_no_fault_upwards():
    n = 900
    quiet = -4.0 * (1.0 - np.exp(-np.arange(n) / 150))
    healthy = find_onset(life(n, rise_db=quiet))
    assert healthy.episodes == ()
    worse = quiet + np.where(np.arange(n) >= 700, 3.5, 0.0)  # still quieter than it began
    onset = find_onset(life(n, rise_db=worse))
    assert onset.standing is not None
    assert 700 <= onset.standing.alarmed <= 730


def test_knocks_lift_peak_and_kurtosis_and_are_outvoted():
    features = life()
    features["peak_h"][300:400] *= 8.0
    features["kurt_h"][300:400] *= 8.0
    assert find_onset(features).episodes == ()


def test_one_band_alone_is_outvoted():
    features = life()
    features["rms_h_6k4_12k8"][200:] *= 3.0
    assert find_onset(features).episodes == ()


def test_a_single_wild_reading_does_not_alarm():
    features = life()
    for values in features.values():
        values[400] *= 50.0
    assert find_onset(features).episodes == ()


def test_a_passing_disturbance_is_taken_back_and_told_apart_from_the_onset():
    at = np.arange(900)
    rise = np.where((at >= 300) & (at < 380), 5.0, 0.0) + np.where(at >= 700, 5.0, 0.0)
    onset = find_onset(life(900, rise_db=rise))
    assert len(onset.retracted) == 1
    assert 380 < onset.retracted[0].retracted < 460
    assert onset.standing is not None
    assert 700 <= onset.standing.alarmed < 720


def test_a_machine_at_rest_and_missing_readings_are_no_readings():
    features = life()
    for values in features.values():
        values[300:350] = np.nan
    for name in ("rms_h", "peak_h", "rms_h_6k4_12k8"):
        features[name][450:500] *= 1e-3
    onset = find_onset(features)
    assert onset.episodes == ()
    assert np.isnan(onset.rise_db[:100]).all()
    assert np.isnan(onset.rise_db[300:350]).all()
    assert np.isnan(onset.rise_db[450:500]).all()
    assert np.isfinite(onset.rise_db[500:]).all()


def test_the_strongest_direction_speaks_for_the_point():
    rise = np.where(np.arange(800) >= 500, 4.0, 0.0)
    both = life(seed=1) | {name.replace("_h", "_v"): values for name, values in life(seed=2, rise_db=rise).items()}
    onset = find_onset(both)
    assert onset.standing is not None
    assert 500 <= onset.standing.alarmed <= 520


def test_reading_after_reading_says_the_same_as_the_whole_life_and_never_looks_ahead():
    features = life(rise_db=np.where(np.arange(800) >= 500, 4.0, 0.0))
    whole = find_onset(features)
    first = find_onset({name: values[:600] for name, values in features.items()})
    assert first.episodes == whole.episodes
    np.testing.assert_array_equal(first.rise_db, whole.rise_db[:600])


def test_gain_changes_nothing():
    features = life(rise_db=np.where(np.arange(800) >= 500, 4.0, 0.0))
    louder = {name: values * (1.0 if name.startswith("kurt") else 7.0) for name, values in features.items()}
    assert find_onset(louder).episodes == find_onset(features).episodes


def test_a_dead_sensor_never_commissions_and_never_alarms():
    onset = find_onset({"rms": np.zeros(300), "peak": np.zeros(300)})
    assert onset.episodes == ()
    assert np.isnan(onset.rise_db).all()


@pytest.mark.parametrize(
    ("features", "message"),
    [
        ({"kurt_h": np.ones(300)}, "hold no rms"),
        ({}, "features must be"),
        ({"rms": np.ones(300), "peak": np.ones(299)}, "one length"),
        ({"rms": np.ones(50)}, "50 readings are no more than the baseline of 100"),
    ],
)
def test_features_that_make_no_life_are_refused(features, message):
    with pytest.raises(ValueError, match=message):
        find_onset(features)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"baseline": 5}, "baseline = 5"),
        ({"persistence": 0}, "persistence = 0"),
        ({"persistence": 50}, "a third of the baseline"),
        ({"growth_db": float("nan")}, "growth_db = nan"),
        ({"run_length": -1.0}, "run_length = -1"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        OnsetSettings(**settings)


def test_names_that_mean_nothing_here_are_left_out():
    detector = OnsetDetector(("skew_h", "rms_h", "crest_h"))
    assert detector.directions == [(1, [], [])]
