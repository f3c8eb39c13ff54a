"""Rolling bearing: kinematics, spalls as trains of impacts, friction.

A spall is a width on a surface. What it does to a housing follows: a passage of a ball is a soft entry and
a sharp exit, with an impulse that grows with width and load and goes through the load zone. McFadden &
Smith 1984 (load zone), Antoni & Randall 2003 (slip), Sawalhi & Randall 2011 (entry and exit).
"""

import copy
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emulator.physics.kernels.impacts import passages, turns_at_ticks
from emulator.physics.shaft import ShaftTrace
from emulator.streams import Stream, Streams

ROUGH = 8
SURFACES = ("outer", "inner", "ball", "cage")


@dataclass(frozen=True, slots=True)
class RollingBearingParameters:
    """Geometry and law of impacts; defaults: 6205-2RS, centre geometry as published with the CWRU records.

    Attributes
    ----------
    slip : mean relative lag of the cage at the reference load; it grows as the load falls.
    slip_sigma : standard deviation of one interval between passages, relative to it.
    slip_law : "walk" (intervals vary, the physical default) or "jitter" (passages vary about a strict clock).
    impulse_n_s : impulse of the exit from a 1 mm spall at the reference load, middle of the load zone [N·s].
    entry_ratio : entry impulse relative to the exit's.
    load_zone : ε of q(φ) = [1 − (1 − cos φ)/(2ε)]₊^1.5.
    outer_angle_rad : position of an outer-race spall from the middle of the load zone.
    scatter : relative range of one impact's strength, uniform.
    rough_above_mm, rough_ratio : a spall wider than this is rough ground: the ball rattles across it
        (`ROUGH` knocks of either sign, this share of the exit each), noise that comes and goes with the
        passages.

    """

    balls: int = 9
    ball_diameter_m: float = 7.940e-3
    pitch_diameter_m: float = 39.04e-3
    contact_angle_rad: float = 0.0
    bore_m: float = 25e-3
    friction: float = 0.0015
    reference_load_n: float = 1500.0
    slip: float = 0.004
    slip_sigma: float = 0.01
    slip_law: str = "walk"
    impulse_n_s: float = 12.0e-3
    entry_ratio: float = 0.35
    load_zone: float = 0.5
    outer_angle_rad: float = 0.0
    scatter: float = 0.15
    rough_above_mm: float = 0.5
    rough_ratio: float = 0.25

    @property
    def cage_order(self) -> float:
        """FTF: turns of the cage per turn of the shaft, without slip, outer race standing."""
        return 0.5 * (1.0 - self._ratio)

    @property
    def outer_order(self) -> float:
        """BPFO per turn of the shaft."""
        return self.balls * self.cage_order

    @property
    def inner_order(self) -> float:
        """BPFI per turn of the shaft."""
        return 0.5 * self.balls * (1.0 + self._ratio)

    @property
    def ball_order(self) -> float:
        """Twice BSF: a defect on a ball strikes both races once per spin."""
        return self.pitch_diameter_m / self.ball_diameter_m * (1.0 - self._ratio**2)

    @property
    def _ratio(self) -> float:
        return float(self.ball_diameter_m * np.cos(self.contact_angle_rad) / self.pitch_diameter_m)

    def exit_delay_s(self, width_m: float, shaft_hz: float) -> float:
        """Time from entering a spall to the sharp exit [s]: w/(2v), v the ball's speed on the outer race."""
        outer_diameter_m = self.pitch_diameter_m + self.ball_diameter_m
        return width_m / (2.0 * np.pi * outer_diameter_m * self.cage_order * shaft_hz)


@dataclass(slots=True)
class RollingBearingCondition:
    """What faults may change: spall widths per surface [mm] and a factor on friction."""

    outer_spall_mm: float = 0.0
    inner_spall_mm: float = 0.0
    ball_spall_mm: float = 0.0
    cage_spall_mm: float = 0.0
    friction_factor: float = 1.0


