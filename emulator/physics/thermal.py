"""One-node thermal masses, advanced exactly over a tick of constant power."""

import math
from dataclasses import dataclass
from typing import ClassVar

from emulator.physics.asset import Asset
from emulator.physics.machine import Balance


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

    def __post_init__(self) -> None:
        for name in ("heat_j_k", "to_air_w_k"):
            if not getattr(self, name) > 0.0:
                raise ValueError(f"bearing housing {name} = {getattr(self, name)} must be above 0")
        if self.to_motor_w_k < 0.0:
            raise ValueError(
                f"bearing housing to_motor_w_k = {self.to_motor_w_k} must not be negative; take 0 for none"
            )


class BearingHousing(Asset):
    """Temperature of a bearing housing.

    Friction M = 0.5 µ P d_b, air, and the motor frame through the shaft. Whatever raises µ or P (a film that is gone,
    overload, misalignment, a bent frame) comes in with the torque.
    """

    STATES: ClassVar[tuple[str, ...]] = ("temperature_k", "friction_w", "friction_j", "given_off_j", "stored_j")

    def __init__(self, parameters: BearingHousingParameters, temperature_k: float = 293.15) -> None:
        """Build the housing at a temperature [K]."""
        self.parameters = parameters
        self.temperature_k = temperature_k
        self.friction_w = 0.0
        self.friction_j = 0.0
        self.given_off_j = 0.0  # to the air and the motor; less what the motor gives
        self.stored_j = 0.0

    def torque_nm(self, radial_load_n: float, friction_gain: float = 1.0) -> float:
        """Friction torque [N m] under a radial load [N]."""
        return 0.5 * self.parameters.friction * friction_gain * radial_load_n * self.parameters.bore_m

    def advance(self, torque_nm: float, speed_rad_s: float, motor_k: float, ambient_k: float, dt_s: float) -> None:
        """Advance by ``dt_s`` under a friction torque [N m] and speed [rad/s]."""
        p = self.parameters
        before_k = self.temperature_k
        total, sink_k = self._relax(torque_nm, speed_rad_s, motor_k, ambient_k, dt_s)
        # the exact integral of G·(T − T_sink) over the step
        final_k = sink_k + self.friction_w / total
        rise_k = math.expm1(-total * dt_s / p.heat_j_k) * (final_k - before_k)
        self.friction_j += self.friction_w * dt_s
        self.given_off_j += total * (final_k - sink_k) * dt_s + p.heat_j_k * rise_k
        self.stored_j += p.heat_j_k * (self.temperature_k - before_k)

    def settle(self, torque_nm: float, speed_rad_s: float, motor_k: float, ambient_k: float) -> None:
        """Put the housing into thermal rest."""
        self._relax(torque_nm, speed_rad_s, motor_k, ambient_k, math.inf)

    def _relax(
        self, torque_nm: float, speed_rad_s: float, motor_k: float, ambient_k: float, dt_s: float
    ) -> tuple[float, float]:
        """Relax towards the sink; return the conductance to it [W/K] and its temperature [K]."""
        p = self.parameters
        self.friction_w = torque_nm * abs(speed_rad_s)
        total = p.to_air_w_k + p.to_motor_w_k
        sink_k = (p.to_air_w_k * ambient_k + p.to_motor_w_k * motor_k) / total
        self.temperature_k = relax(self.temperature_k, self.friction_w, total, sink_k, p.heat_j_k, dt_s)
        return total, sink_k

    def balance(self) -> Balance:
        """Return the heat account since the start [J]: friction in, given off, stored."""
        return Balance(self.friction_j, self.given_off_j, self.stored_j)
