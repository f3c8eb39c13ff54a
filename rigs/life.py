"""How a plant ages and what it lives through: declarations of ``plant.life`` and of growth laws in damage time."""

import math
from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from rigs.assets.base import Identifier, Strict
from rigs.quantity import Duration, Force, Frequency, Length, Number, Pressure, Seconds, Temperature, Velocity, quantity
from rigs.units import to_si

PER_SECOND = quantity("1/s")
Rate = Annotated[float, PER_SECOND]
Signal = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}\.[a-z][a-z0-9_.]{0,79}$")]
Share = Annotated[float, Field(ge=0, le=1)]

# The last part of a signal's or command's name says its SI unit; the longer ending is tried first.
_ENDINGS = (
    ("_rad_s", "rad/s"), ("_m3_s", "m**3/s"), ("_kg_s", "kg/s"), ("_m_s2", "m/s**2"), ("_m_s", "m/s"), ("_nm", "N*m"),
    ("_pa", "Pa"), ("_hz", "Hz"), ("_k", "K"), ("_w", "W"), ("_n", "N"), ("_a", "A"), ("_v", "V"), ("_m", "m"),
    ("_j", "J"),
)  # fmt: skip


def in_si(signal: str, value: object) -> float:
    """Return a value in the SI unit that the name of its signal ends with: ``130 degC`` for ``…_k`` is 403.15.

    A bare number is SI already, as under ``plant.parameters``.

    Raises
    ------
    ValueError
        A quantity of another dimension, or no finite number.

    """
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        if not math.isfinite(value):
            raise ValueError(f"{value!r} is not finite; write an ordinary number")
        return float(value)
    return to_si(value, next((unit for ending, unit in _ENDINGS if signal.endswith(ending)), ""))


def read_in_si(data: Any, *keys: str, of: str = "signal") -> Any:
    """Return `data` with the values under `keys` in the SI unit of the signal or command that ``data[of]`` names."""
    if not isinstance(data, dict) or not isinstance(data.get(of), str):
        return data
    read: dict[str, Any] = {}
    for key in keys:
        value = data.get(key)
        if isinstance(value, (list, tuple)):
            read[key] = [in_si(data[of], item) for item in value]
        elif value is not None:
            read[key] = in_si(data[of], value)
    return data | read


# --- what drives damage -------------------------------------------------------------------------------------


class Load(Strict):
    """Damage runs (signal/reference)^exponent times as fast."""

    signal: Signal
    reference: float = Field(gt=0)
    exponent: float = Field(default=3.0, ge=0, le=20)

    @model_validator(mode="before")
    @classmethod
    def _si(cls, data: Any) -> Any:
        return read_in_si(data, "reference")


class Heat(Strict):
    """Damage runs twice as fast for every `doubling` above the reference temperature."""

    signal: Signal
    reference: Temperature
    doubling: Temperature = Field(default=10.0, gt=0)


class Cycles(Strict):
    """What counts the cycles of a fatigue law: the turns of a shaft, or a constant rate."""

    signal: Signal | None = None
    per_turn: Number = Field(default=1.0, gt=0)
    rate: Frequency | None = Field(default=None, gt=0)

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.signal is None) == (self.rate is None):
            raise ValueError("cycles come either from a signal in rad/s or at a constant rate; give one of them")
        return self


class SeverityMap(Strict):
    """Severity is 0 up to damage `start`, 1 from `end` on, and ((damage − start)/(end − start))^power between."""

    start: float = Field(default=0.0, ge=0, lt=1)
    end: float = Field(default=1.0, gt=0, le=10)
    power: float = Field(default=1.0, gt=0, le=20)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.start >= self.end:
            raise ValueError(f"start = {self.start} must lie below end = {self.end}")
        return self


# --- laws ---------------------------------------------------------------------------------------------------


class LifeLaw(Strict):
    """What every law in damage time has.

    `life` stretches the law's own time so that its nominal life is this long; `idle` is the damage rate that needs no
    cause; `steps` is how many path steps a nominal life has.
    """

    load: tuple[Load, ...] = ()
    heat: Heat | None = None
    cycles: Cycles | None = None
    life: Seconds | None = Field(default=None, gt=0)
    idle: float = Field(default=1.0, ge=0, le=1e6)
    steps: int = Field(default=512, ge=16, le=65536)
    damage: SeverityMap = SeverityMap()


