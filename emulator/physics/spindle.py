"""CNC spindle with its tool, its axis and a cyclic part program; it turns on its own drive."""

import copy
import math
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from emulator.physics import milling, nc_program
from emulator.physics import spindle_drive as drive
from emulator.physics.asset import TICK_NS, TICK_S, override
from emulator.physics.machine import Balance, Command, Machine
from emulator.physics.milling import WEAR_LIMIT_M, Cut
from emulator.physics.nc_program import APPROACH, CUT, LOAD, Axis, Program, Step
from emulator.physics.ports import Port
from emulator.physics.shaft import ShaftAngle, ShaftTrace
from emulator.physics.site import Site
from emulator.physics.spindle_data import SpindleCondition, SpindleParameters
from emulator.physics.spindle_wave import CutTick, ToolEar
from emulator.physics.thermal import relax

Floats = NDArray[np.float64]
KEPT_TICKS = 6000
MONTH_S = 72.0 * 3600.0
AT_SPEED = 0.05
RELIEF = 0.14  # tangent of the relief angle: what a land of VB takes off the tool's length, over VB


@lru_cache(maxsize=64)
def _turn(cut: Cut, feed_m: float, offset_m: tuple[float, ...]) -> tuple[float, Floats]:
    """Return the mean torque per depth [N m/m], and its running sum over a turn."""
    torque = milling.torque_over_turn(cut, feed_m, offset_m)
    return float(torque.mean()), np.concatenate(([0.0], np.cumsum(torque))) / torque.size


