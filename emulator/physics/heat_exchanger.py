"""Heat exchanger between two liquid streams: cells along the flow, a wall between, fouling, leaks and by-passes.

1/UA = 1/(h_h A) + 1/(h_c A) + R_f/A with h ∝ ṁ^0.7, Δp = Δp0 (ṁ/ṁ0)^1.8 (1 - δ/b)^-3 with a deposit δ = λ_f R_f.
Level F1 has 3N cells; F0 is algebraic (effectiveness by transfer units) and agrees with the rest state of F1.
"""

import math
from collections.abc import Mapping
from typing import Any, ClassVar, Literal, Self

import numpy as np

from emulator.physics.asset import TICK_NS, TICK_S, override
from emulator.physics.effectiveness import effectiveness
from emulator.physics.heat_exchanger_parameters import HeatExchangerCondition, HeatExchangerParameters
from emulator.physics.kernels import heat_exchanger as k
from emulator.physics.machine import Balance, Command, Machine
from emulator.physics.ports import Port
from emulator.physics.site import Site
from emulator.physics.water import GRAVITY_M_S2

Side = Literal["hot", "cold"]
SIDES: tuple[Side, Side] = ("hot", "cold")
FILM_EXPONENT = 0.7
DROP_EXPONENT = 1.8
STILL_SHARE = 0.01  # of rated flow: below it natural convection keeps the film where it was
ORIFICE = 0.61
AIR_TAU_S = 1.0
AIR_NOISE = 0.08  # relative scatter of the flow past pockets of air at full severity


