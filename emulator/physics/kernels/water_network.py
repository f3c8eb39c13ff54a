"""Flows, heads and levels of a water network: one implicit system for edges and nodes, events inside the step.

    edge  a → b   (L/(gA)) dQ/dt = h_a - h_b - loss(Q, h_a)      node   Σ Q_in - Σ Q_out - leak(h) - demand = dV/dt

The step is SDIRK2 (as in `hydraulics`), each stage one Newton search on all flows and heads (global gradient, Todini
and Pilati 1988), with the flows eliminated. What opens or shuts (check valves, tanks that run empty or over) has a
status that stays through a step; a step that breaks one is halved down to the moment it breaks.
"""

import math

import numpy as np

from emulator.kernel import kernel
from emulator.physics.kernels import hydraulics as hy
from emulator.physics.kernels.friction import friction_m
from emulator.physics.kernels.network_nodes import (
    D_AREA,
    D_DEMAND,
    D_GAS_HEAD,
    D_VOLUME_MAX,
    D_Z,
    EMPTY,
    FIXED,
    FULL,
    NORMAL,
    OUTLET,
    POCKET,
    TANK,
    given,
    leak_at,
    node_head,
    outlet_head,
    stores,
)
from emulator.physics.kernels.network_pump import K_AIR, K_DENSITY, K_VAPOUR, K_VISCOSITY, pump_head

G = 9.80665

# edge: float64[E, 11]; A_BACK: share open of a check valve against the flow; A_GAIN: of a pipe's loss; A_WAVE [m]
(
    A_RESISTANCE, A_INERTANCE, A_LENGTH, A_DIAMETER, A_ROUGHNESS, A_CHECK, A_BACK, A_KV, A_RECOVERY, A_GAIN,
    A_WAVE,
) = range(11)  # fmt: skip
EDGE_SIZE = 11

# int64[E, 6]: from node, node whose head it ends at, node that takes its water, kind, pump, open
I_FROM, I_TO, I_INTO, I_KIND, I_PUMP, I_OPEN = range(6)
PIPE, PUMP, VALVE, WAVE = range(4)

REST = 1e-15  # m²/s
CRACK_M = 0.02  # that water must press to come back into an empty tank through its outlet
REWET_M = 0.01  # an empty tank feeds its outlets again from this level on
SLOPE_MIN = 1.0  # s/m²
HEAD_TOLERANCE, FLOW_TOLERANCE = 1e-10, 1e-13
EVENT_S = 5e-8
HEAD_PER_KV = 3600.0**2 * 1.0e5 / (1000.0 * G)


@kernel
def valve_loss(q, h_from, z, edge, constants):
    """Return the loss [m] of a control valve, choked beyond F_L² (p_1 - F_F p_v) (IEC 60534-2-1)."""
    resistance = HEAD_PER_KV / (edge[A_KV] * edge[A_KV])
    loss = resistance * q * q
    if edge[A_RECOVERY] > 0.0:
        vapour = constants[K_VAPOUR]
        ratio = 0.96 - 0.28 * math.sqrt(vapour * constants[K_DENSITY] * G / 22.064e6)
        inlet = constants[K_AIR] + h_from - z
        choked = max(edge[A_RECOVERY] * edge[A_RECOVERY] * (inlet - ratio * vapour), 0.1)
        if q > 0.0 and loss > choked:  # no more flow, whatever the drop: a wall a thousand times steeper
            limit = math.sqrt(choked / resistance)
            loss = choked + 2000.0 * resistance * limit * (q - limit)
    return loss if q >= 0.0 else -loss


@kernel
def edge_loss(e, q, h_from, edges, edges_i, nodes, speeds, pumps, scratch, constants):
    """Return the head [m] an edge takes at flow ``q``; negative for a pump."""
    edge = edges[e]
    if edges_i[e, I_KIND] == WAVE:  # an end of an elastic pipe: its impedance
        return edge[A_RESISTANCE] * q
    loss = edge[A_RESISTANCE] * q * abs(q)
    if q < 0.0 and edge[A_CHECK] == 1.0 and edge[A_BACK] > 0.0:  # a check valve that stays open a little
        loss /= edge[A_BACK] * edge[A_BACK]
    kind = edges_i[e, I_KIND]
    if kind == PIPE:
        if edge[A_ROUGHNESS] >= 0.0:
            loss += friction_m(q, edge[A_LENGTH], edge[A_DIAMETER], edge[A_ROUGHNESS], constants[K_VISCOSITY])
        return loss * edge[A_GAIN] - edge[A_WAVE]
    z = nodes[edges_i[e, I_FROM], D_Z]
    if kind == VALVE:
        return loss + valve_loss(q, h_from, z, edge, constants)
    p = edges_i[e, I_PUMP]
    return loss - pump_head(q, speeds[p], h_from, z, pumps[p], scratch, constants)


