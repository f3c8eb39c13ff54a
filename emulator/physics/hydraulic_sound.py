"""What of a power unit changes within a tick: pressure ripple at pistons x speed, and the housing's velocity."""

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from emulator.physics.kernels import hydraulic_power_unit as k
from emulator.physics.kernels.hydraulic_store import ripple

if TYPE_CHECKING:
    from emulator.physics.hydraulic_power_unit import HydraulicPowerUnit

Floats = NDArray[np.float64]
PRESSURES: Final = {
    "pump_pressure_pa": k.S_PUMP, "supply_pressure_pa": k.S_SUPPLY, "cap_pressure_pa": k.S_CAP,
    "rod_pressure_pa": k.S_ROD, "return_pressure_pa": k.S_RETURN,
}  # fmt: skip
HARMONICS: Final = (1.0, 0.4, 0.15)  # of the flow ripple, over its first
PORT_PLATE_M2: Final = 4e-4  # the pump's housing feels ripple on this area
HISTORY: Final = 1024  # ticks that are kept for readers, a power of two
# columns of the history
(_TURNS, _FRACTION, _HZ, _POWER, _PUMP_RIPPLE, _SUPPLY_RIPPLE, _ONCE, _SHAKE, _FIRST) = range(9)
COLUMNS: Final = _FIRST + len(PRESSURES)


@dataclass(slots=True)
class HydraulicSound:
    """The last ticks, enough to draw any waveform between them.

    Values change linearly between ticks; the shaft's angle is their exact integral.
    """

    history: Floats = field(default_factory=lambda: np.zeros((HISTORY, COLUMNS)))
    turns: int = 0
    fraction: float = 0.0
    rms_m_s: float = 0.0
    pump_pa: float = 0.0

    def note(self, unit: "HydraulicPowerUnit", speed_rad_s: float, dt_s: float) -> None:
        """Note the tick that ends now, between the unit's last speed and this one."""
        p, s = unit.parameters, unit.state
        turned = self.fraction + 0.5 * (unit.speed_rad_s + speed_rad_s) * dt_s / (2.0 * math.pi)
        self.turns, self.fraction = self.turns + math.floor(turned), turned - math.floor(turned)
        hz = abs(speed_rad_s) / (2.0 * math.pi)
        w = p.pistons * abs(speed_rad_s)
        flow = p.ripple * p.displacement_m3 * hz * unit.condition.leak_factor**0.25
        # A barrel with worn pistons is less even; thin oil damps the housing less.
        pump_pa, supply_pa = ripple(s, unit._p, flow, w)  # noqa: SLF001 - the unit lends its own arrays
        thin = unit.oil.thin(0)
        film = thin**-0.15
        once = p.vibration_m_s * (speed_rad_s / p.speed_rad_s) ** 2 * film
        shake = PORT_PLATE_M2 * pump_pa / (p.housing_kg * w) * film if w > 0.0 else 0.0
        self.pump_pa = pump_pa
        self.rms_m_s = math.sqrt(
            once * once + 0.5 * shake * shake * sum((h / (i + 1)) ** 2 for i, h in enumerate(HARMONICS))
        )
        row = self.history[(unit._tick + 1) % HISTORY]  # noqa: SLF001
        row[:_FIRST] = (
            self.turns % 1_000_000, self.fraction, hz, unit.motor_power_w, pump_pa, supply_pa, once, shake,
        )  # fmt: skip
        row[_FIRST:] = [s[place] for place in PRESSURES.values()]

    def waveform(self, quantity: str, pistons: int, n0: int, count: int, rate_hz: float) -> Floats:
        """Return samples n0/rate_hz …, float64[count]; harmonics beyond half the rate are left out."""
        at = (n0 + np.arange(count)) * (100.0 / rate_hz)  # in ticks
        first = np.floor(at + 1e-9).astype(np.int64)
        share = np.clip(at - first, 0.0, 1.0)
        a, b = self.history[first % HISTORY], self.history[np.where(share > 0.0, first + 1, first) % HISTORY]

        def between(column: int) -> Floats:
            return np.asarray(a[:, column] + share * (b[:, column] - a[:, column]))

        if quantity == "motor_power_w":
            return between(_POWER)
        # Turns since the tick before: speed is linear, so the angle is a parabola.
        turned = a[:, _FRACTION] + 0.01 * share * (a[:, _HZ] + 0.5 * share * (b[:, _HZ] - a[:, _HZ]))
        hz = between(_HZ)
        if quantity in PRESSURES:
            value = between(_FIRST + list(PRESSURES).index(quantity))
            column = {"pump_pressure_pa": _PUMP_RIPPLE, "supply_pressure_pa": _SUPPLY_RIPPLE}.get(quantity)
            if column is None:
                return value
            return value + between(column) * self._ripple(turned, hz, pistons, rate_hz, 0)
        once = math.sqrt(2.0) * between(_ONCE) * np.cos(2.0 * np.pi * turned) * (hz < 0.5 * rate_hz)
        return np.asarray(once + between(_SHAKE) * self._ripple(turned, hz, pistons, rate_hz, 1))

    @staticmethod
    def _ripple(turned: Floats, hz: Floats, pistons: int, rate_hz: float, integrated: int) -> Floats:
        total = np.zeros_like(turned)
        for i, size in enumerate(HARMONICS, 1):
            heard = pistons * i * hz < 0.5 * rate_hz
            total += size / i**integrated * np.cos(2.0 * np.pi * ((pistons * i * turned) % 1.0)) * heard
        return total
