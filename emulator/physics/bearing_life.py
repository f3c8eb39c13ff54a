"""Life of a rolling bearing: ISO 281 basic and modified rating life; its constants are from secondary sources."""

import math

EXPONENT = {"ball": 3.0, "roller": 10.0 / 3.0}
# ISO 281:2007 9.3.3: (κ from, to, a, b, power of κ), then the exponents and the outer power, radial bearings
BALL_FILM = (
    (0.1, 0.4, 2.5671, 2.2649, 0.054381),
    (0.4, 1.0, 2.5671, 1.9987, 0.19087),
    (1.0, 4.0, 2.5671, 1.9987, 0.071739),
)
ROLLER_FILM = (
    (0.1, 0.4, 1.5859, 1.3993, 0.054381),
    (0.4, 1.0, 1.5859, 1.2348, 0.19087),
    (1.0, 4.0, 1.5859, 1.2348, 0.071739),
)
LARGEST_GAIN = 50.0


def rating_life_h(dynamic_load_n: float, load_n: float, speed_rad_s: float, element: str = "ball") -> float:
    """Return L10h = 10⁶/(60·n)·(C/P)^p [h], p = 3 for balls and 10/3 for rollers; inf without load or speed."""
    rpm = abs(speed_rad_s) * 30.0 / math.pi
    if load_n <= 0.0 or rpm == 0.0:
        return math.inf
    return float(1e6 / (60.0 * rpm) * (dynamic_load_n / load_n) ** EXPONENT[element])


def life_gain(viscosity_ratio: float, fatigue_load_n: float, load_n: float, cleanness: float, element: str) -> float:
    """Return a_ISO of κ, C_u, P and the contamination factor e_C: 0.1 at worst, 50 at best."""
    if load_n <= 0.0:
        return LARGEST_GAIN
    kappa = min(max(viscosity_ratio, 0.1), 4.0)
    table = BALL_FILM if element == "ball" else ROLLER_FILM
    _, _, a, b, power = next(row for row in table if kappa <= row[1])
    film, load, outer = (0.83, 1.0 / 3.0, -9.3) if element == "ball" else (1.0, 0.4, -9.185)
    rest = 1.0 - (a - b / kappa**power) ** film * (cleanness * fatigue_load_n / load_n) ** load
    if rest <= 0.0:
        return LARGEST_GAIN
    return float(min(0.1 * rest**outer, LARGEST_GAIN))
