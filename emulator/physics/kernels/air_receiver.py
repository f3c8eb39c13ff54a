"""One tick of a receiver: mass and energy of the air in it, its leak and its safety valve."""

from emulator.kernel import kernel
from emulator.physics.kernels.air import CP_AIR, CV_AIR, R_AIR, nozzle

MASS, TEMPERATURE = 0, 1
(
    A_INWARD, A_OUTWARD, A_IN_K, A_AMBIENT_K, A_AMBIENT_PA, A_VOLUME, A_WALL, A_LEAK, A_RELIEF, A_RELIEF_PA,
    A_RELIEF_SPAN, A_ISOTHERMAL,
) = range(12)  # fmt: skip
A_SIZE = 12
S_MASS_IN, S_MASS_OUT, S_HEAT_IN, S_HEAT_OUT, S_LEAK, S_RELIEF = range(6)
S_SIZE = 6
O_LEAK, O_RELIEF = 0, 1


@kernel
def holes(pressure, temperature, a, viscous, out):
    """Fill `out` with the flows [kg/s] of leak and safety valve; return their sum."""
    lift = min(max((pressure - a[A_RELIEF_PA]) / a[A_RELIEF_SPAN], 0.0), 1.0)
    out[O_LEAK] = nozzle(a[A_LEAK], pressure, temperature, a[A_AMBIENT_PA], viscous)
    out[O_RELIEF] = nozzle(a[A_RELIEF] * lift, pressure, temperature, a[A_AMBIENT_PA], viscous)
    return out[O_LEAK] + out[O_RELIEF]


@kernel
def receiver_advance(state, a, dt, viscous, sums, out):
    """Advance m and T by dt [s]: dm/dt = Σṁ, d(m c_v T)/dt = ṁ_in c_p T_in - ṁ_out c_p T - G (T - T_a).

    The pressure then follows dp/dt = (RT/V)(ṁ_in - ṁ_out) + pṪ/T. Implicit midpoint in T, which keeps energy exactly;
    holes at the pressure half a step ahead.
    state float64[2] · a float64[A_SIZE] · sums float64[S_SIZE] [kg, J] · out float64[2] [kg/s]
    """
    mass, old = state[MASS], state[TEMPERATURE]
    gas = R_AIR / a[A_VOLUME]
    net = a[A_INWARD] - a[A_OUTWARD]
    lost = holes(mass * old * gas, old, a, viscous, out)
    half = max(mass + 0.5 * dt * (net - lost), 0.5 * mass)
    lost = holes(half * old * gas, old, a, viscous, out)
    gone = a[A_OUTWARD] + lost
    after = mass + dt * (a[A_INWARD] - gone)
    heat = a[A_INWARD] * CP_AIR * a[A_IN_K]
    if a[A_ISOTHERMAL] > 0.0:
        new = a[A_AMBIENT_K]
        middle = old
        wall = (mass * old - after * new) * CV_AIR / dt + heat - gone * CP_AIR * middle
    else:
        slope = 0.5 * dt * (gone * CP_AIR + a[A_WALL])
        new = (mass * CV_AIR * old + dt * (heat + a[A_WALL] * a[A_AMBIENT_K]) - slope * old) / (after * CV_AIR + slope)
        middle = 0.5 * (old + new)
        wall = a[A_WALL] * (middle - a[A_AMBIENT_K])
    state[MASS], state[TEMPERATURE] = after, new
    sums[S_MASS_IN] += dt * a[A_INWARD]
    sums[S_MASS_OUT] += dt * gone
    sums[S_HEAT_IN] += dt * heat
    sums[S_HEAT_OUT] += dt * (gone * CP_AIR * middle + wall)
    sums[S_LEAK] += dt * out[O_LEAK]
    sums[S_RELIEF] += dt * out[O_RELIEF]
