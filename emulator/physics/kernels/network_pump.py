"""A pump between two nodes of a water network: its head, and the torque of its shaft, water going either way."""

from emulator.kernel import kernel
from emulator.physics.kernels import hydraulics as hy

G = 9.80665

# constants: float64[4]: absolute head of the air, vapour head [m], density, kinematic viscosity
K_AIR, K_VAPOUR, K_DENSITY, K_VISCOSITY = range(4)
CONSTANTS = 4


@kernel
def pump_head(q, speed, h_from, z, pump, scratch, constants):
    """Return the head [m] a pump adds at a flow, its suction standing at the total head ``h_from``."""
    omega = -speed if pump[hy.C_ORDER] < 0.0 else speed
    if q < 0.0:  # driven backwards through the impeller: the losses add to what the impeller still holds
        n = omega / pump[hy.C_OMEGA0]
        gain = 0.6 if omega < 0.0 else 1.0
        return pump[hy.C_H0] * n * n * gain * pump[hy.C_DRY] + pump[hy.C_A2] * q * q
    scratch[hy.N_SUCTION_NET] = constants[K_AIR] + h_from - z
    scratch[hy.N_SUCTION_K] = 0.0
    scratch[hy.N_VAPOUR] = constants[K_VAPOUR]
    scratch[hy.N_DENSITY] = constants[K_DENSITY] * (1.0 - pump[hy.C_GAS])
    return hy.head_of(q, omega, pump, scratch)[0]


@kernel
def pump_points(q, h, start, index, z, speeds, pumps, scratch, constants, out):
    """Fill ``out`` float64[P, OUT_SIZE] with the operating points of all pumps.

    start int64[E] : node each edge leaves · index int64[E] : its pump, -1: none · z float64[N] : heights [m].
    """
    for e in range(q.shape[0]):
        p = index[e]
        if p < 0:
            continue
        pump, speed, flow = pumps[p], speeds[p], q[e]
        a = start[e]
        order = -1.0 if pump[hy.C_ORDER] < 0.0 else 1.0
        pump_head(max(flow, 0.0), speed, h[a], z[a], pump, scratch, constants)
        hy.operating_point(max(flow, 0.0), speed * order, order, pump, scratch, out[p])
        if flow < 0.0:
            _turbine(flow, speed, order, h[a], z[a], pump, scratch, constants, out[p])


@kernel
def reverse_torque(q, omega, pump, density):
    """Return the torque [N m] a shaft must give while water runs backwards through the impeller.

    A disc that turns in water, and the jet of the backflow, which lets the wheel run away at 1.2 of the speed of the
    same flow forwards.
    """
    rated = density * G * pump[hy.C_FLOW] * pump[hy.C_HEAD] / (pump[hy.C_OMEGA0] * pump[hy.C_ETA])
    shut = 0.5 * rated * pump[hy.C_H0] / pump[hy.C_HEAD]
    n = omega / pump[hy.C_OMEGA0]
    x = q / pump[hy.C_FLOW]
    return shut * n * abs(n) * (1.2 if n < 0.0 else 1.0) + 0.6 * rated * (x * x + n * abs(x) / 1.2)


@kernel
def _turbine(q, speed, order, h_from, z, pump, scratch, constants, out):
    omega = speed * order
    d = 1e-4 * (abs(omega) + 1.0)
    torque = reverse_torque(q, omega, pump, constants[K_DENSITY])
    above = reverse_torque(q, omega + d, pump, constants[K_DENSITY])
    below = reverse_torque(q, omega - d, pump, constants[K_DENSITY])
    out[hy.O_FLOW] = q
    out[hy.O_HEAD] = pump_head(q, speed, h_from, z, pump, scratch, constants)
    out[hy.O_POWER] = torque * omega
    out[hy.O_TORQUE] = torque * order
    out[hy.O_TORQUE_SLOPE] = min(max((above - below) / (2.0 * d), 0.0), 5.0)
    out[hy.O_TORQUE_CURVATURE] = min(max(0.5 * (above - 2.0 * torque + below) / (d * d), -0.02), 0.02) * order
    out[hy.O_IMPELLER_FLOW] = q
    out[hy.O_X] = 0.0
    out[hy.O_HYDRAULIC] = constants[K_DENSITY] * G * q * out[hy.O_HEAD]
