"""What is heard and drawn while the spindle cuts: the tool's vibration, the drive's current, the sound."""

import copy
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from emulator.physics.asset import TICK_NS, TICK_S
from emulator.physics.housing import sample_grid
from emulator.physics.kernels import spindle as k
from emulator.physics.shaft import ShaftTrace
from emulator.physics.spindle_data import tool_mode
from emulator.streams import Streams

if TYPE_CHECKING:
    from emulator.physics.spindle import Spindle

Floats = NDArray[np.float64]
SLOTS = 256  # places per tooth pitch on which the cut surface is kept
LONGEST_S = 20e-6
CURRENT_S = 1e-3


class CutTick(NamedTuple):
    """One tick: speeds at its ends [rad/s], turns at its start, cut in it, force gain, torque over a turn."""

    speed0_rad_s: float
    speed1_rad_s: float
    revs: int
    frac: float
    depth_m: float
    feed_m: float
    cut_from_s: float
    cut_to_s: float
    wear_gain: float
    ramp: Floats


@dataclass(slots=True)
class _Tool:
    """The tool as sampled at one rate: what it has left on the part, how it moves, the block's samples."""

    surface: Floats
    hold: Floats
    state: Floats = field(default_factory=lambda: np.zeros(4))
    until_ns: int = -1
    first: int = 0
    out: Floats = field(default_factory=lambda: np.zeros((3, 0)))


