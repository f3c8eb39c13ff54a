"""The arrays of a water network, filled from its layout and, tick by tick, from its assets."""

import math
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from emulator.physics.centrifugal_pump import CentrifugalPump
from emulator.physics.check_valve import CheckValve
from emulator.physics.control_valve import ControlValve
from emulator.physics.elastic_pipe import ElasticPipe
from emulator.physics.junction import Junction, WaterMain
from emulator.physics.kernels import hydraulics as hy
from emulator.physics.kernels import network_nodes as kn
from emulator.physics.kernels import network_pump as kp
from emulator.physics.kernels import water_network as k
from emulator.physics.machine import Floats, Machine
from emulator.physics.network_layout import Layout, Node
from emulator.physics.network_pump import NetworkPump, fresh_points
from emulator.physics.pipe import Pipe
from emulator.physics.site import Site
from emulator.physics.tank import DISCHARGE, Tank
from emulator.physics.water import ATMOSPHERE_PA, GRAVITY_M_S2, density_kg_m3, vapour_pressure_pa, viscosity_pa_s

BODY_INERTANCE_1_M = 50.0  # of valves and pumps: a quarter of a metre of DN80


@dataclass(slots=True)
class NetworkCondition:
    """Nothing of the network itself can break: faults sit on its assets."""


