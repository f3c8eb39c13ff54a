"""A housing on its foundation: the forces of the shaft on it, and its motion, linear, lifting or rubbed.

Axes are 0 horizontal, 1 vertical, 2 along the shaft. A force is taken as linear between samples, and the motion under
it is exact; where a foot lifts or lands, the instant is found inside the sample.
"""

import math

import numpy as np

from emulator.kernel import kernel
from emulator.physics.kernels.philox import TWO_PI, cos_turns

POINTS = 64
ROUNDS = 100


@kernel
def shaft_forces(n0, rate, first, lead, tick_s, speed, frac, bow, line, line_hz, vane, vanes, numbers, force, drive):
    """Fill force and drive float64[3, n] [N] of samples n0, n0+1, …; drive makes up for the droop of its hold.

    first int64[k+1], lead float64[k] [s] : first sample of each tick, and its time after the tick's start
    speed [rad/s], frac [turns], bow [turns], line [turns], line_hz, vane [N] : float64[k+1] at the tick edges
    numbers float64[11] : m·e [kg·m], its phase [turns]; bow; misalignment 2× radial, 1× and 2× axial; soft foot [N];
        share of the vane force, horizontal, vertical, axial; share of the unbalance along the shaft
    """
    sample_s = 1.0 / rate
    count = force.shape[1]
    more = False
    for j in range(2, 7):
        more = more or numbers[j] != 0.0
    # what all axes share, in arrays of its own: nothing overlaps them, so the compiler uses vector instructions
    turning = np.empty(count)
    rising = np.empty(count)
    pulsing = np.empty(count)
    droops = np.empty(count)
    for tick in range(first.shape[0] - 1):
        slope = (speed[tick + 1] - speed[tick]) / tick_s
        ramp = (vane[tick + 1] - vane[tick]) / tick_s
        for i in range(max(first[tick] - n0, 0), min(first[tick + 1] - n0, count)):
            t = lead[tick] + (n0 + i - first[tick]) / rate
            omega = speed[tick] + slope * t
            turns = frac[tick] + (speed[tick] + 0.5 * slope * t) * t / TWO_PI
            size = numbers[0] * omega * omega
            turning[i] = size * cos_turns(turns + numbers[1])
            rising[i] = size * cos_turns(turns + numbers[1] - 0.25)
            pulsing[i] = (vane[tick] + ramp * t) * cos_turns(vanes * turns)
            droops[i] = omega * omega * sample_s * sample_s / 12.0
    for axis in range(3):
        share = numbers[7 + axis]
        part = numbers[10] if axis == 2 else 1.0
        own = rising if axis == 1 else turning
        for i in range(count):
            turn = part * own[i]
            pulse = pulsing[i] * share
            force[axis, i] = turn + pulse
            drive[axis, i] = turn * (1.0 + droops[i]) + pulse * (1.0 + vanes * vanes * droops[i])
    if not more:
        return
    for tick in range(first.shape[0] - 1):
        slope = (speed[tick + 1] - speed[tick]) / tick_s
        hum = (line_hz[tick + 1] - line_hz[tick]) / tick_s
        drift = bow[tick + 1] - bow[tick]
        drift = (drift - np.rint(drift)) / tick_s
        for i in range(max(first[tick] - n0, 0), min(first[tick + 1] - n0, count)):
            t = lead[tick] + (n0 + i - first[tick]) / rate
            omega = speed[tick] + slope * t
            turns = frac[tick] + (speed[tick] + 0.5 * slope * t) * t / TWO_PI
            droop = omega * omega * sample_s * sample_s / 12.0
            moving = min(omega * omega, 1.0)  # a shaft at rest pulls nowhere
            bent = turns + bow[tick] + drift * t
            fed = line[tick] + (line_hz[tick] + 0.5 * hum * t) * t
            pull = TWO_PI * (line_hz[tick] + hum * t) * sample_s
            mains = numbers[6] * cos_turns(2.0 * fed)
            for axis in range(2):
                back = 0.25 * axis
                one = moving * numbers[2] * cos_turns(bent - back)
                two = moving * numbers[3] * cos_turns(2.0 * turns - back)
                foot = mains * (0.5 if axis == 0 else 1.0)
                force[axis, i] += one + two + foot
                drive[axis, i] += one * (1.0 + droop) + two * (1.0 + 4.0 * droop) + foot * (1.0 + pull * pull / 3.0)
            one = moving * numbers[4] * cos_turns(turns)
            two = moving * numbers[5] * cos_turns(2.0 * turns)
            force[2, i] += one + two
            drive[2, i] += one * (1.0 + droop) + two * (1.0 + 4.0 * droop)