class ToolEar:
    """Makes the waveforms of a spindle out of its ticks, in any chunking the same bits."""

    def __init__(self, streams: Streams, name: str) -> None:
        self._noise = {
            q: streams(f"{name}/{q}/noise") for q in ("acceleration_x_m_s2", "acceleration_y_m_s2", "acoustic_pa")
        }
        self._tools: dict[float, _Tool] = {}

    def hear(
        self, spindle: "Spindle", ticks: dict[int, CutTick], quantity: str, n0: int, count: int, rate_hz: float
    ) -> Floats:
        """Return samples n0 … n0+count-1.

        Raises
        ------
        ValueError
            They are not in the ticks that are kept, or lie behind what has been given.

        """
        if not ticks:
            raise ValueError(f"{spindle.name}: no block has been stepped yet; call step() first")
        start_ns = self._first_tick(n0, rate_hz)
        end_ns = next(reversed(ticks)) + TICK_NS
        if start_ns not in ticks or n0 < 0 or (count and self._first_tick(n0 + count - 1, rate_hz) >= end_ns):
            raise ValueError(
                f"samples {n0}..{n0 + count - 1} of {spindle.name} at {rate_hz:g} Hz are not in the block just stepped"
            )
        if quantity in ("current_a", "acoustic_pa"):
            return self._slow(spindle, ticks, quantity, n0, count, rate_hz, end_ns)
        tool = self._tools.get(rate_hz)
        if tool is None:
            teeth = spindle.parameters.cut.teeth
            tool = self._tools[rate_hz] = _Tool(np.zeros(teeth * SLOTS), np.zeros(teeth), until_ns=start_ns)
        if tool.until_ns < end_ns:
            self._go_on(spindle, ticks, tool, max(tool.until_ns, next(iter(ticks))), end_ns, rate_hz)
        a = n0 - tool.first
        if a < 0:
            raise ValueError(f"samples from {n0} do not follow: this block of {spindle.name} begins with {tool.first}")
        if quantity == "tangential_force_n":
            return tool.out[2, a : a + count].copy()
        density = spindle.parameters.noise_m_s2 * math.sqrt(0.5 * rate_hz)
        row = 0 if quantity == "acceleration_x_m_s2" else 1
        return np.asarray(tool.out[row, a : a + count] + density * self._noise[quantity].normal(n0, count))

    @staticmethod
    def _first_tick(n: int, rate_hz: float) -> int:
        """Return the start [ns] of the tick in which a sample lies, on the integer grid."""
        return n * 10**15 // round(rate_hz * 1e6) // TICK_NS * TICK_NS

    def _go_on(
        self, spindle: "Spindle", ticks: dict[int, CutTick], tool: _Tool, start_ns: int, end_ns: int, rate_hz: float
    ) -> None:
        now = [ticks[t] for t in range(start_ns, end_ns, TICK_NS)]
        first, lead, speed, frac = _grid(now, start_ns, rate_hz)
        p, cut = np.zeros(k.P_SIZE), spindle.parameters.cut
        mass, damping, stiffness, heavy = tool_mode(spindle.parameters, spindle.condition)
        p[k.P_MASS], p[k.P_DAMPING], p[k.P_STIFF_X], p[k.P_STIFF_Y] = mass, damping, stiffness, stiffness
        p[k.P_CUT], p[k.P_POWER], p[k.P_RADIAL] = cut.specific_n_mm2, 1.0 - cut.chip_exponent, cut.radial
        p[k.P_ENTRY], p[k.P_EXIT], p[k.P_HEAVY] = cut.entry_turn, cut.exit_turn, heavy
        deep = np.array([t.depth_m * t.wear_gain for t in now])  # wear raises the force as if the cut were deeper
        feed, start, stop = (
            np.array(c) for c in zip(*((t.feed_m, t.cut_from_s, t.cut_to_s) for t in now), strict=True)
        )
        out = np.empty((3, int(first[-1] - first[0])))
        k.run_cut(
            first, lead, TICK_S, rate_hz, speed, frac, deep, feed, start, stop, LONGEST_S, SLOTS, p,
            np.array(spindle.offsets_m), tool.surface, tool.hold, tool.state, out,
        )  # fmt: skip
        tool.first, tool.out, tool.until_ns = int(first[0]), out, end_ns

    def _slow(
        self,
        spindle: "Spindle",
        ticks: dict[int, CutTick],
        quantity: str,
        n0: int,
        count: int,
        rate_hz: float,
        end_ns: int,
    ) -> Floats:
        start_ns = self._first_tick(n0, rate_hz)
        torque = np.empty(0)
        first = n0
        p = spindle.parameters
        parts = []
        for t_ns in range(start_ns, end_ns, TICK_NS):
            now = ticks[t_ns]
            grid, lead, speed, frac = _grid([now], t_ns, rate_hz)
            torque = np.empty(int(grid[-1] - grid[0]))
            deep, start, stop = (
                np.array([now.depth_m * now.wear_gain]),
                np.array([now.cut_from_s]),
                np.array([now.cut_to_s]),
            )
            k.swept(grid, lead, TICK_S, rate_hz, speed, frac, deep, start, stop, now.ramp, torque)
            if t_ns == start_ns:
                first = int(grid[0])
            if quantity == "current_a":
                ramp = p.inertia_kg_m2 * (now.speed1_rad_s - now.speed0_rad_s) / TICK_S
                total = torque + ramp + p.drag_nms * now.speed0_rad_s
                turning = now.speed0_rad_s + now.speed1_rad_s > 0.0
                parts.append(np.hypot(total / p.torque_per_a, p.idle_a if turning else 0.0))
            else:
                power = np.maximum(torque, 0.0) * now.speed0_rad_s
                idle = 0.02 * (now.speed0_rad_s / p.speed_rad_s) ** 2
                parts.append(idle + 0.004 * np.sqrt(power) * now.wear_gain)
        values = np.concatenate(parts)[n0 - first : n0 - first + count]
        if quantity == "current_a":
            return np.asarray(values)
        return np.asarray(values * (1.0 + 0.05 * self._noise[quantity].normal(n0, count)))

    def save(self) -> dict[str, Any]:
        """Return a copy."""
        return copy.deepcopy({"tools": self._tools})

    def restore(self, saved: dict[str, Any]) -> None:
        """Take back what `save` gave."""
        self._tools = copy.deepcopy(saved["tools"])


def _grid(ticks: list[CutTick], start_ns: int, rate_hz: float) -> tuple[NDArray[np.int64], Floats, Floats, Floats]:
    """Return the sample grid, speeds at the tick edges (≥ 0) and turn fractions at their starts."""
    speed = np.maximum(np.array([ticks[0].speed0_rad_s, *(t.speed1_rad_s for t in ticks)]), 0.0)
    none = np.zeros(len(ticks))
    first, lead = sample_grid(ShaftTrace(start_ns, TICK_S, 0, 0.0, speed, none, none, none, none), rate_hz)
    return first, lead, speed, np.array([t.frac for t in ticks])
