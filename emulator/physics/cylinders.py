"""The cylinders of a reciprocating compressor: their gas and valves, and what a block of them sounds like."""

import copy
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emulator.physics import air
from emulator.physics.asset import TICK_NS, TICK_S
from emulator.physics.housing import sample_grid
from emulator.physics.kernels import reciprocating_compressor as k
from emulator.physics.kernels.compressor_ear import LONGEST, add_blows
from emulator.physics.kernels.impacts import turns_at_ticks
from emulator.physics.reciprocating_parameters import ReciprocatingCondition, ReciprocatingParameters
from emulator.physics.shaft import ShaftTrace

Floats = NDArray[np.float64]
MOST_BLOWS = 512
LONGEST_BLOCK = 1000


class Cylinders:
    """State of all cylinders, stepped tick by tick; keeps what a block began with, to render it at any rate."""

    STATES = ("state", "sums", "rows", "_notes", "_blows", "_block", "_heard")

    def __init__(self, parameters: ReciprocatingParameters) -> None:
        p = self.parameters = parameters
        self.phase = -np.arange(p.throws) * p.throw_turns % 1.0
        self.state = np.zeros((p.throws, k.C_SIZE))
        self.sums = np.zeros((p.throws, k.S_SIZE))
        self.rows = np.zeros((p.throws, k.A_SIZE))
        self._notes: list[tuple[Floats, Floats]] = []
        self._blows: list[tuple[int, Floats]] = []
        self._block: list[tuple[Floats, Floats]] = []
        self._heard: list[tuple[int, Floats]] = []
        self._rendered: tuple[Any, ...] = ()
        self._none = np.zeros((p.throws, 0))
        self._found = np.zeros((MOST_BLOWS, 4))

    # --- time ---------------------------------------------------------------------------------------------

    def set(self, c: ReciprocatingCondition, inlet: tuple[float, float], outlet: tuple[float, float],
            crankcase_pa: float, held: float) -> None:  # fmt: skip
        """Take over pressures [Pa] and temperatures [K] before and behind, how far plates are held open, the faults."""
        p, rows = self.parameters, self.rows
        rows[:, k.A_AREA], rows[:, k.A_CRANK] = p.area_m2, 0.5 * p.stroke_m
        rows[:, k.A_ROD_RATIO], rows[:, k.A_DEAD] = 0.5 * p.stroke_m / p.rod_m, p.clearance * p.swept_m3
        rows[:, k.A_INDEX] = p.index
        rows[:, k.A_P1], rows[:, k.A_T1] = inlet
        rows[:, k.A_P2], rows[:, k.A_T2] = outlet
        rows[:, k.A_PC] = crankcase_pa
        rows[:, k.A_VALVE_S] = rows[:, k.A_VALVE_D] = p.valve_m2
        rows[:, k.A_LEAK_S], rows[:, k.A_LEAK_D] = c.suction_leak_m2, c.discharge_leak_m2
        rows[:, k.A_RINGS], rows[:, k.A_CLEARANCE] = c.ring_leak_kg_s_pa, c.knock_clearance_m
        rows[:, k.A_PLATE], rows[:, k.A_PLATE_KG], rows[:, k.A_SPRING] = p.plate_m2, p.plate_kg, p.spring_n_m
        rows[:, k.A_PRELOAD], rows[:, k.A_DAMPING], rows[:, k.A_LIFT] = p.preload_n, p.damping_n_s_m, p.lift_m
        rows[:, k.A_STICK], rows[:, k.A_BOUNCE], rows[:, k.A_HELD] = p.stiction_n, p.restitution, held
        rows[:, k.A_MOVING_KG], rows[:, k.A_VISCOUS] = p.moving_kg, air.VISCOUS_PA

    def fill(self, frac: float) -> None:
        """Fill every cylinder with air as it is before the suction valve, valves shut, at a shaft angle [turns]."""
        self.state[:] = 0.0
        for c, phase in enumerate(self.phase):
            a = self.rows[c]
            volume, _, _ddx = k.geometry(2.0 * math.pi * (frac + phase), a)
            self.state[c, k.U] = a[k.A_P1] * volume / (a[k.A_INDEX] - 1.0)
            self.state[c, k.M] = a[k.A_P1] * volume / (air.R_AIR * a[k.A_T1])

    def turn(self, frac: float, speed_rad_s: float, revolutions: int = 4) -> None:
        """Let whole turns pass at a constant speed, unseen, until the cycles are alike."""
        pieces = max(math.ceil(2.0 * math.pi / (speed_rad_s * TICK_S)), 1)
        piece_s = 2.0 * math.pi / speed_rad_s / pieces
        for i in range(revolutions * pieces):
            at = (frac + i / pieces) % 1.0
            self._advance(self.state, self.sums, at, speed_rad_s, speed_rad_s, piece_s)

    def _advance(self, state: Floats, sums: Floats, frac: float, w0: float, w1: float, dt_s: float) -> int:
        return int(
            k.advance(state, sums, self.rows, self.phase, frac, w0, w1, dt_s, int(self.parameters.steps), self._found,
                      1.0, 0.0, self._none, self._none)
        )  # fmt: skip

    def foresee(self, frac: float, speed_rad_s: float) -> float:
        """Return the mean torque [N m] of gas and moving masses over the tick that comes, at a constant speed."""
        turned = speed_rad_s * TICK_S
        before = self._kinetic(frac, speed_rad_s)
        if abs(turned) < 1e-6:
            torque = 0.0
            for c, phase in enumerate(self.phase):
                a = self.rows[c]
                volume, dvolume, _ = k.geometry(2.0 * math.pi * (frac + phase), a)
                torque -= ((a[k.A_INDEX] - 1.0) * self.state[c, k.U] / volume - a[k.A_PC]) * dvolume
            return torque
        sums = np.zeros_like(self.sums)
        self._advance(self.state.copy(), sums, frac, speed_rad_s, speed_rad_s, TICK_S)
        after = frac + turned / (2.0 * math.pi)
        work = float(sums[:, k.W].sum()) + self._crankcase(frac, after)
        return (work + self._kinetic(after, speed_rad_s) - before) / turned

    def _crankcase(self, before: float, after: float) -> float:
        """Return the work [J] against the pressure under the pistons."""
        work = 0.0
        for c, phase in enumerate(self.phase):
            a = self.rows[c]
            v0, _, _ = k.geometry(2.0 * math.pi * (before + phase), a)
            v1, _, _ = k.geometry(2.0 * math.pi * (after + phase), a)
            work += a[k.A_PC] * (v1 - v0)
        return float(work)

    def _kinetic(self, frac: float, speed_rad_s: float) -> float:
        energy = 0.0
        for c, phase in enumerate(self.phase):
            a = self.rows[c]
            _, dvolume, _ = k.geometry(2.0 * math.pi * (frac + phase), a)
            energy += 0.5 * a[k.A_MOVING_KG] * (dvolume / a[k.A_AREA] * speed_rad_s) ** 2
        return float(energy)

    def tick(self, t_ns: int, frac: float, w0: float, w1: float) -> Floats:
        """Advance 10 ms from plant time `t_ns`; return what the sums gained, float64[throws, S_SIZE]."""
        self._notes.append((self.state.copy(), self.rows.copy()))
        del self._notes[:-LONGEST_BLOCK]
        before = self.sums.copy()
        count = self._advance(self.state, self.sums, frac, w0, w1, TICK_S)
        if count:
            self._blows.append((t_ns // TICK_NS, self._found[:count].copy()))
            del self._blows[:-LONGEST_BLOCK]
        return self.sums - before

    def end_block(self, first_tick: int) -> None:
        """Freeze the block that has just ended; blows of before it may still be heard."""
        self._block = self._notes
        self._heard = [(tick, blows) for tick, blows in self._heard if tick >= first_tick - 10] + self._blows
        self._notes, self._blows = [], []
        self._rendered = ()

    # --- seen and heard -----------------------------------------------------------------------------------

    def render(self, trace: ShaftTrace, rate_hz: float) -> tuple[int, Floats, Floats, Floats, Floats]:
        """Return first sample, pressure and rod load float64[throws, n], shaking force float64[n], turns float64[n]."""
        if self._rendered and self._rendered[:2] == (trace.t0_ns, rate_hz):
            return self._rendered[2]  # type: ignore[no-any-return]
        ticks = trace.speed_rad_s.size - 1
        if len(self._block) != ticks:
            raise ValueError(f"a block of {ticks} ticks, but {len(self._block)} are known; blocks are up to 10 s")
        first, lead = sample_grid(trace, rate_hz)
        revs, frac = np.empty(first.size, np.int64), np.empty(first.size)
        turns_at_ticks(trace.speed_rad_s, trace.tick_s, trace.revs0, trace.frac0, revs, frac)
        count = int(first[-1] - first[0])
        pressure, rod = np.empty((self.parameters.throws, count)), np.empty((self.parameters.throws, count))
        shaking, turns = np.zeros(count), np.empty(count)
        for i, (state, rows) in enumerate(self._block):
            low, high = int(first[i] - first[0]), int(first[i + 1] - first[0])
            part, load = np.empty((state.shape[0], high - low)), np.empty((state.shape[0], high - low))
            w0, w1 = trace.speed_rad_s[i], trace.speed_rad_s[i + 1]
            k.advance(state.copy(), np.zeros_like(self.sums), rows, self.phase, frac[i], w0, w1, trace.tick_s,
                      int(self.parameters.steps), self._found, rate_hz, lead[i], part, load)  # fmt: skip
            pressure[:, low:high], rod[:, low:high] = part, load
            t = lead[i] + np.arange(high - low) / rate_hz
            slope = (w1 - w0) / trace.tick_s
            turns[low:high] = frac[i] + (w0 + 0.5 * slope * t) * t / (2.0 * math.pi)
            gas = (part - rows[0, k.A_PC]) * rows[0, k.A_AREA]
            # What the crosshead puts on the frame: the part of the inertia that the throws leave, a little of the gas.
            shaking[low:high] = self.parameters.shaking_share * (load - gas).sum(0) + 0.01 * gas.sum(0)
        self._add_blows(shaking, int(first[0]), rate_hz)
        self._rendered = (trace.t0_ns, rate_hz, (int(first[0]), pressure, rod, shaking, turns))
        return self._rendered[2]

    def _add_blows(self, force: Floats, first: int, rate_hz: float) -> None:
        rate_uhz, scale = round(rate_hz * 1e6), 10**15
        reach = LONGEST * self.parameters.contact_s * rate_hz + 1.0
        for tick, blows in self._heard:
            start = -(-tick * TICK_NS * rate_uhz // scale)
            lead = (start * scale - tick * TICK_NS * rate_uhz) / (rate_uhz * 1e9)
            ahead = np.ceil((blows[:, 0] - lead) * rate_hz)
            late = ahead / rate_hz - (blows[:, 0] - lead)
            sample = start + ahead.astype(np.int64)
            near = (sample < first + force.size) & (sample + reach > first)
            if near.any():
                impulse = np.ascontiguousarray(blows[near, 1])
                add_blows(first, sample[near], late[near], impulse, self.parameters.contact_s, rate_hz, force)

    # --- save and restore ---------------------------------------------------------------------------------

    def save(self) -> dict[str, Any]:
        """Return a copy of everything that changes."""
        return copy.deepcopy({name: getattr(self, name) for name in self.STATES})

    def restore(self, saved: dict[str, Any]) -> None:
        """Take over what `save` returned."""
        for name, value in copy.deepcopy(saved).items():
            setattr(self, name, value)
        self._rendered = ()
