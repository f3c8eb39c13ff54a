"""True parameters that wander."""

import math
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest

from emulator.life.drift import Wandering
from emulator.streams import Streams
from rigs.life import Drift


@dataclass(frozen=True)
class Parameters:
    efficiency: float = 0.76
    vanes: int = 6


def wandering(seed: int = 1, **more) -> Wandering:
    spec = Drift.model_validate({"on": "pump1", "parameter": "efficiency"} | more)
    return Wandering(spec, SimpleNamespace(parameters=Parameters()), Streams(seed))


def test_the_path_is_the_same_in_any_order_of_asking():
    taus = [0.0, 3.0, 100.0, 50_000.0, 7.5, 200_000.0, 49_990.0]
    one, other = wandering(), wandering()
    forward = {tau: one.share(tau) for tau in sorted(taus)}
    backward = {tau: other.share(tau) for tau in sorted(taus, reverse=True)}
    assert forward == backward
    assert one.share(0.0) == 0.0


@pytest.mark.slow_without_jit
@pytest.mark.parametrize("base", [0, 1000, 2000])
def test_its_spread_grows_with_the_root_of_time(base: int):
    # N = 300 per run, wander 0.02/√h over 4 h: σ = 0.04, far from the bound.
    ends = [wandering(base + seed, bound=0.9).share(4 * 3600.0) for seed in range(300)]
    assert np.std(ends) == pytest.approx(0.04, rel=3.5 / math.sqrt(600))
    assert abs(np.mean(ends)) < 3.5 * 0.04 / math.sqrt(300)


def test_it_stays_within_its_bound_and_reaches_it():
    item = wandering(wander="0.2 1/h^0.5", bound=0.1)
    shares = [item.share(60.0 * t) for t in range(3000)]
    assert max(map(abs, shares)) <= 0.1
    assert max(shares) > 0.095
    assert min(shares) < -0.095


def test_a_trend_alone_is_a_straight_line():
    item = wandering(wander="0 1/h^0.5", trend="-0.02 1/h")
    assert item.apply(2 * 3600.0) == pytest.approx(0.76 * 0.96)
    assert item.present == pytest.approx(0.76 * 0.96)
    assert item.asset.parameters.vanes == 6


@pytest.mark.parametrize("name", ["vanes", "eficiency"])
def test_what_cannot_drift_is_refused_with_what_can(name: str):
    with pytest.raises(ValueError, match=r"pump1 has no number .*efficiency"):
        wandering(parameter=name)
