"""From a declared law to its path: which one, in which unit, with what share of damage to begin with."""

from typing import Any

from emulator.life.laws import fouling, gamma, iso281, paris, shock, taylor, wiener
from emulator.life.laws.base import Law
from emulator.streams import Streams
from rigs.life import (
    CycleLaw,
    FoulingLaw,
    GammaLaw,
    Iso281Law,
    LifeLaw,
    ParisLaw,
    ShockLaw,
    TaylorLaw,
    WienerLaw,
)


def nominal_life(spec: LifeLaw) -> float:
    """Return the life a law has at its nominal conditions, in its own time (s, or cycles): the mean or, for a
    bearing, L10."""  # noqa: D205, D209 - one sentence
    match spec:
        case WienerLaw():
            return spec.limit / spec.drift
        case GammaLaw():
            return spec.limit / (spec.shape * spec.scale)
        case ShockLaw():
            return spec.limit / shock.mean(spec.rate, spec.median, spec.spread, 1.0)
        case TaylorLaw():
            return taylor.life_s(spec.speed, spec.n, spec.constant)
        case FoulingLaw():
            end = fouling.Fouling(spec.resistance, spec.time_constant, spec.limit).end
            return end if end != float("inf") else spec.time_constant
        case Iso281Law():
            return iso281.l10_turns(spec.capacity, spec.equivalent, spec.contact)
        case ParisLaw():
            return paris.Paris(spec.c, spec.m, spec.stress, spec.geometry, spec.start, spec.limit).end
    raise ValueError(f"no law {spec!r}")  # pragma: no cover - the schema knows no other


def stretch(spec: LifeLaw) -> float:
    """Return how many seconds (or cycles) one of the law's own takes: `life` over the nominal life."""
    return 1.0 if spec.life is None or isinstance(spec, CycleLaw) else spec.life / nominal_life(spec)


def law_of(spec: Any, streams: Streams, path: str, start: float = 0.0) -> Law:
    """Return the law of a part that begins with the share `start` of its limit.

    Parameters
    ----------
    spec : LifeLaw
        As declared.
    streams : Streams
        Of the run.
    path : str
        Names the part and its generation: the path is a pure function of (seed, path, start).
    start : float
        X/D at τ = 0.

    """
    step = nominal_life(spec) / spec.steps
    match spec:
        case WienerLaw():
            at = start * spec.limit
            return wiener.Wiener(spec.drift, spec.diffusion, spec.limit, step, streams, path, at)
        case GammaLaw():
            return gamma.Gamma(spec.shape, spec.scale, spec.limit, step, streams, path, start * spec.limit)
        case ShockLaw():
            at = start * spec.limit
            return shock.Shock(spec.rate, spec.median, spec.spread, spec.limit, streams, path, at)
        case TaylorLaw():
            return taylor.Taylor(nominal_life(spec), spec.limit, start * spec.limit)
        case FoulingLaw():
            at = start * spec.limit * spec.resistance
            return fouling.Fouling(spec.resistance, spec.time_constant, spec.limit, at)
        case Iso281Law():
            draw = float(streams(f"{path}/life").uniform(0, 1)[0])
            used = start * (1.0 + spec.propagation)
            return iso281.Iso281(nominal_life(spec), spec.weibull, draw, spec.propagation, used)
        case ParisLaw():
            factor = 1.0
            if spec.scatter > 0.0:
                factor = float(_lognormal(streams, path, spec.scatter))
            grown = start * (spec.limit - spec.start)
            return paris.Paris(
                spec.c * factor, spec.m, spec.stress, spec.geometry, spec.start, spec.limit, grown_m=grown
            )
    raise ValueError(f"no law {spec!r}")  # pragma: no cover - the schema knows no other


def _lognormal(streams: Streams, path: str, spread: float) -> float:
    from math import exp

    return exp(spread * float(streams(f"{path}/c").normal(0, 1)[0]))


def begins_at(spec: Any) -> float:
    """Return the damage X/D below which there is no fault to be seen: a bearing has no spall before its life."""
    return 1.0 / (1.0 + spec.propagation) if isinstance(spec, Iso281Law) else 0.0
