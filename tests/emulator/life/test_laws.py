"""Laws of damage against closed forms and independent simulation."""

import math
from itertools import pairwise

import numpy as np
import pytest
from scipy import integrate, stats

from emulator.life.degradation import law_of, nominal_life
from emulator.life.laws import fouling, gamma, iso281, paris, shock, taylor, wiener
from emulator.streams import Streams
from rigs.life import FoulingLaw, GammaLaw, Iso281Law, ParisLaw, ShockLaw, TaylorLaw, WienerLaw

HOUR = 3600.0
SEEDS = (1, 2, 3)
WIENER = WienerLaw(law="wiener", steps=64)
GAMMA = GammaLaw(law="gamma", steps=128)


def lives_h(spec, seed: int, count: int) -> np.ndarray:
    streams = Streams(seed)
    return np.array([law_of(spec, streams, f"unit{i}").end for i in range(count)]) / HOUR


def within(sample: np.ndarray, p: float, quantile: float, density: float, sigmas: float = 3.5) -> bool:
    """Whether the sample's p-quantile is within its standard error of the true one."""
    error = math.sqrt(p * (1 - p) / len(sample)) / density
    return abs(float(np.quantile(sample, p)) - quantile) < sigmas * error


# --- Wiener -------------------------------------------------------------------------------------------------


def test_the_life_of_a_wiener_process_has_the_published_percentiles():
    found = [wiener.life_quantile(WIENER.drift, WIENER.diffusion, WIENER.limit, p) / HOUR for p in (0.05, 0.5, 0.95)]
    assert found == pytest.approx([70.800, 98.045, 135.867], abs=6e-4)


@pytest.mark.slow_without_jit
@pytest.mark.parametrize("seed", SEEDS)
def test_wiener_lives_are_inverse_gaussian_whatever_the_grid(seed: int):
    # N = 1200 per seed; the grid is coarse on purpose: 1.56 h.
    lives = lives_h(WIENER, seed, 1200)
    law = stats.invgauss(100.0 / 2500.0, scale=2500.0)
    assert stats.kstest(lives, law.cdf).pvalue > 1e-3
    assert abs(lives.mean() - 100.0) < 3.5 * 20.0 / math.sqrt(1200)
    assert abs(lives.var() - 400.0) < 0.25 * 400.0
    for p, hours in ((0.05, 70.800), (0.5, 98.045), (0.95, 135.867)):
        assert within(lives, p, hours, float(law.pdf(hours)))


@pytest.mark.slow_without_jit
@pytest.mark.parametrize("step_h", [40.0, 170.0])
def test_the_place_of_a_crossing_inside_a_step_has_its_law_too(step_h: float):
    # N = 1500: lives drawn in one, two or three giant steps are still inverse Gaussian.
    lives = [
        wiener.Wiener(WIENER.drift, WIENER.diffusion, WIENER.limit, step_h * HOUR, Streams(7), f"unit{i}").end / HOUR
        for i in range(1500)
    ]
    assert stats.kstest(lives, stats.invgauss(100.0 / 2500.0, scale=2500.0).cdf).pvalue > 1e-3


@pytest.mark.slow_without_jit
def test_looking_only_at_the_ends_of_steps_is_late_and_the_bridge_is_not():
    # Exact mean of the end-of-step life at Δt = 1 h: Wald with Spitzer's overshoot, 101.436 h. The usual correction
    # D + 0.5826 σ√Δt (101.17 h) leaves out the drift, which is half a σ per step here.
    n = np.arange(1, 5000)
    sd = 0.2 * np.sqrt(n)
    below = sd * stats.norm.pdf(0.1 * n / sd) - 0.1 * n * stats.norm.cdf(-0.1 * n / sd)
    overshoot = (0.2**2 + 0.1**2) / 0.2 - float(np.sum(below / n))
    exact = (10.0 + overshoot) / 0.1
    assert exact == pytest.approx(101.436, abs=1e-3)
    # Independent simulation, N = 10 000: the mean by Wald's identity from the overshoot, which spreads little.
    x = np.cumsum(0.1 + 0.2 * np.random.default_rng(5).standard_normal((10_000, 400)), axis=1)
    over = x[np.arange(10_000), np.argmax(x >= 10.0, axis=1)] - 10.0
    assert (10.0 + over.mean()) / 0.1 == pytest.approx(exact, abs=10.0 * 3.5 * over.std() / 100.0)
    ours = lives_h(WienerLaw(law="wiener", steps=100), 4, 3000)
    assert ours.mean() == pytest.approx(100.0, abs=3.0 * 20.0 / math.sqrt(3000))