@kernel
def linear(mode, force, drive, first_axis, z, last, out):
    """Fill out[first_axis:] with the acceleration [m/s²] of the axes on their springs.

    mode complex128[5] : λ, e^{λT}, b0, b1, 1/(M·ω_d) with 1/M in the imaginary part. First-order hold, exact for a
    force linear between samples. A hold droops by sinc², and acceleration is a small difference at low frequency: the
    (ωT)²/12 in `drive` puts it back.
    """
    square = mode[0] * mode[0]
    for i in range(out.shape[1]):
        for axis in range(first_axis, 3):
            z[axis] = mode[1] * z[axis] + mode[2] * last[axis] + mode[3] * drive[axis, i]
            last[axis] = drive[axis, i]
            out[axis, i] = (square * z[axis]).imag * mode[4].real + force[axis, i] * mode[4].imag


@kernel
def free(sigma, stiffness, mass, t):
    """Return e^{−σt}·cos(ω_d·t) and e^{−σt}·sin(ω_d·t)/ω_d of M·x″ + 2σM·x′ + k·x = 0, overdamped too."""
    square = stiffness / mass - sigma * sigma
    if square > 0.0:
        omega = math.sqrt(square)
        fade = math.exp(-sigma * t)
        return fade * math.cos(omega * t), fade * math.sin(omega * t) / omega
    rate = math.sqrt(-square)
    slow = math.exp((rate - sigma) * t)
    fast = math.exp(-(rate + sigma) * t)
    return 0.5 * (slow + fast), (0.5 * (slow - fast) / rate if rate > 0.0 else t * slow)


@kernel
def glide(x, v, f, slope, t, mass, sigma, stiffness, cosine, sine):
    """Return position and speed after `t` on one spring under the force f + slope·t."""
    b = slope / stiffness
    a = (f - 2.0 * sigma * mass * b) / stiffness
    y = x - a
    w = v - b
    ahead = cosine * y + sine * (w + sigma * y)
    after = cosine * w - sine * (sigma * w + stiffness / mass * y)
    return ahead + a + b * t, after + b


@kernel
def hop(x, v, f0, f1, h, mass, sigma, seated, lifted, table):
    """Return position and speed after `h` on a support that is softer above 0 than below.

    table float64[2, 2] : `free` over h, seated and lifted. Each crossing of 0 is located (regula falsi within a
    bracket, then bisection) to 1e-14 of the step.
    """
    slope = (f1 - f0) / h
    left = h
    for _ in range(16):
        up = x > 0.0 or (x == 0.0 and v > 0.0)
        k = lifted if up else seated
        if left == h:
            cosine, sine = table[1 if up else 0, 0], table[1 if up else 0, 1]
        else:
            cosine, sine = free(sigma, k, mass, left)
        start = f0 + slope * (h - left)
        ahead, after = glide(x, v, start, slope, left, mass, sigma, k, cosine, sine)
        if ahead == 0.0 or (ahead > 0.0) == up:
            return ahead, after
        low = 0.0
        high = left
        at_low = x
        at_high = ahead
        t = left
        for attempt in range(80):
            t = 0.5 * (low + high)
            if attempt < 40 and at_low != at_high:
                guess = low - at_low * (high - low) / (at_high - at_low)
                if low < guess < high:
                    t = guess
            cosine, sine = free(sigma, k, mass, t)
            ahead, after = glide(x, v, start, slope, t, mass, sigma, k, cosine, sine)
            if high - low < 1e-14 * h or abs(ahead) <= 1e-15 * (abs(x) + abs(at_high)):
                break
            if (ahead > 0.0) == up:
                low, at_low = t, ahead
                at_high *= 0.5  # Illinois: no end stays for ever
            else:
                high, at_high = t, ahead
                at_low *= 0.5
        x = 0.0
        v = after
        if t >= left:
            break
        left -= t
    return x, v


@kernel
def contact(x, y, gap, offset, stiffness, friction, sense):
    """Return the force on a shaft in a ring, horizontal and vertical, and its pressure F_n [N]."""
    down = y - offset
    radius = math.sqrt(x * x + down * down)
    if radius <= gap or radius == 0.0:
        return 0.0, 0.0, 0.0
    pressure = stiffness * (radius - gap)
    ex = x / radius
    ey = down / radius
    drag = friction * pressure * sense
    return -pressure * ex + drag * ey, -pressure * ey - drag * ex, pressure