@kernel
def linear_solve(a, b):
    """Solve a·x = b in place (Gauss, partial pivoting); the solution is left in b."""
    n = b.shape[0]
    for c in range(n):
        pivot = c
        for r in range(c + 1, n):
            if abs(a[r, c]) > abs(a[pivot, c]):
                pivot = r
        if pivot != c:
            for j in range(c, n):
                a[c, j], a[pivot, j] = a[pivot, j], a[c, j]
            b[c], b[pivot] = b[pivot], b[c]
        inverse = 1.0 / a[c, c]
        for r in range(c + 1, n):
            if a[r, c] != 0.0:
                f = a[r, c] * inverse
                for j in range(c + 1, n):
                    a[r, j] -= f * a[c, j]
                b[r] -= f * b[c]
    for c in range(n - 1, -1, -1):
        total = b[c]
        for j in range(c + 1, n):
            total -= a[c, j] * b[j]
        b[c] = total / a[c, c]


@kernel
def stage(step, frozen, q_base, v_base, q, v, h, node, node_i, edges, edges_i, speeds, pumps, scratch, constants):
    """Solve one implicit stage of length ``step`` [s] in place; return (iterations, worst head, worst flow residual).

    frozen 1: tanks keep their level (the steady state at given levels).
    """
    n, m = h.shape[0], q.shape[0]
    matrix = np.zeros((n, n))
    right = np.zeros(n)
    g = np.zeros(m)
    r = np.zeros(m)
    lift = np.zeros(m)
    balance = np.zeros(n)
    slope = np.zeros(n)
    probed = np.zeros(3)
    worst_head = worst_flow = 0.0
    for iteration in range(80):
        for i in range(n):
            if node_i[i, 0] == TANK or node_i[i, 0] == POCKET:
                h[i], slope[i] = node_head(i, v[i], node, node_i, constants)
            elif node_i[i, 0] == OUTLET:
                h[i] = outlet_head(i, v, node, node_i, constants)
            leak, leak_slope = leak_at(i, h[i], v[i], node, node_i)
            # Water cut off from everything stands at the pressure of the air; elsewhere this draws 1e-13 m³/s at most.
            balance[i] = -leak - node[i, D_DEMAND] - REST * (h[i] - node[i, D_Z])
            right[i] = 0.0
            for j in range(n):
                matrix[i, j] = 0.0
            matrix[i, i] = leak_slope + REST
            if stores(i, frozen, node_i):
                balance[i] -= (v[i] - v_base[i]) / step
                matrix[i, i] += 1.0 / (slope[i] * step)
        worst_head = worst_flow = 0.0
        for e in range(m):
            if edges_i[e, I_OPEN] == 0:
                q[e] = 0.0
                continue
            a, b = edges_i[e, I_FROM], edges_i[e, I_TO]
            flow, ha = q[e], h[a]
            dq = 1e-6 * abs(flow) + 1e-9
            for probe in range(3 if edges_i[e, I_KIND] != PIPE else 2):
                near_q, near_h = flow, ha
                if probe == 1:
                    near_q += dq
                elif probe == 2:
                    near_h += 1e-5
                probed[probe] = edge_loss(e, near_q, near_h, edges, edges_i, node, speeds, pumps, scratch, constants)
            loss, above = probed[0], probed[1]
            lift[e] = 1.0
            if edges_i[e, I_KIND] != PIPE:
                lift[e] = 1.0 - (probed[2] - loss) / 1e-5
            inertia = edges[e, A_INERTANCE] / step
            d = max((above - loss) / dq + inertia, SLOPE_MIN)
            r[e] = loss + inertia * (flow - q_base[e]) - (ha - h[b])
            g[e] = 1.0 / d
            worst_head = max(worst_head, abs(r[e]))
            into = edges_i[e, I_INTO]
            balance[a] -= flow
            balance[into] += flow
            matrix[a, a] += g[e] * lift[e]
            matrix[a, b] -= g[e]
            matrix[into, a] -= g[e] * lift[e]
            matrix[into, b] += g[e]
            right[a] += g[e] * r[e]
            right[into] -= g[e] * r[e]
        for i in range(n):
            if given(i, frozen, node_i):
                for j in range(n):
                    matrix[i, j] = 0.0
                matrix[i, i] = 1.0
                right[i] = 0.0
            else:
                right[i] += balance[i]
                worst_flow = max(worst_flow, abs(balance[i]))
        near = 1.0 if iteration < 12 else 100.0  # beyond that only rounding is left
        if worst_head <= near * HEAD_TOLERANCE and worst_flow <= near * FLOW_TOLERANCE:
            return iteration, worst_head, worst_flow
        linear_solve(matrix, right)
        share = 1.0 if iteration < 25 else 0.5
        for e in range(m):
            if edges_i[e, I_OPEN] == 1:
                a, b = edges_i[e, I_FROM], edges_i[e, I_TO]
                q[e] += share * g[e] * (lift[e] * right[a] - right[b] - r[e])
        for i in range(n):
            if stores(i, frozen, node_i):
                v[i] += share * right[i] / slope[i]
            elif not given(i, frozen, node_i):
                h[i] += share * right[i]
    return 80, worst_head, worst_flow


