"""How a compressor keeps the pressure of its net: a band between loading and unloading, or a speed that follows."""

from dataclasses import dataclass

from emulator.physics.checks import check, check_positive

IDLE = 1e-9


@dataclass(frozen=True, slots=True)
class ControlParameters:
    """Gauge pressures of the band; with `speed_control` the set-point and the tuning of the speed.

    `stroke_s` is the time the intake valve needs; `load_delay_s` the time a started machine idles first.
    """

    load_pa: float = 7.0e5
    unload_pa: float = 7.5e5
    speed_control: bool = False
    setpoint_pa: float = 7.2e5
    gain: float = 1.0 / 50_000.0  # of full speed per Pa
    integral_s: float = 8.0
    minimum_speed: float = 0.35
    stroke_s: float = 0.5
    load_delay_s: float = 3.0

    def __post_init__(self) -> None:
        """Refuse a band that is none."""
        check_positive(self, "gain", "integral_s", "stroke_s")
        check(self, "load_pa", 0.0 < self.load_pa < self.unload_pa, f"above 0 and below unload_pa = {self.unload_pa:g}")
        check(self, "setpoint_pa", 0.0 < self.setpoint_pa < self.unload_pa, "above 0 and below unload_pa")
        check(self, "minimum_speed", 0.05 <= self.minimum_speed <= 1.0, "a share of full speed in [0.05, 1]")
        check(self, "load_delay_s", self.load_delay_s >= 0.0, "0 or above")


@dataclass(slots=True)
class LoadControl:
    """State of the control: whether the machine is to deliver, how far its intake is open, what speed it wants."""

    loaded: bool = True
    opening: float = 1.0
    mean_opening: float = 1.0
    integral: float = 1.0
    demand: float = 1.0
    running_s: float = 0.0
    loaded_s: float = 0.0
    last_pa: float = -1.0
    allowed: bool = True
    setpoint_pa: float = 7.2e5

    def step(
        self, p: ControlParameters, pressure_pa: float, running: bool, held: tuple[float, float], dt_s: float
    ) -> None:
        """Advance over a tick that begins at a gauge pressure; `held` are the ends an intake valve can reach.

        The instant of crossing the band is found inside the tick from the slope of the tick before.
        """
        slope = (pressure_pa - self.last_pa) / dt_s if self.last_pa >= 0.0 else 0.0
        self.last_pa = pressure_pa
        self.running_s = self.running_s + dt_s if running else 0.0
        may = running and self.allowed and self.running_s > p.load_delay_s
        before = self.loaded and may
        wanted, at = self._wanted(p, pressure_pa, slope, dt_s)
        self.loaded = wanted
        goal_before, goal = (_clip(float(w), held) for w in (before, wanted and may))
        if not running:
            goal_before = goal = 0.0
        at = at if before != (wanted and may) else 0.0
        first, between = _stroke(self.opening, goal_before, p.stroke_s, at * dt_s)
        second, end = _stroke(between, goal, p.stroke_s, (1.0 - at) * dt_s)
        self.mean_opening = at * first + (1.0 - at) * second
        self.opening = end
        self.loaded_s += dt_s * self.mean_opening
        if p.speed_control:
            self._follow(p, pressure_pa, may and self.loaded, dt_s)

    def _wanted(self, p: ControlParameters, pressure_pa: float, slope: float, dt_s: float) -> tuple[bool, float]:
        edge = p.unload_pa if self.loaded else p.load_pa
        beyond = pressure_pa >= edge if self.loaded else pressure_pa <= edge
        if beyond:
            return not self.loaded, 0.0
        if slope != 0.0 and 0.0 < (edge - pressure_pa) / slope <= dt_s:
            return not self.loaded, (edge - pressure_pa) / slope / dt_s
        return self.loaded, 0.0

    def _follow(self, p: ControlParameters, pressure_pa: float, may: bool, dt_s: float) -> None:
        error = (self.setpoint_pa - pressure_pa) * p.gain
        wanted = error + self.integral
        self.demand = min(max(wanted, p.minimum_speed), 1.0) if may else p.minimum_speed
        # The integral rests while the speed stands at an end and the error pushes further.
        if may and not (wanted > 1.0 and error > 0.0) and not (wanted < p.minimum_speed and error < 0.0):
            self.integral = min(max(self.integral + error * dt_s / p.integral_s, 0.0), 1.0)


def _clip(wanted: float, held: tuple[float, float]) -> float:
    return min(max(wanted, held[0]), held[1])


def _stroke(opening: float, goal: float, stroke_s: float, dt_s: float) -> tuple[float, float]:
    """Return mean and end of an opening that moves at 1/stroke towards a goal for `dt_s`, exactly."""
    if dt_s <= 0.0:
        return opening, opening
    way = goal - opening
    needed = abs(way) * stroke_s
    if needed >= dt_s:
        end = opening + (dt_s / stroke_s if way > 0.0 else -dt_s / stroke_s)
        return 0.5 * (opening + end), end
    return (needed * 0.5 * (opening + goal) + (dt_s - needed) * goal) / dt_s, goal
