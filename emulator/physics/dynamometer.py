"""Brake of a test stand: it takes a torque that can be set, at any speed, and turns the work into heat."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from emulator.physics.asset import override
from emulator.physics.machine import Balance, Command, Machine
from emulator.physics.site import Site
from emulator.physics.thermal import relax


@dataclass(frozen=True, slots=True)
class DynamometerParameters:
    """Eddy-current brake: `torque_nm` at speeds well above `grip_rad_s`, in proportion to speed below.

    `cooling_w_k` and `heat_j_k` are those of its disc.
    """

    torque_nm: float = 200.0
    maximum_nm: float = 400.0
    inertia_kg_m2: float = 0.2
    grip_rad_s: float = 3.0
    drag_nms: float = 0.05
    heat_j_k: float = 20_000.0
    cooling_w_k: float = 150.0
    response_s: float = 0.2

    def __post_init__(self) -> None:
        """Refuse what no brake can be."""
        for name in ("maximum_nm", "inertia_kg_m2", "grip_rad_s", "heat_j_k", "cooling_w_k", "response_s"):
            if not getattr(self, name) > 0.0:
                raise ValueError(f"dynamometer.{name} = {getattr(self, name)} must be above 0")
        if not 0.0 <= self.torque_nm <= self.maximum_nm:
            raise ValueError(
                f"dynamometer.torque_nm = {self.torque_nm} must be in [0, {self.maximum_nm}], what the brake can hold"
            )


@dataclass(slots=True)
class DynamometerCondition:
    """What faults may change: the torque over what is set."""

    torque_gain: float = 1.0


class Dynamometer(Machine):
    """The brake, a load of its shaft."""

    kind: ClassVar[str] = "dynamometer"
    parameters: DynamometerParameters
    STATES: ClassVar[tuple[str, ...]] = (
        "wanted_nm", "excitation_nm", "speed_rad_s", "torque_nm", "disc_k", "_power_w", "_fresh", "work_j", "given_j",
        "stored_j",
    )  # fmt: skip

    def __init__(self, parameters: DynamometerParameters, site: Site, name: str) -> None:
        super().__init__(parameters, site, name)
        self.condition = DynamometerCondition()
        self.wanted_nm = self.excitation_nm = parameters.torque_nm
        self.speed_rad_s = self.torque_nm = self._power_w = 0.0
        self.disc_k = site.ambient_k
        self.work_j = self.given_j = self.stored_j = 0.0
        self._fresh = True

    @classmethod
    def build(cls, nameplate: Any, given: Mapping[str, Any], site: Site) -> Self:
        """Make the brake of a nameplate."""
        n = nameplate
        try:
            parameters = DynamometerParameters(torque_nm=n.torque, maximum_nm=n.maximum_torque, inertia_kg_m2=n.inertia)
            return cls(override(parameters, dict(given), n.id), site, n.id)
        except ValueError as error:
            raise ValueError(str(error).replace("dynamometer.", f"{n.id}.", 1)) from None

    # --- on the shaft -------------------------------------------------------------------------------------

    @property
    def inertia_kg_m2(self) -> float:
        """Of rotor and disc [kg m²]."""
        return self.parameters.inertia_kg_m2

    @property
    def radial_load_n(self) -> float:
        """None of its own."""
        return 0.0

    def half_step(self, speed_rad_s: float, dt_s: float) -> None:
        """Let the excitation follow what is set."""
        if self._fresh:
            self._fresh, self._power_w = False, self.load(speed_rad_s)[0] * speed_rad_s
        rest = math.exp(-dt_s / self.parameters.response_s)
        self.excitation_nm = self.wanted_nm + (self.excitation_nm - self.wanted_nm) * rest

    def load(self, speed_rad_s: float) -> tuple[float, float, float]:
        """Return torque [N m], slope and curvature: T·tanh(ω/ω_g) and drag."""
        p = self.parameters
        torque, grip = self.excitation_nm * self.condition.torque_gain, math.tanh(speed_rad_s / p.grip_rad_s)
        left = 1.0 - grip * grip
        slope, curvature = left / p.grip_rad_s, -2.0 * grip * left / p.grip_rad_s**2
        return torque * grip + p.drag_nms * speed_rad_s, torque * slope + p.drag_nms, torque * curvature

    def account(self, speed_rad_s: float, dt_s: float) -> None:
        """Book the tick: its work heats the disc, air takes the heat."""
        p, ambient, old = self.parameters, self.site.ambient_k, self.disc_k
        self.speed_rad_s, self.torque_nm = speed_rad_s, self.load(speed_rad_s)[0]
        before, self._power_w = self._power_w, self.torque_nm * speed_rad_s
        mean = 0.5 * (before + self._power_w)
        self.work_j += mean * dt_s
        self.disc_k = relax(old, mean, p.cooling_w_k, ambient, p.heat_j_k, dt_s)
        final, tau = ambient + mean / p.cooling_w_k, p.heat_j_k / p.cooling_w_k
        self.given_j += p.cooling_w_k * ((final - ambient) * dt_s + (old - final) * tau * -math.expm1(-dt_s / tau))
        self.stored_j += p.heat_j_k * (self.disc_k - old)

    def start(self) -> None:
        """Cold unless the site is warm."""
        if not self.site.warm:
            self.disc_k = self.site.ambient_k
            self.speed_rad_s = self.torque_nm = self._power_w = 0.0

    def settle(self, speed_rad_s: float) -> float:
        """Come to thermal rest at a constant speed; return the torque taken [N m]."""
        self.excitation_nm = self.wanted_nm
        self.speed_rad_s, self.torque_nm = speed_rad_s, self.load(speed_rad_s)[0]
        self._power_w = self.torque_nm * speed_rad_s
        self.disc_k = self.site.ambient_k + self._power_w / self.parameters.cooling_w_k
        self._fresh = True
        return self.torque_nm

    # --- what can be seen and done ------------------------------------------------------------------------

    def signals(self) -> dict[str, float]:
        """Return speed, torque, power, disc temperature."""
        return {
            "speed_rad_s": self.speed_rad_s,
            "torque_nm": self.torque_nm,
            "wanted_nm": self.wanted_nm,
            "power_w": self.torque_nm * self.speed_rad_s,
            "disc_temperature_k": self.disc_k,
        }

    def _set(self, torque_nm: float) -> None:
        self.wanted_nm = min(max(torque_nm, 0.0), self.parameters.maximum_nm)

    def commands(self) -> dict[str, Command]:
        """Return the torque that can be set."""
        return {"wanted_nm": self._set}

    def balances(self) -> dict[str, Balance]:
        """Return work and heat [J]."""
        return {"energy": Balance(self.work_j, self.given_j, self.stored_j)}