@kernel
def net_inflow(i, q, h, v, node, node_i, edges_i):
    """Return what flows into a node less what leaves it [m³/s]."""
    total = -node[i, D_DEMAND] - leak_at(i, h[i], v[i], node, node_i)[0]
    for e in range(q.shape[0]):
        if edges_i[e, I_INTO] == i:
            total += q[e]
        if edges_i[e, I_FROM] == i:
            total -= q[e]
    return total


@kernel
def _may(e, forward, edges, edges_i, node_i):
    """Return whether an edge may carry water that way."""
    if forward:
        return not (node_i[edges_i[e, I_FROM], 0] == TANK and node_i[edges_i[e, I_FROM], 1] == EMPTY)
    if edges[e, A_CHECK] == 1.0 and edges[e, A_BACK] == 0.0:
        return False
    to = edges_i[e, I_TO]
    if node_i[to, 0] == OUTLET:
        return False
    return not (node_i[to, 0] == TANK and node_i[to, 1] == EMPTY)


@kernel
def broken(flip, q, v, h, node, node_i, edges, edges_i, speeds, pumps, scratch, constants):
    """Return how many statuses no longer hold; with ``flip`` 1 change them, with 2 open nothing (heads are not new)."""
    count = 0
    for i in range(h.shape[0]):
        if node_i[i, 0] != TANK:
            continue
        status = node_i[i, 1]
        new = status
        open_ = node[i, D_GAS_HEAD] == 0.0
        if status == NORMAL and v[i] <= 1e-10 * node[i, D_AREA]:
            new = EMPTY
        elif status == NORMAL and open_ and v[i] > node[i, D_VOLUME_MAX]:
            if net_inflow(i, q, h, v, node, node_i, edges_i) >= 0.0:
                new = FULL
        elif (status == FULL and net_inflow(i, q, h, v, node, node_i, edges_i) < -1e-12) or (
            status == EMPTY and v[i] > REWET_M * node[i, D_AREA]
        ):
            new = NORMAL
        if new != status:
            count += 1
            if flip != 0:
                node_i[i, 1] = new
    for e in range(q.shape[0]):
        if edges_i[e, I_OPEN] == 1:
            wrong = (q[e] > 1e-12 and not _may(e, True, edges, edges_i, node_i)) or (
                q[e] < -1e-12 and not _may(e, False, edges, edges_i, node_i)
            )
        elif flip == 2:
            wrong = False
        else:
            a = edges_i[e, I_FROM]
            rest = edge_loss(e, 0.0, h[a], edges, edges_i, node, speeds, pumps, scratch, constants)
            drive = h[a] - h[edges_i[e, I_TO]] - rest
            crack = 1e-9
            if node_i[a, 1] == EMPTY or node_i[edges_i[e, I_TO], 1] == EMPTY:
                crack = CRACK_M
            wrong = (drive > crack and _may(e, True, edges, edges_i, node_i)) or (
                drive < -crack and _may(e, False, edges, edges_i, node_i)
            )
        if wrong:
            count += 1
            if flip != 0:
                edges_i[e, I_OPEN] = 1 - edges_i[e, I_OPEN]
                q[e] = 0.0
    return count


