"""Equal-percentage control valve.

Flow coefficient, choking, stroke time, stick-slip friction (IEC 60534-2-1).
"""

import math
from dataclasses import dataclass
from typing import ClassVar

from emulator.physics.asset import Asset
from emulator.physics.valve_positioner import Actuator, ActuatorParameters
from emulator.physics.water import GRAVITY_M_S2

WATER_CRITICAL_PA = 22.064e6
REFERENCE_DENSITY = 1000.0
# Head loss of K_v: Δp = (3600 Q/K_v)² (ρ/ρ0) bar, divided by ρ g.
_HEAD = 3600.0**2 * 1.0e5 / (REFERENCE_DENSITY * GRAVITY_M_S2)


@dataclass(frozen=True, slots=True)
class ControlValveParameters:
    """K_vs [m³/h at 1 bar], inherent rangeability, full stroke time [s], pressure recovery.

    `pneumatic` chooses level F1: diaphragm, spring and air in place of a stem that follows at the stroke's speed;
    `supply_pa` is the absolute pressure of its air, `packing` its healthy dry friction (share of the spring's range).
    """

    kvs_m3_h: float = 63.0
    rangeability: float = 50.0
    stroke_s: float = 20.0
    recovery: float = 0.9
    pneumatic: bool = False
    supply_pa: float = 3.4e5
    packing: float = 0.005

    def __post_init__(self) -> None:
        """Refuse a valve that cannot be."""
        rules = (
            ("kvs_m3_h", self.kvs_m3_h > 0.0, "must be above 0"),
            ("rangeability", self.rangeability > 1.0, "must be above 1"),
            ("stroke_s", self.stroke_s > 0.0, "must be above 0"),
            ("recovery", 0.0 <= self.recovery <= 1.0, "must lie in [0, 1]; 0 lets it never choke"),
            ("packing", 0.0 <= self.packing < 0.5, "must lie in [0, 0.5)"),
        )
        for name, holds, rule in rules:
            if not holds:
                raise ValueError(f"control_valve.{name} = {getattr(self, name):g} {rule}")


@dataclass(slots=True)
class ControlValveCondition:
    """What faults may change.

    Stick band S and slip jump J as fractions of travel, trim and positioner errors, the share of its speed with which
    air still fills the actuator.
    """

    stick_band: float = 0.0
    slip_jump: float = 0.0
    trim_gain: float = 1.0
    leak_share: float = 0.0
    positioner_offset: float = 0.0
    fill_gain: float = 1.0


