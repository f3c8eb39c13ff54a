"""A motor's parameters, and what faults may change in it."""

import math
from dataclasses import dataclass
from typing import Any, Self

from emulator.physics.rotor import RotorCondition


@dataclass(frozen=True, slots=True)
class InductionMotorParameters:
    """Motor M15: 15 kW, 400 V, 50 Hz, two pole pairs, resistances at 20 °C.

    `slot_permeance` is the share of L_m that rotor slots modulate at full eccentricity; `spot_heat_j_k` and
    `spot_winding_w_k` are the heat capacity of shorted turns and their conductance to the winding.
    """

    pole_pairs: int = 2
    stator_resistance_ohm: float = 0.2147
    rotor_resistance_ohm: float = 0.2205
    stator_inductance_h: float = 65.181e-3
    rotor_inductance_h: float = 65.181e-3
    magnetising_inductance_h: float = 64.19e-3
    core_conductance_s: float = 0.0
    inertia_kg_m2: float = 0.102
    friction_nms: float = 0.009541
    winding_heat_j_k: float = 6000.0
    frame_heat_j_k: float = 30_000.0
    winding_frame_w_k: float = 25.0
    frame_air_w_k: float = 18.0
    standstill_cooling: float = 0.4
    fan_speed_rad_s: float = 1450.0 * math.pi / 30.0
    rated_voltage_v: float = 400.0
    rated_frequency_hz: float = 50.0
    winding_limit_k: float = 403.15
    temperature_feedback: bool = True
    substeps: int = 200
    rotor_bars: int = 28
    slot_permeance: float = 0.02
    spot_heat_j_k: float = 100.0
    spot_winding_w_k: float = 10.0

    def __post_init__(self) -> None:
        """Refuse what no motor has; the error names the parameter, the rule and the way out."""
        check_motor(self)

    @classmethod
    def of(cls, nameplate: Any) -> Self:
        """Return the parameters of a nameplate (`rigs.assets.induction_motor`)."""
        return cls(
            pole_pairs=nameplate.pole_pairs,
            stator_resistance_ohm=nameplate.stator_resistance,
            rotor_resistance_ohm=nameplate.rotor_resistance,
            stator_inductance_h=nameplate.stator_inductance,
            rotor_inductance_h=nameplate.rotor_inductance,
            magnetising_inductance_h=nameplate.magnetising_inductance,
            inertia_kg_m2=nameplate.inertia,
            rated_voltage_v=nameplate.voltage,
            rated_frequency_hz=nameplate.frequency,
            winding_limit_k=nameplate.winding_limit,
            rotor_bars=nameplate.rotor_bars,
        )


@dataclass(slots=True)
class InductionMotorCondition(RotorCondition):
    """What faults may change beyond the rotor's own: shares and gains, 1 or 0 when healthy."""

    fan_blockage: float = 0.0  # 0 … 1; at 1 the fan still passes 40 % of the heat
    stator_resistance_gain: float = 1.0
    rotor_resistance_gain: float = 1.0
    friction_gain: float = 1.0
    broken_bars: float = 0.0
    shorted_turns: float = 0.0  # share µ of phase a
    short_resistance_ohm: float = 0.0  # r_f that closes the shorted turns; without meaning at µ = 0
    static_eccentricity: float = 0.0  # shares of the air gap
    dynamic_eccentricity: float = 0.0
    terminal_unbalance: float = 0.0  # V₂/V₁ that arises at the motor's own terminals
    open_phase: int = -1  # 0, 1, 2: this terminal carries nothing
    blocked: bool = False  # the rotor cannot turn

    @property
    def symmetrical(self) -> bool:
        """Whether the healthy equations hold."""
        return (
            self.broken_bars == 0.0
            and self.shorted_turns == 0.0
            and self.static_eccentricity == 0.0
            and self.dynamic_eccentricity == 0.0
            and self.terminal_unbalance == 0.0
            and self.open_phase < 0
            and not self.blocked
        )


def check_motor(p: InductionMotorParameters) -> None:
    """Refuse parameters no motor has.

    Raises
    ------
    ValueError
        The message names the parameter, the rule and the way out.

    """
    for name in (
        "stator_resistance_ohm", "rotor_resistance_ohm", "magnetising_inductance_h", "inertia_kg_m2",
        "winding_heat_j_k", "frame_heat_j_k", "winding_frame_w_k", "frame_air_w_k", "fan_speed_rad_s",
        "rated_voltage_v", "rated_frequency_hz", "spot_heat_j_k", "spot_winding_w_k",
    ):  # fmt: skip
        value = getattr(p, name)
        if not (value > 0.0 and math.isfinite(value)):
            raise ValueError(f"{name} = {value} must be a positive number; take it from the motor's data sheet")
    for name in ("friction_nms", "core_conductance_s", "standstill_cooling", "slot_permeance"):
        value = getattr(p, name)
        if not (value >= 0.0 and math.isfinite(value)):
            raise ValueError(f"{name} = {value} must not be negative; 0 leaves the effect out")
    lm, ls, lr = p.magnetising_inductance_h, p.stator_inductance_h, p.rotor_inductance_h
    if not (ls > lm and lr >= lm and math.isfinite(ls * lr)):
        raise ValueError(
            f"stator_inductance_h = {ls} must be greater than magnetising_inductance_h = {lm}, and rotor_inductance_h "
            f"= {lr} not less: each is the sum of magnetising and leakage inductance"
        )
    if p.pole_pairs < 1 or p.rotor_bars < 4 or p.substeps < 1:
        raise ValueError(
            f"pole_pairs = {p.pole_pairs} and substeps = {p.substeps} must be at least 1, "
            f"rotor_bars = {p.rotor_bars} at least 4"
        )
