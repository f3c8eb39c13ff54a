"""The loop of pipes a pump works in: tank, suction side, discharge side, tank."""

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from emulator.physics.control_valve import ControlValve
from emulator.physics.kernels import hydraulics as k
from emulator.physics.pipe import Pipe
from emulator.physics.tank import Tank
from emulator.physics.water import ATMOSPHERE_PA, GRAVITY_M_S2, density_kg_m3, vapour_pressure_pa

DEFAULT_AREA_M2 = 0.01


@dataclass(slots=True)
class Circuit:
    """Assets a pump's water passes, in order; lifts are counted from the source tank's datum level.

    `resistance_override` replaces the sum of the losses, for tests against a published system curve.
    """

    source: Tank | None
    suction: tuple[Pipe, ...]
    discharge: tuple[Pipe | ControlValve, ...]
    sink: Tank | None
    fluid_k: float = 293.15
    ambient_k: float = 293.15
    resistance_override: float | None = None
    density_kg_m3: float = field(default=0.0, init=False)
    _base_k: float = field(default=0.0, init=False)
    _gain: float = field(default=1.0, init=False)
    _wave_m: float = field(default=0.0, init=False)
    _vapour_m: float = field(default=0.0, init=False)

    def __post_init__(self) -> None:
        """Look the water up once."""
        self.set_fluid(self.fluid_k)

    def set_fluid(self, temperature_k: float, density_gain: float = 1.0) -> None:
        """Set the liquid's temperature [K], and its density over water's."""
        self._base_k, self._gain = temperature_k, density_gain
        self._look_up(temperature_k)

    def warm_by(self, rise_k: float) -> None:
        """Let the liquid be hotter than the plant's water by a rise [K], from now on."""
        if self._base_k + rise_k != self.fluid_k:
            self._look_up(self._base_k + rise_k)

    def _look_up(self, temperature_k: float) -> None:
        self.fluid_k = temperature_k
        self.density_kg_m3 = density_kg_m3(temperature_k) * self._gain
        self._vapour_m = vapour_pressure_pa(temperature_k) / (self.density_kg_m3 * GRAVITY_M_S2)

    @property
    def dry(self) -> bool:
        """Whether the pump sucks air."""
        return self.source is not None and self.source.empty

    @property
    def valve(self) -> ControlValve | None:
        """The control valve, if there is one."""
        return next((e for e in self.discharge if isinstance(e, ControlValve)), None)

    @property
    def suction_resistance(self) -> float:
        """Resistance of the suction side [s²/m⁵]."""
        return sum(pipe.resistance_s2_m5 for pipe in self.suction)

    @property
    def resistance(self) -> float:
        """Resistance of the whole loop [s²/m⁵]."""
        if self.resistance_override is not None:
            return self.resistance_override
        return self.suction_resistance + sum(e.resistance_s2_m5 for e in self.discharge)

    @property
    def suction_net_m(self) -> float:
        """Level over the pump less the suction lift [m]."""
        lift = sum(pipe.parameters.static_head_m for pipe in self.suction)
        return (self.source.level_m if self.source is not None else 0.0) - lift

    @property
    def static_m(self) -> float:
        """Static head of the loop [m]: its lifts, less what the source stands above its datum."""
        lifts = sum(e.parameters.static_head_m for e in (*self.suction, *self.discharge) if isinstance(e, Pipe))
        if self.source is None:
            return lifts
        return lifts - (self.source.level_m - self.source.parameters.datum_level_m)

    @property
    def inertance_1_m(self) -> float:
        """Σ L/A of the loop [1/m]; never nothing, so that the flow stays a state."""
        pipes = [e for e in (*self.suction, *self.discharge) if isinstance(e, Pipe)]
        return max(sum(pipe.inertance_1_m for pipe in pipes), 1.0)

    @property
    def suction_area_m2(self) -> float:
        """Section at the suction flange [m²]."""
        return self.suction[-1].area_m2 if self.suction else DEFAULT_AREA_M2

    @property
    def discharge_area_m2(self) -> float:
        """Section at the discharge flange [m²]."""
        return next((e.area_m2 for e in self.discharge if isinstance(e, Pipe)), DEFAULT_AREA_M2)

    def fill(self, a: NDArray[np.float64]) -> None:
        """Write the loop into the kernel's array."""
        a[k.N_STATIC] = self.static_m if self._wave_m == 0.0 else self.static_m - self._wave_m
        a[k.N_RESISTANCE] = self.resistance
        a[k.N_INERTANCE] = self.inertance_1_m
        a[k.N_SUCTION_NET] = ATMOSPHERE_PA / (self.density_kg_m3 * GRAVITY_M_S2) + self.suction_net_m
        a[k.N_SUCTION_K] = self.suction_resistance
        a[k.N_SUCTION_AREA] = self.suction_area_m2
        a[k.N_VAPOUR] = self._vapour_m
        a[k.N_DENSITY] = self.density_kg_m3

    def advance(self, flow_m3_s: float, tick_s: float) -> None:
        """Move the water from the source to the sink tank for one tick [s], less what leaks on the way."""
        self._wave_m = sum(e.wave(tick_s) for e in (*self.suction, *self.discharge) if isinstance(e, Pipe))
        arrives = flow_m3_s
        for pipe in self.discharge:
            if isinstance(pipe, Pipe) and pipe.condition.leak_bore_m > 0.0:
                lost = min(self.leak_m3_s(pipe, flow_m3_s), arrives)
                pipe.leaked_m3 += lost * tick_s
                arrives -= lost
        if self.source is not None and self.source is self.sink:
            self.source.advance(arrives, flow_m3_s, tick_s)
            return
        if self.source is not None:
            self.source.advance(0.0, flow_m3_s, tick_s)
        if self.sink is not None:
            self.sink.advance(arrives, 0.0, tick_s)

    def leak_m3_s(self, pipe: Pipe, flow_m3_s: float) -> float:
        """Return what leaks [m³/s] half way along a pipe of the discharge side.

        The pressure there is what the rest of the way takes at this flow; that the leak relieves it is neglected
        here (a network solves it).
        """
        after = self.discharge[self.discharge.index(pipe) + 1 :]
        head = (0.5 * pipe.resistance_s2_m5 + sum(e.resistance_s2_m5 for e in after)) * flow_m3_s**2
        head += 0.5 * pipe.parameters.static_head_m + sum(
            e.parameters.static_head_m for e in after if isinstance(e, Pipe)
        )
        return pipe.leak_section_m2 * math.sqrt(2.0 * GRAVITY_M_S2 * max(head, 0.0))