class CycleLaw(LifeLaw):
    """A law whose own time is counted in cycles."""

    @model_validator(mode="after")
    def _counted(self) -> Self:
        if self.cycles is None:
            raise ValueError("a fatigue law needs cycles: {signal: <shaft>.speed_rad_s} or {rate: 25 Hz}")
        if self.life is not None:
            raise ValueError("life: a fatigue law's life follows from its load and its cycles; change those")
        return self


class WienerLaw(LifeLaw):
    """Drifting Brownian damage: dX = drift·dt + diffusion·dB."""

    law: Literal["wiener"]
    drift: Rate = Field(default=0.1 / 3600.0, gt=0)
    diffusion: Annotated[float, quantity("1/s**0.5")] = Field(default=0.2 / 60.0, ge=0)
    limit: Number = Field(default=10.0, gt=0)


class GammaLaw(LifeLaw):
    """Wear that only grows: increments Γ(shape·dt, scale)."""

    law: Literal["gamma"]
    shape: Rate = Field(default=0.5 / 3600.0, gt=0)
    scale: Number = Field(default=0.2, gt=0)
    limit: Number = Field(default=10.0, gt=0)


class ParisLaw(CycleLaw):
    """Crack growth da/dN = c·(ΔK)^m with ΔK = geometry·stress·√(πa); c in m and MPa√m.

    `scatter` is the standard deviation of ln c from specimen to specimen.
    """

    law: Literal["paris"]
    c: Number = Field(default=1e-11, gt=0)
    m: Number = Field(default=3.0, ge=0.5, le=12)
    stress: Pressure = Field(default=100e6, gt=0)
    geometry: Number = Field(default=1.0, gt=0)
    start: Length = Field(default=1e-3, gt=0)
    limit: Length = Field(default=10e-3, gt=0)
    scatter: Number = Field(default=0.0, ge=0, le=3)

    @model_validator(mode="after")
    def _grows(self) -> Self:
        if self.limit <= self.start:
            raise ValueError(f"limit = {self.limit} m must lie above start = {self.start} m")
        return self


class Iso281Law(CycleLaw):
    """Rolling-contact fatigue: L10 of the load, a Weibull draw, then a spall that grows over `propagation` lives."""

    law: Literal["iso281"]
    capacity: Force = Field(default=12_820.0, gt=0)
    equivalent: Force = Field(default=12_000.0, gt=0)
    contact: Literal["ball", "roller"] = "ball"
    weibull: Number = Field(default=1.5, gt=0, le=10)
    propagation: Number = Field(default=0.2, gt=0, le=10)


class FoulingLaw(LifeLaw):
    """Deposit that tends to a limit: R = resistance·(1 − e^(−t/time_constant)); fails at `limit` of it."""

    law: Literal["fouling"]
    resistance: Annotated[float, quantity("m**2*K/W")] = Field(default=2e-4, gt=0)
    time_constant: Seconds = Field(default=30.0 * 86400.0, gt=0)
    limit: Share = Field(default=0.9, gt=0)


class ShockLaw(LifeLaw):
    """Shocks that come at `rate`, each adding a log-normal step."""

    law: Literal["shock"]
    rate: Rate = Field(default=0.02 / 3600.0, gt=0)
    median: Number = Field(default=0.1, gt=0)
    spread: Number = Field(default=0.5, ge=0, le=3)
    limit: Number = Field(default=1.0, gt=0)


class TaylorLaw(LifeLaw):
    """Flank wear of a cutting tool in three stages over a life T of V·T^n = constant (V in m/min, T in min)."""

    law: Literal["taylor"]
    speed: Velocity = Field(default=200.0 / 60.0, gt=0)
    n: Number = Field(default=0.25, gt=0, le=1)
    constant: Velocity = Field(default=300.0 / 60.0, gt=0)
    limit: Length = Field(default=0.3e-3, gt=0)


