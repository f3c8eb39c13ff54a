"""What surrounds every machine of a plant: air, water, electricity. One object, shared; regimes and faults move it."""

from dataclasses import dataclass

from emulator.streams import Streams


@dataclass(slots=True)
class Site:
    """The surroundings.

    Attributes
    ----------
    streams : random streams of the run; a machine takes ``streams(f"{its id}/{purpose}")``.
    ambient_k, fluid_k, cooling_water_k : temperature of the air, of the process water, of the cooling water [K].
    pressure_pa, humidity : of the air; relative humidity 0 … 1.
    mains_gain, mains_unbalance, mains_hz : supply voltage over nominal, negative over positive sequence, frequency.
    density_gain, viscosity_gain : of the product, over water's.
    tank_level_m : the level tanks start with [m].
    warm : whether the plant starts in running equilibrium.

    """

    streams: Streams
    ambient_k: float = 293.15
    fluid_k: float = 293.15
    cooling_water_k: float = 293.15
    pressure_pa: float = 101_325.0
    humidity: float = 0.5
    mains_gain: float = 1.0
    mains_unbalance: float = 0.0
    mains_hz: float = 50.0
    density_gain: float = 1.0
    viscosity_gain: float = 1.0
    tank_level_m: float = 1.5
    warm: bool = True
