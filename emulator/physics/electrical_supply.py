"""Electrical supply: an impedance behind which all drives share one voltage, its unbalance and its harmonics."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from emulator.physics.asset import TICK_S, override
from emulator.physics.machine import Balance, Machine
from emulator.physics.ports import Port
from emulator.physics.site import Site
from emulator.physics.terminal import MainsQuality
from emulator.physics.vfd import Vfd

SITE_HZ = 50.0  # what `Site.mains_hz` is counted from


@dataclass(frozen=True, slots=True)
class ElectricalSupplyParameters:
    """Source of 10 MVA at 400 V.

    Attributes
    ----------
    voltage_v, frequency_hz : nominal, line to line [V rms], [Hz].
    short_circuit_va : V²/|Z| [VA]. x_over_r : of the source impedance.
    power_factor : of what draws on ports, which state active power only.
    fifth_share, seventh_share : harmonic currents of a converter over its fundamental; 0 leaves the effect out.

    """

    voltage_v: float = 400.0
    frequency_hz: float = 50.0
    short_circuit_va: float = 10.0e6
    x_over_r: float = 3.0
    power_factor: float = 0.9
    fifth_share: float = 0.35
    seventh_share: float = 0.12

    def __post_init__(self) -> None:
        """Refuse what no supply has.

        Raises
        ------
        ValueError
            The message names the parameter, the rule and the way out.

        """
        for name in ("voltage_v", "frequency_hz", "short_circuit_va", "x_over_r"):
            value = getattr(self, name)
            if not (value > 0.0 and math.isfinite(value)):
                raise ValueError(f"{name} = {value} must be a positive number; a stiff supply has a large one")
        if not 0.0 < self.power_factor <= 1.0:
            raise ValueError(f"power_factor = {self.power_factor} must be in (0, 1]; motors have about 0.85")
        for name in ("fifth_share", "seventh_share"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise ValueError(f"{name} = {getattr(self, name)} must be in [0, 1]; a six-pulse bridge has 0.35, 0.12")


@dataclass(slots=True)
class ElectricalSupplyCondition:
    """What faults may change; healthy defaults."""

    gain: float = 1.0
    unbalance: float = 0.0  # V₂/V₁ beside that of the site
    open_phase: int = -1


def loaded_voltage(source: float, p: float, q: float, x_over_r: float) -> float:
    """Return the voltage, over nominal, behind a source impedance under constant power.

    V⁴ + V²(2(rp + xq) - E²) + (p² + q²) = 0 with |r + jx| = 1; the upper root. Beyond the greatest power that can
    pass, the voltage at that power's nose is returned: low, but a number.

    Parameters
    ----------
    source : E, over nominal.
    p, q : active and reactive power over short-circuit power.
    x_over_r : of the impedance.

    """
    r = 1.0 / math.hypot(1.0, x_over_r)
    half = 0.5 * (source * source - 2.0 * (r * p + r * x_over_r * q))
    square = half + math.sqrt(max(half * half - (p * p + q * q), 0.0))
    return math.sqrt(max(square, 0.04 * source * source))


def site_mains(site: Site, mains: MainsQuality, nominal_hz: float = SITE_HZ) -> None:
    """Give a drive without a supply of its own the mains of the site."""
    mains.gain, mains.negative = site.mains_gain, site.mains_unbalance
    mains.frequency_hz = None if site.mains_hz == SITE_HZ else nominal_hz * site.mains_hz / SITE_HZ


class ElectricalSupply(Machine):
    """Feeds drives (`feed`) and whatever is joined to its port ``wire``; all of them see its sag.

    The voltage answers to the power of the tick before. An unbalance, harmonics or a lost phase reach drives only:
    what draws on a port is told the positive sequence.
    """

    kind: ClassVar[str] = "electrical_supply"
    STATES: ClassVar[tuple[str, ...]] = ("mains", "power_w", "reactive_var", "loss_w", "in_j", "out_j", "loss_j")
    parameters: ElectricalSupplyParameters

    def __init__(self, parameters: ElectricalSupplyParameters, site: Site, name: str) -> None:
        super().__init__(parameters, site, name)
        self.condition = ElectricalSupplyCondition()
        self.ports = {"wire": Port("wire", "potential", potential=1.0)}
        self.drives: dict[str, Vfd] = {}
        self.mains = MainsQuality()
        self.power_w = self.reactive_var = self.loss_w = 0.0
        self.in_j = self.out_j = self.loss_j = 0.0

    @classmethod
    def build(cls, nameplate: Any, given: Mapping[str, Any], site: Site) -> Self:
        """Make the supply of a nameplate (`rigs.assets.electrical_supply`)."""
        parameters = ElectricalSupplyParameters(
            voltage_v=nameplate.voltage,
            frequency_hz=nameplate.frequency,
            short_circuit_va=nameplate.short_circuit_power,
            x_over_r=nameplate.x_over_r,
        )
        return cls(override(parameters, dict(given), nameplate.id), site, nameplate.id)

    def feed(self, name: str, drive: Vfd) -> None:
        """Put a drive, or a motor's contactor, on this supply."""
        self.drives[name] = drive
        self._give()

    def start(self) -> None:
        """Take the voltage of no load, then that of what the drives draw in their own start."""
        self._give()

    def tick(self, t_ns: int) -> None:
        """Sum what was drawn, and give everybody the voltage that is left."""
        self._give()
        s = self.parameters.short_circuit_va
        gain = max(self.mains.gain, 1e-3)
        r = 1.0 / math.hypot(1.0, self.parameters.x_over_r)
        self.loss_w = r * (self.power_w**2 + self.reactive_var**2) / (gain * gain * s)
        self.out_j += self.power_w * TICK_S
        self.loss_j += self.loss_w * TICK_S
        self.in_j += (self.power_w + self.loss_w) * TICK_S

    def _give(self) -> None:
        p, c, site, mains = self.parameters, self.condition, self.site, self.mains
        port = -self.ports["wire"].flow if self.ports["wire"].joined else 0.0
        self.power_w = port + sum(drive.drawn_w for drive in self.drives.values())
        self.reactive_var = abs(port) * math.tan(math.acos(p.power_factor))
        self.reactive_var += sum(drive.drawn_var for drive in self.drives.values())
        source = max(site.mains_gain * c.gain, 0.0)
        rated = self.power_w / p.short_circuit_va, self.reactive_var / p.short_circuit_va
        mains.gain = loaded_voltage(source, *rated, p.x_over_r)
        mains.negative = min(max(site.mains_unbalance + c.unbalance, 0.0), 1.0)
        mains.open_phase = c.open_phase
        mains.frequency_hz = p.frequency_hz * site.mains_hz / SITE_HZ
        # Converter harmonics meet n times the reactance; angles of many converters are taken as equal, the worst case.
        converters = sum(drive.drawn_w for drive in self.drives.values() if not drive.parameters.bypass and drive.run)
        x = p.x_over_r / math.hypot(1.0, p.x_over_r) * converters / p.short_circuit_va
        mains.fifth, mains.seventh = 5.0 * x * p.fifth_share, 7.0 * x * p.seventh_share
        for drive in self.drives.values():
            for field in ("gain", "negative", "open_phase", "frequency_hz", "fifth", "seventh"):
                setattr(drive.mains, field, getattr(mains, field))
        self.ports["wire"].potential = mains.gain

    def signals(self) -> dict[str, float]:
        """Return voltage [V], unbalance, frequency [Hz], harmonics, power [W, var], current [A] and energy [J]."""
        m, p = self.mains, self.parameters
        apparent = math.hypot(self.power_w, self.reactive_var)
        return {
            "voltage_v": m.gain * p.voltage_v,
            "unbalance": m.negative,
            "frequency_hz": m.frequency_hz or p.frequency_hz,
            "fifth_harmonic": m.fifth,
            "seventh_harmonic": m.seventh,
            "active_power_w": self.power_w,
            "reactive_power_var": self.reactive_var,
            "current_a": apparent / (math.sqrt(3.0) * max(m.gain, 1e-3) * p.voltage_v),
            "loss_w": self.loss_w,
            "energy_j": self.in_j,
        }

    def balances(self) -> dict[str, Balance]:
        """Return the energy account: from the grid, to all fed, lost in the impedance."""
        return {"energy": Balance(self.in_j, self.out_j + self.loss_j, 0.0)}
