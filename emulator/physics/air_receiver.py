"""Air receiver with the net behind it: it stores air, gives the net its pressure, leaks, and has a safety valve."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from emulator.physics import air
from emulator.physics.asset import TICK_S, override
from emulator.physics.checks import check, check_finite
from emulator.physics.kernels import air_receiver as k
from emulator.physics.machine import Balance, Machine
from emulator.physics.ports import Port
from emulator.physics.site import Site


@dataclass(frozen=True, slots=True)
class AirReceiverParameters:
    """One cubic metre; gauge pressures.

    Attributes
    ----------
    volume_m3 : of the receiver and the pipes of its net.
    wall_w_k : conductance from the air to the surroundings.
    start_pa : gauge pressure with which a warm plant begins.
    relief_pa, relief_m2 : the safety valve begins to lift there, and is open 10 % above; effective area.
    dryer_k : pressure dew point behind the refrigeration dryer; 0: no dryer.
    isothermal : level F0, the air is always as warm as the surroundings.

    """

    volume_m3: float = 1.0
    wall_w_k: float = 20.0
    start_pa: float = 7.25e5
    relief_pa: float = 11.0e5
    relief_m2: float = 2.0e-4
    dryer_k: float = 276.15
    isothermal: bool = False

    def __post_init__(self) -> None:
        """Refuse what no receiver can be."""
        check_finite(self)
        check(self, "volume_m3", 0.01 <= self.volume_m3 <= 1e5, "in [0.01, 100000] m³; a pipe alone is no receiver")
        fast = self.wall_w_k * TICK_S / (1.0 * self.volume_m3 * air.CV_AIR)
        check(self, "wall_w_k", self.wall_w_k >= 0.0 and fast < 1.0, "in [0, 72000 W/K per m³]; level F0 is isothermal")
        check(self, "start_pa", 0.0 <= self.start_pa <= 4e7, "a gauge pressure in [0, 400 bar]")
        check(self, "relief_pa", 0.0 < self.relief_pa <= 5e7, "a gauge pressure above 0")
        check(self, "relief_m2", self.relief_m2 >= 0.0, "an effective area, 0 for no safety valve")
        check(self, "dryer_k", self.dryer_k == 0.0 or 173.0 < self.dryer_k < 353.0, "a dew point in K, or 0 for none")


@dataclass(slots=True)
class AirReceiverCondition:
    """What faults may change: a hole in the net [m]."""

    leak_diameter_m: float = 0.0


class AirReceiver(Machine):
    """The store of a compressed-air net; compressors, consumers and further leaks give it their flows."""

    kind: ClassVar[str] = "air_receiver"
    STATES: ClassVar[tuple[str, ...]] = ("state", "vapour_kg", "condensate_kg", "_sums", "_out", "_first")

    def __init__(self, parameters: AirReceiverParameters, site: Site, name: str) -> None:
        super().__init__(parameters, site, name)
        self.condition = AirReceiverCondition()
        self.ports = {"air": Port("gas", "potential", potential=site.pressure_pa, temperature_k=site.ambient_k)}
        self.state = np.zeros(2)
        self.vapour_kg = self.condensate_kg = 0.0
        self._a = np.zeros(k.A_SIZE)
        self._out = np.zeros(2)
        self._sums = np.zeros(k.S_SIZE)
        self._first = np.zeros(2)
        self.start()

    @classmethod
    def build(cls, nameplate: Any, given: Mapping[str, Any], site: Site) -> Self:
        """Make the receiver of a `rigs.assets` nameplate."""
        n = nameplate
        try:
            parameters = AirReceiverParameters(
                volume_m3=n.volume, start_pa=n.pressure, relief_pa=n.safety_valve, isothermal=n.level == "F0"
            )
            return cls(override(parameters, dict(given), n.id), site, n.id)
        except ValueError as error:
            named = str(error).startswith("plant.parameters")
            raise ValueError(str(error) if named else f"{n.id}.{error}") from None

    def start(self) -> None:
        """Warm: under the pressure of the data sheet; cold: as the air outside."""
        p, site = self.parameters, self.site
        pressure = site.pressure_pa + (p.start_pa if site.warm else 0.0)
        self.state[:] = pressure * p.volume_m3 / (air.R_AIR * site.ambient_k), site.ambient_k
        self.vapour_kg = self.mass_kg * self._moist()
        self.condensate_kg = 0.0
        self._sums[:] = 0.0
        self._first[:] = self.mass_kg, self._energy_j
        self._write()

    def _moist(self) -> float:
        """Return the humidity ratio of what comes in: that of the air outside, less what drains before the net."""
        p, site = self.parameters, self.site
        outside = site.humidity * air.saturation_pa(site.ambient_k)
        ratio = air.humidity_ratio(outside, site.pressure_pa)
        cold = min(p.dryer_k or site.ambient_k + 10.0, site.ambient_k + 10.0)
        return min(ratio, air.humidity_ratio(air.saturation_pa(cold), self.pressure_pa))

    def tick(self, t_ns: int) -> None:
        """Advance 10 ms."""
        p, site, a, port = self.parameters, self.site, self._a, self.ports["air"]
        inward = port.inward if port.joined else 0.0
        a[k.A_INWARD], a[k.A_OUTWARD] = inward, inward - (port.flow if port.joined else 0.0)
        a[k.A_IN_K], a[k.A_AMBIENT_K], a[k.A_AMBIENT_PA] = port.met_k, site.ambient_k, site.pressure_pa
        a[k.A_VOLUME], a[k.A_WALL], a[k.A_ISOTHERMAL] = p.volume_m3, p.wall_w_k, float(p.isothermal)
        a[k.A_LEAK] = air.LEAK_COEFFICIENT * 0.25 * math.pi * self.condition.leak_diameter_m**2
        a[k.A_RELIEF], a[k.A_RELIEF_PA] = p.relief_m2, site.pressure_pa + p.relief_pa
        a[k.A_RELIEF_SPAN] = 0.1 * p.relief_pa
        mass, moist = self.mass_kg, self._moist()
        k.receiver_advance(self.state, a, TICK_S, air.VISCOUS_PA, self._sums, self._out)
        gone = a[k.A_OUTWARD] + self.leak_kg_s + self.relief_kg_s
        self.vapour_kg += TICK_S * (inward * moist - gone * self.vapour_kg / mass)
        limit = air.saturation_pa(self.temperature_k) * p.volume_m3 * air.WATER_OVER_AIR
        excess = max(self.vapour_kg - limit / (air.R_AIR * self.temperature_k), 0.0)
        self.vapour_kg -= excess
        self.condensate_kg += excess
        self._write()

    def _write(self) -> None:
        port = self.ports["air"]
        port.potential, port.temperature_k = self.pressure_pa, self.temperature_k

    # --- what can be seen ---------------------------------------------------------------------------------

    @property
    def mass_kg(self) -> float:
        """Air in the receiver [kg]."""
        return float(self.state[k.MASS])

    @property
    def temperature_k(self) -> float:
        """Its temperature [K]."""
        return float(self.state[k.TEMPERATURE])

    @property
    def pressure_pa(self) -> float:
        """Its absolute pressure [Pa]."""
        return self.mass_kg * air.R_AIR * self.temperature_k / float(self.parameters.volume_m3)

    @property
    def leak_kg_s(self) -> float:
        """Flow through the hole in the last tick [kg/s]."""
        return float(self._out[k.O_LEAK])

    @property
    def relief_kg_s(self) -> float:
        """Flow through the safety valve in the last tick [kg/s]."""
        return float(self._out[k.O_RELIEF])

    @property
    def _energy_j(self) -> float:
        return self.mass_kg * air.CV_AIR * self.temperature_k

    def signals(self) -> dict[str, float]:
        """Return pressures, temperature, dew point, flows and what has drained."""
        inward = float(self._a[k.A_INWARD])
        ratio = self.vapour_kg / self.mass_kg
        return {
            "pressure_pa": self.pressure_pa,
            "gauge_pressure_pa": self.pressure_pa - self.site.pressure_pa,
            "temperature_k": self.temperature_k,
            "mass_kg": self.mass_kg,
            "inflow_kg_s": inward,
            "outflow_kg_s": float(self._a[k.A_OUTWARD]) + self.leak_kg_s + self.relief_kg_s,
            "leak_kg_s": self.leak_kg_s,
            "relief_kg_s": self.relief_kg_s,
            "dew_point_k": air.dew_point_k(air.vapour_pa(ratio, self.pressure_pa)),
            "condensate_kg": self.condensate_kg,
        }

    def balances(self) -> dict[str, Balance]:
        """Return ``mass`` [kg] of dry air and ``energy`` [J]."""
        s = self._sums
        return {
            "mass": Balance(float(s[k.S_MASS_IN]), float(s[k.S_MASS_OUT]), self.mass_kg - float(self._first[0])),
            "energy": Balance(float(s[k.S_HEAT_IN]), float(s[k.S_HEAT_OUT]), self._energy_j - float(self._first[1])),
        }
