"""Gearbox of one stage: it hands torque on, loses some of it to its oil, and its mesh shakes the housing."""

import math
from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from emulator.physics.asset import TICK_NS, TICK_S, override
from emulator.physics.gear_data import GearboxCondition, GearboxParameters
from emulator.physics.gear_oil import SIZES, friction_factor, iso_4406, viscosity_m2_s
from emulator.physics.gear_shape import MeshTick, mesh_block
from emulator.physics.machine import Balance, Machine, ShaftLoad
from emulator.physics.mesh import Ear, Mesh, directional
from emulator.physics.shaft import ShaftAngle, ShaftTrace
from emulator.physics.site import Site
from emulator.physics.thermal import relax

Floats = NDArray[np.float64]
EARS = ("radial_h_m_s2", "radial_v_m_s2", "axial_m_s2")
KEPT_TICKS = 6000
KEY_TURN = 0.02  # share of a turn for which the key-phase probe sees its notch
TURNING_RAD_S = 1.0


class Gearbox(Machine):
    """The gearbox, a load of its input shaft; what its output shaft turns is in `driven`.

    Level F0 has its oil always in equilibrium and a line spectrum for vibration; F1 has the oil's heat and the line
    spectrum; F2, the default, has the mesh as an oscillator along the shaft's angle.
    """

    kind: ClassVar[str] = "gearbox"
    parameters: GearboxParameters
    STATES: ClassVar[tuple[str, ...]] = (
        "oil_k", "particles_ml", "torque_in_nm", "torque_out_nm", "force_n", "loss_w", "speed_rad_s", "turns_revs",
        "turns_frac", "_fresh", "t_ns", "_powers", "_sums", "_forces",
    )  # fmt: skip

    def __init__(self, parameters: GearboxParameters, site: Site, name: str, level: str = "F2") -> None:
        super().__init__(parameters, site, name)
        self.condition = GearboxCondition()
        self.level = level
        self.driven: list[ShaftLoad] = []
        self.oil_k = site.ambient_k
        self.particles_ml = list(parameters.particles_ml)
        self.torque_in_nm = self.torque_out_nm = self.force_n = self.loss_w = self.speed_rad_s = 0.0
        self.turns_revs, self.turns_frac, self.t_ns = 0, 0.0, 0
        self._powers = (0.0, 0.0, 0.0)
        self._fresh = True  # nothing has turned since the start
        self._sums = np.zeros(6)  # in, out, loss, kinetic stored, heat out, heat stored [J]
        self._forces: dict[int, MeshTick] = {}
        self._mesh = Mesh()
        self._ears = {
            quantity: Ear(directional(factor), site.streams(f"{name}/{quantity}/noise"))
            for quantity, factor in zip(EARS, (1.0, 0.93, 1.12), strict=True)
        }
        errors = site.streams(f"{name}/pitch")
        self._errors = tuple(
            parameters.pitch_error_m * errors.normal(start, teeth)
            for start, teeth in ((0, parameters.teeth_in), (1000, parameters.teeth_out))
        )

    @classmethod
    def build(cls, nameplate: Any, given: Mapping[str, Any], site: Site) -> Self:
        """Make the gearbox of a nameplate: gears are discs of steel, the contact is that of standard teeth."""
        n = nameplate
        inertias, masses = [], []
        for teeth in (n.teeth_in, n.teeth_out):
            radius = 0.5 * n.module * teeth
            mass = 7850.0 * math.pi * radius**2 * n.face_width
            masses.append(mass)
            inertias.append(0.5 * mass * radius**2)
        try:
            parameters = GearboxParameters(
                teeth_in=n.teeth_in, teeth_out=n.teeth_out, module_m=n.module, face_m=n.face_width,
                pressure_angle_rad=n.pressure_angle, helix_rad=n.helix_angle, power_w=n.power, speed_rad_s=n.speed,
                efficiency=n.efficiency, inertia_in_kg_m2=inertias[0], inertia_out_kg_m2=inertias[1],
                mass_in_kg=masses[0], mass_out_kg=masses[1], contact_ratio=n.contact_ratio,
                oil_grade_mm2_s=n.oil_grade,
            )  # fmt: skip
            return cls(override(parameters, dict(given), n.id), site, n.id, n.level or "F2")
        except ValueError as error:
            raise ValueError(str(error).replace("gearbox.", f"{n.id}.", 1)) from None

    # --- the oil ------------------------------------------------------------------------------------------

    @property
    def speed_ratio(self) -> float:
        """Output over input speed."""
        return float(self.parameters.speed_ratio)

    @property
    def viscosity_m2_s(self) -> float:
        """Kinematic viscosity of the oil that is in it [m²/s]."""
        return viscosity_m2_s(self.parameters.oil_grade_mm2_s, self.oil_k) * self.condition.viscosity_gain

    @property
    def film_ratio(self) -> float:
        """κ: the film over what the teeth need."""
        c = self.condition
        return self.viscosity_m2_s * c.fill / self.parameters.needed_m2_s

    @property
    def loss_share(self) -> float:
        """Share of the input power that becomes heat: 1 - η, more where the film does not part the teeth."""
        p = self.parameters
        return min((1.0 - p.efficiency) * friction_factor(self.film_ratio, p.film_reference), 0.5)

    def _drag(self, speed_rad_s: float) -> tuple[float, float]:
        """Return torque [N m] and slope [N m s] by which oil colder than the reference drags."""
        p = self.parameters
        thick = math.sqrt(max(self.viscosity_m2_s / (p.film_reference * p.needed_m2_s), 1.0)) - 1.0
        slope = p.cold_drag_nm * min(thick, 30.0) * self.condition.fill / p.speed_rad_s
        return slope * speed_rad_s, slope

    @property
    def oil_pressure_pa(self) -> float:
        """Gauge pressure behind the shaft-driven oil pump [Pa]: speed and viscosity make it, the relief valve cuts."""
        p = self.parameters
        thick = math.sqrt(self.viscosity_m2_s / (p.film_reference * p.needed_m2_s))
        ratio = abs(self.speed_rad_s) / p.speed_rad_s
        return min(p.oil_pressure_pa * ratio * thick * self.condition.fill, p.relief_pa)

    # --- on the shaft -------------------------------------------------------------------------------------

    @property
    def inertia_kg_m2(self) -> float:
        """Of the whole stage and of all it drives, seen from the input shaft [kg m²]."""
        p = self.parameters
        turned = p.inertia_out_kg_m2 + sum(machine.inertia_kg_m2 for machine in self.driven)
        return float(p.inertia_in_kg_m2 + self.speed_ratio**2 * turned)

    @property
    def radial_load_n(self) -> float:
        """Half the mesh force on each bearing of the input shaft [N]; at least a twentieth of the rated one."""
        p = self.parameters
        return 0.5 * max(abs(self.force_n), 0.05 * p.rated_force_n) / math.cos(p.pressure_angle_rad)

    def half_step(self, speed_rad_s: float, dt_s: float) -> None:
        """Advance what the output shaft turns."""
        if self._fresh and speed_rad_s != self.speed_rad_s:  # settled at one speed, started at another
            self.speed_rad_s = speed_rad_s
            self._powers = self._balance(speed_rad_s, 0.0)
        self._fresh = False
        for machine in self.driven:
            machine.half_step(speed_rad_s * self.speed_ratio, dt_s)

    def load(self, speed_rad_s: float) -> tuple[float, float, float]:
        """Return torque on the input shaft [N m], slope and curvature: the driven torque by ratio, and the losses."""
        torque, slope, curvature = self._demand(speed_rad_s)
        ratio = self.speed_ratio
        gain = self._gain(torque * speed_rad_s) * (1.0 + self._ripple(speed_rad_s)) * ratio
        drag, drag_slope = self._drag(speed_rad_s)
        return torque * gain + drag, slope * gain * ratio + drag_slope, curvature * gain * ratio**2

    def _demand(self, speed_rad_s: float) -> tuple[float, float, float]:
        torque = slope = curvature = 0.0
        for machine in self.driven:
            own, own_slope, own_curvature = machine.load(speed_rad_s * self.speed_ratio)
            torque, slope, curvature = torque + own, slope + own_slope, curvature + own_curvature
        return torque, slope, curvature

    def _gain(self, power_w: float) -> float:
        """Input over output power: losses raise what is driven and lower what drives back."""
        kept = 1.0 - self.loss_share
        return 1.0 / kept if power_w >= 0.0 else kept

    def _ripple(self, speed_rad_s: float) -> float:
        """Mean change of the lever arm over the coming tick as an eccentric pinion turns: ripple for the motor."""
        c = self.condition
        if c.eccentricity_in_m == 0.0 and c.eccentricity_out_m == 0.0:
            return 0.0
        r1, r2 = self.parameters.base_radii_m
        total = 0.0
        wheel = (self.turns_revs % self.parameters.teeth_out + self.turns_frac) * self.speed_ratio
        for depth, turn, speed in (
            (c.eccentricity_in_m / r1, self.turns_frac, speed_rad_s),
            (c.eccentricity_out_m / r2, wheel, speed_rad_s * self.speed_ratio),
        ):
            half = 0.5 * speed * TICK_S
            shrink = math.sin(half) / half if abs(half) > 1e-9 else 1.0
            total += depth * shrink * math.cos(2.0 * math.pi * turn + half)
        return total

    def _balance(self, speed_rad_s: float, acceleration: float) -> tuple[float, float, float]:
        """Set torques, force and loss at a speed; return power in, out and lost without what inertia takes [W]."""
        p = self.parameters
        output, _, _ = self._demand(speed_rad_s)
        ripple = 1.0 + self._ripple(speed_rad_s)
        passed = output * self.speed_ratio * ripple * speed_rad_s
        drag, _ = self._drag(speed_rad_s)
        through = passed * self._gain(passed)
        lost = self.loss_share * (through if passed >= 0.0 else -passed) + drag * speed_rad_s
        turned = sum(machine.inertia_kg_m2 for machine in self.driven)
        self.torque_in_nm = output * self.speed_ratio * ripple * self._gain(passed) + drag
        self.torque_in_nm += self.inertia_kg_m2 * acceleration
        self.torque_out_nm = output + turned * acceleration * self.speed_ratio
        self.force_n = p.mesh_force_n(self.torque_in_nm - drag, self.torque_out_nm)
        self.loss_w = lost
        return through + drag * speed_rad_s, passed, lost

    def account(self, speed_rad_s: float, dt_s: float) -> None:
        """Book the tick that ends now: work, heat, oil, debris; note the mesh force for the waveforms."""
        for machine in self.driven:
            machine.account(speed_rad_s * self.speed_ratio, dt_s)
        before, old = self._powers, self.speed_rad_s
        angle = ShaftAngle(self.turns_revs, self.turns_frac)
        angle.advance(old, speed_rad_s, dt_s)
        first_n = self.force_n
        self.turns_revs, self.turns_frac = angle.revs, angle.frac
        now = self._powers = self._balance(speed_rad_s, (speed_rad_s - old) / dt_s)
        work = [0.5 * (a + b) * dt_s for a, b in zip(before, now, strict=True)]
        p, swing = self.parameters, 0.5 * (speed_rad_s**2 - old**2)
        outer = self.speed_ratio**2 * sum(machine.inertia_kg_m2 for machine in self.driven)
        own = p.inertia_in_kg_m2 + self.speed_ratio**2 * p.inertia_out_kg_m2
        self._sums[:4] += (work[0] + (own + outer) * swing, work[1] + outer * swing, work[2], own * swing)
        self.speed_rad_s = speed_rad_s
        self._forces[self.t_ns] = MeshTick(first_n, self.force_n, self.oil_k, self.film_ratio)
        self._warm(work[2] / dt_s, dt_s)
        self._dirty(dt_s)
        self.t_ns += TICK_NS
        if len(self._forces) > KEPT_TICKS:
            del self._forces[next(iter(self._forces))]

    def tick(self, t_ns: int) -> None:
        """Note the time of the tick that the shaft is about to take."""
        self.t_ns = t_ns

    def _warm(self, loss_w: float, dt_s: float) -> None:
        """C_o dT = loss - G_o (T - T_a), exact over the tick; F0 has no heat to store."""
        p, ambient, old = self.parameters, self.site.ambient_k, self.oil_k
        if self.level == "F0":
            self.oil_k = ambient + loss_w / p.to_air_w_k
            self._sums[4] += loss_w * dt_s
            return
        final = ambient + loss_w / p.to_air_w_k
        tau = p.heat_j_k / p.to_air_w_k
        self.oil_k = relax(old, loss_w, p.to_air_w_k, ambient, p.heat_j_k, dt_s)
        faded = -math.expm1(-dt_s / tau) * tau
        self._sums[4] += p.to_air_w_k * ((final - ambient) * dt_s + (old - final) * faded)
        self._sums[5] += p.heat_j_k * (self.oil_k - old)

    def _source(self) -> tuple[float, float, float]:
        """Return the counts [1/ml] that debris and filter would settle at: load, film, pits and wear make them."""
        p, c = self.parameters, self.condition
        turning = abs(self.speed_rad_s) / p.speed_rad_s
        worked = turning * min(abs(self.force_n) / p.rated_force_n, 3.0) ** 2
        starved = friction_factor(self.film_ratio, p.film_reference)
        pits = c.pit_depth_m / 60e-6 * c.pit_teeth / 5.0
        teeth = 1.0 + 6.0 * (starved - 1.0) + 8.0 * c.wear_m / 40e-6 + 4.0 * c.misalignment
        chips = (20.0, 60.0, 200.0)  # pitting sheds coarse flakes, wear fine ones
        return tuple(
            base * (0.2 + 0.8 * worked * teeth + chip * worked * pits)
            for base, chip in zip(p.particles_ml, chips, strict=True)
        )  # type: ignore[return-value]

    def _dirty(self, dt_s: float) -> None:
        faded = math.exp(-dt_s / self.parameters.filter_s)
        self.particles_ml = [
            goal + (now - goal) * faded for goal, now in zip(self._source(), self.particles_ml, strict=True)
        ]

    # --- start --------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Rest at ambient temperature unless the site is warm: then the shaft's own start has settled it."""
        if not self.site.warm:
            self.oil_k = self.site.ambient_k
            self.speed_rad_s = self.torque_in_nm = self.torque_out_nm = self.force_n = self.loss_w = 0.0
            self._powers = (0.0, 0.0, 0.0)

    def settle(self, speed_rad_s: float) -> float:
        """Come to thermal rest at a constant speed; return the torque on the input shaft [N m]."""
        for machine in self.driven:
            machine.settle(speed_rad_s * self.speed_ratio)
        p = self.parameters
        low, high = self.site.ambient_k, self.site.ambient_k + 200.0
        for _ in range(60):  # loss falls as the oil warms to its film, and rises beyond: the lower root is the plant's
            self.oil_k = 0.5 * (low + high)
            _, _, lost = self._balance(speed_rad_s, 0.0)
            if lost > p.to_air_w_k * (self.oil_k - self.site.ambient_k):
                low = self.oil_k
            else:
                high = self.oil_k
        self.speed_rad_s = speed_rad_s
        self._powers = self._balance(speed_rad_s, 0.0)
        self.particles_ml = list(self._source())
        self._fresh = True
        return self.torque_in_nm

    # --- what can be seen ---------------------------------------------------------------------------------

    def signals(self) -> dict[str, float]:
        """Return speeds, torques, mesh force, oil."""
        counts = {f"particles_{size}um_ml": n for size, n in zip(SIZES, self.particles_ml, strict=True)}
        codes = {f"iso_4406_{size}um": float(iso_4406(n)) for size, n in zip(SIZES, self.particles_ml, strict=True)}
        return {
            "input_speed_rad_s": self.speed_rad_s,
            "output_speed_rad_s": self.speed_rad_s * self.speed_ratio,
            "input_torque_nm": self.torque_in_nm,
            "output_torque_nm": self.torque_out_nm,
            "input_power_w": self.torque_in_nm * self.speed_rad_s,
            "output_power_w": self.torque_out_nm * self.speed_rad_s * self.speed_ratio,
            "loss_w": self.loss_w,
            "mesh_force_n": self.force_n,
            "oil_temperature_k": self.oil_k,
            "oil_pressure_pa": self.oil_pressure_pa,
            "film_ratio": self.film_ratio,
            "radial_load_n": self.radial_load_n,
            **counts,
            **codes,
        }

    def waveforms(self) -> tuple[str, ...]:
        """Three accelerations, the mesh force, and the key-phase pulse of the input shaft."""
        return (*EARS, "mesh_force_n", "key_phase")

    def waveform(self, quantity: str, trace: ShaftTrace | None, n0: int, count: int, rate_hz: float) -> Floats:
        """Return samples of the block just stepped.

        Raises
        ------
        ValueError
            No such waveform, no block yet, or samples outside it.

        """
        if quantity not in self.waveforms():
            raise ValueError(f"{self.name} has no waveform {quantity!r}; there are: {', '.join(self.waveforms())}")
        if trace is None:
            raise ValueError(f"{self.name}: no block has been stepped yet; call step() first")
        block = mesh_block(self.parameters, self.condition, self._errors, self._ticks(trace), trace)
        heard = self._mesh.heard(trace, block, rate_hz, self.level != "F2")
        a, b = n0 - heard.first, n0 - heard.first + count
        if a < 0 or b > heard.force.size:
            last = heard.first + heard.force.size - 1
            raise ValueError(f"samples {n0}..{n0 + count - 1} are not in this block, which holds {heard.first}..{last}")
        if quantity == "mesh_force_n":
            return heard.force[a:b].copy()
        if quantity == "key_phase":
            return np.where(heard.turns[a:b] < KEY_TURN, 1.0, 0.0)
        p, c = self.parameters, self.condition
        force = p.to_housing * heard.force[a:b]
        if quantity == EARS[0]:
            shaken = force * math.sin(p.pressure_angle_rad) + heard.along[a:b]
        elif quantity == EARS[1]:
            shaken = force * math.cos(p.pressure_angle_rad) + heard.across[a:b]
        else:
            shaken = force * (math.tan(p.helix_rad) + 0.05 + 0.35 * c.misalignment)
        return self._ears[quantity].hear(shaken, n0, rate_hz, heard.noise[a:b])

    def _ticks(self, trace: ShaftTrace) -> list[MeshTick]:
        """Return the ticks of a block as they were noted."""
        still = MeshTick(self.force_n, self.force_n, self.oil_k, self.film_ratio)
        return [self._forces.get(trace.t0_ns + i * TICK_NS, still) for i in range(trace.speed_rad_s.size - 1)]

    def balances(self) -> dict[str, Balance]:
        """Return work through the stage, and the heat of its oil [J]."""
        came, went, lost, kinetic, given, kept = (float(x) for x in self._sums)
        return {"energy": Balance(came, went + lost, kinetic), "heat": Balance(lost, given, kept)}

    # --- save and restore ---------------------------------------------------------------------------------

    def save(self) -> dict[str, Any]:
        """Return a copy of everything that changes."""
        return super().save() | {"mesh": self._mesh.save(), "ears": {q: ear.save() for q, ear in self._ears.items()}}

    def restore(self, saved: dict[str, Any]) -> None:
        """Take over what `save` returned."""
        rest = dict(saved)
        self._mesh.restore(rest.pop("mesh"))
        for quantity, state in rest.pop("ears").items():
            self._ears[quantity].restore(state)
        super().restore(rest)
