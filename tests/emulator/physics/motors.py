"""Published machines as parameter sets, motors settled on a mains, and what tests measure on them."""

import math

import numpy as np

from emulator.physics.induction_motor import InductionMotor, InductionMotorParameters, Load, Supply

HZ = 50.0
W = 2.0 * math.pi * HZ
PHASE = 400.0 / math.sqrt(3.0)
PEAK = PHASE * math.sqrt(2.0)
MAINS = Supply(True, PEAK, 0.0, W, 0.0)
OPEN = Supply(False, 0.0, 0.0, W, 0.0)
FIXED = 1e9  # an inertia [kg m²] that keeps the speed
TURN = np.exp(2j * np.pi / 3)

M2K2 = {
    "stator_resistance_ohm": 3.7, "rotor_resistance_ohm": 2.1, "stator_inductance_h": 0.245,
    "rotor_inductance_h": 0.224, "magnetising_inductance_h": 0.224, "friction_nms": 0.0,
}  # fmt: skip
ROOT = math.sqrt(1.0 - 0.0667)
MSL = {
    "stator_resistance_ohm": 0.03, "rotor_resistance_ohm": 0.04, "stator_inductance_h": 3.0 / W,
    "rotor_inductance_h": 3.0 / W, "magnetising_inductance_h": 3.0 * ROOT / W, "friction_nms": 0.0,
}  # fmt: skip


def machine(inertia=0.202, slip=None, voltage=PHASE, **parameters):
    """A motor, M15 by default, without temperature feedback; settled at a slip if one is given."""
    given = {"temperature_feedback": False} | parameters
    own = min(inertia, 0.05)
    motor = InductionMotor(InductionMotorParameters(**given, inertia_kg_m2=own), inertia - own)
    if slip is not None:
        motor.settle(motor.circuit().solve(voltage, HZ, slip), voltage, HZ)
    return motor


def constant(motor, slip):
    """The load that keeps a motor at a slip."""
    point = motor.circuit().solve(PHASE, HZ, slip)
    return Load(point.torque_nm - motor.friction_nms * point.speed_rad_s, 0.0, point.speed_rad_s)


def run(motor, ticks, load, supply=MAINS):
    for _ in range(ticks):
        motor.advance(supply, load(motor) if callable(load) else load)


def record(motor, ticks, load, supply=MAINS, t0_ns=0):
    motor.begin_block(ticks, t0_ns)
    run(motor, ticks, load, supply)
    return motor.trace


def linear(slope):
    return lambda motor: Load(slope * motor.speed_rad_s, slope, motor.speed_rad_s)


def amplitudes(x, rate, hz):
    """Least squares of lines at given frequencies, peak values."""
    t = np.arange(x.size) / rate
    columns = np.array([f(2 * np.pi * h * t) for h in hz for f in (np.cos, np.sin)]).T
    found = np.linalg.lstsq(columns, x, rcond=None)[0]
    return np.hypot(found[0::2], found[1::2])


def sequences(trace, kind, n0, count, rate=2000.0):
    """(positive, negative, zero) phasors of the 50 Hz part, rms; `count` whole periods."""
    unit = {"current": "a", "voltage": "v"}[kind]
    turn = np.exp(-1j * W * (n0 + np.arange(count)) / rate) * math.sqrt(2.0) / count
    a, b, c = ((trace.waveform(f"{kind}_{phase}_{unit}", n0, count, rate) * turn).sum() for phase in "abc")
    return (a + TURN * b + TURN**2 * c) / 3, (a + TURN**2 * b + TURN * c) / 3, (a + b + c) / 3


def balance(motor, before):
    """(what is missing, relative to what came in; change of every account) of the electrical and the heat account."""
    after = motor.energy()
    d = {name: after[name] - before[name] for name in after}
    used = ("shaft_out", "stator_copper", "rotor_copper", "friction", "core", "arc", "short", "magnetic", "kinetic")
    missing = (d["electrical_in"] - sum(d[name] for name in used)) / d["electrical_in"]
    heat = sum(d[name] for name in ("stator_copper", "rotor_copper", "friction", "core", "short"))
    kept = sum(d[name] for name in ("winding_heat", "frame_heat", "to_air", "spot_heat"))
    return missing, (heat - kept) / heat, d
