"""Belt between two stations: load, drag, drive torque and power, roller temperature."""

from dataclasses import dataclass
from typing import ClassVar

from emulator.physics.asset import Asset
from emulator.physics.thermal import relax

GRAVITY_M_S2 = 9.80665
DRUM_M = 0.06  # radius of the drive drum
ROLLER_SHARE = 0.05  # of the belt's drag that one roller takes
ROLLER_J_K, ROLLER_W_K = 400.0, 0.5


@dataclass(frozen=True, slots=True)
class ConveyorParameters:
    """A belt of 30 m at 0.5 m/s; its own mass per metre counts for the drag as the parts do."""

    length_m: float = 30.0
    speed_m_s: float = 0.5
    friction: float = 0.3
    part_kg: float = 0.6
    belt_kg_m: float = 4.0
    efficiency: float = 0.85


@dataclass(slots=True)
class ConveyorCondition:
    """What faults may change: drag of one roller on top of its share, slip of the belt, drag at its edge."""

    roller_drag: float = 0.0  # times the roller's own
    slip: float = 0.0
    edge_drag: float = 0.0  # share of the healthy drag


class Conveyor(Asset):
    """The belt; `advance` takes how many parts lie on it."""

    STATES: ClassVar[tuple[str, ...]] = ("speed_m_s", "torque_nm", "power_w", "roller_k", "drum_rad_s")

    def __init__(self, parameters: ConveyorParameters, ambient_k: float) -> None:
        """Build the belt at rest."""
        self.parameters = parameters
        self.condition = ConveyorCondition()
        self.speed_m_s = self.torque_nm = self.power_w = self.drum_rad_s = 0.0
        self.roller_k = ambient_k

    def mass_kg(self, parts: int) -> float:
        """Return what moves [kg]."""
        p = self.parameters
        return parts * p.part_kg + p.length_m * p.belt_kg_m

    def advance(self, parts: int, running: bool, ambient_k: float, dt_s: float) -> None:
        """Advance by `dt_s` [s]: the drum ramps up or down within a second, the belt follows less its slip."""
        p, c = self.parameters, self.condition
        target = p.speed_m_s / DRUM_M if running else 0.0
        step = p.speed_m_s / DRUM_M * dt_s
        before = self.drum_rad_s
        self.drum_rad_s += min(max(target - before, -step), step)
        speed = 0.5 * (before + self.drum_rad_s) * DRUM_M * (1.0 - c.slip)
        mass = self.mass_kg(parts)
        drag = p.friction * mass * GRAVITY_M_S2
        own = ROLLER_SHARE * drag
        extra = c.roller_drag * own + c.edge_drag * drag
        force = drag + extra if speed > 0.0 else 0.0
        accelerated = mass * (self.drum_rad_s - before) / dt_s * DRUM_M * (1.0 - c.slip)
        pull = max(force + accelerated, 0.0)
        self.torque_nm = pull * DRUM_M
        at_drum = self.torque_nm * 0.5 * (before + self.drum_rad_s)
        self.power_w = at_drum / p.efficiency
        self.speed_m_s = speed
        heat = (own + c.roller_drag * own) * speed
        self.roller_k = relax(self.roller_k, heat, ROLLER_W_K, ambient_k, ROLLER_J_K, dt_s)

    def settle(self, parts: int, running: bool, ambient_k: float) -> None:
        """Come to running equilibrium."""
        p, c = self.parameters, self.condition
        self.drum_rad_s = p.speed_m_s / DRUM_M if running else 0.0
        drag = p.friction * self.mass_kg(parts) * GRAVITY_M_S2
        heat = ROLLER_SHARE * drag * (1.0 + c.roller_drag) * self.drum_rad_s * DRUM_M * (1.0 - c.slip)
        self.roller_k = ambient_k + heat / ROLLER_W_K
