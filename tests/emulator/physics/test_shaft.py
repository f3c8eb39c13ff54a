import math

from emulator.physics.shaft import ShaftAngle


def test_ten_days_at_25_hz_lose_less_than_a_millionth_of_a_turn():
    angle = ShaftAngle()
    speed = 2.0 * math.pi * 25.0
    step_s = 0.01
    # One simulated hour tick by tick; the error of a tick does not depend on how many came before.
    for _ in range(360_000):
        angle.advance(speed, speed, step_s)
    error = (angle.revs - 90_000) + angle.frac
    assert abs(error) * 240.0 < 1e-6


def test_a_ramp_turns_by_the_mean_speed():
    angle = ShaftAngle()
    angle.advance(0.0, 2.0 * math.pi * 150.0, 0.01)
    assert angle.revs + angle.frac == 0.75


def test_the_fraction_stays_below_one_in_both_directions():
    angle = ShaftAngle()
    for speed in (1000.0, -3000.0, 500.0):
        angle.advance(speed, speed, 0.01)
        assert 0.0 <= angle.frac < 1.0
