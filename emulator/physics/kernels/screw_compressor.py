"""What the rotors of a screw compressor press into its housing, along the shaft's angle."""

from emulator.kernel import kernel
from emulator.physics.kernels.philox import TWO_PI, cos_turns


@kernel
def rotor_force(first, lead, tick_s, rate, speed, frac, revs, lobes, flutes, pulse, decay, heavy, out):
    """Fill `out` [N] over a block: pressure pulses at the lobe-pass frequency and its harmonics, and unbalance.

    first int64[k+1], lead float64[k] [s] : the samples of each tick · speed float64[k+1] [rad/s], frac, revs : angle
    pulse float64[k+1] [N] : first harmonic at the ticks · decay : each harmonic over the one before
    heavy float64[2] [kg m] : unbalance of the male rotor and of the female, which turns lobes/flutes as fast
    """
    ratio = lobes / flutes
    for tick in range(first.shape[0] - 1):
        slope = (speed[tick + 1] - speed[tick]) / tick_s
        step = (pulse[tick + 1] - pulse[tick]) / tick_s
        for n in range(first[tick], first[tick + 1]):
            t = lead[tick] + (n - first[tick]) / rate
            omega = speed[tick] + slope * t
            turn = frac[tick] + (speed[tick] + 0.5 * slope * t) * t / TWO_PI
            # Whole turns modulo the flutes: the female rotor comes back to its place after that many.
            female = (revs[tick] % int(flutes) + turn) * ratio
            level = pulse[tick] + step * t
            force = heavy[0] * omega * omega * cos_turns(turn)
            force += heavy[1] * omega * omega * ratio * ratio * cos_turns(female)
            # No two pockets are alike: the female rotor's turn marks the pulses a little.
            level *= 1.0 + 0.04 * cos_turns(female)
            share = 1.0
            for h in range(1, 5):
                force += level * share * cos_turns(h * lobes * turn + 0.13 * h)
                share *= decay
            out[n - first[0]] = force