@pytest.mark.slow_without_jit
def test_a_wiener_path_meets_its_limit_at_its_end_and_not_before():
    for i in range(40):
        law = law_of(WIENER, Streams(9), f"unit{i}")
        taus = np.linspace(0.0, law.end, 400, endpoint=False)
        assert max(law.value(t) for t in taus) < law.limit
        assert law.value(law.end) == law.limit
        assert law.value(2.0 * law.end) == law.limit


def test_without_diffusion_the_life_is_d_over_mu():
    law = law_of(WienerLaw(law="wiener", diffusion="0 1/h^0.5"), Streams(1), "a")
    assert law.end == pytest.approx(100.0 * HOUR, rel=1e-9)
    assert law.value(50.0 * HOUR) == pytest.approx(5.0, rel=1e-9)


# --- gamma --------------------------------------------------------------------------------------------------


def test_the_life_of_a_gamma_process_has_the_published_percentiles():
    found = [gamma.life_quantile(GAMMA.shape, GAMMA.scale, GAMMA.limit, p) / HOUR for p in (0.05, 0.5, 0.95)]
    assert found == pytest.approx([78.338, 100.666, 124.801], abs=6e-4)


@pytest.mark.slow_without_jit
@pytest.mark.parametrize("seed", SEEDS)
def test_gamma_lives_follow_the_regularised_gamma_function(seed: int):
    lives = lives_h(GAMMA, seed, 700)  # N = 700 per seed

    def cdf(t_h):
        return stats.gamma.sf(10.0, 0.5 * np.maximum(t_h, 1e-9), scale=0.2)

    assert stats.kstest(lives, cdf).pvalue > 1e-3
    for p, hours in ((0.05, 78.338), (0.5, 100.666), (0.95, 124.801)):
        density = float(cdf(hours + 0.5) - cdf(hours - 0.5))
        assert within(lives, p, hours, density)


def test_gamma_wear_never_heals():
    law = law_of(GAMMA, Streams(1), "a")
    path = [law.value(t) for t in np.linspace(0.0, 1.1 * law.end, 500)]
    assert all(b >= a for a, b in pairwise(path))
    assert path[-1] == law.limit


# --- Paris --------------------------------------------------------------------------------------------------


def test_a_crack_takes_the_published_number_of_cycles():
    assert round(paris.Paris(1e-11, 3.0, 100e6, 1.0, 1e-3, 10e-3).end) == 776_634


@pytest.mark.parametrize("m", [2.0, 3.0, 4.2])
def test_crack_length_solves_its_differential_equation(m: float):
    law = paris.Paris(1e-11, m, 100e6, 1.1, 1e-3, 10e-3)

    def rate(n, a):
        return 1e-11 * (1.1 * 100.0 * np.sqrt(np.pi * a)) ** m

    half = 0.5 * law.end
    solved = integrate.solve_ivp(rate, (0.0, half), [1e-3], rtol=1e-10, atol=1e-14).y[0, -1]
    assert law.value(half) + 1e-3 == pytest.approx(solved, rel=1e-7)
    assert law.value(law.end) == pytest.approx(9e-3, rel=1e-9)


def test_more_stress_is_more_cycles_at_the_nominal_one():
    nominal, double = (paris.Paris(1e-11, 3.0, s, 1.0, 1e-3, 10e-3).end for s in (100e6, 200e6))
    assert nominal / double == pytest.approx(2.0**3)


# --- bearings -----------------------------------------------------------------------------------------------


def test_bearing_life_is_that_of_the_published_test_rig():
    assert iso281.l10_hours(12_820.0, 12_000.0, 2100.0) == pytest.approx(9.677, abs=5e-4)
    assert iso281.l10_turns(2.0, 1.0, "roller") == pytest.approx(1e6 * 2.0 ** (10.0 / 3.0))


@pytest.mark.parametrize(("weibull", "ratio"), [(1.5, 3.511), (1.11, 5.458)])
def test_half_of_the_bearings_live_longer_than_this_many_l10(weibull: float, ratio: float):
    assert iso281.life_ratio(0.5, weibull) == pytest.approx(ratio, abs=5e-4)
    assert iso281.life_ratio(0.1, weibull) == pytest.approx(1.0)


