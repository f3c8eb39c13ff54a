"""Causes and what follows: watched limits, effects that stand only while their cause does, and built-in chains."""

from dataclasses import dataclass

from emulator.plant import Plant
from rigs.life import (
    Cascade,
    Cause,
    FaultEffect,
    GammaLaw,
    Heat,
    Interlock,
    LifeSettings,
    RateEffect,
    SeverityMap,
    Wear,
    WienerLaw,
)

HOUR_S = 3600.0
SECOND = 1_000_000_000


@dataclass(slots=True)
class Watch:
    """A cause under observation.

    Attributes
    ----------
    cause, delay_ns : what is watched, and how long it must stand before it acts.
    holds, since_ns : whether it stands, and from when (linear between two looks) [ns].
    acts : whether it has stood for the delay.
    acted_ns : when that was [ns]; the effect takes place at the next look.
    last, last_ns : the look before.

    """

    cause: Cause
    delay_ns: int
    holds: bool = False
    since_ns: int = 0
    acts: bool = False
    acted_ns: int = 0
    last: float | None = None
    last_ns: int = 0

    def look(self, t_ns: int, value: float) -> bool:
        """Take in the value at plant time `t_ns` [ns]; True if the watch began or ceased to act."""
        before, began = self.acts, self.holds
        self.holds = self._beyond(value)
        if self.holds and not began:
            self.since_ns = self._crossed(t_ns, value)
        self.acts = self.holds and t_ns - self.since_ns >= self.delay_ns
        if self.acts and not before:
            self.acted_ns = self.since_ns + self.delay_ns
        self.last, self.last_ns = value, t_ns
        return self.acts != before

    def again(self, t_ns: int) -> None:
        """Begin the delay anew: what the cause did has been put right."""
        self.since_ns, self.acts = t_ns, False

    def _beyond(self, value: float) -> bool:
        cause = self.cause
        upper = cause.above is not None
        limit = cause.above if cause.above is not None else cause.below
        assert limit is not None
        if self.holds and cause.release is not None:
            limit = cause.release
        return value > limit if upper else value < limit

    def _crossed(self, t_ns: int, value: float) -> int:
        limit = self.cause.above if self.cause.above is not None else self.cause.below
        if self.last is None or limit is None or value == self.last:
            return t_ns
        share = min(max((limit - self.last) / (value - self.last), 0.0), 1.0)
        return self.last_ns + round(share * (t_ns - self.last_ns))


def with_chains(settings: LifeSettings, plant: Plant) -> LifeSettings:
    """Return the settings with the built-in chains written out, beside what is declared.

    Cavitation: σ < 1 erodes the vanes, the eroded impeller shakes the seal, the worn seal leaks. Winding: a hot
    winding ages (half the life for every 10 K), the aged one gets shorted turns, a relay trips the drive on
    temperature and on the failed winding.

    Raises
    ------
    ValueError
        A chain for a machine that is none of its kind.

    """
    wear, cascades, interlocks = list(settings.wear), list(settings.cascades), list(settings.interlocks)
    for pump in settings.chains.cavitation:
        if pump not in plant.machines.pumps:
            raise ValueError(f"plant.life.chains.cavitation: {pump!r} is no centrifugal pump of this rig")
        wear += cavitation_wear(pump)
        cascades += cavitation_cascades(pump)
    for motor in settings.chains.winding:
        if motor not in plant.machines.trains:
            raise ValueError(f"plant.life.chains.winding: {motor!r} is no motor of this rig")
        limit_k = plant.machines.assets[motor].parameters.winding_limit_k
        wear.append(insulation_wear(motor, limit_k))
        interlocks += winding_interlocks(motor, plant.machines.drives[motor], limit_k)
    names = [item.id for item in wear]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise ValueError(f"plant.life.wear: {twice!r} is also the name of a built-in chain's wear; rename yours")
    return LifeSettings(
        wear=tuple(wear), cascades=tuple(cascades), interlocks=tuple(interlocks), drifts=settings.drifts
    )


def cavitation_wear(pump: str) -> list[Wear]:
    """Return erosion of the vanes (2000 h of full cavitation) and wear of the seal (1000 h of shaking)."""
    return [
        Wear(id=f"{pump}_erosion", on=pump, kind="impeller_wear",
             growth=GammaLaw(law="gamma", life="2000 h", idle=0.0)),
        Wear(id=f"{pump}_seal", on=pump, kind="pump_seal_leak",
             growth=GammaLaw(law="gamma", life="1000 h", idle=0.0, damage=SeverityMap(start=0.5))),
    ]  # fmt: skip


def cavitation_cascades(pump: str) -> list[Cascade]:
    """Return what drives them."""
    return [
        Cascade(id=f"{pump}_cavitates", delay="10 s",
                cause=Cause(signal=f"{pump}.cavitation_sigma", below=1.0, release=1.1),
                effect=RateEffect(wear=f"{pump}_erosion", adds=1.0)),
        Cascade(id=f"{pump}_shakes", cause=Cause(wear=f"{pump}_erosion", above=0.3),
                effect=RateEffect(wear=f"{pump}_seal", adds=1.0)),
    ]  # fmt: skip


def insulation_wear(motor: str, limit_k: float) -> Wear:
    """Return ageing of the winding: 20 000 h at its limit, half of that for every 10 K more (Montsinger 1930)."""
    return Wear(
        id=f"{motor}_winding", on=motor, kind="motor_shorted_turns",
        growth=WienerLaw(
            law="wiener", diffusion="0.05 1/h^0.5", life="20000 h", damage=SeverityMap(start=0.7),
            heat=Heat(signal=f"{motor}.winding_temperature_k", reference=f"{limit_k} K"),
        ),
    )  # fmt: skip


def winding_interlocks(motor: str, drive: str, limit_k: float) -> list[Interlock]:
    """Return the thermistor relay, 15 K above the limit, and the trip on a failed winding."""
    hot = Cause(signal=f"{motor}.winding_temperature_k", above=limit_k + 15.0)
    return [
        Interlock(id=f"{motor}_thermistor", cause=hot, delay="1 s", trip=drive),
        Interlock(id=f"{motor}_failed", cause=Cause(wear=f"{motor}_winding", above=0.999), delay="0 s", trip=drive),
    ]


__all__ = ["FaultEffect", "Watch", "with_chains"]
