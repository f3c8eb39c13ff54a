"""Rolling bearing: kinematics, spalls as trains of impacts, friction.

A spall is a width on a surface. What it does to a housing follows: a passage of a ball is a soft entry and
a sharp exit, with an impulse that grows with width and load and goes through the load zone. McFadden &
Smith 1984 (load zone), Antoni & Randall 2003 (slip), Sawalhi & Randall 2011 (entry and exit).
"""

import copy
import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emulator.physics.bearing_life import life_gain, rating_life_h
from emulator.physics.bearing_parameters import (
    DRY_FILM,
    HEALTHY_FILM,
    RollingBearingCondition,
    RollingBearingParameters,
    spall_width_mm,
)
from emulator.physics.kernels.impacts import passages, turns_at_ticks
from emulator.physics.rotor import RotorParameters, static_load_n
from emulator.physics.shaft import ShaftTrace
from emulator.streams import Stream, Streams

__all__ = ["Impacts", "RollingBearing", "RollingBearingCondition", "RollingBearingParameters", "spall_width_mm"]
ROUGH = 8
SURFACES = ("outer", "inner", "ball", "cage")


@dataclass(frozen=True, slots=True)
class Impacts:
    """Impulses of one block, all [m]: tick, offset from it [s], impulse [N·s], 1 if sharp and 0 if soft."""

    tick: NDArray[np.int64]
    offset_s: NDArray[np.float64]
    impulse_n_s: NDArray[np.float64]
    sharp: NDArray[np.int64]


NO_IMPACTS = Impacts(np.zeros(0, np.int64), np.zeros(0), np.zeros(0), np.zeros(0, np.int64))


@dataclass(slots=True)
class _Train:
    """State of the passages over one surface."""

    slip: Stream
    scatter: Stream
    rough: Stream
    to_go: NDArray[np.float64]
    index: NDArray[np.int64] = field(default_factory=lambda: np.zeros(1, np.int64))


@dataclass(frozen=True, slots=True)
class _Passages:
    """Balls over the mark of one surface in a block: tick, offset [s], number, speed [rad/s], scatter of strength."""

    tick: NDArray[np.int64]
    offset_s: NDArray[np.float64]
    number: NDArray[np.int64]
    omega: NDArray[np.float64]
    scatter: NDArray[np.float64]


NOTHING_MET = _Passages(np.zeros(0, np.int64), np.zeros(0), np.zeros(0, np.int64), np.zeros(0), np.zeros(0))


