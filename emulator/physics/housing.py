"""Housing: what an accelerometer on it feels, from the shaft angle, the impacts and the flow."""

import copy
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emulator.physics.ear import AXES, Ear
from emulator.physics.kernels.impacts import turns_at_ticks
from emulator.physics.rolling_bearing import RollingBearing
from emulator.physics.rotor import RotorCondition, together
from emulator.physics.shaft import ShaftTrace
from emulator.physics.structure import (
    DEFAULT_MODES,
    Direction,
    HousingParameters,
    Mode,
    Path,
    modal_bank,
    sample_grid,
)
from emulator.physics.support import Support
from emulator.streams import Streams

__all__ = [
    "DEFAULT_MODES",
    "Direction",
    "Housing",
    "HousingParameters",
    "Mode",
    "Path",
    "modal_bank",
    "sample_grid",
]


class Housing:
    """A bearing housing; `render` gives its acceleration, in any chunking the same bits.

    `pump_path` names the pump whose bubbles are heard: housings of one pump share it and so hear the same
    collapses. The three directions feel one motion of the support and hear the same impacts, each through a path of
    its own; their broadband noises are independent.
    """

    def __init__(self, parameters: HousingParameters, streams: Streams, path: str, pump_path: str = "pump") -> None:
        self.parameters = parameters
        self._streams = streams
        self._path = path
        self._bubbles = streams(f"{pump_path}/cavitation")
        self._ears: dict[tuple[str, float], Ear] = {}
        self._bases: dict[float, _Base] = {}

    def render(
        self,
        trace: ShaftTrace,
        rotor: RotorCondition | Sequence[Any],
        bearing: RollingBearing,
        n0: int,
        count: int,
        rate_hz: float,
        heard: Sequence[Path] = (),
        direction: str = "h",
    ) -> NDArray[np.float64]:
        """Return the acceleration at sample instants n0/rate_hz …, float64[count] [m/s²].

        Parameters
        ----------
        trace : ShaftTrace
            The block just stepped.
        rotor : RotorCondition or sequence
            The rotor, or all rotors on the shaft (`together`).
        bearing, heard
            The bearing in this housing, and those elsewhere that are heard.
        n0, count, rate_hz
            Samples wanted.
        direction : str
            "h" or "v", radial, or "axial".

        Raises
        ------
        ValueError
            The samples do not lie in the block of `trace`, or do not follow those rendered before; no such direction.

        """
        if direction not in AXES:
            raise ValueError(f"direction = {direction!r} must be one of {', '.join(AXES)}")
        if rate_hz not in self._bases:
            self._bases[rate_hz] = _Base(self.parameters, rate_hz)
        base = self._bases[rate_hz]
        first, _ = base.grid if trace.t0_ns == base.block_ns else sample_grid(trace, rate_hz)
        if n0 < first[0] or n0 + count > first[-1]:
            raise ValueError(
                f"samples {n0}..{n0 + count - 1} are not in this block, which holds "
                f"{first[0]}..{first[-1] - 1} "
                f"at {rate_hz} Hz; step the plant and ask its sample_range"
            )
        ear = self._ears.get((direction, rate_hz)) or self._new_ear(direction, rate_hz)
        if ear.next not in (-1, n0):
            raise ValueError(f"samples from {n0} do not follow: the next sample of this housing is {ear.next}")
        if trace.t0_ns < base.block_ns:
            raise ValueError(
                f"the block at {trace.t0_ns} ns is over for this housing; ask every direction before the next"
            )
        if trace.t0_ns != base.block_ns:
            base.enter(trace, rotor if isinstance(rotor, Sequence) else (rotor,), bearing)
        if trace.t0_ns != ear.block_ns:
            ear.enter(trace, base.grid, base.frac, bearing, heard, self._bubbles)
        return ear.render(base.grid[0], base.support.acceleration[ear.axis], n0, count)

    def _new_ear(self, direction: str, rate_hz: float) -> Ear:
        ear = Ear(self.parameters, self._streams, self._path, direction, rate_hz)
        self._ears[direction, rate_hz] = ear
        return ear

    def contact_n(self, rate_hz: float) -> NDArray[np.float64]:
        """Return the pressure F_n [N] of a rub at the samples of the block rendered last; empty without one."""
        return self._bases[rate_hz].support.contact_n

    def save(self) -> dict[str, Any]:
        """Return everything that changes from sample to sample."""
        ears = {key: ear.save() for key, ear in self._ears.items()}
        return {"ears": ears, "bases": {rate: base.save() for rate, base in self._bases.items()}}

    def restore(self, saved: dict[str, Any]) -> None:
        """Take back what `save` gave, anywhere in a block."""
        self._ears.clear()
        self._bases.clear()
        for (direction, rate_hz), state in saved["ears"].items():
            self._new_ear(direction, rate_hz).restore(state)
        for rate_hz, state in saved["bases"].items():
            self._bases[rate_hz] = _Base(self.parameters, rate_hz)
            self._bases[rate_hz].restore(state)


class _Base:
    """What the directions of a housing share at one rate: the block's grid, the shaft's turns, the support."""

    STATES = ("block_ns", "grid", "frac", "vane_n")

    def __init__(self, parameters: HousingParameters, rate_hz: float) -> None:
        self.parameters = parameters
        self.rate_hz = rate_hz
        self.support = Support(parameters.rotor, rate_hz)
        self.block_ns = -1
        self.grid = (np.zeros(0, np.int64), np.zeros(0))
        self.frac = np.zeros(0)
        self.vane_n = math.nan

    def enter(self, trace: ShaftTrace, rotors: Sequence[Any], bearing: RollingBearing) -> None:
        p = self.parameters
        self.grid = first, lead = sample_grid(trace, self.rate_hz)
        self.frac = np.empty(first.size)
        turns_at_ticks(
            trace.speed_rad_s, trace.tick_s, trace.revs0, trace.frac0, np.empty(first.size, np.int64), self.frac
        )
        if math.isnan(self.vane_n):
            self.vane_n = float(trace.vane_force_n[0])
        vane_ramp = p.pump_gain * np.concatenate(([self.vane_n], trace.vane_force_n))
        self.vane_n = float(trace.vane_force_n[-1])
        condition = together(rotors)
        off_axis = bearing.off_axis_m(p.rotor.eccentricity_m(condition.unbalance_grade_mm_s))
        moment = p.unbalance_gain * p.rotor.mass_kg * off_axis
        shares = (p.h.vane, p.v.vane, p.axial.vane, p.unbalance_axial)
        self.support.enter(trace, first, lead, self.frac, vane_ramp, float(p.vanes), moment, shares, condition)
        self.block_ns = trace.t0_ns

    def save(self) -> dict[str, Any]:
        return copy.deepcopy({name: getattr(self, name) for name in self.STATES}) | {"support": self.support.save()}

    def restore(self, saved: dict[str, Any]) -> None:
        self.support.restore(saved["support"])
        for name in self.STATES:
            setattr(self, name, copy.deepcopy(saved[name]))