class NetworkArrays(Machine):
    """What the kernel steps; `WaterNetwork` steps it."""

    def __init__(self, name: str, layout: Layout, site: Site, driven: Collection[str] = ()) -> None:
        super().__init__(None, site, name)
        self.condition = NetworkCondition()
        self.layout = layout
        self._node_of = {n: i for i, n in enumerate(layout.nodes)}
        self._edge_of = {e: i for i, e in enumerate(layout.edges)}
        self._edge_list = list(layout.edges.values())
        self._assets = [edge.asset for edge in layout.edges.values()]
        self._places = list(layout.nodes.values())
        self._elastic = {
            e: ElasticPipe(edge.name, edge.asset)
            for e, edge in enumerate(layout.edges.values())
            if isinstance(edge.asset, Pipe) and edge.asset.parameters.wave_speed_m_s > 0.0
        }
        self._rigid_n, self._rigid_m = len(layout.nodes), len(layout.edges)
        n, m = self._rigid_n + 2 * len(self._elastic), self._rigid_m + len(self._elastic)
        self.q, self.h, self.v = np.zeros(m), np.zeros(n), np.zeros(n)
        self._nodes, self._edges = np.zeros((n, kn.NODE_SIZE)), np.zeros((m, k.EDGE_SIZE))
        self._node_i, self._edges_i = np.zeros((n, 3), np.int64), np.zeros((m, 6), np.int64)
        self._constants, self._scratch = np.zeros(kp.CONSTANTS), np.zeros(hy.CIRCUIT_SIZE)
        self.passed, self.events = np.zeros(4), np.zeros(1, np.int64)
        self.pumps: dict[str, NetworkPump] = {}
        for edge in layout.edges.values():
            if isinstance(edge.asset, CentrifugalPump):
                self.pumps[edge.name] = NetworkPump(self, edge.asset, len(self.pumps))
                for other in layout.edges.values():
                    if isinstance(other.asset, Pipe) and other.end == edge.start:
                        self.pumps[edge.name].site.suction_area_m2 = other.asset.area_m2
                    if isinstance(other.asset, Pipe) and other.start == edge.end:
                        self.pumps[edge.name].site.discharge_area_m2 = other.asset.area_m2
        self.speeds = np.zeros(len(self.pumps))
        self._pumps = np.zeros((max(len(self.pumps), 1), hy.PUMP_SIZE))
        self.out = fresh_points(max(len(self.pumps), 1))
        self._own_valves = [
            e.asset for e in layout.edges.values() if isinstance(e.asset, ControlValve) and e.name not in driven
        ]
        self._place_nodes()
        self._place_edges()
        self._place_waves(True)
        self._refresh(0.0)
        self.h[:] = self._nodes[:, kn.D_Z]
        self._stored_0 = self._stored

    # --- filling the arrays -------------------------------------------------------------------------------

    def _place_nodes(self) -> None:
        kinds = {Tank: kn.TANK, WaterMain: kn.FIXED}
        for i, node in enumerate(self._places):
            row = self._nodes[i]
            row[kn.D_Z] = node.z_m
            row[kn.D_GAS_EXPONENT] = 1.0
            self._node_i[i, 0] = kn.OUTLET if node.over is not None else kinds.get(type(node.asset), kn.JUNCTION)
            if node.over is not None:
                self._node_i[i, 2] = self._node_of[node.over]
            if isinstance(node.asset, Tank):
                p = node.asset.parameters
                row[kn.D_AREA], row[kn.D_VOLUME_MAX] = p.area_m2, p.area_m2 * p.height_m
                row[kn.D_GAS_EXPONENT] = p.gas_exponent
                row[kn.D_GAS_VOLUME] = p.area_m2 * (p.height_m - p.datum_level_m)
                self.v[i] = node.asset.level_m * p.area_m2

    def _place_edges(self) -> None:
        for e, edge in enumerate(self.layout.edges.values()):
            row, whole, asset = self._edges[e], self._edges_i[e], edge.asset
            end = self.layout.nodes[edge.end]
            whole[k.I_FROM], whole[k.I_TO] = self._node_of[edge.start], self._node_of[edge.end]
            whole[k.I_INTO] = self._node_of[end.over or edge.end]
            whole[k.I_PUMP], whole[k.I_OPEN] = -1, 1
            row[k.A_ROUGHNESS], row[k.A_GAIN] = -1.0, 1.0
            row[k.A_INERTANCE] = getattr(asset, "inertance_1_m", BODY_INERTANCE_1_M) / GRAVITY_M_S2
            if isinstance(asset, Pipe):
                asset.in_network, p = True, asset.parameters
                row[k.A_LENGTH], row[k.A_DIAMETER], row[k.A_ROUGHNESS] = p.length_m, p.diameter_m, p.roughness_m
            elif isinstance(asset, CheckValve):
                row[k.A_CHECK] = 1.0
            elif isinstance(asset, ControlValve):
                whole[k.I_KIND] = k.VALVE
                row[k.A_RECOVERY] = asset.parameters.recovery
            elif isinstance(asset, CentrifugalPump):
                whole[k.I_KIND], whole[k.I_PUMP] = k.PUMP, self.pumps[edge.name].index

    def _place_waves(self, running: bool) -> None:
        """Cut elastic pipes in two ends, each before a head that the waves bring; at rest join them again."""
        for order, (e, wave) in enumerate(self._elastic.items()):
            edge = self._edge_list[e]
            out, start, end = self._rigid_m + order, self._rigid_n + 2 * order, self._rigid_n + 2 * order + 1
            to, last = self._node_of[edge.end], self._node_of[self.layout.nodes[edge.end].over or edge.end]
            self._node_i[[start, end], 0] = kn.FIXED
            self._edges[e, k.A_INERTANCE] = 0.0 if running else wave.pipe.inertance_1_m / GRAVITY_M_S2
            self._edges_i[e, k.I_KIND] = k.WAVE if running else k.PIPE
            self._edges_i[e, [k.I_TO, k.I_INTO]] = (start, start) if running else (to, last)
            self._edges_i[out, [k.I_FROM, k.I_TO, k.I_INTO]] = (end, to, last) if running else (to, to, to)
            self._edges_i[out, [k.I_KIND, k.I_PUMP, k.I_OPEN]] = (k.WAVE, -1, 1)
            self._edges[out, [k.A_RESISTANCE, k.A_GAIN]] = wave.impedance_s_m2, 1.0
            if running:
                self._edges[e, k.A_RESISTANCE] = wave.impedance_s_m2

    def _ends(self, e: int) -> tuple[int, int]:
        edge = self._edge_list[e]
        return self._node_of[edge.start], self._node_of[edge.end]

    def _refresh(self, tick_s: float) -> None:
        """Bring conditions, valve positions and water into the arrays."""
        rise = max((load.pump.condition.liquid_rise_k for load in self.pumps.values()), default=0.0)
        fluid_k = self.site.fluid_k + rise
        density = density_kg_m3(fluid_k) * self.site.density_gain
        weight = density * GRAVITY_M_S2
        c = self._constants
        c[kp.K_AIR], c[kp.K_VAPOUR] = ATMOSPHERE_PA / weight, vapour_pressure_pa(fluid_k) / weight
        c[kp.K_DENSITY] = density
        c[kp.K_VISCOSITY] = viscosity_pa_s(fluid_k) * self.site.viscosity_gain / density
        self._nodes[:, kn.D_LEAK] = 0.0
        self._nodes[:, kn.D_DEMAND] = 0.0
        air = np.zeros(self.h.size)
        for e, asset in enumerate(self._assets):
            row, whole = self._edges[e], self._edges_i[e]
            if isinstance(asset, Pipe):
                end = self._node_of[self._edge_list[e].end]
                if whole[k.I_KIND] != k.WAVE:
                    row[k.A_RESISTANCE] = asset.parameters.resistance_s2_m5
                    row[k.A_GAIN] = asset.condition.blockage
                    if asset.condition.added_resistance_s2_m5 != 0.0:
                        row[k.A_RESISTANCE] += asset.condition.added_resistance_s2_m5
                    row[k.A_WAVE] = asset.wave(tick_s)
                self._nodes[end, kn.D_LEAK] += asset.leak_section_m2
                air[end] += asset.condition.air_m3
            elif isinstance(asset, CheckValve):
                row[k.A_RESISTANCE], row[k.A_BACK] = asset.resistance_s2_m5, asset.condition.stuck_open
            elif isinstance(asset, ControlValve):
                row[k.A_KV] = max(asset.kv_m3_h, 1e-3)
            elif isinstance(asset, CentrifugalPump):
                asset.fill(self._pumps[whole[k.I_PUMP]], self._dry(whole[k.I_FROM]))
                row[k.A_RESISTANCE] = asset.condition.throttle_s2_m5
                if asset.condition.seal_bore_m > 0.0:
                    self._nodes[whole[k.I_FROM], kn.D_DEMAND] += asset.seal.flow_m3_s
            else:
                row[k.A_RESISTANCE] = asset.resistance_s2_m5
        for i, node in enumerate(self._places):
            self._refresh_node(i, node, weight, float(air[i]))
        for load in self.pumps.values():
            load.site.fluid_k, load.site.density_kg_m3, load.site.ambient_k = fluid_k, density, self.site.ambient_k

    def _dry(self, node: int) -> bool:
        """Whether what feeds a node is an empty tank, straight or through a suction line."""
        feeders = [int(e) for e in np.flatnonzero(self._edges_i[:, k.I_INTO] == node)]
        if len(feeders) == 1 and self._node_i[node, 0] == kn.JUNCTION:
            node = int(self._edges_i[feeders[0], k.I_FROM])
        return bool(self._node_i[node, 0] == kn.TANK and self._node_i[node, 1] == kn.EMPTY)

    def _refresh_node(self, i: int, node: Node, weight: float, air_m3: float) -> None:
        row, asset = self._nodes[i], node.asset
        if isinstance(asset, Tank):
            row[kn.D_LEAK] += DISCHARGE * 0.25 * math.pi * asset.condition.leak_bore_m**2
            if self.v[i] > 0.0:
                row[kn.D_DEMAND] += asset.condition.leak_m3_s
            row[kn.D_GAS_HEAD] = asset.parameters.gas_pressure_pa / weight
            return
        if isinstance(asset, WaterMain):
            self.h[i] = row[kn.D_Z] + asset.parameters.pressure_pa / weight
            return
        if isinstance(asset, Junction):
            row[kn.D_LEAK] += asset.leak_section_m2
            row[kn.D_DEMAND] += asset.parameters.demand_m3_s
            air_m3 += asset.condition.air_m3
        self._trap_air(i, air_m3)

    def _trap_air(self, i: int, air_m3: float) -> None:
        """Let a junction hold air, of a volume at atmospheric pressure; its head stays as the air comes or goes."""
        row = self._nodes[i]
        if air_m3 == (row[kn.D_GAS_VOLUME] if self._node_i[i, 0] == kn.POCKET else 0.0):
            return
        before = self.v[i]
        if air_m3 == 0.0:
            self._node_i[i, 0], row[kn.D_GAS_VOLUME], self.v[i] = kn.JUNCTION, 0.0, 0.0
        else:
            pressure_m = max(float(self.h[i] - row[kn.D_Z] + self._constants[kp.K_AIR]), 0.1)
            self._node_i[i, 0], row[kn.D_GAS_VOLUME], row[kn.D_GAS_HEAD] = kn.POCKET, air_m3, self._constants[kp.K_AIR]
            self.v[i] = air_m3 - air_m3 * self._constants[kp.K_AIR] / pressure_m
        self._stored_0 += self.v[i] - before

    @property
    def waves(self) -> list[tuple[Floats, Floats]]:
        """Heads and flows along the elastic pipes."""
        return [(wave.h, wave.q) for wave in self._elastic.values()]

    @waves.setter
    def waves(self, saved: list[tuple[Floats, Floats]]) -> None:
        for wave, (h, q) in zip(self._elastic.values(), saved, strict=True):
            wave.h, wave.q = h, q

    @property
    def _stored(self) -> float:
        return math.fsum(self.v)
