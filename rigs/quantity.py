"""Types of rig files: quantities with their unit as written, SI once read."""

from typing import Annotated

from pydantic import BeforeValidator

from rigs.units import NANOSECONDS, to_si


def quantity(unit: str) -> BeforeValidator:
    """Read a quantity as written into a number of the SI `unit` (pint's spelling)."""
    return BeforeValidator(lambda value: to_si(value, unit))


Number = Annotated[float, quantity("")]
Pressure = Annotated[float, quantity("Pa")]
VolumeFlow = Annotated[float, quantity("m**3/s")]
Speed = Annotated[float, quantity("rad/s")]
Length = Annotated[float, quantity("m")]
Area = Annotated[float, quantity("m**2")]
Temperature = Annotated[float, quantity("K")]
Power = Annotated[float, quantity("W")]
Voltage = Annotated[float, quantity("V")]
Current = Annotated[float, quantity("A")]
Frequency = Annotated[float, quantity("Hz")]
Resistance = Annotated[float, quantity("ohm")]
Inductance = Annotated[float, quantity("H")]
Inertia = Annotated[float, quantity("kg*m**2")]
Force = Annotated[float, quantity("N")]
Seconds = Annotated[float, quantity("s")]
Duration = Annotated[int, BeforeValidator(lambda value: round(to_si(value, "s") * NANOSECONDS))]
Angle = Annotated[float, quantity("rad")]
FlowResistance = Annotated[float, quantity("s**2/m**5")]
Mass = Annotated[float, quantity("kg")]
MassFlow = Annotated[float, quantity("kg/s")]
Torque = Annotated[float, quantity("N*m")]
Stiffness = Annotated[float, quantity("N/m")]
Volume = Annotated[float, quantity("m**3")]
Energy = Annotated[float, quantity("J")]
HeatCapacity = Annotated[float, quantity("J/K")]
HeatConductance = Annotated[float, quantity("W/K")]
Velocity = Annotated[float, quantity("m/s")]
Density = Annotated[float, quantity("kg/m**3")]
