"""Nodes of a water network: what head they stand at, and what leaks out of them."""

import math

from emulator.kernel import kernel
from emulator.physics.kernels.network_pump import K_AIR, G

# node: float64[N, 10]
(
    D_Z, D_AREA, D_VOLUME_MAX, D_GAS_HEAD, D_GAS_VOLUME, D_GAS_EXPONENT, D_LEAK, D_DEMAND, D_FIXED, D_SUCKS,
) = range(10)  # fmt: skip
NODE_SIZE = 10

# node kinds and statuses (int64[N, 3]: kind, status, tank over which a free outlet stands)
JUNCTION, TANK, FIXED, OUTLET, POCKET = range(5)
NORMAL, FULL, EMPTY = range(3)


@kernel
def node_head(i, v, node, node_i, constants):
    """Return (head [m], dh/dV [1/m²]) of a node that stores the volume ``v`` [m³]."""
    if node_i[i, 0] == TANK:
        area = node[i, D_AREA]
        head = node[i, D_Z] + v / area
        slope = 1.0 / area
        if node[i, D_GAS_HEAD] > 0.0:
            room = max(node[i, D_VOLUME_MAX] - v, 1e-6 * node[i, D_VOLUME_MAX])
            gas = node[i, D_GAS_HEAD] * (node[i, D_GAS_VOLUME] / room) ** node[i, D_GAS_EXPONENT]
            head += gas - constants[K_AIR]
            slope += node[i, D_GAS_EXPONENT] * gas / room
        return head, slope
    # A pocket of gas at a junction: what water is stored, the gas is smaller.
    room = max(node[i, D_GAS_VOLUME] - v, 1e-9)
    gas = node[i, D_GAS_HEAD] * (node[i, D_GAS_VOLUME] / room) ** node[i, D_GAS_EXPONENT]
    return node[i, D_Z] + gas - constants[K_AIR], node[i, D_GAS_EXPONENT] * gas / room


@kernel
def leak_flow(pressure_m, section, sharp):
    """Return (flow [m³/s], slope) out of an opening of effective section C_d·A; nothing is sucked in.

    Below ``sharp`` [m] the root is replaced by its secant, so that the slope stays finite.
    """
    if section == 0.0 or pressure_m <= 0.0:
        return 0.0, 0.0
    if pressure_m < sharp:
        slope = section * math.sqrt(2.0 * G / sharp)
        return slope * pressure_m, slope
    q = section * math.sqrt(2.0 * G * pressure_m)
    return q, 0.5 * q / pressure_m


@kernel
def outlet_head(i, v, node, node_i, constants):
    """Return the head [m] a free outlet over a tank works against: its own height and the tank's gas."""
    tank = node_i[i, 2]
    head = node[i, D_Z]
    if node[tank, D_GAS_HEAD] > 0.0:
        head += node_head(tank, v[tank], node, node_i, constants)[0] - node[tank, D_Z] - v[tank] / node[tank, D_AREA]
    return head


@kernel
def stores(i, frozen, node_i):
    """Return whether a node takes up water; with ``frozen`` 1 tanks keep their level."""
    return (node_i[i, 0] == TANK and frozen == 0 and node_i[i, 1] != FULL) or node_i[i, 0] == POCKET


@kernel
def given(i, frozen, node_i):
    """Return whether the head of a node is not the search's to find."""
    kind = node_i[i, 0]
    return kind in (FIXED, OUTLET) or (kind == TANK and (frozen == 1 or node_i[i, 1] == FULL))


@kernel
def leak_at(i, h, v, node, node_i):
    """Return (flow, slope) of the leak of a node at a head."""
    if node_i[i, 0] == TANK:
        return leak_flow(h - node[i, D_Z] if v > 0.0 else 0.0, node[i, D_LEAK], 1e-8)
    return leak_flow(h - node[i, D_Z], node[i, D_LEAK], 1e-6)
