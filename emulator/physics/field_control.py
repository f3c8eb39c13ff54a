"""Rotor-field control in its plain form: slip from torque, voltage from the machine's own equations."""

import math
from dataclasses import dataclass

from emulator.physics.induction_circuit import InductionCircuit

TWO_PI = 2.0 * math.pi


@dataclass(slots=True)
class FieldControl:
    """Holds the rotor flux and the speed: a PI controller asks for torque, the slip that gives it follows.

    Indirect field orientation in steady-state form (Krause, Wasynczuk, Sudhoff, ch. 14): with the inverse-Γ constants
    i_d = ψ/L_M, i_q = T/(1.5 p ψ), ω_slip = R_R i_q/ψ and u = R_s i + jω(L_σ i + ψ). Currents are not measured, so
    the bandwidth stays below the rotor's.

    Attributes
    ----------
    circuit : the machine, as identified at commissioning.
    inertia_kg_m2 : of the whole shaft; sets the gains.
    flux_wb : rotor flux [Wb peak]. current_limit_a : largest current asked for [A peak].
    bandwidth_rad_s : of the speed loop. integral_nm : state.

    """

    circuit: InductionCircuit
    inertia_kg_m2: float
    flux_wb: float
    current_limit_a: float
    bandwidth_rad_s: float = 5.0
    integral_nm: float = 0.0
    reference_hz: float = 0.0
    started: bool = False

    def step(self, reference_hz: float, speed_hz: float, voltage_limit_v: float, dt_s: float) -> tuple[float, float]:
        """Return (phase voltage [V peak], frequency [rad/s]) for a reference and a measured electrical speed [Hz]."""
        c = self.circuit
        share = c.magnetising_inductance_h / c.rotor_inductance_h
        l_m, r_r = share * c.magnetising_inductance_h, share**2 * c.rotor_resistance_ohm
        l_sigma = c.stator_inductance_h - l_m
        speed = TWO_PI * speed_hz
        # Field weakening: leave a tenth of the voltage for the drops.
        flux = min(self.flux_wb, 0.9 * voltage_limit_v / max(abs(speed), 1e-6))
        i_d = flux / l_m
        error = (TWO_PI * reference_hz - speed) / c.pole_pairs
        most = 1.5 * c.pole_pairs * flux * math.sqrt(max(self.current_limit_a**2 - i_d**2, 0.0))
        gain = self.inertia_kg_m2 * self.bandwidth_rad_s
        rise = TWO_PI * (reference_hz - self.reference_hz) / (c.pole_pairs * dt_s) if self.started else 0.0
        self.reference_hz, self.started = reference_hz, True
        wanted = gain * error + self.integral_nm + self.inertia_kg_m2 * rise
        torque = min(max(wanted, -most), most)
        # What is left after a ramp is the load's; before, the flux may not even be there.
        if wanted == torque and rise == 0.0:
            self.integral_nm += 0.5 * self.bandwidth_rad_s * gain * error * dt_s
        i_q = torque / (1.5 * c.pole_pairs * flux)
        omega = speed + r_r * i_q / flux
        current = complex(i_d, i_q)
        voltage = c.stator_resistance_ohm * current + 1j * omega * (l_sigma * current + flux)
        return min(abs(voltage), voltage_limit_v), omega
