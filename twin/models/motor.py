"""Induction motor on a V/f drive: T-circuit steady state.

Per-phase T-circuit, rms phasors, star equivalent, resistances at the given winding temperature::

    Z_r = R_r/s + jω1(L_r − L_m),  Z_m = jω1 L_m,  Z = R_s + jω1(L_s − L_m) + Z_m Z_r/(Z_m + Z_r)
    T = 3 p |I_r|² R_r/(s ω1)

Source: any machines text, e.g. Fitzgerald, Electric Machinery, 7th ed., § 6.3-6.5. The constant-flux drive is
assumed: phase voltage proportional to frequency up to the rated one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

COPPER_PER_K = 0.00393
ALUMINIUM_PER_K = 0.00403
REFERENCE_K = 293.15


@dataclass(frozen=True, slots=True)
class MotorPoint:
    """One steady operating point of the motor."""

    frequency_hz: float
    slip: float
    current_a: float
    electrical_w: float
    stator_copper_w: float
    rotor_copper_w: float


@dataclass(frozen=True, slots=True)
class MotorCircuit:
    """Data-sheet circuit; line voltage rms, resistances at 20 °C."""

    pole_pairs: int
    voltage_v: float
    frequency_hz: float
    stator_ohm: float
    rotor_ohm: float
    stator_h: float
    rotor_h: float
    magnetising_h: float

    def at_slip(self, frequency_hz: float, slip: float, winding_k: float) -> tuple[MotorPoint, float]:
        """Return the operating point at supply frequency and slip, and its air-gap torque [N m]."""
        warm = winding_k - REFERENCE_K
        r_s = self.stator_ohm * (1.0 + COPPER_PER_K * warm)
        r_r = self.rotor_ohm * (1.0 + ALUMINIUM_PER_K * warm)
        omega = 2.0 * math.pi * frequency_hz
        volts = self.voltage_v / math.sqrt(3.0) * min(1.0, frequency_hz / self.frequency_hz)
        z_r = complex(r_r / slip, omega * (self.rotor_h - self.magnetising_h))
        z_m = complex(0.0, omega * self.magnetising_h)
        z = complex(r_s, omega * (self.stator_h - self.magnetising_h)) + z_m * z_r / (z_m + z_r)
        i_s = volts / z
        i_r = i_s * z_m / (z_m + z_r)
        torque = 3.0 * self.pole_pairs * abs(i_r) ** 2 * r_r / (slip * omega)
        point = MotorPoint(
            frequency_hz=frequency_hz,
            slip=slip,
            current_a=abs(i_s),
            electrical_w=3.0 * volts * i_s.real,
            stator_copper_w=3.0 * abs(i_s) ** 2 * r_s,
            rotor_copper_w=3.0 * abs(i_r) ** 2 * r_r,
        )
        return point, torque

    def at_speed(self, speed_rad_s: float, torque_nm: float, winding_k: float = REFERENCE_K) -> MotorPoint:
        """Operating point that gives `torque_nm` at shaft speed; the drive chooses the frequency.

        Two secant-like sweeps on the nearly linear torque-slip curve settle it to 1e-6 of torque.
        """
        synchronous = max(1.0, self.pole_pairs * speed_rad_s)
        rotor = 0.5  # slip frequency [rad/s]; the torque is nearly proportional to it
        point, torque = self._at_rotor(synchronous, rotor, winding_k)
        for _ in range(12):
            if abs(torque - torque_nm) <= 1e-6 * max(1.0, torque_nm):
                break
            rotor = min(40.0, max(1e-4, rotor * max(0.2, min(5.0, torque_nm / max(1e-9, torque)))))
            point, torque = self._at_rotor(synchronous, rotor, winding_k)
        return point

    def _at_rotor(self, synchronous: float, rotor: float, winding_k: float) -> tuple[MotorPoint, float]:
        omega = synchronous + rotor
        return self.at_slip(omega / (2.0 * math.pi), rotor / omega, winding_k)