@kernel
def _book(weight, q, v, h, node, node_i, edges_i, passed):
    """Add what crossed the network's border in `weight` seconds at these flows: leaks, demands, given nodes."""
    for i in range(h.shape[0]):
        passed[0] += weight * leak_at(i, h[i], v[i], node, node_i)[0]
        passed[1] += weight * node[i, D_DEMAND]
        if node_i[i, 0] == FIXED:
            passed[2] += weight * net_inflow(i, q, h, v, node, node_i, edges_i)
        elif node_i[i, 0] == TANK and node_i[i, 1] == FULL:
            passed[3] += weight * net_inflow(i, q, h, v, node, node_i, edges_i)


@kernel
def _sdirk(dt, q, v, h, node, node_i, edges, edges_i, speeds, pumps, scratch, constants, passed):
    """Step by ``dt`` in place with all statuses held."""
    step = hy.GAMMA * dt
    q0, v0 = q.copy(), v.copy()
    q_base, v_base = q0.copy(), v0.copy()
    for part in range(2):
        stage(step, 0, q_base, v_base, q, v, h, node, node_i, edges, edges_i, speeds, pumps, scratch, constants)
        weight = dt * (1.0 - hy.GAMMA) if part == 0 else step
        _book(weight, q, v, h, node, node_i, edges_i, passed)
        for i in range(h.shape[0]):
            if stores(i, 0, node_i):  # by the flows, not by the search: what is counted is what flowed
                v_base[i] += weight * net_inflow(i, q, h, v, node, node_i, edges_i)
        if part == 0:
            for e in range(q.shape[0]):
                q_base[e] = q0[e] + (1.0 - hy.GAMMA) / hy.GAMMA * (q[e] - q0[e])
    for i in range(h.shape[0]):
        if stores(i, 0, node_i):
            v[i] = v_base[i]


@kernel
def advance(dt, q, v, h, node, node_i, edges, edges_i, speeds, pumps, scratch, constants, passed, events):
    """Advance by ``dt`` [s] in place; valves and tanks that change status do so at their moment.

    passed float64[4] : volume leaked, drawn, into given heads, spilt [m³] · events int64[1] : status changes.
    """
    left, trial = dt, dt
    low = high = 0.0
    search, found, changes = 0, 0, 0
    q_old, v_old, h_old, passed_old = q.copy(), v.copy(), h.copy(), passed.copy()
    while left > 0.0:
        q[:], v[:], h[:], passed[:] = q_old, v_old, h_old, passed_old
        _sdirk(trial, q, v, h, node, node_i, edges, edges_i, speeds, pumps, scratch, constants, passed)
        if found == 0:
            holds = broken(0, q, v, h, node, node_i, edges, edges_i, speeds, pumps, scratch, constants) == 0
            if search == 0:
                if holds or changes > 40:
                    return
                search, low, high = 1, 0.0, left
            elif holds:
                low = trial
            else:
                high = trial
            if high - low > EVENT_S:
                trial = 0.5 * (low + high)
            else:
                trial, found = high, 1
            continue
        flip = 1
        for _ in range(2 + h.shape[0]):  # one change may call for another at once
            if broken(flip, q, v, h, node, node_i, edges, edges_i, speeds, pumps, scratch, constants) == 0:
                break
            events[0] += 1
            flip = 2
        changes += 1
        left -= high
        if left <= EVENT_S:
            return
        trial, search, found = left, 0, 0
        q_old, v_old, h_old, passed_old = q.copy(), v.copy(), h.copy(), passed.copy()


@kernel
def settle(q, v, h, node, node_i, edges, edges_i, speeds, pumps, scratch, constants):
    """Come to the steady flows at the present levels; return (statuses still broken, head, flow residual).

    Ever longer implicit steps: the first follow the water's inertia, the last have forgotten it.
    """
    step = 0.1
    worst_head = worst_flow = 0.0
    wrong = 0
    for _ in range(120):
        q0 = q.copy()
        _, worst_head, worst_flow = stage(
            step, 1, q0, v, q, v, h, node, node_i, edges, edges_i, speeds, pumps, scratch, constants
        )
        wrong = broken(1, q, v, h, node, node_i, edges, edges_i, speeds, pumps, scratch, constants)
        if wrong == 0:
            if step >= 1e12:
                return 0, worst_head, worst_flow
            step *= 8.0
        elif step > 1.0:
            step = 1.0
    return wrong, worst_head, worst_flow