@pytest.mark.slow_without_jit
@pytest.mark.parametrize("seed", SEEDS)
def test_bearing_lives_are_weibull_with_one_tenth_gone_at_l10(seed: int):
    spec = Iso281Law.model_validate({"law": "iso281", "cycles": {"rate": "35 Hz"}})
    lives = np.array([law_of(spec, Streams(seed), f"b{i}").life for i in range(1000)])  # N = 1000
    l10 = nominal_life(spec)
    assert stats.kstest(lives / l10, stats.weibull_min(1.5, scale=math.log(10 / 9) ** (-1 / 1.5)).cdf).pvalue > 1e-3
    assert abs(np.mean(lives < l10) - 0.1) < 3.5 * math.sqrt(0.09 / 1000)


# --- fouling, shocks, tools ---------------------------------------------------------------------------------


def test_fouling_reaches_its_share_after_one_time_constant():
    law = law_of(FoulingLaw(law="fouling"), Streams(1), "a")
    assert law.value(30.0 * 86400.0) / 2e-4 == pytest.approx(0.6321, abs=5e-5)
    assert law.value(law.end) == pytest.approx(law.limit)
    assert fouling.Fouling(2e-4, 1e6, 1.0).end == math.inf


@pytest.mark.slow_without_jit
@pytest.mark.parametrize("seed", SEEDS)
def test_the_mean_of_shocks_is_rate_times_time_times_mean_jump(seed: int):
    # N = 600, t = 200 h, a limit beyond reach.
    hours, count = 200.0, 600
    spec = ShockLaw(law="shock", limit=1e3)
    streams = Streams(seed)
    x = np.array([_shocked(spec, streams, i, hours) for i in range(count)])
    expected = 0.02 * hours * 0.1 * math.exp(0.125)
    assert shock.mean(spec.rate, 0.1, 0.5, hours * HOUR) == pytest.approx(expected)
    assert abs(x.mean() - expected) < 3.0 * x.std() / math.sqrt(count)


def _shocked(spec: ShockLaw, streams: Streams, i: int, hours: float) -> float:
    # A limit of 3 is beyond reach in 200 h, and saves drawing thousands of jumps.
    return law_of(spec.model_copy(update={"limit": 3.0}), streams, f"u{i}").value(hours * HOUR)


def test_taylors_lives_are_the_published_ones():
    minutes = [taylor.life_s(v / 60.0, 0.25, 5.0) / 60.0 for v in (200.0, 150.0)]
    assert minutes == pytest.approx([5.0625, 16.0], abs=1e-9)


def test_a_tool_wears_fast_then_steadily_then_fast_to_its_limit():
    law = law_of(TaylorLaw(law="taylor"), Streams(1), "a")
    x = np.array([law.value(t) for t in np.linspace(0.0, law.end, 101)])
    assert x[-1] == pytest.approx(0.3e-3)
    assert np.all(np.diff(x) > 0.0)
    slope = np.diff(x)
    assert slope[0] > 2.0 * slope[50] < slope[-1]
    assert slope[40] == pytest.approx(slope[55], rel=0.1)


# --- all of them --------------------------------------------------------------------------------------------

CYCLES = {"cycles": {"rate": "25 Hz"}}
ALL = [
    WIENER, GAMMA, FoulingLaw(law="fouling"), ShockLaw(law="shock"), TaylorLaw(law="taylor"),
    ParisLaw.model_validate({"law": "paris", "scatter": 0.3} | CYCLES),
    Iso281Law.model_validate({"law": "iso281"} | CYCLES),
]  # fmt: skip


@pytest.mark.parametrize("spec", ALL, ids=lambda s: s.law)
def test_a_path_is_a_function_of_seed_and_name_in_any_order(spec):
    one, other = (law_of(spec, Streams(3), "p") for _ in range(2))
    taus = np.linspace(0.0, 1.2 * one.end, 50)
    assert [one.value(t) for t in taus] == [other.value(t) for t in taus[::-1]][::-1]
    if spec.law not in ("fouling", "taylor"):
        assert law_of(spec, Streams(4), "p").end != one.end


@pytest.mark.parametrize("spec", ALL, ids=lambda s: s.law)
@pytest.mark.parametrize("start", [0.0, 0.3, 1.0])
def test_a_part_that_begins_damaged_begins_there(spec, start: float):
    law = law_of(spec, Streams(3), "p", start)
    assert law.value(0.0) / law.limit == pytest.approx(start, abs=1e-9)
    assert (law.end == pytest.approx(0.0, abs=1e-6 * nominal_life(spec))) == (start == 1.0)