AnyLifeLaw = Annotated[
    WienerLaw | GammaLaw | ParisLaw | Iso281Law | FoulingLaw | ShockLaw | TaylorLaw, Field(discriminator="law")
]


# --- plant.life ---------------------------------------------------------------------------------------------


class Wear(Strict):
    """Damage that is always at work: on an asset, and through a fault where `kind` names one."""

    id: Identifier
    on: str
    kind: Identifier | None = None
    onset: Duration = Field(default=0, ge=0)
    severity: float = Field(default=1.0, ge=0, le=1)
    growth: AnyLifeLaw
    params: dict[str, float | bool | str] = Field(default_factory=dict)


class Cause(Strict):
    """A signal, or the damage of a wear, above or below a limit. `release` is where the cause is over again."""

    signal: Signal | None = None
    wear: Identifier | None = None
    above: float | None = None
    below: float | None = None
    release: float | None = None

    @model_validator(mode="before")
    @classmethod
    def _si(cls, data: Any) -> Any:
        return read_in_si(data, "above", "below", "release")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.signal is None) == (self.wear is None):
            raise ValueError("a cause is either a signal or a wear; give one of them")
        if (self.above is None) == (self.below is None):
            raise ValueError("a cause needs one limit: above or below")
        limit = self.above if self.above is not None else self.below
        if self.release is not None and limit is not None:
            wrong = self.release > limit if self.above is not None else self.release < limit
            if wrong:
                raise ValueError(f"release = {self.release:g} lies beyond the limit {limit:g}; put it on the safe side")
        return self


class RateEffect(Strict):
    """A wear that runs faster while the cause stands: rate = (idle + Σ adds)·Π times."""

    wear: Identifier
    adds: float = Field(default=0.0, ge=0, le=1e6)
    times: float = Field(default=1.0, ge=0, le=1e6)


class FaultEffect(Strict):
    """A fault that stands while the cause does."""

    kind: Identifier
    on: str
    severity: float = Field(default=1.0, ge=0, le=1)
    grows: Duration | None = Field(default=None, gt=0)
    params: dict[str, float | bool | str] = Field(default_factory=dict)


def _effect(data: Any) -> str:
    keys = data if isinstance(data, dict) else vars(data)
    return "a rate" if "wear" in keys else "a fault"


class Cascade(Strict):
    """A cause, and what it does after a delay for as long as it stands."""

    id: Identifier
    cause: Cause
    delay: Duration = Field(default=0, ge=0)
    effect: Annotated[
        Annotated[RateEffect, Tag("a rate")] | Annotated[FaultEffect, Tag("a fault")], Discriminator(_effect)
    ]


class Interlock(Strict):
    """Trips a drive when a cause has stood for the delay; holds it until it is reset."""

    id: Identifier
    cause: Cause
    delay: Duration = Field(default=0, ge=0)
    trip: Identifier
    reset: Literal["command", "auto"] = "command"


class Drift(Strict):
    """A true parameter that wanders: value·(1 + trend·t + wander·B(t)), folded back at ±bound."""

    on: Identifier
    parameter: Identifier
    wander: Annotated[float, quantity("1/s**0.5")] = Field(default=0.02 / 60.0, ge=0)
    trend: Rate = 0.0
    bound: float = Field(default=0.2, gt=0, lt=1)
    onset: Duration = Field(default=0, ge=0)


class Chains(Strict):
    """Built-in cascades by the machines they are for."""

    cavitation: tuple[Identifier, ...] = ()
    winding: tuple[Identifier, ...] = ()


class LifeSettings(Strict):
    """What ages in the plant, and what follows from what."""

    wear: tuple[Wear, ...] = ()
    cascades: tuple[Cascade, ...] = ()
    interlocks: tuple[Interlock, ...] = ()
    drifts: tuple[Drift, ...] = ()
    chains: Chains = Chains()

    @model_validator(mode="after")
    def _named_once(self) -> Self:
        for section in ("wear", "cascades", "interlocks"):
            names = [item.id for item in getattr(self, section)]
            twice = next((name for name in names if names.count(name) > 1), None)
            if twice:
                raise ValueError(f"id {twice!r} is used twice in {section}; rename one")
        return self