@dataclass(frozen=True, slots=True)
class Impacts:
    """Impulses of one block, all [m]: tick, offset from it [s], impulse [N·s], 1 if sharp and 0 if soft."""

    tick: NDArray[np.int64]
    offset_s: NDArray[np.float64]
    impulse_n_s: NDArray[np.float64]
    sharp: NDArray[np.int64]


NO_IMPACTS = Impacts(np.zeros(0, np.int64), np.zeros(0), np.zeros(0), np.zeros(0, np.int64))


def spall_width_mm(severity: float) -> float:
    """Return the spall width w = 0.2·20^s mm of a severity; 0 for severity 0 (no spall at all)."""
    return 0.2 * 20.0**severity if severity > 0.0 else 0.0


@dataclass(slots=True)
class _Train:
    """State of the passages over one surface."""

    slip: Stream
    scatter: Stream
    rough: Stream
    to_go: NDArray[np.float64]
    index: NDArray[np.int64] = field(default_factory=lambda: np.zeros(1, np.int64))


class RollingBearing:
    """A bearing on the shaft: `impacts(trace)` are the impulses of a block, the same for every listener."""

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

    def friction_torque_nm(self, load_n: float) -> float:
        """Return the friction torque M = ½·µ·P·d_b [N·m] at a radial load [N]."""
        p = self.parameters
        return 0.5 * p.friction * self.condition.friction_factor * load_n * p.bore_m

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
        cage = p.cage_order * (1.0 - self.slip(trace.radial_load_n))
        orders = {
            "outer": p.balls * cage,
            "inner": p.balls * (1.0 - cage),
            "ball": p.ball_order * (cage / p.cage_order),
            "cage": cage,
        }
        widths = {s: getattr(c, f"{s}_spall_mm") for s in SURFACES}
        parts = [self._surface(trace, s, orders[s], widths[s]) for s in SURFACES]
        parts = [part for part in parts if part.tick.size]
        if not parts:
            return NO_IMPACTS
        return Impacts(*(np.concatenate([getattr(part, n) for part in parts]) for n in Impacts.__slots__))

    def _surface(self, trace: ShaftTrace, surface: str, order: NDArray[np.float64], width_mm: float) -> Impacts:
        """Return the impulses of one surface; the train runs without a spall too, for an onset to find it."""
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
        if width_mm <= 0.0 or count == 0:
            return NO_IMPACTS
        tick, offset, number = tick[:count], offset[:count], number[:count]
        slope = (speed[tick + 1] - speed[tick]) / tick_s
        omega = np.abs(speed[tick] + slope * offset)
        scatter = 1.0 + p.scatter * (2.0 * train.scatter.uniform(int(number[0]), count) - 1.0)
        zone = self._load_zone(trace, surface, tick, offset)
        load = trace.radial_load_n[tick] / p.reference_load_n
        impulse = p.impulse_n_s * width_mm**1.2 * load * zone * scatter
        delay = p.exit_delay_s(width_mm * 1e-3, 1.0) / np.maximum(omega / (2.0 * np.pi), 1e-3)
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

    def _load_zone(
        self, trace: ShaftTrace, surface: str, tick: NDArray[np.int64], offset: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return q(φ) of the spall at each passage: fixed outside, turning with shaft or cage inside."""
        p = self.parameters
        if surface == "cage":
            return np.ones(tick.size)
        angle = np.full(tick.size, p.outer_angle_rad)
        if surface != "outer":
            k = trace.speed_rad_s.size
            revs, frac = np.empty(k, np.int64), np.empty(k)
            turns_at_ticks(trace.speed_rad_s, trace.tick_s, trace.revs0, trace.frac0, revs, frac)
            slope = (trace.speed_rad_s[tick + 1] - trace.speed_rad_s[tick]) / trace.tick_s
            within = (trace.speed_rad_s[tick] + 0.5 * slope * offset) * offset
            angle = 2.0 * np.pi * frac[tick] + within
            if surface == "ball":
                order = p.cage_order * (1.0 - p.slip)
                angle = order * angle + 2.0 * np.pi * np.mod(order * revs[tick], 1.0)
        zone: NDArray[np.float64] = np.maximum(1.0 - (1.0 - np.cos(angle)) / (2.0 * p.load_zone), 0.0) ** 1.5
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
