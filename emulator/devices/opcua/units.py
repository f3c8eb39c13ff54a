"""Engineering units as OPC UA names them: UNECE Recommendation 20 common codes (OPC 10000-8 §5.6.4.3)."""

from dataclasses import dataclass
from typing import Final

NAMESPACE: Final = "http://www.opcfoundation.org/UA/units/un/cefact"
_UNKNOWN: Final = -1


@dataclass(frozen=True, slots=True)
class EngineeringUnit:
    """What an EUInformation structure says: number, symbol, name."""

    unit_id: int
    symbol: str
    name: str


# rig unit: (common code, symbol, name), from UNECE Rec. 20 annex II/III.
_UNITS: Final = {
    "%": ("P1", "%", "percent"),
    "1/min": ("RPM", "r/min", "revolutions per minute"),
    "A": ("AMP", "A", "ampere"),
    "Hz": ("HTZ", "Hz", "hertz"),
    "K": ("KEL", "K", "kelvin"),
    "N": ("NEW", "N", "newton"),
    "N*m": ("NU", "N·m", "newton metre"),
    "Pa": ("PAL", "Pa", "pascal"),
    "V": ("VLT", "V", "volt"),
    "W": ("WTT", "W", "watt"),
    "W*h": ("WHR", "W·h", "watt hour"),
    "bar": ("BAR", "bar", "bar"),
    "degC": ("CEL", "°C", "degree Celsius"),
    "kPa": ("KPA", "kPa", "kilopascal"),
    "kW": ("KWT", "kW", "kilowatt"),
    "kW*h": ("KWH", "kW·h", "kilowatt hour"),
    "m": ("MTR", "m", "metre"),
    "m/s": ("MTS", "m/s", "metre per second"),
    "m/s^2": ("MSK", "m/s²", "metre per second squared"),
    "m^3/h": ("MQH", "m³/h", "cubic metre per hour"),
    "m^3/s": ("MQS", "m³/s", "cubic metre per second"),
    "mm": ("MMT", "mm", "millimetre"),
    "mm/s": ("C16", "mm/s", "millimetre per second"),
    "percent": ("P1", "%", "percent"),
    "rad/s": ("2A", "rad/s", "radian per second"),
    "rpm": ("RPM", "r/min", "revolutions per minute"),
    "s": ("SEC", "s", "second [unit of time]"),
}


def engineering_unit(unit: str) -> EngineeringUnit:
    """Return a rig file's unit as OPC UA has it; one that is not listed keeps its text and number -1.

    The number is the common code's characters read as one big-endian integer.
    """
    if unit not in _UNITS:
        return EngineeringUnit(_UNKNOWN, unit, unit)
    code, symbol, name = _UNITS[unit]
    return EngineeringUnit(int.from_bytes(code.encode("ascii"), "big"), symbol, name)