class RollingBearing:
    """A bearing on the shaft: `impacts(trace)` are the impulses of a block, the same for every listener.

    Attributes
    ----------
    rotors, rotor_parameters
        Conditions of the rotors on the shaft, and their parameters: misalignment and a bent frame load the bearing.

    """

    def __init__(self, parameters: RollingBearingParameters, streams: Streams, path: str) -> None:
        if parameters.slip_law not in ("walk", "jitter"):
            raise ValueError(f"slip_law = {parameters.slip_law!r} must be 'walk' or 'jitter'")
        self.parameters = parameters
        self.condition = RollingBearingCondition()
        self._trains = {}
        for surface in SURFACES:
            start = streams(f"{path}/{surface}/start").uniform(0, 1)[0]
            self._trains[surface] = _Train(
                streams(f"{path}/{surface}/slip"),
                streams(f"{path}/{surface}/scatter"),
                streams(f"{path}/{surface}/rough"),
                np.array([start, 0.0]),
            )
        self._block_ns = -1
        self._impacts = NO_IMPACTS
        self.rotors: tuple[Any, ...] = ()
        self.rotor_parameters = RotorParameters()

    # --- load, friction, life -----------------------------------------------------------------------------

    def load_n(self, radial_load_n: Any) -> Any:
        """Return the load P [N] under a radial load [N]: with overload, and what the rotors on the shaft add."""
        added_n = static_load_n(self.rotors, self.rotor_parameters)
        return radial_load_n * self.condition.load_factor + added_n

    def friction_torque_nm(self, load_n: float) -> float:
        """Return the friction torque M = ½·µ·P·d_b [N·m] at a radial load from outside [N]."""
        p = self.parameters
        return float(0.5 * p.friction * self.condition.friction_factor * self.load_n(load_n) * p.bore_m)

    def excess_torque_nm(self, load_n: float) -> float:
        """Return the friction torque [N·m] beyond that of a healthy bearing under the same load from outside."""
        p = self.parameters
        return self.friction_torque_nm(load_n) - float(0.5 * p.friction * load_n * p.bore_m)

    def life_h(self, load_n: float, speed_rad_s: float) -> float:
        """Return the basic rating life L10h [h] at a radial load from outside [N] and a speed [rad/s]."""
        return rating_life_h(self.parameters.dynamic_load_n, self.load_n(load_n), speed_rad_s, self.parameters.element)

    def modified_life_h(self, load_n: float, speed_rad_s: float) -> float:
        """Return L10mh = a_ISO·L10h [h]: with the film's κ, the fatigue load and the cleanness."""
        p = self.parameters
        fatigue_n = p.fatigue_load_n or p.static_load_n / 22.0
        gain = life_gain(self.condition.viscosity_ratio, fatigue_n, self.load_n(load_n), p.cleanness, p.element)
        return gain * self.life_h(load_n, speed_rad_s)

    @property
    def film_lack(self) -> float:
        """How far the film has gone, on a logarithmic scale: 0 at κ = 2, 1 at κ = 0.1."""
        lack = math.log(HEALTHY_FILM / max(self.condition.viscosity_ratio, 1e-3)) / math.log(HEALTHY_FILM / DRY_FILM)
        return min(max(lack, 0.0), 1.0)

    @property
    def added_play_m(self) -> float:
        """Radial play that spalls add [m]: how deep a ball sinks into each, w²/(4d), down to where it ends."""
        p, c = self.parameters, self.condition
        widths = (c.outer_spall_mm, c.inner_spall_mm, c.ball_spall_mm)
        return sum(min((1e-3 * w) ** 2 / (4.0 * p.ball_diameter_m), p.deepest_m) for w in widths)

    def off_axis_m(self, eccentricity_m: float) -> float:
        """Return how far the rotor turns off its axis [m]: its own eccentricity, what play lets it add, a loose ring.

        A balanced rotor lies still in its play; a heavy spot throws it to that side.
        """
        play_m, fit_m = self.added_play_m, self.condition.fit_m
        if play_m > 0.0:
            fit_m += self.parameters.play_share * play_m * eccentricity_m / (eccentricity_m + play_m)
        return eccentricity_m + fit_m

    # --- impacts ------------------------------------------------------------------------------------------

    def impacts(self, trace: ShaftTrace) -> Impacts:
        """Return the impulses of the block `trace`; asked again for the same block, the same object."""
        if trace.t0_ns != self._block_ns:
            self._impacts = self._advance(trace)
            self._block_ns = trace.t0_ns
        return self._impacts

    def slip(self, load_n: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the relative lag of the cage at radial loads [N]: more when the balls are hardly loaded."""
        p = self.parameters
        return p.slip * np.minimum(np.sqrt(p.reference_load_n / np.maximum(load_n, 1.0)), 4.0)

    def _advance(self, trace: ShaftTrace) -> Impacts:
        p, c = self.parameters, self.condition
        ring = 1.0 - c.creep
        load = self.load_n(trace.radial_load_n)
        cage = p.cage_order * (1.0 - self.slip(load)) * ring
        behind, ahead = p.balls * cage, p.balls * (ring - cage)
        orders = {
            "outer": ahead if p.outer_turns else behind,
            "inner": behind if p.outer_turns else ahead,
            "ball": p.ball_order * (cage / p.cage_order),
            "cage": cage,
        }
        parts = []
        for surface in SURFACES:
            width_mm = getattr(c, f"{surface}_spall_mm")
            marked = surface == "outer" and (c.brinell_mm > 0.0 or c.flute_mm > 0.0)
            # a train runs without a spall too, for an onset to find it
            meet = self._passages(trace, surface, orders[surface], wanted=width_mm > 0.0 or marked)
            if not meet.tick.size:
                continue
            if width_mm > 0.0:
                parts.append(self._spall(trace, surface, meet, load, width_mm))
            if surface == "outer" and c.brinell_mm > 0.0:
                marks = max(round(c.brinell_marks), 1) if c.brinell_marks > 0.0 else p.balls
                parts.append(self._marks(trace, meet, orders[surface], load, c.brinell_mm, marks))
            if surface == "outer" and c.flute_mm > 0.0:
                around_mm = 1e3 * math.pi * (p.pitch_diameter_m + p.ball_diameter_m)
                marks = max(round(around_mm / max(c.flute_pitch_mm, 0.2)), p.balls)
                parts.append(self._marks(trace, meet, orders[surface], load, c.flute_mm, marks))
        if not parts:
            return NO_IMPACTS
        return Impacts(*(np.concatenate([getattr(part, n) for part in parts]) for n in Impacts.__slots__))

    def _passages(self, trace: ShaftTrace, surface: str, order: NDArray[np.float64], *, wanted: bool) -> "_Passages":
        """Let a train run through the block; return what it met, nothing if that is not wanted."""
        p, train = self.parameters, self._trains[surface]
        speed, tick_s = trace.speed_rad_s, trace.tick_s
        turns = float(np.abs(speed).sum()) * tick_s / (2.0 * np.pi)
        room = int(2.0 * turns * float(order.max())) + 16
        tick, offset = np.empty(room, np.int64), np.empty(room)
        number = np.empty(room, np.int64)
        walk = int(p.slip_law == "walk")
        count = passages(
            speed,
            tick_s,
            order,
            p.slip_sigma,
            walk,
            train.slip.key0,
            train.slip.key1,
            train.to_go,
            train.index,
            tick,
            offset,
            number,
        )
        if count == 0 or not wanted:
            return NOTHING_MET
        tick, offset, number = tick[:count], offset[:count], number[:count]
        slope = (speed[tick + 1] - speed[tick]) / tick_s
        omega = np.abs(speed[tick] + slope * offset)
        scatter = 1.0 + p.scatter * (2.0 * train.scatter.uniform(int(number[0]), count) - 1.0)
        return _Passages(tick, offset, number, omega, scatter)

    def _spall(
        self, trace: ShaftTrace, surface: str, meet: "_Passages", load_n: NDArray[np.float64], width_mm: float
    ) -> Impacts:
        """Return a soft entry and a sharp exit for each passage, rough ground between them if it is wide."""
        p, train = self.parameters, self._trains[surface]
        tick, offset, number = meet.tick, meet.offset_s, meet.number
        count = tick.size
        zone = self._load_zone(trace, surface, tick, offset)
        load = load_n[tick] / p.reference_load_n
        impulse = p.impulse_n_s * width_mm**1.2 * load * zone * meet.scatter
        delay = p.exit_delay_s(width_mm * 1e-3, 1.0) / np.maximum(meet.omega / (2.0 * np.pi), 1e-3)
        times = [offset, offset + delay]
        sizes = [-p.entry_ratio * impulse, impulse]
        sharp = [0, 1]
        if width_mm > p.rough_above_mm:
            draws = train.rough.uniform(2 * ROUGH * int(number[0]), 2 * ROUGH * count).reshape(count, 2, ROUGH)
            for knock in range(ROUGH):
                times.append(offset + 2.0 * delay * draws[:, 0, knock])
                sizes.append(p.rough_ratio * impulse * (2.0 * draws[:, 1, knock] - 1.0))
                sharp.append(1)
        return Impacts(
            np.repeat(tick, len(times)),
            np.stack(times, axis=1).ravel(),
            np.stack(sizes, axis=1).ravel(),
            np.tile(np.array(sharp), count),
        )

    def _marks(
        self,
        trace: ShaftTrace,
        meet: "_Passages",
        order: NDArray[np.float64],
        load_n: NDArray[np.float64],
        width_mm: float,
        marks: int,
    ) -> Impacts:
        """Return what equally spaced marks in the outer race do: every ball, on every mark under load.

        Mark j of m lies j·n/m ball spacings on: between two passages of the first, each mark is passed once.
        """
        p = self.parameters
        around = np.arange(marks)
        at = p.outer_angle_rad + 2.0 * np.pi * around / marks
        zone = self._zone(at)
        loaded = zone > 0.0
        phase = np.mod(around[loaded] * p.balls / marks, 1.0)
        gap = 2.0 * np.pi / (order[meet.tick] * np.maximum(meet.omega, 1e-3))
        load = load_n[meet.tick] / p.reference_load_n
        impulse = p.mark_gain * p.impulse_n_s * width_mm**1.2 * load * meet.scatter
        times = meet.offset_s[:, None] + np.outer(gap, phase)
        sizes = np.outer(impulse, zone[loaded])
        count = times.size
        return Impacts(np.repeat(meet.tick, phase.size), times.ravel(), sizes.ravel(), np.zeros(count, np.int64))

    def _load_zone(
        self, trace: ShaftTrace, surface: str, tick: NDArray[np.int64], offset: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return q(φ) of the spall at each passage: fixed outside, turning with shaft or cage inside."""
        p, creep = self.parameters, self.condition.creep
        if surface == "cage":
            return np.ones(tick.size)
        angle = np.full(tick.size, p.outer_angle_rad)
        if surface != ("inner" if p.outer_turns else "outer"):
            k = trace.speed_rad_s.size
            revs, frac = np.empty(k, np.int64), np.empty(k)
            turns_at_ticks(trace.speed_rad_s, trace.tick_s, trace.revs0, trace.frac0, revs, frac)
            slope = (trace.speed_rad_s[tick + 1] - trace.speed_rad_s[tick]) / trace.tick_s
            within = (trace.speed_rad_s[tick] + 0.5 * slope * offset) * offset
            angle = 2.0 * np.pi * frac[tick] + within
            if surface == "ball" or creep != 0.0:
                order = (p.cage_order * (1.0 - p.slip) if surface == "ball" else 1.0) * (1.0 - creep)
                angle = order * angle + 2.0 * np.pi * np.mod(order * revs[tick], 1.0)
        return self._zone(angle)

    def _zone(self, angle: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return q(φ) = [1 − (1 − cos φ)/(2ε)]₊^1.5."""
        width = self.parameters.load_zone
        width += (1.0 - width) * self.condition.zone_widening
        zone: NDArray[np.float64] = np.maximum(1.0 - (1.0 - np.cos(angle)) / (2.0 * width), 0.0) ** 1.5
        return zone

    def save(self) -> dict[str, Any]:
        """Return everything that changes as the bearing turns."""
        return copy.deepcopy(
            {
                "condition": self.condition,
                "trains": {s: (t.to_go, t.index) for s, t in self._trains.items()},
                "block_ns": self._block_ns,
                "impacts": self._impacts,
            }
        )

    def restore(self, saved: dict[str, Any]) -> None:
        """Take back what `save` gave. The condition object stays the same one; its values are restored."""
        saved = copy.deepcopy(saved)
        for name in RollingBearingCondition.__slots__:
            setattr(self.condition, name, getattr(saved["condition"], name))
        for surface, (to_go, index) in saved["trains"].items():
            self._trains[surface].to_go[:] = to_go
            self._trains[surface].index[:] = index
        self._block_ns, self._impacts = saved["block_ns"], saved["impacts"]
