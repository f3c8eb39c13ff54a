"""Water hammer in a pipe by the method of characteristics, one reach of the wave per tick (Wylie and Streeter)."""

from emulator.kernel import kernel
from emulator.physics.kernels.friction import friction_m


@kernel
def reach_loss(q, resistance, gain, length, diameter, roughness, viscosity):
    """Return the head [m] lost over one reach at a flow."""
    loss = resistance * q * abs(q)
    if roughness >= 0.0:
        loss += friction_m(q, length, diameter, roughness, viscosity)
    return loss * gain


@kernel
def characteristics(h, q, impedance, resistance, gain, length, diameter, roughness, viscosity, new_h, new_q):
    """Carry the waves one reach on; return what arrives at both ends (C_start, C_end) [m].

    h, q float64[N+1] at the points of the last tick; the inner points of the next go to new_h, new_q. At the ends
    h = C_start + B·q and h = C_end - B·q with the impedance B = a/(gA) [s/m²].
    """
    n = h.shape[0] - 1
    start = end = 0.0
    for i in range(n + 1):
        forward = backward = 0.0
        if i > 0:
            loss = reach_loss(q[i - 1], resistance, gain, length, diameter, roughness, viscosity)
            forward = h[i - 1] + impedance * q[i - 1] - loss
        if i < n:
            loss = reach_loss(q[i + 1], resistance, gain, length, diameter, roughness, viscosity)
            backward = h[i + 1] - impedance * q[i + 1] + loss
        if i == 0:
            start = backward
        elif i == n:
            end = forward
        else:
            new_h[i] = 0.5 * (forward + backward)
            new_q[i] = (forward - backward) / (2.0 * impedance)
    return start, end