class ControlValve(Asset):
    """Stem position in [0, 1] behind a positioner of finite speed and a stem that may stick."""

    STATES: ClassVar[tuple[str, ...]] = ("signal", "stem", "actuator", "drop_pa")

    def __init__(self, parameters: ControlValveParameters, position: float = 0.0) -> None:
        """Build the valve at rest at ``position``."""
        self.parameters = parameters
        self.condition = ControlValveCondition()
        self.signal = position
        self.stem = Stem(position, position, held_at=position)
        self.drop_pa = 0.0  # what the water's network tells it
        self.actuator: Actuator | None = None
        if parameters.pneumatic:
            air = ActuatorParameters(supply_pa=parameters.supply_pa, packing=parameters.packing)
            self.actuator = Actuator(air, parameters.stroke_s, position)

    @property
    def position(self) -> float:
        """Stem position in [0, 1]."""
        if self.actuator is not None:
            return self.actuator.position
        return self.stem.position

    def place(self, position: float) -> None:
        """Put signal, positioner and stem to rest at a position."""
        self.signal = position
        self.stem = Stem(position, position, held_at=position)
        if self.actuator is not None:
            self.actuator.place(position)

    def advance(self, tick_s: float) -> None:
        """Move towards the signal for one tick [s]."""
        c = self.condition
        wanted = min(max(self.signal + c.positioner_offset, 0.0), 1.0)
        if self.actuator is not None:
            self.actuator.advance(wanted, tick_s, c.stick_band, c.slip_jump, c.fill_gain, self.drop_pa)
            return
        reach = tick_s / self.parameters.stroke_s
        before = self.stem.drive
        if wanted > before and c.fill_gain != 1.0:  # air opens, the spring shuts: only opening grows slow
            reach *= c.fill_gain
        drive = min(wanted, before + reach) if wanted > before else max(wanted, before - reach)
        self.stem.follow(drive, c.stick_band, c.slip_jump)

    @property
    def kv_m3_h(self) -> float:
        """Flow coefficient at the present position."""
        return self.kv_at(self.position)

    def kv_at(self, position: float) -> float:
        """Flow coefficient [m³/h at 1 bar] at a stem position: K_vs·R^(x-1), shut tight at x = 0."""
        p, c = self.parameters, self.condition
        open_kv = p.kvs_m3_h * c.trim_gain * p.rangeability ** (position - 1.0) if position > 0.0 else 0.0
        return max(open_kv, c.leak_share * p.kvs_m3_h)

    @property
    def resistance_s2_m5(self) -> float:
        """Resistance [s²/m⁵] at the present position; a shut valve is a very large number, not infinity."""
        return resistance_of(self.kv_m3_h)

    def position_for(self, resistance_s2_m5: float) -> float:
        """Return the position in [0, 1] with that resistance, the nearer end when it is out of reach."""
        p = self.parameters
        if resistance_s2_m5 <= 0.0:
            return 1.0
        kv = math.sqrt(_HEAD / resistance_s2_m5)
        position = 1.0 + math.log(kv / (p.kvs_m3_h * self.condition.trim_gain)) / math.log(p.rangeability)
        return min(max(position, 0.0), 1.0)


def resistance_of(kv_m3_h: float) -> float:
    """Resistance [s²/m⁵] of a flow coefficient K_v [m³/h at 1 bar]."""
    return _HEAD / max(kv_m3_h, 1.0e-3) ** 2


def flow_m3_s(kv_m3_h: float, drop_pa: float, density_kg_m3: float) -> float:
    """Flow through K_v at a pressure drop [Pa], not choked."""
    return kv_m3_h / 3600.0 * math.sqrt(drop_pa / 1.0e5 / (density_kg_m3 / REFERENCE_DENSITY))


def critical_ratio(vapour_pa: float) -> float:
    """F_F = 0.96 - 0.28 √(p_v/p_c) (IEC 60534-2-1)."""
    return 0.96 - 0.28 * math.sqrt(vapour_pa / WATER_CRITICAL_PA)


def choked_drop_pa(inlet_pa: float, vapour_pa: float, recovery: float) -> float:
    """Pressure drop [Pa] beyond which flow no longer grows: F_L² (p_1 - F_F p_v)."""
    return recovery**2 * (inlet_pa - critical_ratio(vapour_pa) * vapour_pa)


@dataclass(slots=True)
class Stem:
    """Stem with friction, the two-parameter model of Choudhury et al. 2005 and Kano et al. 2004.

    After a reversal the stem waits until its drive has moved S, after a mere stop until it has moved J;
    sliding, it follows at (S-J)/2 behind.
    """

    position: float
    drive: float
    direction: float = 1.0
    sliding: bool = False
    held_at: float = 0.0

    def follow(self, drive: float, stick_band: float, slip_jump: float) -> float:
        """Return the stem's position after its drive has moved to ``drive`` (all as shares of travel)."""
        change, before = drive - self.drive, self.drive
        self.drive = drive
        if stick_band == 0.0 and slip_jump == 0.0:
            self.position, self.sliding, self.held_at = drive, False, drive
            return drive
        if self.sliding and change * self.direction <= 0.0:
            self.sliding, self.held_at = False, before
        if not self.sliding:
            away = (drive - self.held_at) * self.direction
            if -away > stick_band:
                self.direction, self.sliding = -self.direction, True
            elif away > slip_jump:
                self.sliding = True
        if self.sliding:
            lag = 0.5 * self.direction * (stick_band - slip_jump)
            self.position = min(max(drive - lag, 0.0), 1.0)
        return self.position