class HeatExchanger(Machine):
    """An exchanger whose sides are joined to streams, to a water loop (`advance_side`), or fed from its data sheet."""

    kind: ClassVar[str] = "heat_exchanger"
    parameters: HeatExchangerParameters
    condition: HeatExchangerCondition
    STATES: ClassVar[tuple[str, ...]] = (
        "hot_k", "wall_k", "cold_k", "flow_kg_s", "inlet_k", "outlet_k", "outlet_flow_kg_s", "commanded_flow_kg_s",
        "commanded_inlet_k", "looped", "leak_kg_s", "air_noise", "conductance_w_k", "_sums", "_mass_in_kg",
        "_mass_out_kg", "_first_k",
    )  # fmt: skip

    def __init__(self, parameters: HeatExchangerParameters, site: Site, name: str) -> None:
        super().__init__(parameters, site, name)
        p = parameters
        self.condition = HeatExchangerCondition()
        self.ports = {
            "hot_in": Port("stream", "potential", potential=p.hot_outlet_pa + p.pressure_drop_pa),
            "hot_out": Port("stream", "flow", potential=p.hot_outlet_pa),
            "cold_in": Port("stream", "potential", potential=p.cold_outlet_pa + p.pressure_drop_pa),
            "cold_out": Port("stream", "flow", potential=p.cold_outlet_pa),
        }
        self.hot_k, self.wall_k, self.cold_k = (np.full(int(p.cells), site.ambient_k) for _ in range(3))
        self.commanded_flow_kg_s: dict[Side, float] = {"hot": p.hot_flow_kg_s, "cold": p.cold_flow_kg_s}
        self.commanded_inlet_k: dict[Side, float] = {"hot": p.hot_inlet_k, "cold": 0.0}  # 0: as the site has it
        self.looped: dict[Side, bool] = {"hot": False, "cold": False}
        self.flow_kg_s: dict[Side, float] = {"hot": 0.0, "cold": 0.0}
        self.inlet_k: dict[Side, float] = {"hot": p.hot_inlet_k, "cold": site.cooling_water_k}
        self.outlet_k: dict[Side, float] = {"hot": site.ambient_k, "cold": site.ambient_k}
        self.outlet_flow_kg_s: dict[Side, float] = {"hot": 0.0, "cold": 0.0}
        self.leak_kg_s = 0.0
        self.air_noise = 0.0
        self.conductance_w_k = 0.0
        self._air = site.streams(f"{name}/air")
        self._a = np.zeros(k.A_SIZE)
        self._work = np.zeros((6, int(p.cells)))
        self._out = np.zeros(2)
        self._sums = np.zeros(k.SUMS_SIZE)
        self._mass_in_kg = self._mass_out_kg = 0.0
        self._first_k = np.zeros((3, int(p.cells)))

    @classmethod
    def build(cls, nameplate: Any, given: Mapping[str, Any], site: Site) -> Self:
        """Make the exchanger of a `rigs.assets` nameplate."""
        n = nameplate
        try:
            parameters = HeatExchangerParameters(
                area_m2=n.area, conductance_w_k=n.conductance, counter_flow=n.arrangement == "counter_flow",
                hot_flow_kg_s=n.hot_flow, cold_flow_kg_s=n.cold_flow, hot_inlet_k=n.hot_inlet,
                pressure_drop_pa=n.pressure_drop, dynamic=n.level != "F0",
            )  # fmt: skip
            return cls(override(parameters, dict(given), n.id), site, n.id)
        except ValueError as error:
            named = str(error).startswith("plant.parameters")
            raise ValueError(str(error) if named else f"{n.id}.{error}") from None

    # --- start --------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Warm: the profiles of the streams that flow now; cold: everything as warm as the air."""
        self._feed(0)
        self._fill()
        if self.site.warm and min(self.flow_kg_s.values()) > 0.0:
            self._settle()
        else:
            for profile in (self.hot_k, self.wall_k, self.cold_k):
                profile[:] = self.site.ambient_k
        self._sums[:] = 0.0
        self._mass_in_kg = self._mass_out_kg = 0.0
        self._first_k[:] = self.hot_k, self.wall_k, self.cold_k
        self._leave()
        self._write()

    def _settle(self) -> None:
        # Straight profiles between the ends that effectiveness gives, then time until nothing moves.
        hot, cold = self._algebraic()
        along = (np.arange(self.hot_k.size) + 0.5) / self.hot_k.size
        self.hot_k[:] = self.inlet_k["hot"] + (hot - self.inlet_k["hot"]) * along
        back = along if self._a[k.A_COLD_DIRECTION] > 0.0 else 1.0 - along
        self.cold_k[:] = self.inlet_k["cold"] + (cold - self.inlet_k["cold"]) * back
        self.wall_k[:] = 0.5 * (self.hot_k + self.cold_k)
        if not self.parameters.dynamic:
            return
        passing = self._a[k.A_HOT_CELL] * along.size / (self._a[k.A_HOT] * self._a[k.A_HOT_C])
        for _ in range(200):
            before = self.cold_k.copy()
            k.exchanger_advance(self.hot_k, self.wall_k, self.cold_k, self._a, passing, self._work, self._sums)
            if float(np.abs(self.cold_k - before).max()) < 1e-9:
                break

    # --- time ---------------------------------------------------------------------------------------------

    def tick(self, t_ns: int) -> None:
        """Advance 10 ms: take in what the streams bring, let it pass, hand on what leaves."""
        self._feed(t_ns // TICK_NS)
        self._fill()
        if self.parameters.dynamic:
            k.exchanger_advance(self.hot_k, self.wall_k, self.cold_k, self._a, TICK_S, self._work, self._sums)
            self._leave()
        else:
            self._leave()
            for i, side in enumerate(SIDES):
                heat = self._a[k.A_HOT_C + i] * TICK_S
                core_k = self._out[i] - k.REFERENCE_K
                self._sums[2 * i] += heat * abs(self._a[i]) * (self.inlet_k[side] - k.REFERENCE_K)
                self._sums[2 * i + 1] += heat * (abs(self._a[i]) + (-1 if i == 0 else 1) * self.leak_kg_s) * core_k
        self._mass_in_kg += TICK_S * sum(abs(flow) for flow in self.flow_kg_s.values())
        self._mass_out_kg += TICK_S * sum(self.outlet_flow_kg_s.values())
        self._write()

    def _feed(self, tick: int) -> None:
        p, c = self.parameters, self.condition
        if c.air_share > 0.0:
            keep = math.exp(-TICK_S / AIR_TAU_S)
            kick = float(self._air.normal(tick, 1)[0])
            self.air_noise = keep * self.air_noise + math.sqrt(1.0 - keep * keep) * kick
        for side in SIDES:
            inlet = self.ports[f"{side}_in"]
            if inlet.joined:
                self.flow_kg_s[side] = max(inlet.flow, 0.0)
                self.inlet_k[side] = inlet.met_k if inlet.flow > 0.0 else self.inlet_k[side]
            elif not self.looped[side]:
                # A supply of constant pressure: what resists the flow more lets less of it through.
                self.flow_kg_s[side] = self.commanded_flow_kg_s[side] * self._ease(side)
                asked = self.commanded_inlet_k[side]
                self.inlet_k[side] = asked if asked > 0.0 else self.site.cooling_water_k
        self.leak_kg_s = 0.0
        if c.leak_diameter_m > 0.0:
            drop = self.mean_pressure_pa("hot") - self.mean_pressure_pa("cold")
            giver: Side = "hot" if drop >= 0.0 else "cold"
            density = p.hot_density_kg_m3 if drop >= 0.0 else p.cold_density_kg_m3
            hole = ORIFICE * 0.25 * math.pi * c.leak_diameter_m**2 * math.sqrt(2.0 * density * abs(drop))
            share = 1.0 - c.bypass_share if giver == "hot" else 1.0
            self.leak_kg_s = math.copysign(min(hole, 0.99 * share * abs(self.flow_kg_s[giver])), drop)

    def _ease(self, side: Side) -> float:
        c = self.condition
        if side == "cold":
            return c.cold_flow_share
        return max(1.0 + AIR_NOISE * c.air_share * self.air_noise, 0.2) if c.air_share > 0.0 else 1.0

    def _film(self, side: Side) -> float:
        """Return film and deposit of a side as one conductance [W/K]."""
        p, c = self.parameters, self.condition
        hot = side == "hot"
        clean = p.conductance_w_k / (p.hot_share if hot else 1.0 - p.hot_share)
        rated = p.hot_flow_kg_s if hot else p.cold_flow_kg_s
        core = abs(self.flow_kg_s[side]) * (1.0 - c.bypass_share if hot else 1.0)
        film = clean * max(core / rated, STILL_SHARE) ** FILM_EXPONENT
        if hot:
            film *= 1.0 - c.air_share
        fouling = c.hot_fouling_m2k_w if hot else c.cold_fouling_m2k_w
        return float(1.0 / (1.0 / film + fouling / p.area_m2))

    def _fill(self) -> None:
        p, a, n = self.parameters, self._a, int(self.parameters.cells)
        a[k.A_HOT] = self.flow_kg_s["hot"] * (1.0 - self.condition.bypass_share)
        a[k.A_COLD] = self.flow_kg_s["cold"]
        a[k.A_HOT_IN], a[k.A_COLD_IN] = self.inlet_k["hot"], self.inlet_k["cold"]
        a[k.A_HOT_C], a[k.A_COLD_C] = p.hot_heat_j_kg_k, p.cold_heat_j_kg_k
        hold = p.area_m2 * p.gap_m / n
        a[k.A_HOT_CELL] = hold * p.hot_density_kg_m3 * p.hot_heat_j_kg_k
        a[k.A_COLD_CELL] = hold * p.cold_density_kg_m3 * p.cold_heat_j_kg_k
        a[k.A_WALL_CELL] = p.wall_j_k / n
        hot, cold = self._film("hot"), self._film("cold")
        self.conductance_w_k = 1.0 / (1.0 / hot + 1.0 / cold)
        a[k.A_HOT_G], a[k.A_COLD_G] = hot / n, cold / n
        a[k.A_COLD_DIRECTION] = -1.0 if p.counter_flow else 1.0
        a[k.A_LEAK] = self.leak_kg_s
        a[k.A_LEAK_CELL] = min(int(p.leak_position * n), n - 1)

    def _algebraic(self) -> tuple[float, float]:
        """Return the rest-state temperatures [K] with which hot and cold leave the core (level F0)."""
        p, a = self.parameters, self._a
        hot, cold = abs(a[k.A_HOT]) * p.hot_heat_j_kg_k, abs(a[k.A_COLD]) * p.cold_heat_j_kg_k
        small, large = min(hot, cold), max(hot, cold)
        if small <= 0.0:
            return self.inlet_k["hot"], self.inlet_k["cold"]
        share = effectiveness(self.conductance_w_k / small, small / large, p.counter_flow)
        duty = share * small * (self.inlet_k["hot"] - self.inlet_k["cold"])
        return self.inlet_k["hot"] - duty / hot, self.inlet_k["cold"] + duty / cold

    def _leave(self) -> None:
        p, leak = self.parameters, self.leak_kg_s
        if p.dynamic:
            k.leaving(self.hot_k, self.wall_k, self.cold_k, self._a, self._work, self._out)
        else:
            hot, cold = self._algebraic()
            h, c = abs(self._a[k.A_HOT]) * p.hot_heat_j_kg_k, abs(self._a[k.A_COLD]) * p.cold_heat_j_kg_k
            # What leaks joins the other stream where that one leaves.
            if leak > 0.0:
                cold = (c * cold + leak * p.hot_heat_j_kg_k * hot) / (c + leak * p.cold_heat_j_kg_k)
            elif leak < 0.0:
                hot = (h * hot - leak * p.cold_heat_j_kg_k * cold) / (h - leak * p.hot_heat_j_kg_k)
            self._out[0], self._out[1] = hot, cold
        core = abs(self._a[k.A_HOT]) - leak
        around = abs(self.flow_kg_s["hot"]) - abs(self._a[k.A_HOT])
        self.outlet_k["hot"] = float(self._out[0])
        if around > 0.0:
            self.outlet_k["hot"] = (core * float(self._out[0]) + around * self.inlet_k["hot"]) / (core + around)
        self.outlet_k["cold"] = float(self._out[1])
        self.outlet_flow_kg_s["hot"] = abs(self.flow_kg_s["hot"]) - leak
        self.outlet_flow_kg_s["cold"] = abs(self.flow_kg_s["cold"]) + leak

    def _write(self) -> None:
        for side in SIDES:
            inlet, outlet = self.ports[f"{side}_in"], self.ports[f"{side}_out"]
            inlet.potential = outlet.potential + self.pressure_drop_pa(side)
            inlet.temperature_k = self.inlet_k[side]
            outlet.flow, outlet.temperature_k = self.outlet_flow_kg_s[side], self.outlet_k[side]

    # --- as a part of a water loop ------------------------------------------------------------------------

    def advance_side(self, side: Side, mass_flow_kg_s: float, inlet_k: float) -> float:
        """Say what enters a side from now on; return the temperature [K] with which it leaves.

        For a loop of pipes that the exchanger is part of, called once per tick; the exchanger's own `tick` moves the
        heat. A negative flow [kg/s] enters at the other end.
        """
        self.looped[side] = True
        self.flow_kg_s[side] = mass_flow_kg_s
        self.inlet_k[side] = inlet_k
        return self.outlet_k[side]

    def resistance_s2_m5(self, side: Side) -> float:
        """Return K of a head loss K Q² [s²/m⁵] that equals the pressure drop at the present flow."""
        p = self.parameters
        rated = p.hot_flow_kg_s if side == "hot" else p.cold_flow_kg_s
        density = p.hot_density_kg_m3 if side == "hot" else p.cold_density_kg_m3
        flow = max(abs(self.flow_kg_s[side]), STILL_SHARE * rated)
        return self._drop(side, flow) / (density * GRAVITY_M_S2) * (density / flow) ** 2

    def pressure_drop_pa(self, side: Side) -> float:
        """Return what a side takes of the pressure at the present flow [Pa]."""
        return self._drop(side, abs(self.flow_kg_s[side]))

    def _drop(self, side: Side, flow_kg_s: float) -> float:
        p, c = self.parameters, self.condition
        hot = side == "hot"
        fouling = c.hot_fouling_m2k_w if hot else c.cold_fouling_m2k_w
        open_ = 1.0 - min(p.deposit_w_m_k * fouling / p.gap_m, 0.9)
        ratio = flow_kg_s / (p.hot_flow_kg_s if hot else p.cold_flow_kg_s)
        if hot:
            ratio *= 1.0 - c.bypass_share
        ratio /= self._ease(side)  # a choked side takes the same pressure at less flow
        return float(p.pressure_drop_pa * ratio**DROP_EXPONENT / open_**3)

    def mean_pressure_pa(self, side: Side) -> float:
        """Return the gauge pressure half way along a side [Pa]."""
        return self.ports[f"{side}_out"].potential + 0.5 * self.pressure_drop_pa(side)

    # --- what can be seen and done ------------------------------------------------------------------------

    @property
    def duty_w(self) -> float:
        """Heat that the hot stream gives [W], less what leaks with its liquid."""
        p = self.parameters
        return p.hot_heat_j_kg_k * (
            self.outlet_flow_kg_s["hot"] * (self.inlet_k["hot"] - self.outlet_k["hot"])
        )  # fmt: skip

    @property
    def cold_duty_w(self) -> float:
        """Heat that the cold stream takes along [W]."""
        flow = min(self.outlet_flow_kg_s["cold"], abs(self.flow_kg_s["cold"]))
        return self.parameters.cold_heat_j_kg_k * flow * (self.outlet_k["cold"] - self.inlet_k["cold"])

    @property
    def effectiveness(self) -> float:
        """Duty of the hot stream over the largest possible; 0 where nothing flows or nothing is to be had."""
        p = self.parameters
        flows = abs(self.flow_kg_s["hot"]) * p.hot_heat_j_kg_k, abs(self.flow_kg_s["cold"]) * p.cold_heat_j_kg_k
        most = min(flows) * (self.inlet_k["hot"] - self.inlet_k["cold"])
        return self.duty_w / most if abs(most) > 1e-6 else 0.0

    def signals(self) -> dict[str, float]:
        """Return temperatures [K], flows, pressure drops [Pa], duty [W] and effectiveness."""
        values: dict[str, float] = {}
        for side in SIDES:
            density = self.parameters.hot_density_kg_m3 if side == "hot" else self.parameters.cold_density_kg_m3
            values[f"{side}_inlet_temperature_k"] = self.inlet_k[side]
            values[f"{side}_outlet_temperature_k"] = self.outlet_k[side]
            values[f"{side}_flow_kg_s"] = self.flow_kg_s[side]
            values[f"{side}_flow_m3_s"] = self.flow_kg_s[side] / density
            values[f"{side}_outlet_flow_kg_s"] = self.outlet_flow_kg_s[side]
            values[f"{side}_pressure_drop_pa"] = self.pressure_drop_pa(side)
        values["duty_w"], values["cold_duty_w"] = self.duty_w, self.cold_duty_w
        values["effectiveness"], values["conductance_w_k"] = self.effectiveness, self.conductance_w_k
        values["fouling_m2k_w"] = self.condition.hot_fouling_m2k_w + self.condition.cold_fouling_m2k_w
        return values

    def commands(self) -> dict[str, Command]:
        """Return flow [kg/s] and inlet temperature [K, 0: the site's cooling water] of sides that are not joined."""

        def flow(side: Side) -> Command:
            return lambda value: self.commanded_flow_kg_s.__setitem__(side, max(value, 0.0))

        def inlet(side: Side) -> Command:
            return lambda value: self.commanded_inlet_k.__setitem__(side, max(value, 0.0))

        free = [side for side in SIDES if not self.ports[f"{side}_in"].joined]
        return {f"{s}_flow_kg_s": flow(s) for s in free} | {f"{s}_inlet_temperature_k": inlet(s) for s in free}

    def _stored_j(self) -> float:
        if not self.parameters.dynamic:
            return 0.0
        a, first = self._a, self._first_k
        return float(
            a[k.A_HOT_CELL] * (self.hot_k - first[0]).sum()
            + a[k.A_WALL_CELL] * (self.wall_k - first[1]).sum()
            + a[k.A_COLD_CELL] * (self.cold_k - first[2]).sum()
        )

    def balances(self) -> dict[str, Balance]:
        """Return ``energy`` (hot loss = cold gain + stored) and ``mass`` of both streams."""
        s = self._sums
        hot, cold = float(s[k.S_HOT_IN] - s[k.S_HOT_OUT]), float(s[k.S_COLD_OUT] - s[k.S_COLD_IN])
        return {
            "energy": Balance(hot, cold, self._stored_j()),
            "mass": Balance(self._mass_in_kg, self._mass_out_kg, 0.0),
        }
