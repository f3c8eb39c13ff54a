"""A hydraulic power unit written from its equations, integrated by scipy's Radau, with the relief valve as an event."""

import math

import numpy as np
from scipy.integrate import solve_ivp

SOFT = 2e4


def opening(drop, k):
    return k * drop / (drop * drop + SOFT * SOFT) ** 0.25


def right_hand_side(n, y, relief_open):
    """n: namespace of numbers; y: five pressures, gas volume, gas temperature, place, speed, relief, spool, its speed."""
    pp, ps, pa, pb, pr, volume, gas_k, place, v, lift, x, vx = y
    gas = n.mr * gas_k / volume - n.air
    net = n.flow - n.leak * pp
    relief = opening(pp, n.relief * lift) if pp > 0 else 0.0
    through = n.filter * (pp - ps) if pp > ps else 0.0
    shut = 1.0 if ps >= gas else min(max((n.gas_v0 - volume) / (0.01 * n.gas_v0), 0.0), 1.0)
    charge = opening(ps - gas, n.neck * shut)
    wide = max(abs(x) - n.overlap, 0.0) / (1.0 - n.overlap)
    ahead = n.valve * (n.null + wide * (x > 0))
    back = n.valve * (n.null + wide * (x < 0))
    pa_in, pb_out = opening(ps - pa, ahead), opening(pb - pr, ahead)
    pb_in, pa_out = opening(ps - pb, back), opening(pa - pr, back)
    across = opening(pa - pb, n.cross) + n.piston * (pa - pb)
    up_p, up_a, up_b = (opening(max(-p, 0.0), n.make_up) for p in (pp, pa, pb))
    home = opening(pr, n.back)
    force = n.stiffness * max(place - n.contact, 0.0)
    push = pa * n.cap - pb * n.rod - n.viscous * v - n.coulomb * math.tanh(v / 0.005) - force
    cooling = (gas_k - n.wall) / n.gas_tau
    target = min(max((pp - n.close) / (n.full - n.close), 0.0), 1.0) if relief_open else 0.0
    w = n.spool_w
    return [
        n.beta / n.v_pump * (net + up_p - relief - through),
        n.beta / n.v_supply * (through - charge - pa_in - pb_in),
        n.beta / (n.v_cap + n.cap * place) * (pa_in - pa_out - across + up_a - (1 + pa / n.beta) * n.cap * v),
        n.beta / (n.v_rod + n.rod * (n.stroke - place))
        * (pb_in - pb_out + across + up_b + (1 + pb / n.beta) * n.rod * v),
        n.beta / n.v_return * (pa_out + pb_out - home),
        -charge,
        0.4 * gas_k / volume * charge - cooling,
        v,
        push / n.mass,
        (target - lift) / n.relief_tau,
        vx,
        w * w * (n.target - x) - 2.0 * n.spool_z * w * vx,
    ]  # fmt: skip


def integrate(n, y, relief_open, seconds):
    """Return (state at the end, times at which the relief valve opened or shut)."""
    t, switched = 0.0, []
    while t < seconds:

        def passed(_t, z, is_open=relief_open):
            return n.close - z[0] if is_open else z[0] - n.open

        passed.terminal, passed.direction = True, 1
        run = solve_ivp(
            lambda _t, z, is_open=relief_open: right_hand_side(n, z, is_open), (t, seconds), y, method="Radau",
            rtol=1e-7, atol=np.array([10, 10, 10, 10, 10, 1e-11, 1e-5, 1e-9, 1e-8, 1e-8, 1e-8, 1e-6]), events=passed,
        )  # fmt: skip
        t, y = float(run.t[-1]), run.y[:, -1]
        if run.status == 1:
            relief_open = not relief_open
            switched.append(t)
    return y, switched
