"""What grows warm in a reciprocating compressor: discharge plenum, valve caps, crankcase."""

import math
from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from emulator.physics.asset import Asset
from emulator.physics.kernels import reciprocating_compressor as k
from emulator.physics.reciprocating_parameters import ReciprocatingParameters
from emulator.physics.thermal import relax

Floats = NDArray[np.float64]


class ReciprocatingHeat(Asset):
    """Temperatures [K]: gas warms plenum and caps as it passes, friction and blow-by warm the crankcase."""

    STATES: ClassVar[tuple[str, ...]] = ("discharge_k", "suction_cap_k", "discharge_cap_k", "crankcase_k")

    def __init__(self, parameters: ReciprocatingParameters, ambient_k: float) -> None:
        self.parameters = parameters
        self.discharge_k = self.crankcase_k = ambient_k
        self.suction_cap_k = np.full(parameters.throws, ambient_k)
        self.discharge_cap_k = np.full(parameters.throws, ambient_k)

    def cool(self, ambient_k: float) -> None:
        """Be as warm as the air."""
        self.discharge_k = self.crankcase_k = ambient_k
        self.suction_cap_k[:] = self.discharge_cap_k[:] = ambient_k

    def settle(self, hot_k: Sequence[float], cap_k: Sequence[float], crank_w: float, ambient_k: float) -> None:
        """Come to rest with these discharge and suction temperatures of the throws and heat of the crankcase [W]."""
        p = self.parameters
        self.discharge_k = sum(hot_k) / len(hot_k)
        self.suction_cap_k[:] = np.array(cap_k) + p.cap_share * (self.discharge_k - ambient_k)
        self.discharge_cap_k[:] = hot_k
        self.crankcase_k = ambient_k + crank_w / p.crankcase_w_k

    def advance(self, gained: Floats, heat_j_kg_k: float, crank_w: float, ambient_k: float, dt_s: float) -> None:
        """Take in what the sums of the cylinders gained in a tick; no flow, no change."""
        p = self.parameters
        mass, carried = float(gained[:, k.M_DISCHARGE].sum()), float(gained[:, k.H_DISCHARGE].sum())
        if mass > 0.0 and carried > 0.0:
            fade = -math.expm1(-mass / p.mixing_kg)
            self.discharge_k += fade * (carried / (mass * heat_j_kg_k) - self.discharge_k)
        for throw, row in enumerate(gained):
            back = row[k.M_BACK]
            came = max(row[k.M_SUCTION] + back, 0.0)
            met = came + back
            if met > 0.0:
                mixed = (came * ambient_k + row[k.H_BACK] / heat_j_kg_k) / met
                goal = mixed + p.cap_share * (self.discharge_k - ambient_k)
                fade = -math.expm1(-met * p.throws / p.mixing_kg)
                self.suction_cap_k[throw] += fade * (goal - self.suction_cap_k[throw])
            out = row[k.M_DISCHARGE]
            if out > 0.0 and row[k.H_DISCHARGE] > 0.0:
                goal = row[k.H_DISCHARGE] / (out * heat_j_kg_k)
                fade = -math.expm1(-out * p.throws / p.mixing_kg)
                self.discharge_cap_k[throw] += fade * (goal - self.discharge_cap_k[throw])
        self.crankcase_k = relax(self.crankcase_k, crank_w, p.crankcase_w_k, ambient_k, p.crankcase_j_k, dt_s)
