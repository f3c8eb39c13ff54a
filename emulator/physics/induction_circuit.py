"""Steady state of an induction machine: the T-equivalent circuit (fidelity level F0)."""

import math
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class InductionCircuit:
    """Per-phase circuit, star equivalent: resistances [Ω] at the temperature in question, inductances [H].

    `core_conductance_s` [S] stands behind the stator resistance, across leakage and magnetising branch: with
    that place for the iron loss the circuit stays the exact steady state of the four-flux machine equations.
    """

    pole_pairs: int
    stator_resistance_ohm: float
    rotor_resistance_ohm: float
    stator_inductance_h: float
    rotor_inductance_h: float
    magnetising_inductance_h: float
    core_conductance_s: float = 0.0

    @classmethod
    def inverse_gamma(cls, pole_pairs: int, r_s: float, r_r: float, l_sigma: float, l_m: float) -> Self:
        """Build from an inverse-Γ model: all leakage on the stator side."""
        return cls(pole_pairs, r_s, r_r, l_sigma + l_m, l_m, l_m)

    def solve(self, voltage_v: float, frequency_hz: float, slip: float) -> "OperatingPoint":
        """Return the operating point at a phase voltage [V rms], frequency [Hz] and slip."""
        we = 2.0 * math.pi * frequency_hz
        lm = self.magnetising_inductance_h
        zm = 1j * we * lm
        zs = 1j * we * (self.stator_inductance_h - lm)
        leak = 1j * we * (self.rotor_inductance_h - lm)
        # Written with s on top, so that s = 0 is an ordinary point: I_r = -s Zm I_s / (R_r + s (Zm + Z_rσ)).
        share = -slip * zm / (self.rotor_resistance_ohm + slip * (zm + leak))
        inner = zs + zm * (1.0 + share)
        behind = 1.0 / (1.0 / inner + self.core_conductance_s)
        terminal = voltage_v / (self.stator_resistance_ohm + behind)
        emf = terminal * behind
        stator = emf / inner
        rotor = share * stator
        torque = 3.0 * self.pole_pairs * lm * (stator * rotor.conjugate()).imag
        speed = (1.0 - slip) * we / self.pole_pairs
        return OperatingPoint(
            slip=slip,
            speed_rad_s=speed,
            torque_nm=torque,
            terminal_a=terminal,
            stator_a=stator,
            rotor_a=rotor,
            power_in_w=3.0 * voltage_v * terminal.real,
            reactive_var=-3.0 * voltage_v * terminal.imag,
            stator_copper_w=3.0 * abs(terminal) ** 2 * self.stator_resistance_ohm,
            rotor_copper_w=3.0 * abs(rotor) ** 2 * self.rotor_resistance_ohm,
            core_w=3.0 * abs(emf) ** 2 * self.core_conductance_s,
        )

    def breakdown(self, voltage_v: float, frequency_hz: float) -> tuple[float, float]:
        """Return (slip, torque [N m]) at the top of the torque curve, by Thévenin's circuit."""
        we = 2.0 * math.pi * frequency_hz
        lm = self.magnetising_inductance_h
        zs = self.stator_resistance_ohm + 1j * we * (self.stator_inductance_h - lm)
        zm = 1j * we * lm
        source = zs * zm / (zs + zm) + 1j * we * (self.rotor_inductance_h - lm)
        slip = self.rotor_resistance_ohm / abs(source)
        return slip, self.solve(voltage_v, frequency_hz, slip).torque_nm


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """Steady state of the circuit; currents are rms phasors on the supply voltage as real axis."""

    slip: float
    speed_rad_s: float
    torque_nm: float
    terminal_a: complex
    stator_a: complex
    rotor_a: complex
    power_in_w: float
    reactive_var: float
    stator_copper_w: float
    rotor_copper_w: float
    core_w: float

    @property
    def current_a(self) -> float:
        """Line current [A rms]."""
        return abs(self.terminal_a)

    @property
    def power_factor(self) -> float:
        """Displacement power factor."""
        return self.power_in_w / math.hypot(self.power_in_w, self.reactive_var)


M15 = InductionCircuit(2, 0.2147, 0.2205, 65.181e-3, 65.181e-3, 64.19e-3)
M2K2 = InductionCircuit.inverse_gamma(2, 3.7, 2.1, 21e-3, 224e-3)
