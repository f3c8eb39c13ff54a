"""The band chooser: what must not win, what must, and recordings nobody here wrote.

The table in docs/dsp/envelope.md: python -m pytest tests/twin/dsp/test_bands.py -k table -s
"""

import csv

import numpy as np
import pytest

from tests.oracles.bearing_signals import impact_times, load_zone, ring
from twin.dsp.analysis import CALL
from twin.dsp.bands import CHANCE_DB, choose_band, rank_bands
from twin.dsp.bearing import BEARINGS
from twin.dsp.envelope import Band, envelope_spectra
from twin.dsp.evidence import max_order, score_families
from twin.dsp.kurtogram import fast_kurtogram
from twin.dsp.recordings import load_recording

RATE, SPEED = 25600.0, 24.63
BPFO, BPFI = 3.5848, 5.4152
SAMPLES = int(4 * RATE)
T = np.arange(SAMPLES) / RATE
MODE = 9600.0


def weak_damage(rng, *, strength=1.2, order=BPFO):
    """Repeated impacts that ring a mode in the noise: seen in the mode's band, hardly in the whole."""
    times = impact_times(order, SPEED, 4.0, 0.005, rng)
    load = load_zone(2 * np.pi * SPEED * times) if order == BPFI else np.ones(times.size)
    return strength * ring(times, load, RATE, SAMPLES, MODE, 0.02) + rng.standard_normal(SAMPLES)


def holds(band, f_hz):
    return band.low_hz <= f_hz <= band.high_hz


@pytest.mark.parametrize("order", [BPFO, BPFI])
def test_repeated_impacts_in_a_weak_band_win(order):
    choice = choose_band(weak_damage(np.random.default_rng(0), order=order, strength=2.0), RATE, SPEED)
    assert choice.above_chance
    assert holds(choice.best, MODE)
    assert choice.best.high_hz - choice.best.low_hz < 0.4 * RATE
    assert choice.candidates[0].order == pytest.approx(order, rel=0.01)


def test_a_lone_blow_wins_kurtosis_and_not_the_chooser():
    x = weak_damage(np.random.default_rng(1))
    x += ring([1.7003], [400.0], RATE, SAMPLES, mode_hz=2400.0)
    assert not holds(fast_kurtogram(x, RATE, 4).best()[0], MODE)
    assert holds(choose_band(x, RATE, SPEED).best, MODE)


@pytest.mark.parametrize(
    ("name", "interference"),
    [
        ("a comb at multiples of 4.2 kHz", sum(4.0 * np.cos(2 * np.pi * 4200.0 * k * T) for k in (1, 2))),
        (
            "a comb spaced by the mains",
            sum(3.0 * np.cos(2 * np.pi * (4000.0 + 50.0 * k) * T + k * k) for k in range(-8, 9)),
        ),
        (
            "bursts at twice the mains",
            6.0 * (np.mod(100.0 * T, 1.0) < 0.05) * np.cos(2 * np.pi * 5000.0 * T),
        ),
        (
            "a gear modulated by its shaft",
            8.0 * (1 + np.cos(2 * np.pi * SPEED * T) + np.cos(4 * np.pi * SPEED * T)) * np.cos(46 * np.pi * SPEED * T),
        ),
    ],
)
def test_interference_does_not_win(name, interference):
    choice = choose_band(weak_damage(np.random.default_rng(2)) + interference, RATE, SPEED)
    assert holds(choice.best, MODE), (name, choice.candidates[0])
    assert choice.candidates[0].order == pytest.approx(BPFO, rel=0.01)


@pytest.mark.parametrize("seed", range(3))
def test_noise_prefers_no_band(seed):
    choice = choose_band(np.random.default_rng(seed).standard_normal(SAMPLES), RATE, SPEED)
    assert not choice.above_chance
    assert choice.best == Band(2 * SPEED, 0.49 * RATE)
    assert max(c.excess_db for c in choice.candidates) < CHANCE_DB


def test_a_sideband_is_not_taken_for_the_line():
    choice = choose_band(weak_damage(np.random.default_rng(3), order=BPFI, strength=4.0), RATE, SPEED)
    assert choice.candidates[0].order == pytest.approx(BPFI, rel=0.01)


