"""Pneumatic actuator with its positioner: what moves the stem of a control valve at level F1."""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from emulator.physics.asset import Asset
from emulator.physics.kernels import valve as k
from emulator.physics.water import ATMOSPHERE_PA


@dataclass(frozen=True, slots=True)
class ActuatorParameters:
    """Diaphragm actuator, air to open, and a digital positioner that moves its spool every tick.

    Attributes
    ----------
    area_m2, spring_n_m, mass_kg : diaphragm, spring, moving parts.
    travel_m, preload_m : stroke of the stem; what the spring is compressed by at the lower stop.
    viscous_n_s_m, packing : viscous friction; dry friction of a sound packing as a share of the spring's range.
    supply_pa, dead_volume_m3 : absolute pressure of the supply air; chamber at the lower stop.
    gain, integral_s, rest : of the positioner: spool per share of travel, and what error it leaves alone.
    inner_steps : of the integration per tick.

    """

    area_m2: float = 0.02
    spring_n_m: float = 6.0e4
    mass_kg: float = 5.0
    travel_m: float = 0.025
    preload_m: float = 0.008
    viscous_n_s_m: float = 400.0
    packing: float = 0.005
    supply_pa: float = 3.4e5
    dead_volume_m3: float = 2.0e-4
    temperature_k: float = 293.15
    gain: float = 60.0
    integral_s: float = 4.0
    rest: float = 0.001
    plug_area_m2: float = 0.0
    inner_steps: int = 10

    def __post_init__(self) -> None:
        """Refuse an actuator that cannot be."""
        for name in ("area_m2", "spring_n_m", "mass_kg", "travel_m", "dead_volume_m3", "integral_s"):
            if not getattr(self, name) > 0.0:
                raise ValueError(f"control_valve.{name} = {getattr(self, name):g} must be above 0")
        full = ATMOSPHERE_PA + self.spring_n_m * (self.travel_m + self.preload_m) / self.area_m2
        if self.supply_pa < 1.1 * full:
            raise ValueError(
                f"control_valve.supply_pa = {self.supply_pa:g} cannot open the valve: the spring needs {full:.0f} Pa; "
                "raise the supply by a tenth above that, or take a larger diaphragm"
            )


class Actuator(Asset):
    """The actuator; positions are shares of travel. `fill` and `vent` pass what a full stroke in `stroke_s` takes."""

    STATES: ClassVar[tuple[str, ...]] = ("state", "integral", "spool", "events")

    def __init__(self, parameters: ActuatorParameters, stroke_s: float, position: float = 0.0) -> None:
        """Build the actuator at rest."""
        self.parameters = parameters
        self.state = np.zeros(k.STATE_SIZE)
        self.integral = 0.0
        self.spool = 0.0
        self.events = 0
        p, a = parameters, np.zeros(k.PARAMETER_SIZE)
        a[k.V_MASS], a[k.V_AREA], a[k.V_SPRING], a[k.V_PRELOAD] = p.mass_kg, p.area_m2, p.spring_n_m, p.preload_m
        a[k.V_STROKE], a[k.V_VISCOUS], a[k.V_VOLUME] = p.travel_m, p.viscous_n_s_m, p.dead_volume_m3
        a[k.V_SUPPLY], a[k.V_AIR], a[k.V_TEMPERATURE] = p.supply_pa, ATMOSPHERE_PA, p.temperature_k
        self._array = a
        self.fill_m2, self.vent_m2 = self._section(stroke_s, 1.0), self._section(stroke_s, -1.0)
        self.place(position)

    def _rest_pa(self, x_m: float) -> float:
        p = self.parameters
        return ATMOSPHERE_PA + p.spring_n_m * (x_m + p.preload_m) / p.area_m2

    def _section(self, stroke_s: float, spool: float) -> float:
        """Return the section through which a slow full stroke takes `stroke_s`: ∫ d(pV)/(R T ṁ) with the spring's p."""
        p, a = self.parameters, self._array
        a[k.V_FILL] = a[k.V_VENT] = 1.0
        cells = 400
        total = 0.0
        for i in range(cells):
            x = (i + 0.5) / cells * p.travel_m
            pressure = self._rest_pa(x)
            volume = p.dead_volume_m3 + p.area_m2 * x
            work = p.spring_n_m / p.area_m2 * volume + pressure * p.area_m2
            total += work / abs(float(k.air_flow(pressure, spool, a))) * p.travel_m / cells
        return total / (k.GAS_J_KG_K * p.temperature_k * stroke_s)

    @property
    def position(self) -> float:
        """Share of travel."""
        return float(self.state[k.S_X]) / self.parameters.travel_m

    @property
    def pressure_pa(self) -> float:
        """Gauge pressure in the chamber [Pa]."""
        return float(self.state[k.S_P]) - ATMOSPHERE_PA

    def place(self, position: float) -> None:
        """Put everything to rest at a position."""
        x = position * self.parameters.travel_m
        self.state[:] = (x, 0.0, self._rest_pa(x), 0.0)
        self.integral = self.spool = 0.0

    def advance(
        self, signal: float, dt_s: float, stick_band: float, slip_jump: float, fill_gain: float, drop_pa: float
    ) -> float:
        """Advance one tick [s] towards a signal; return the position.

        Static and sliding friction follow from stick band S and slip jump J: (S ± J)/2 of the spring's range (He et
        al. 2007), on top of the sound packing's.
        """
        p, a = self.parameters, self._array
        span_n = p.spring_n_m * p.travel_m
        packing = p.packing * span_n
        a[k.V_STATIC] = packing + 0.5 * (stick_band + slip_jump) * span_n
        a[k.V_COULOMB] = packing + 0.5 * (stick_band - slip_jump) * span_n
        a[k.V_FILL], a[k.V_VENT] = self.fill_m2 * fill_gain, self.vent_m2
        a[k.V_FLOW_FORCE] = p.plug_area_m2 * drop_pa
        error = signal - self.position
        if abs(error) > p.rest:
            self.integral += p.gain * error * dt_s / p.integral_s
        wanted = p.gain * error + self.integral
        self.spool = min(max(wanted, -1.0), 1.0)
        if wanted != self.spool:
            self.integral = min(max(self.integral, -1.0), 1.0)
            if math.copysign(1.0, self.integral) == math.copysign(1.0, error):
                self.integral = 0.0  # at the stop of the spool: do not wind up
        self.events += int(k.stroke(dt_s, p.inner_steps, self.state, self.spool, a))
        return self.position