@kernel
def nonlinear(rate, numbers, sense, force, drive, state, last, out, pressure):
    """Fill out[0], out[1] with the acceleration [m/s²], and F_n [N], of a support that lifts or a shaft that rubs.

    numbers float64[8] : M, 2σM, k seated, k lifted, gap (inf: no ring), offset, k_r, µ · sense float64[n] : of turning
    state float64[2, 2] : position and speed by axis · last float64[4] : drive, and force of contact, at the last sample
    Contact is a force linear over the step that agrees with where the step ends.
    """
    mass = numbers[0]
    sigma = 0.5 * numbers[1] / mass
    h = 1.0 / rate
    table = np.empty((2, 2))
    table[0, 0], table[0, 1] = free(sigma, numbers[2], mass, h)
    table[1, 0], table[1, 1] = free(sigma, numbers[3], mass, h)
    ring = numbers[4] < math.inf
    for i in range(out.shape[1]):
        fx, fy, normal = last[2], last[3], 0.0
        for _ in range(12 if ring else 1):
            x, vx = hop(
                state[0, 0],
                state[0, 1],
                last[0] + last[2],
                drive[0, i] + fx,
                h,
                mass,
                sigma,
                numbers[2],
                numbers[3],
                table,
            )
            y, vy = hop(
                state[1, 0],
                state[1, 1],
                last[1] + last[3],
                drive[1, i] + fy,
                h,
                mass,
                sigma,
                numbers[2],
                numbers[3],
                table,
            )
            if ring:
                px, py = fx, fy
                fx, fy, normal = contact(x, y, numbers[4], numbers[5], numbers[6], numbers[7], sense[i])
                if abs(fx - px) + abs(fy - py) <= 1e-14 * (abs(fx) + abs(fy)):
                    break
        state[0, 0], state[0, 1], state[1, 0], state[1, 1] = x, vx, y, vy
        last[0], last[1], last[2], last[3] = drive[0, i], drive[1, i], fx, fy
        for axis in range(2):
            at = state[axis, 0]
            k = numbers[3] if at > 0.0 else numbers[2]
            extra = fx if axis == 0 else fy
            out[axis, i] = (force[axis, i] + extra - numbers[1] * state[axis, 1] - k * at) / mass
        pressure[i] = normal


@kernel
def rub_state(numbers):
    """Return the mean pressure F_n [N] of a steady rub over one turn (harmonic balance: rest and once per turn).

    numbers float64[11] : M, c, k, k_r, gap, offset, µ, unbalance force, its phase [rad], bow force [N], ω
    """
    mass, damping, k, kr, gap, offset, friction = (
        numbers[0],
        numbers[1],
        numbers[2],
        numbers[3],
        numbers[4],
        numbers[5],
        numbers[6],
    )
    omega = abs(numbers[10])
    turning = numbers[7] * complex(math.cos(numbers[8]), math.sin(numbers[8])) + numbers[9]
    dynamic = complex(k - mass * omega * omega, damping * omega)
    # Contact adds stiffness k_r: iterating with it on the left-hand side converges even at resonance.
    rest = np.zeros(2)
    first = np.zeros(2, np.complex128)
    total = np.zeros(2)
    swing = np.zeros(2, np.complex128)
    mean = 0.0
    swing[0] = turning / dynamic
    swing[1] = -1j * turning / dynamic
    for _ in range(ROUNDS):
        rest[:] = 0.0
        first[:] = 0.0
        mean = 0.0
        for j in range(POINTS):
            phase = TWO_PI * j / POINTS
            wheel = complex(math.cos(phase), math.sin(phase))
            x = total[0] + (swing[0] * wheel).real
            y = total[1] + (swing[1] * wheel).real
            fx, fy, pressure = contact(x, y, gap, offset, kr, friction, 1.0)
            mean += pressure / POINTS
            rest[0] += fx / POINTS
            rest[1] += fy / POINTS
            first[0] += 2.0 * fx / POINTS * wheel.conjugate()
            first[1] += 2.0 * fy / POINTS * wheel.conjugate()
        change = 0.0
        held = kr if mean > 0.0 else 0.0
        for axis in range(2):
            drive = turning if axis == 0 else -1j * turning
            new_rest = (rest[axis] + held * total[axis]) / (k + held)
            new = (drive + first[axis] + held * swing[axis]) / (dynamic + held)
            change += abs(new - swing[axis]) + abs(new_rest - total[axis])
            total[axis] = new_rest
            swing[axis] = new
        if change <= 1e-13 * (abs(swing[0]) + abs(swing[1])):
            break
    return mean
