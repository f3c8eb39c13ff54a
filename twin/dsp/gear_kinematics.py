"""Gear kinematics: mesh frequency, shaft speeds, hunting tooth, assembly phases; planetary sets with a fixed ring."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GearPair:
    """One pair of gears on fixed axes.

    Parameters
    ----------
    driving_teeth, driven_teeth : tooth numbers; orders are in turns of the driving shaft

    Notes
    -----
    Randall, Vibration-based Condition Monitoring (2021), §2.2.2.3; hunting tooth and assembly phase after Taylor,
    The Vibration Analysis Handbook (2003), ch. 7.
    """

    driving_teeth: int
    driven_teeth: int

    def __post_init__(self) -> None:
        for name in ("driving_teeth", "driven_teeth"):
            _teeth(name, getattr(self, name), least=5)

    @property
    def mesh_order(self) -> float:
        """Teeth that mesh in a turn of the driving shaft."""
        return float(self.driving_teeth)

    @property
    def output_order(self) -> float:
        """Turns of the driven shaft in a turn of the driving one."""
        return self.driving_teeth / self.driven_teeth

    @property
    def assembly_phases(self) -> int:
        """Ways the two gears can be put together: greatest common divisor of the tooth numbers; 1 is best."""
        return math.gcd(self.driving_teeth, self.driven_teeth)

    @property
    def assembly_phase_order(self) -> float:
        """Order of assembly phase passage, mesh order over phases: uneven wear of non-coprime pairs shows here."""
        return self.mesh_order / self.assembly_phases

    @property
    def hunting_order(self) -> float:
        """Order at which the same two teeth meet again: driving shaft turns over lcm(z1, z2) teeth."""
        return self.mesh_order / math.lcm(self.driving_teeth, self.driven_teeth)

    def rates_hz(self, driving_hz: float) -> dict[str, float]:
        """Give input, output, mesh, hunting_tooth and assembly_phase [Hz] at a speed of the driving shaft.

        Raises
        ------
        ValueError
            If the speed is not positive and finite.
        """
        _speed("driving_hz", driving_hz)
        return {
            "input": driving_hz,
            "output": self.output_order * driving_hz,
            "mesh": self.mesh_order * driving_hz,
            "hunting_tooth": self.hunting_order * driving_hz,
            "assembly_phase": self.assembly_phase_order * driving_hz,
        }

    def sideband_orders(self, harmonic: int = 1, count: int = 3, *, of: str = "driving") -> tuple[float, ...]:
        """Orders of the sidebands of a mesh harmonic, lowest first, without the mesh line itself.

        A fault that comes once a turn of a shaft modulates the mesh at that shaft's order: the spacing tells which
        gear it is on.

        Parameters
        ----------
        harmonic : which multiple of the mesh order
        count : sidebands on each side
        of : "driving" or "driven", the shaft whose turn gives the spacing

        Raises
        ------
        ValueError
            If harmonic or count is below 1, or `of` names no shaft.
        """
        if harmonic < 1 or count < 1:
            raise ValueError(f"harmonic = {harmonic} and count = {count} must be 1 or more")
        if of not in ("driving", "driven"):
            raise ValueError(f"of = {of!r} must be 'driving' or 'driven'")
        step = 1.0 if of == "driving" else self.output_order
        centre = harmonic * self.mesh_order
        return tuple(centre + k * step for k in range(-count, count + 1) if k != 0)


@dataclass(frozen=True, slots=True)
class PlanetaryGear:
    """A planetary set with a fixed ring: the sun drives, the carrier is driven (or the other way round).

    Parameters
    ----------
    sun_teeth, planet_teeth, ring_teeth : tooth numbers, ring = sun + 2 planet
    planets : how many

    Raises
    ------
    ValueError
        If the numbers do not make a gear that can be put together with equally spaced planets.

    Notes
    -----
    Lei et al. 2014, Measurement 48, 292 (review), eqs. 1-6: a local fault repeats each time its tooth meshes; a
    planet's tooth meshes with sun and ring once each in a turn relative to the carrier.
    """

    sun_teeth: int
    planet_teeth: int
    ring_teeth: int
    planets: int = 3

    def __post_init__(self) -> None:
        for name in ("sun_teeth", "planet_teeth", "ring_teeth"):
            _teeth(name, getattr(self, name), least=5)
        _teeth("planets", self.planets, least=1)
        if self.ring_teeth != self.sun_teeth + 2 * self.planet_teeth:
            raise ValueError(
                f"ring_teeth = {self.ring_teeth} must be sun + 2 planet = {self.sun_teeth + 2 * self.planet_teeth}"
            )
        if (self.sun_teeth + self.ring_teeth) % self.planets:
            raise ValueError(
                f"{self.planets} equally spaced planets need sun + ring = {self.sun_teeth + self.ring_teeth}"
                f" teeth to be a multiple of {self.planets}"
            )

    @property
    def carrier_order(self) -> float:
        """Turns of the carrier in a turn of the sun: z_s / (z_s + z_r)."""
        return self.sun_teeth / (self.sun_teeth + self.ring_teeth)

    def rates_hz(self, sun_hz: float) -> dict[str, float]:
        """Give sun, carrier, mesh, planet_pass, sun_fault, planet_fault and ring_fault [Hz] at a sun speed.

        Raises
        ------
        ValueError
            If the speed is not positive and finite.
        """
        _speed("sun_hz", sun_hz)
        carrier = self.carrier_order * sun_hz
        mesh = self.ring_teeth * carrier
        return {
            "sun": sun_hz,
            "carrier": carrier,
            "mesh": mesh,
            "planet_pass": self.planets * carrier,
            "sun_fault": self.planets * mesh / self.sun_teeth,
            "planet_fault": 2.0 * mesh / self.planet_teeth,
            "ring_fault": self.planets * mesh / self.ring_teeth,
        }


def _teeth(name: str, value: int, least: int) -> None:
    if value != int(value) or value < least:
        raise ValueError(f"{name} = {value} must be a whole number, {least} or more")


def _speed(name: str, value: float) -> None:
    if not 0.0 < value < math.inf:
        raise ValueError(f"{name} = {value} must be positive and finite, in Hz")
