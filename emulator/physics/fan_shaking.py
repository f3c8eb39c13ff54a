"""What shakes a fan's casing: the rotor, the blades, the belt, stall; rendered along the fan's own shaft."""

import math
from typing import TYPE_CHECKING

import numpy as np

from emulator.physics.kernels.fan import shake
from emulator.physics.kernels.philox import fill_normal
from emulator.physics.machine import Floats
from emulator.physics.shaft import ShaftTrace
from emulator.physics.structure import sample_grid
from emulator.streams import Streams

if TYPE_CHECKING:
    from emulator.physics.fan import FanCondition, FanParameters

MM_S = 1e-3
DEPOSIT_GRADE_MM_S = 100.0
PHASE, DEPOSIT_PHASE, CRACK_PHASE = 0.11, 0.47, 0.8  # turns from the shaft's mark


class FanShaking:
    """Renders the casing's acceleration, in any chunking the same bits."""

    def __init__(self, streams: Streams, name: str) -> None:
        self._flow, self._stall = streams(f"{name}/flow_noise"), streams(f"{name}/stall_cell")
        self._trace: ShaftTrace | None = None
        self._rows: Floats = np.zeros((0, 5))
        self._states: dict[float, Floats] = {}
        self._next: dict[float, int] = {}

    def begin(self, trace: ShaftTrace, rows: Floats) -> None:
        """Take a block: its trace, and per tick belt turns, belt frequency, blade force, stall force, flow share."""
        self._trace, self._rows = trace, rows

    def render(
        self, p: "FanParameters", c: "FanCondition", deposit_share: float, n0: int, count: int, rate_hz: float
    ) -> Floats:
        """Return float64[count] [m/s²].

        Raises
        ------
        ValueError
            No block yet, or samples that do not follow those rendered before.

        """
        trace = self._trace
        if trace is None:
            raise ValueError("no block has been stepped yet; call step() first")
        if self._next.get(rate_hz, n0) != n0:
            raise ValueError(f"samples from {n0} do not follow: the next sample here is {self._next[rate_hz]}")
        first, lead = sample_grid(trace, rate_hz)
        if n0 < first[0] or n0 + count > first[-1]:
            raise ValueError(f"samples {n0}..{n0 + count - 1} are not in this block of {first[0]}..{first[-1] - 1}")
        state = self._states.setdefault(rate_hz, np.zeros(3, np.complex128))
        normal, cell = np.empty(count), np.empty(count)
        fill_normal(self._flow.key0, self._flow.key1, n0, normal)
        fill_normal(self._stall.key0, self._stall.key1, n0, cell)
        unbalance, phase = _unbalance(p, c, deposit_share)
        pole, gain0, gain1 = _support(p, c, rate_hz)
        rows, out = self._rows, np.empty(count)
        shake(
            n0, rate_hz, first, lead, trace.tick_s, trace.speed_rad_s, _fractions(trace), rows[:, 0].copy(),
            rows[:, 1].copy(), unbalance, phase, float(p.blades), rows[:, 2].copy(), 3.0 * c.blade_crack,
            p.belt_force_n * (1.0 + 80.0 * c.belt_spot), rows[:, 3].copy(),
            p.flow_noise_m_s2 * math.sqrt(0.5 * rate_hz) * rows[:, 4],
            normal, cell, pole, gain0, gain1, p.support_mass_kg, state, out,
        )  # fmt: skip
        self._next[rate_hz] = n0 + count
        return out


def _fractions(trace: ShaftTrace) -> Floats:
    steps = 0.5 * (trace.speed_rad_s[:-1] + trace.speed_rad_s[1:]) * trace.tick_s / (2.0 * math.pi)
    out = np.empty(steps.size)
    turn = trace.frac0
    for i, step in enumerate(steps):
        out[i] = turn
        turn = (turn + step) % 1.0
    return out


def _unbalance(p: "FanParameters", c: "FanCondition", deposit_share: float) -> tuple[float, float]:
    """Return the unbalance [kg m] and its angle [turns]: balance grade, deposit and a bent blade added as vectors."""
    per_grade = p.rotor_mass_kg * MM_S / p.speed_rad_s
    total = per_grade * c.unbalance_grade_mm_s * _unit(PHASE)
    if c.deposit:
        total += per_grade * DEPOSIT_GRADE_MM_S * c.deposit * deposit_share * _unit(DEPOSIT_PHASE)
    if c.blade_crack:
        total += per_grade * 12.0 * c.blade_crack * _unit(CRACK_PHASE)
    return abs(total), math.atan2(total.imag, total.real) / (2.0 * math.pi)


def _unit(turns: float) -> complex:
    return complex(math.cos(2.0 * math.pi * turns), math.sin(2.0 * math.pi * turns))


def _support(p: "FanParameters", c: "FanCondition", rate_hz: float) -> tuple[complex, complex, complex]:
    """Return pole and first-order-hold gains of the casing on its support."""
    omega = 2.0 * math.pi * p.support_hz * math.sqrt(c.support_stiffness_gain)
    root = math.sqrt(1.0 - p.support_damping**2)
    pole = complex(-p.support_damping * omega, root * omega)
    x = pole / rate_hz
    turn = complex(np.exp(x))
    whole, ramp = (turn - 1.0) / pole, (turn - 1.0 - x) / (pole * x)
    scale = p.support_mass_kg * root * omega
    return pole, (whole - ramp) / scale, ramp / scale