class Spindle(Machine):
    """The spindle. Its port `parts` hands finished parts to a line, if there is room; else it waits.

    Levels F0 and F1 know the mean cut only; F2, the default, has the tool's vibration with regenerative chips.
    """

    kind: ClassVar[str] = "spindle"
    parameters: SpindleParameters
    STATES: ClassVar[tuple[str, ...]] = (
        "t_ns", "run", "wanted_rad_s", "reference_rad_s", "speed_rad_s", "turns_revs", "turns_frac", "step", "axis",
        "tool_life", "tool_number", "tool_cut_s", "serviced_s", "bearing_k", "growth_m", "parts_made", "parts_given",
        "good_given", "waiting", "feed_override", "torque_nm", "cut_torque_nm", "electrical_w", "friction_w",
        "load_mean", "reversal_m", "_sums", "_ticks",
    )  # fmt: skip

    def __init__(self, parameters: SpindleParameters, site: Site, name: str, level: str = "F2") -> None:
        super().__init__(parameters, site, name)
        self.condition = SpindleCondition()
        self.level = level
        self.ports["parts"] = Port("material", "flow", potential=math.inf)
        self.t_ns, self.run, self.feed_override = 0, True, 1.0
        self.wanted_rad_s = parameters.speed_rad_s
        self.reference_rad_s = self.speed_rad_s = 0.0
        self.turns_revs, self.turns_frac = 0, 0.0
        self.step = Step(LOAD, 0, parameters.program.load_s)
        self.axis = Axis()
        self.tool_life, self.tool_number, self.tool_cut_s, self.serviced_s = 0.0, 0, 0.0, 0.0
        self.bearing_k = site.ambient_k
        self.growth_m = [0.0, 0.0]
        self.parts_made = self.parts_given = 0
        self.good_given = 0.0
        self.waiting = False
        self.torque_nm = self.cut_torque_nm = self.electrical_w = self.friction_w = self.load_mean = 0.0
        self.reversal_m = 0.0
        self._sums = np.zeros(8)  # electrical in; cut, friction, copper; kinetic; heat in, out, stored [J]
        self._ticks: dict[int, CutTick] = {}
        self._lives = site.streams(f"{name}/tool")
        self._edge_of = (-1, 1.0)
        self._ear = ToolEar(site.streams, name)

    @classmethod
    def build(cls, nameplate: Any, given: Mapping[str, Any], site: Site) -> Self:
        """Make the spindle of a nameplate; private values of cut and program are given as ``cut_…``, ``program_…``."""
        n = nameplate
        try:
            cut = Cut(
                specific_n_mm2=n.specific_cutting_force / 1e6, teeth=n.teeth, diameter_m=n.tool_diameter,
                feed_per_tooth_m=n.feed_per_tooth, depth_m=n.depth_of_cut,
            )  # fmt: skip
            program = Program(load_s=n.load_time, cut_m=n.cut_length, passes=n.passes)
            own = dict(given)
            groups: dict[str, Any] = {"cut": cut, "program": program}
            for group, part in groups.items():
                inner = {k.removeprefix(f"{group}_"): own.pop(k) for k in list(own) if k.startswith(f"{group}_")}
                groups[group] = override(part, inner, f"{n.id}.{group}")
            parameters = SpindleParameters(
                speed_rad_s=n.speed, power_w=n.power, tool_stiffness_n_m=n.tool_stiffness,
                tool_natural_hz=n.tool_frequency, tool_damping=n.tool_damping, **groups,
            )  # fmt: skip
            return cls(override(parameters, own, n.id), site, n.id, n.level or "F2")
        except ValueError as error:
            raise ValueError(str(error).replace("spindle.", f"{n.id}.", 1)) from None

    # --- the cut ------------------------------------------------------------------------------------------

    @property
    def offsets_m(self) -> tuple[float, ...]:
        """By how much each tooth stands out [m]; the broken one stands back."""
        return (0.0,) * (self.parameters.cut.teeth - 1) + (-self.condition.broken_m,)

    @property
    def wear_m(self) -> float:
        """Flank wear VB [m]: that of the edge's life, and what a fault adds."""
        return milling.flank_wear_m(self.tool_life) + self.condition.added_wear_m

    @property
    def wear_gain(self) -> float:
        """Force over that of a sharp edge, 1 + 1.5·VB/0.3 mm."""
        return 1.0 + 1.5 * self.wear_m / WEAR_LIMIT_M

    @property
    def depth_m(self) -> float:
        """Axial depth of cut [m]."""
        return self.parameters.cut.depth_m * self.condition.depth_gain

    @property
    def cutting_speed_m_s(self) -> float:
        """Speed of the edge [m/s]."""
        return 0.5 * self.parameters.cut.diameter_m * self.speed_rad_s

    @property
    def cutting_force_n(self) -> float:
        """Mean tangential force of all teeth at the end of the last tick [N]."""
        return self.cut_torque_nm / (0.5 * self.parameters.cut.diameter_m)

    def stability_limit_m(self) -> float:
        """Depth at which this cut begins to chatter at the wanted speed, with the healthy tool [m]."""
        p = self.parameters
        mean = milling.torque_over_turn(p.cut, p.cut.feed_per_tooth_m, (0.0,) * p.cut.teeth).mean()
        share = p.cut.teeth * (p.cut.exit_turn - p.cut.entry_turn)
        chip = (mean / (0.5 * p.cut.diameter_m) / share / (p.cut.specific_n_mm2 * 1e3)) ** (
            1.0 / (1.0 - p.cut.chip_exponent)
        )
        slope = (1.0 - p.cut.chip_exponent) * p.cut.specific_n_mm2 * 1e6 * chip**-p.cut.chip_exponent
        return milling.stability_limit_m(
            p.cut, p.tool_stiffness_n_m, p.tool_damping, p.tool_natural_hz, self.wanted_rad_s, slope
        )

    def _cut_torque(self) -> float:
        mean, _ = _turn(self.parameters.cut, self._feed_m(), self.offsets_m)
        return mean * self.depth_m * self.wear_gain

    def _feed_m(self) -> float:
        """Feed per tooth [m], on a grid of 0.1 % of the programmed one."""
        p = self.parameters
        programmed = p.cut.feed_per_tooth_m * self.feed_override * self._slower()
        return round(programmed / p.cut.feed_per_tooth_m, 3) * p.cut.feed_per_tooth_m

    def _slower(self) -> float:
        return min(self.parameters.speed_rad_s / max(self.speed_rad_s, 1e-3), 5.0) if self.speed_rad_s > 0.0 else 5.0

    # --- time ---------------------------------------------------------------------------------------------

    def tick(self, t_ns: int) -> None:
        """Advance 10 ms: program, axis, drive, wear, heat; a part that is ready is handed over if there is room."""
        p = self.parameters
        self.t_ns = t_ns
        self._hand_over()
        before = self.speed_rad_s
        goal = self.wanted_rad_s if self.run else 0.0
        slew = p.speed_rad_s / p.ramp_s * TICK_S
        self.reference_rad_s += min(max(goal - self.reference_rad_s, -slew), slew)
        sums = np.zeros(5)
        left, cut_from, cut_to = TICK_S, TICK_S, TICK_S
        while left > 1e-12:
            moving = self._moving()
            speed = nc_program.velocity(p.program, self.step, p.feed_m_s * self.feed_override) if moving else 0.0
            pace = abs(speed) if self.step.phase != LOAD else 1.0
            dt = min(left, self.step.left / pace) if moving and pace > 0.0 else left
            cutting = moving and self.step.phase == CUT
            torque = self._cut_torque() if cutting else 0.0
            if cutting:
                cut_from = min(cut_from, TICK_S - left)
                cut_to = TICK_S - left + dt
            self._turn_spindle(torque, dt, sums)
            self._run_axis(speed, dt)
            if cutting:
                life = milling.tool_life_s(p.cut, self.cutting_speed_m_s, self.condition.taylor_gain)
                self.tool_life += dt / life * self._edge()
                self.tool_cut_s += dt
            self.cut_torque_nm = torque
            left -= dt
            if moving:
                self._advance_program(pace * dt)
        self._book(before, sums)
        _, ramp = _turn(p.cut, self._feed_m(), self.offsets_m)
        self._ticks[t_ns] = CutTick(
            before, self.speed_rad_s, self.turns_revs, self.turns_frac,
            self.depth_m if cut_to > cut_from else 0.0, self._feed_m(), cut_from, cut_to, self.wear_gain, ramp,
        )  # fmt: skip
        angle = ShaftAngle(self.turns_revs, self.turns_frac)
        angle.advance(before, self.speed_rad_s, TICK_S)
        self.turns_revs, self.turns_frac = angle.revs, angle.frac
        self.t_ns = t_ns + TICK_NS
        if len(self._ticks) > KEPT_TICKS:
            del self._ticks[next(iter(self._ticks))]

    def _edge(self) -> float:
        """How much faster than the mean this edge wears: log-normal, drawn by the tool's number."""
        if self._edge_of[0] != self.tool_number:
            draw = float(self._lives.normal(self.tool_number, 1)[0])
            self._edge_of = (self.tool_number, math.exp(-self.parameters.tool_scatter * draw))
        return self._edge_of[1]

    def _moving(self) -> bool:
        """Whether the program goes on: cuts wait for speed, loading waits until the last part is gone."""
        if not self.run or self.wanted_rad_s <= 0.0 or self.waiting:
            return False
        if self.step.phase in (APPROACH, CUT):
            return abs(self.speed_rad_s - self.wanted_rad_s) < AT_SPEED * self.wanted_rad_s
        return True

    def _advance_program(self, gone: float) -> None:
        p = self.parameters
        left = self.step.left - gone
        if left > 1e-12:
            self.step = self.step._replace(left=left)
            return
        done = self.step
        self.step = nc_program.following(p.program, done)
        if done.phase == CUT and self.step.phase == CUT:
            # the drive stands ahead by half the play, and must go as far behind before the table follows
            self.reversal_m = 2.0 * abs(self.axis.drive_m - self.axis.table_m)
        if self.step.phase == LOAD:
            self.parts_made += 1
            self.waiting = True
            if self.tool_life >= 1.0:
                self.change_tool()

    def change_tool(self) -> None:
        """Put in a new tool."""
        self.tool_life = self.tool_cut_s = 0.0
        self.tool_number += 1
        self.serviced_s = self.t_ns * 1e-9

    def _hand_over(self) -> None:
        port = self.ports["parts"]
        port.flow = 0.0
        if self.waiting and port.potential >= 1.0:
            port.flow, port.share_good = 1.0, self.share_good
            self.waiting = False
            self.parts_given += 1
            self.good_given += port.share_good

    @property
    def share_good(self) -> float:
        """Share of parts within tolerance: growth, lost motion and wear move the size, the rest scatters normally."""
        p = self.parameters
        error = abs(self.growth_total_m) * 0.3 + abs(self.play_m) + 0.05 * self.wear_m
        return 0.5 * math.erfc((error - p.tolerance_m) / (p.scatter_m * math.sqrt(2.0)))

    def _turn_spindle(self, torque_nm: float, dt_s: float, sums: Floats) -> None:
        p = self.parameters
        drag = p.drag_nms * max(1.0 + p.drag_per_k * (self.bearing_k - 293.15), 0.2)
        done = drive.advance(
            self.speed_rad_s, self.reference_rad_s, dt_s, p.inertia_kg_m2, p.gain_nms, drag, torque_nm, p.limit_nm
        )
        self.speed_rad_s = done.speed_rad_s
        free = p.gain_nms * (self.reference_rad_s - self.speed_rad_s)
        self.torque_nm = min(max(free, -p.limit_nm), p.limit_nm)
        copper = p.copper_ohm * (
            done.torque_square / p.torque_per_a**2 + (p.idle_a**2 * dt_s if self._powered else 0.0)
        )
        sums += (done.motor_j + copper, done.cut_j, done.friction_j, copper, 0.0)

    @property
    def _powered(self) -> bool:
        return self.run or self.reference_rad_s > 0.0

    def _run_axis(self, velocity_m_s: float, dt_s: float) -> None:
        self.axis.move(velocity_m_s, dt_s, self.parameters.axis_gain_1_s, self.play_m)

    @property
    def play_m(self) -> float:
        """Play of the feed axis [m]."""
        return self.parameters.play_m + self.condition.added_play_m

    @property
    def growth_total_m(self) -> float:
        """How much longer the spindle is than cold [m]."""
        return self.growth_m[0] + self.growth_m[1]

    def _book(self, before: float, sums: Floats) -> None:
        p, ambient = self.parameters, self.site.ambient_k
        self._sums[:4] += sums[:4]
        self._sums[4] += 0.5 * p.inertia_kg_m2 * (self.speed_rad_s**2 - before**2)
        self.electrical_w, self.friction_w = float(sums[0]) / TICK_S, float(sums[2]) / TICK_S
        conductance = p.bearing_cooling_w_k * self.condition.cooling_gain
        old, final = self.bearing_k, ambient + self.friction_w / conductance
        self.bearing_k = relax(old, self.friction_w, conductance, ambient, p.bearing_heat_j_k, TICK_S)
        tau = p.bearing_heat_j_k / conductance
        given = conductance * ((final - ambient) * TICK_S + (old - final) * tau * -math.expm1(-TICK_S / tau))
        self._sums[5:] += (float(sums[2]), given, p.bearing_heat_j_k * (self.bearing_k - old))
        for i, tau_s in enumerate(p.growth_s):
            # what the bearing's rise is in watts of healthy cooling: less coolant, longer spindle
            goal = p.growth_m_w[i] * (self.bearing_k - ambient) * p.bearing_cooling_w_k
            self.growth_m[i] = goal + (self.growth_m[i] - goal) * math.exp(-TICK_S / tau_s)
        self.load_mean += (abs(self.torque_nm * self.speed_rad_s) / p.power_w - self.load_mean) * -math.expm1(
            -TICK_S / MONTH_S
        )

    # --- its shaft, for bearings that turn with it -----------------------------------------------------------

    @property
    def own_speed_rad_s(self) -> float:
        """Speed of the shaft [rad/s]."""
        return self.speed_rad_s

    @property
    def own_radial_load_n(self) -> float:
        """Preload, and half of the cutting force, on each bearing [N]."""
        return self.parameters.preload_n + 0.5 * self.cutting_force_n

    def own_trace(self, t0_ns: int) -> ShaftTrace:
        """Return the block just stepped, which began at `t0_ns`."""
        now = [tick for t, tick in self._ticks.items() if t >= t0_ns]
        speed = np.array([now[0].speed0_rad_s, *(tick.speed1_rad_s for tick in now)])
        none, one = np.zeros(len(now)), np.ones(len(now))
        load = np.full(len(now), self.own_radial_load_n)
        return ShaftTrace(t0_ns, TICK_S, now[0].revs, now[0].frac, speed, 1e3 * one, one, load, none)

    # --- start --------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin at speed and warm, before a new part, or at rest and cold."""
        p = self.parameters
        self.bearing_k, self.growth_m = self.site.ambient_k, [0.0, 0.0]
        self.speed_rad_s = self.reference_rad_s = 0.0
        if self.site.warm and self.run and self.wanted_rad_s > 0.0:
            w = self.reference_rad_s = self.wanted_rad_s
            for _ in range(50):
                drag = p.drag_nms * (1.0 + p.drag_per_k * (self.bearing_k - 293.15))
                self.speed_rad_s = p.gain_nms * w / (p.gain_nms + drag)
                self.friction_w = drag * self.speed_rad_s**2
                self.bearing_k = self.site.ambient_k + self.friction_w / (
                    p.bearing_cooling_w_k * self.condition.cooling_gain
                )
            rise = self.bearing_k - self.site.ambient_k
            self.growth_m = [share * rise * p.bearing_cooling_w_k for share in p.growth_m_w]
            self.torque_nm = p.gain_nms * (w - self.speed_rad_s)

    # --- what can be seen and done ------------------------------------------------------------------------

    def signals(self) -> dict[str, float]:
        """Return speed, cut, tool, heat, axis, parts."""
        p = self.parameters
        mechanical = self.torque_nm * self.speed_rad_s
        power = self.cutting_force_n * self.cutting_speed_m_s
        return {
            "speed_rad_s": self.speed_rad_s,
            "run": float(self.run),
            "feed_override": self.feed_override,
            "running": float(self.speed_rad_s > 1.0),
            "torque_nm": self.torque_nm,
            "current_a": math.hypot(self.torque_nm / p.torque_per_a, p.idle_a if self._powered else 0.0),
            "active_power_w": self.electrical_w,
            "load": abs(mechanical) / p.power_w,
            "load_72h": self.load_mean,
            "cutting_force_n": self.cutting_force_n,
            "cutting_speed_m_s": self.cutting_speed_m_s,
            "cutting_power_w": power,
            "cutting": float(self.cut_torque_nm > 0.0),
            "tool_wear": self.wear_m / WEAR_LIMIT_M,
            "flank_wear_m": self.wear_m,
            "tool_number": float(self.tool_number),
            "tool_cut_s": self.tool_cut_s,
            "last_service_s": self.serviced_s,
            "service_age_s": self.t_ns * 1e-9 - self.serviced_s,
            "bearing_temperature_k": self.bearing_k,
            "friction_w": self.friction_w,
            "growth_m": self.growth_total_m,
            "tool_length_m": 0.1 + self.growth_total_m - RELIEF * self.wear_m,
            "axis_command_m": self.axis.command_m,
            "axis_position_m": self.axis.table_m,
            "following_error_m": self.axis.command_m - self.axis.table_m,
            "reversal_error_m": self.reversal_m,
            "acoustic_pa": self._acoustic(power),
            "phase": float(self.step.phase),
            "part_number": float(self.parts_made),
            "parts_given": float(self.parts_given),
            "share_good": self.share_good,
            "blocked": float(self.waiting),
        }

    def _acoustic(self, power_w: float) -> float:
        """Sound pressure rms at a metre [Pa]: idle whine, and the cut, louder with a blunt edge."""
        idle = 0.02 * (self.speed_rad_s / self.parameters.speed_rad_s) ** 2
        return idle + 0.004 * math.sqrt(max(power_w, 0.0)) * self.wear_gain

    def commands(self) -> dict[str, Command]:
        """Return start and stop, speed, feed override, tool change."""
        return {
            "run": lambda on: setattr(self, "run", on != 0.0),
            "speed_rad_s": lambda w: setattr(self, "wanted_rad_s", min(max(w, 0.0), 2.0 * self.parameters.speed_rad_s)),
            "feed_override": lambda share: setattr(self, "feed_override", min(max(share, 0.0), 2.0)),
            "change_tool": lambda on: self.change_tool() if on else None,
        }

    def waveforms(self) -> tuple[str, ...]:
        """Accelerations of the tool's nose (F2 only), drive current, acoustic pressure."""
        shaken = ("acceleration_x_m_s2", "acceleration_y_m_s2", "tangential_force_n") if self.level == "F2" else ()
        return (*shaken, "current_a", "acoustic_pa")

    def waveform(self, quantity: str, trace: ShaftTrace | None, n0: int, count: int, rate_hz: float) -> Floats:
        """Return samples of the block just stepped; the spindle has its own shaft and ignores `trace`.

        Raises
        ------
        ValueError
            No such waveform, or samples outside the block.

        """
        if quantity not in self.waveforms():
            raise ValueError(f"{self.name} has no waveform {quantity!r}; there are: {', '.join(self.waveforms())}")
        return self._ear.hear(self, self._ticks, quantity, n0, count, rate_hz)

    def balances(self) -> dict[str, Balance]:
        """Return the energy of the drive, the heat of the bearing [J], and the parts."""
        came, cut, friction, copper, kinetic, heat, given, kept = (float(x) for x in self._sums)
        return {
            "energy": Balance(came, cut + friction + copper, kinetic),
            "heat": Balance(heat, given, kept),
            "parts": Balance(float(self.parts_made), float(self.parts_given), float(self.waiting)),
        }

    # --- save and restore ---------------------------------------------------------------------------------

    def save(self) -> dict[str, Any]:
        """Return a copy of everything that changes."""
        return super().save() | {"ear": self._ear.save()}

    def restore(self, saved: dict[str, Any]) -> None:
        """Take over what `save` returned."""
        rest = dict(saved)
        self._ear.restore(rest.pop("ear"))
        super().restore(copy.copy(rest))
