"""Thermocouples of type K, J, T and N: reference functions of ITS-90, class 1 limits, and the terminals.

Reference functions: NIST Monograph 175 (1993), the same as IEC 60584-1. A thermocouple measures a difference: what
its terminals give is E(hot) − E(cold), and the transmitter adds E of what it believes its terminals to have.
"""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from emulator.sensors.kernels import thermocouple as k

Kind = Literal["K", "J", "T", "N"]
ICE_POINT_K: Final = 273.15


@dataclass(frozen=True, slots=True)
class Type:
    """One type: coefficients float64[2, m] below and above `split_c`, range [°C], bell term, class 1 limits."""

    table: NDArray[np.float64]
    split_c: float
    low_c: float
    high_c: float
    bell: NDArray[np.float64]
    limit_k: float
    limit_share: float

    def emf_mv(self, celsius: float) -> float:
        """Return E [mV] with the reference at 0 °C; the range's ends are held beyond them."""
        return float(k.emf(self.table, self.split_c, self.bell, min(max(celsius, self.low_c), self.high_c))[0])

    def temperature_c(self, mv: float) -> float:
        """Return the temperature [°C] that gives `mv` [mV]."""
        return float(k.temperature(self.table, self.split_c, self.bell, self.low_c, self.high_c, float(mv)))

    def tolerance_k(self, celsius: float) -> float:
        """Return the limit of class 1 [K] (IEC 60584-1)."""
        return max(self.limit_k, self.limit_share * abs(celsius))


def _type(
    low: tuple[float, ...],
    high: tuple[float, ...],
    bounds: tuple[float, float, float],
    limits: tuple[float, float],
    bell: tuple[float, float, float] = (0.0, 0.0, 0.0),
) -> Type:
    table = np.zeros((2, max(len(low), len(high))))
    table[0, : len(low)] = low
    table[1, : len(high)] = high
    return Type(table, bounds[1], bounds[0], bounds[2], np.array(bell), *limits)


TYPES: Final[dict[str, Type]] = {
    "K": _type(
        (0.0, 0.394501280250e-01, 0.236223735980e-04, -0.328589067840e-06, -0.499048287770e-08, -0.675090591730e-10,
         -0.574103274280e-12, -0.310888728940e-14, -0.104516093650e-16, -0.198892668780e-19, -0.163226974860e-22),
        (-0.176004136860e-01, 0.389212049750e-01, 0.185587700320e-04, -0.994575928740e-07, 0.318409457190e-09,
         -0.560728448890e-12, 0.560750590590e-15, -0.320207200030e-18, 0.971511471520e-22, -0.121047212750e-25),
        (-200.0, 0.0, 1372.0),
        (1.5, 0.004),
        (0.118597600000, -0.118343200000e-03, 0.126968600000e03),
    ),
    "J": _type(
        (0.0, 0.503811878150e-01, 0.304758369300e-04, -0.856810657200e-07, 0.132281952950e-09, -0.170529583370e-12,
         0.209480906970e-15, -0.125383953360e-18, 0.156317256970e-22),
        (0.296456256810e03, -0.149761277860e01, 0.317871039240e-02, -0.318476867010e-05, 0.157208190040e-08,
         -0.306913690560e-12),
        (-200.0, 760.0, 1200.0),
        (1.5, 0.004),
    ),
    "T": _type(
        (0.0, 0.387481063640e-01, 0.441944343470e-04, 0.118443231050e-06, 0.200329735540e-07, 0.901380195590e-09,
         0.226511565930e-10, 0.360711542050e-12, 0.384939398830e-14, 0.282135219250e-16, 0.142515947790e-18,
         0.487686622860e-21, 0.107955392700e-23, 0.139450270620e-26, 0.797951539270e-30),
        (0.0, 0.387481063640e-01, 0.332922278800e-04, 0.206182434040e-06, -0.218822568460e-08, 0.109968809280e-10,
         -0.308157587720e-13, 0.454791352900e-16, -0.275129016730e-19),
        (-200.0, 0.0, 400.0),
        (0.5, 0.004),
    ),
    "N": _type(
        (0.0, 0.261591059620e-01, 0.109574842280e-04, -0.938411115540e-07, -0.464120397590e-10, -0.263033577160e-11,
         -0.226534380030e-13, -0.760893007910e-16, -0.934196678350e-19),
        (0.0, 0.259293946010e-01, 0.157101418800e-04, 0.438256272370e-07, -0.252611697940e-09, 0.643118193390e-12,
         -0.100634715190e-14, 0.997453389920e-18, -0.608632456070e-21, 0.208492293390e-24, -0.306821961510e-28),
        (-200.0, 0.0, 1300.0),
        (1.5, 0.004),
    ),
}  # fmt: skip
