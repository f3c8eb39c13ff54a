"""Tanks, junctions, pipes, valves and any number of pumps, stepped as one network of water."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np

from emulator.physics.asset import TICK_S
from emulator.physics.control_valve import ControlValve
from emulator.physics.kernels import hydraulics as hy
from emulator.physics.kernels import network_nodes as kn
from emulator.physics.kernels import network_pump as kp
from emulator.physics.kernels import water_network as k
from emulator.physics.machine import Balance, Floats
from emulator.physics.network_arrays import NetworkArrays
from emulator.physics.network_layout import lay_out
from emulator.physics.network_pump import NetworkPump
from emulator.physics.site import Site
from emulator.physics.tank import Tank
from emulator.physics.water import GRAVITY_M_S2


class WaterNetwork(NetworkArrays):
    """The network. Assets keep their own parameters, conditions and states; flows and volumes are the network's.

    Attributes
    ----------
    layout : nodes and edges by name · pumps : the shaft loads of its pumps by asset id.
    q, h, v : flow of each edge [m³/s], total head of each node over the first tank's bottom [m], stored volume [m³].
    speeds : of the pumps [rad/s], in their order.

    """

    STATES: ClassVar[tuple[str, ...]] = (
        "q", "h", "v", "speeds", "passed", "events", "out", "_node_i", "_edges_i", "_nodes", "_pumps", "_stored_0",
        "_constants", "_edges", "waves",
    )  # fmt: skip

    @classmethod
    def of(
        cls,
        name: str,
        assets: Mapping[str, Any],
        chains: Sequence[Sequence[str]],
        site: Site,
        driven: Collection[str] = (),
    ) -> Self:
        """Build the network of the chains of a rig's pipe connections (`lay_out`).

        `driven` names the valves that something else steps (control loops).

        Raises
        ------
        ValueError
            See `lay_out`.

        """
        return cls(name, lay_out(assets, chains), site, driven)

    # --- time ---------------------------------------------------------------------------------------------

    @property
    def _system(self) -> tuple[Any, ...]:
        return (
            self._nodes, self._node_i, self._edges, self._edges_i, self.speeds, self._pumps, self._scratch,
            self._constants,
        )  # fmt: skip

    def tick(self, t_ns: int) -> None:
        """Advance all flows and levels by one tick at the speeds of the pumps."""
        self.step(TICK_S)
        for node in self._places:
            if isinstance(node.asset, Tank):
                node.asset.sense(TICK_S)

    def step(self, dt_s: float) -> None:
        """Advance by `dt_s` [s]; valves that nothing else steps move, too."""
        for valve in self._own_valves:
            valve.advance(dt_s)
        self._refresh(dt_s)
        if self._elastic and dt_s != TICK_S:
            raise ValueError(f"network {self.name}: waves in elastic pipes go in ticks of {TICK_S:g} s, not {dt_s:g} s")
        for order, wave in enumerate(self._elastic.values()):
            at = self._rigid_n + 2 * order
            self.h[at], self.h[at + 1] = wave.travel(float(self._constants[kp.K_VISCOSITY]))
        k.advance(dt_s, self.q, self.v, self.h, *self._system, self.passed, self.events)
        for order, (e, wave) in enumerate(self._elastic.items()):
            a, b = self._ends(e)
            wave.end(self.h[a], self.q[e], self.h[b], self.q[self._rigid_m + order])
        self._tell()

    def start(self) -> None:
        """Come to the steady flows of a plant that starts running; a cold one stands."""
        if self.site.warm:
            self.settle()

    def settle(self) -> None:
        """Come to the steady flows at the present levels, speeds and valve positions.

        Raises
        ------
        ValueError
            There is no steady state; the message names the worst edge.

        """
        self._place_waves(False)
        self._refresh(0.0)
        held = self.v.copy()
        wrong, worst_head, worst_flow = k.settle(self.q, self.v, self.h, *self._system)
        self._place_waves(True)
        for order, (e, wave) in enumerate(self._elastic.items()):
            a, b = self._ends(e)
            wave.settle(self.h[a], self.h[b], self.q[e])
            self.q[self._rigid_m + order] = self.q[e]
        if wrong or worst_head > 1e-6 or worst_flow > 1e-9:
            raise ValueError(
                f"network {self.name}: no steady state found (head {worst_head:.2g} m, flow {worst_flow:.2g} m³/s, "
                f"{wrong} valves or tanks undecided); start it cold, or check pumps and levels"
            )
        for i, node in enumerate(self._places):
            if self._node_i[i, 0] == kn.POCKET:
                row = self._nodes[i]
                pressure_m = max(float(self.h[i] - row[kn.D_Z] + self._constants[kp.K_AIR]), 0.1)
                self.v[i] = row[kn.D_GAS_VOLUME] * (1.0 - self._constants[kp.K_AIR] / pressure_m)
                self._stored_0 += self.v[i] - held[i]
            elif isinstance(node.asset, Tank):
                node.asset.tap_level_m = node.asset.level_m
        self._tell()

    def _tell(self) -> None:
        """Give the assets what is theirs: levels, flows, operating points."""
        for i, node in enumerate(self._places):
            if isinstance(node.asset, Tank):
                node.asset.level_m = max(float(self.v[i] / self._nodes[i, kn.D_AREA]), 0.0)
        for e, asset in enumerate(self._assets):
            if isinstance(asset, ControlValve):
                a, b = self._edges_i[e, k.I_FROM], self._edges_i[e, k.I_TO]
                asset.drop_pa = float((self.h[a] - self.h[b]) * self._constants[kp.K_DENSITY] * GRAVITY_M_S2)
        if self.pumps:
            self._points(self.speeds, self.out)
        for load in self.pumps.values():
            load.pump.out[:] = self.out[load.index]
            load.pump.flow_m3_s = float(load.pump.out[hy.O_FLOW])
            self.look_at(load)

    def _points(self, speeds: Floats, out: Floats) -> None:
        start, index = self._edges_i[:, k.I_FROM], self._edges_i[:, k.I_PUMP]
        z = self._nodes[:, kn.D_Z]
        kp.pump_points(self.q, self.h, start, index, z, speeds, self._pumps, self._scratch, self._constants, out)

    def look_at(self, load: NetworkPump) -> None:
        """Show a pump its surroundings."""
        e = int(np.flatnonzero(self._edges_i[:, k.I_PUMP] == load.index)[0])
        a = self._edges_i[e, k.I_FROM]
        load.site.suction_net_m = float(self.h[a] - self._nodes[a, kn.D_Z])
        gas = float(self._pumps[load.index, hy.C_GAS])
        load.pump.tell_density(float(self._constants[kp.K_DENSITY]) * (1.0 - gas))

    def point(self, index: int, speed_rad_s: float) -> Floats:
        """Return the operating point of a pump at a speed and the present flow, float64[OUT_SIZE]."""
        speeds = self.speeds.copy()
        speeds[index] = speed_rad_s
        out = self.out.copy()
        self._points(speeds, out)
        found: Floats = out[index]
        return found

    # --- what can be seen ---------------------------------------------------------------------------------

    def flow_m3_s(self, name: str) -> float:
        """Return the flow through an edge [m³/s]."""
        return float(self.q[self._edge_of[name]])

    def pressure_pa(self, name: str) -> float:
        """Return the gauge pressure at a node [Pa]."""
        i = self._node_of[name]
        head = max(float(self.h[i] - self._nodes[i, kn.D_Z]), -float(self._constants[kp.K_AIR]))  # no liquid pulls
        return head * float(self._constants[kp.K_DENSITY]) * GRAVITY_M_S2

    def imbalance_m3_s(self) -> float:
        """Return the largest |Σ Q| of all junctions [m³/s]."""
        loose = [i for i in range(self._rigid_n) if self._node_i[i, 0] == kn.JUNCTION]
        return max((abs(float(self._inflow(i))) for i in loose), default=0.0)

    def _inflow(self, i: int) -> float:
        return float(k.net_inflow(i, self.q, self.h, self.v, self._nodes, self._node_i, self._edges_i))

    def signals(self) -> dict[str, float]:
        """Return what belongs to no single asset."""
        return {"leaked_m3": float(self.passed[0]), "spilt_m3": float(self.passed[3])}

    def asset_signals(self) -> dict[str, float]:
        """Return the true values of its assets by full name ``<asset>.<quantity>``, SI."""
        found: dict[str, float] = {}
        for i, node in enumerate(self._places):
            if isinstance(node.asset, Tank):
                found[f"{node.name}.level_m"] = node.asset.level_m
                found[f"{node.name}.hydrostatic_level_m"] = node.asset.hydrostatic_level_m
                found[f"{node.name}.radar_level_m"] = node.asset.radar_level_m
            if node.asset is not None:
                found[f"{node.name}.pressure_pa"] = self.pressure_pa(node.name)
                found[f"{node.name}.inflow_m3_s"] = self._inflow(i)
        for name, edge in self.layout.edges.items():
            if name in self.pumps:
                found |= {f"{name}.{q}": value for q, value in self.pumps[name].signals().items()}
                continue
            found[f"{name}.flow_m3_s"] = self.flow_m3_s(name)
            if isinstance(edge.asset, ControlValve):
                found[f"{name}.drop_pa"] = edge.asset.drop_pa
        return found

    def balances(self) -> dict[str, Balance]:
        """Return the volume account as mass of water [kg]: what mains and demands gave or took, leaks, spills.

        What elastic pipes hold more than at rest counts with the mains.
        """
        leaked, drawn, to_mains, spilt = (float(x) for x in self.passed)
        out = leaked + max(drawn, 0.0) + max(to_mains, 0.0) + spilt
        came = -min(drawn, 0.0) - min(to_mains, 0.0)
        density = float(self._constants[kp.K_DENSITY])
        return {"mass": Balance(came * density, out * density, (self._stored - self._stored_0) * density)}
