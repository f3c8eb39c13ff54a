"""Geometry of a rolling bearing, the law of its impacts, and what faults may change in it."""

import math
from dataclasses import dataclass
from typing import Any

from emulator.physics.bearing_life import EXPONENT


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
    element : "ball" or "roller" (life only).
    dynamic_load_n, static_load_n, fatigue_load_n, cleanness : C, C0, C_u (0: C0/22) [N], and e_C of ISO 281.
    outer_turns : the outer ring is driven and the inner one stands.
    mark_gain : impulse of a brinell mark or flute, smooth as it is, relative to that of a spall of its width.
    deepest_m, play_share : depth at which a spall ends, and how much of it the rotor moves off the axis.

    Raises
    ------
    ValueError
        Geometry no bearing has, a load rating, friction or slip out of range.

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
    element: str = "ball"
    dynamic_load_n: float = 14_800.0
    static_load_n: float = 7_800.0
    fatigue_load_n: float = 0.0
    cleanness: float = 0.5
    outer_turns: bool = False
    mark_gain: float = 0.3
    deepest_m: float = 5.0e-5
    play_share: float = 0.25

    def __post_init__(self) -> None:
        rules = (
            ("balls", self.balls >= 3, "must be 3 or more"),
            ("pitch_diameter_m", self.pitch_diameter_m > 0.0, "must be above 0"),
            ("ball_diameter_m", self.ball_diameter_m > 0.0, "must be above 0"),
            (
                "ball_diameter_m",
                self.balls * self.ball_diameter_m <= math.pi * self.pitch_diameter_m,
                "is too large: the balls would not fit on the pitch circle; take fewer or smaller ones",
            ),
            ("contact_angle_rad", 0.0 <= self.contact_angle_rad < 1.5, "must lie in [0, 1.5)"),
            ("reference_load_n", self.reference_load_n > 0.0, "must be above 0"),
            ("load_zone", self.load_zone > 0.0, "must be above 0; 0.5 is half the ring"),
            ("slip", 0.0 <= self.slip < 0.2, "must lie in [0, 0.2)"),
            ("friction", self.friction >= 0.0, "must not be negative"),
            ("dynamic_load_n", self.dynamic_load_n > 0.0, "must be above 0"),
            ("element", self.element in EXPONENT, "must be ball or roller"),
        )
        for name, good, rule in rules:
            if not good:
                raise ValueError(f"rolling_bearing.{name} = {getattr(self, name)} {rule}")

    @classmethod
    def of(cls, nameplate: Any) -> "RollingBearingParameters":
        """Return the parameters of a nameplate (`rigs.assets.rolling_bearing`); what it does not say is as usual."""
        return cls(
            balls=nameplate.balls,
            ball_diameter_m=nameplate.ball_diameter,
            pitch_diameter_m=nameplate.pitch_diameter,
            contact_angle_rad=nameplate.contact_angle,
            bore_m=nameplate.bore,
            dynamic_load_n=nameplate.dynamic_load,
            static_load_n=nameplate.static_load,
            element=nameplate.element,
            outer_turns=nameplate.rotating_ring == "outer",
        )

    @property
    def cage_order(self) -> float:
        """FTF: turns of the cage per turn of the shaft, without slip: ½(1−r), ½(1+r) with the outer ring driven."""
        return 0.5 * (1.0 + self._ratio if self.outer_turns else 1.0 - self._ratio)

    @property
    def outer_order(self) -> float:
        """BPFO per turn of the shaft."""
        return 0.5 * self.balls * (1.0 - self._ratio)

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
        return float(self.ball_diameter_m * math.cos(self.contact_angle_rad) / self.pitch_diameter_m)

    def exit_delay_s(self, width_m: float, shaft_hz: float) -> float:
        """Time from entering a spall to the sharp exit [s]: w/(2v), v the ball's speed on the outer race."""
        outer_diameter_m = self.pitch_diameter_m + self.ball_diameter_m
        return width_m / (2.0 * math.pi * outer_diameter_m * 0.5 * (1.0 - self._ratio) * shaft_hz)


HEALTHY_FILM = 2.0
DRY_FILM = 0.1


@dataclass(slots=True)
class RollingBearingCondition:
    """What faults may change; every default is a healthy bearing.

    Attributes
    ----------
    outer_spall_mm, inner_spall_mm, ball_spall_mm, cage_spall_mm : spall widths per surface [mm].
    friction_factor : on the friction torque.
    brinell_mm, brinell_marks : width of equally spaced dents in the outer race [mm], and how many (0: as balls).
    flute_mm, flute_pitch_mm : width of a washboard's ridges all round the outer race, and their pitch [mm].
    viscosity_ratio : κ, viscosity over the one that parts the surfaces.
    load_factor : on the radial load.
    zone_widening : 0 … 1, how far the load zone ε has gone from its own value to 1.
    creep : share of a turn by which the inner ring lags the shaft.
    fit_m : how far the loose inner ring lets the rotor off the axis [m].

    """

    outer_spall_mm: float = 0.0
    inner_spall_mm: float = 0.0
    ball_spall_mm: float = 0.0
    cage_spall_mm: float = 0.0
    friction_factor: float = 1.0
    brinell_mm: float = 0.0
    brinell_marks: float = 0.0
    flute_mm: float = 0.0
    flute_pitch_mm: float = 1.5
    viscosity_ratio: float = HEALTHY_FILM
    load_factor: float = 1.0
    zone_widening: float = 0.0
    creep: float = 0.0
    fit_m: float = 0.0


def spall_width_mm(severity: float) -> float:
    """Return the spall width w = 0.2·20^s mm of a severity; 0 for severity 0 (no spall at all)."""
    return 0.2 * 20.0**severity if severity > 0.0 else 0.0