def test_candidates_are_ranked_and_the_best_few_are_given():
    choice = choose_band(weak_damage(np.random.default_rng(0)), RATE, SPEED, tree=(2, 4))
    scores = [candidate.score for candidate in choice.candidates]
    assert scores == sorted(scores, reverse=True)
    assert len(scores) == 7
    assert choice.bands(2) == tuple(c.band for c in choice.candidates[:2])
    spectra = envelope_spectra(
        weak_damage(np.random.default_rng(0)), RATE, SPEED, max_order=40.0, bands=[choice.best], segment_s=80 / SPEED
    )
    assert rank_bands(spectra).candidates[0] == choice.candidates[0]


@pytest.mark.parametrize(
    ("x", "rate", "speed", "options", "match"),
    [
        (np.array([]), RATE, SPEED, {}, "empty"),
        (T, 0.0, SPEED, {}, "rate_hz"),
        (T, RATE, -1.0, {}, "speed_hz"),
        (np.ones(SAMPLES), RATE, SPEED, {}, "constant"),
        (np.append(T, np.nan), RATE, SPEED, {}, "NaN"),
        (T[:5000], RATE, SPEED, {}, "revolutions"),
        (T, RATE, SPEED, {"max_order": 5.0}, "max_order"),
        (T, RATE, 2000.0, {}, "speed_hz"),
    ],
)
def test_what_gives_no_choice_is_refused(x, rate, speed, options, match):
    with pytest.raises(ValueError, match=match):
        choose_band(x, rate, speed, **options)


# recorded data

TRUTH = {"B": "bearing_ball", "IR": "bearing_inner_race", "OR": "bearing_outer_race"}
TRUTH |= {"inner_race": "bearing_inner_race", "outer_race": "bearing_outer_race"}
METHODS = ("raw envelope", "maximum kurtosis", "choose_band")


def records(data):
    """Yield group, name, true fault, signal, rate, speed, bearing of every record whose part is diagnosable."""
    for folder, name, channel in (("cwru", "6205", "DE"), ("mfpt", "MFPT", "x"), ("hit_sm", "6205", "x")):
        with (data / folder / "index.csv").open() as index:
            for row in csv.DictReader(index):
                truth = TRUTH.get(row["fault"])
                if truth is None or row.get("sr2015_de", "Y1") not in ("Y1", "Y2"):
                    continue
                recording = load_recording(data / folder / row["file"])
                group = f"CWRU {row['sr2015_de']}" if folder == "cwru" else folder
                x = recording.channel(channel)[1]
                yield group, row["file"], truth, x, recording.rate_hz, recording.speed_hz, BEARINGS[name]


def called(x, rate, speed, bearing, band):
    """The part that the evidence in one band names, if any."""
    spectra = envelope_spectra(x, rate, speed, max_order=max_order(bearing), bands=[band], segment_s=80.0 / speed)
    best = max(score_families(spectra, bearing).values(), key=lambda line: line.confidence)
    return best.family if best.confidence >= CALL else None


def compare(data):
    """Per record: group, file, and for each method the band and whether its call is right."""
    rows = []
    for group, file, truth, x, rate, speed, bearing in records(data):
        whole = Band(2.0 * speed, 0.49 * rate)
        peak = fast_kurtogram(x, rate, 5).best()[0]
        bands = (
            whole,
            Band(max(peak.low_hz, whole.low_hz), min(peak.high_hz, whole.high_hz)),
            choose_band(x, rate, speed).best,
        )
        rows.append((group, file, bands, [called(x, rate, speed, bearing, band) == truth for band in bands]))
    return rows


@pytest.fixture(scope="module")
def compared(recorded_data):
    return compare(recorded_data)


@pytest.mark.data
@pytest.mark.slow_without_jit
def test_the_chooser_loses_no_clear_record_that_the_raw_envelope_gets(compared):
    lost = [(file, bands[2]) for group, file, bands, right in compared if right[0] and not right[2]]
    assert not lost


@pytest.mark.data
@pytest.mark.slow_without_jit
def test_the_chooser_beats_kurtosis_and_the_raw_envelope_overall(compared):
    raw, kurtosis, chooser = (sum(right[method] for *_, right in compared) for method in range(3))
    assert chooser > raw > kurtosis


@pytest.mark.data
@pytest.mark.slow_without_jit
def test_the_table(compared):
    print(f"\n{'records right':14s}" + "".join(f"{method:>18s}" for method in METHODS) + f"{'of':>6s}")
    for group in dict.fromkeys(row[0] for row in compared):
        rights = [right for g, *_, right in compared if g == group]
        print(f"{group:14s}" + "".join(f"{sum(r[m] for r in rights):18d}" for m in range(3)) + f"{len(rights):6d}")
    assert len(compared) >= 40
