"""One-node thermal masses, advanced exactly over a tick of constant power."""

import math
from dataclasses import dataclass
from typing import ClassVar

from emulator.physics.asset import Asset


def relax(
    temperature_k: float, power_w: float, conductance_w_k: float, sink_k: float, heat_j_k: float, dt_s: float
) -> float:
    """Return the temperature [K] after ``dt_s`` of C dT/dt = P - G (T - T_sink).

    Exact for constant P and sink.
    """
    if conductance_w_k <= 0.0:
        return temperature_k + power_w * dt_s / heat_j_k
    final = sink_k + power_w / conductance_w_k
    return final - (final - temperature_k) * math.exp(-conductance_w_k * dt_s / heat_j_k)


@dataclass(frozen=True, slots=True)
class BearingHousingParameters:
    """Housing of a small pump bearing.

    The shaft and the lantern bring some of the motor's heat to the drive end.
    """

    bore_m: float = 0.025
    friction: float = 0.0015
    heat_j_k: float = 1500.0
    to_air_w_k: float = 0.40
    to_motor_w_k: float = 0.06


class BearingHousing(Asset):
    """Temperature of a bearing housing.

    Friction M = 0.5 µ P d_b, air, and the motor frame through the shaft.
    """

    STATES: ClassVar[tuple[str, ...]] = ("temperature_k", "friction_w")

    def __init__(self, parameters: BearingHousingParameters, temperature_k: float = 293.15) -> None:
        """Build the housing at a temperature [K]."""
        self.parameters = parameters
        self.temperature_k = temperature_k
        self.friction_w = 0.0

    def torque_nm(self, radial_load_n: float, friction_gain: float = 1.0) -> float:
        """Friction torque [N m] under a radial load [N]."""
        return 0.5 * self.parameters.friction * friction_gain * radial_load_n * self.parameters.bore_m

    def advance(self, torque_nm: float, speed_rad_s: float, motor_k: float, ambient_k: float, dt_s: float) -> None:
        """Advance by ``dt_s`` under a friction torque [N m] and speed [rad/s]."""
        p = self.parameters
        self.friction_w = torque_nm * abs(speed_rad_s)
        total = p.to_air_w_k + p.to_motor_w_k
        sink = (p.to_air_w_k * ambient_k + p.to_motor_w_k * motor_k) / total
        self.temperature_k = relax(self.temperature_k, self.friction_w, total, sink, p.heat_j_k, dt_s)

    def settle(self, torque_nm: float, speed_rad_s: float, motor_k: float, ambient_k: float) -> None:
        """Put the housing into thermal rest."""
        self.advance(torque_nm, speed_rad_s, motor_k, ambient_k, math.inf)
