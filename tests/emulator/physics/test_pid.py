import math

import pytest

from emulator.physics.pid import Pid, PidParameters


def controller(**parameters):
    pid = Pid(PidParameters(**({"gain": 0.4, "integral_s": 6.0, "span": 1.0} | parameters)))
    pid.setpoint = 0.5
    return pid


def test_switching_to_automatic_does_not_move_the_output():
    pid = controller()
    pid.manual_output = 0.37
    pid.scan(0.41)
    pid.auto = True
    first = pid.scan(0.41)
    assert first == pytest.approx(0.37 + 0.4 * 0.09 * 0.1 / 6.0, rel=1e-12)


def test_switching_to_manual_keeps_the_last_output():
    pid = controller()
    pid.auto = True
    last = [pid.scan(0.3) for _ in range(50)][-1]
    pid.auto = False
    assert pid.scan(0.3) == last


def test_a_saturated_controller_comes_back_at_once():
    pid = controller()
    pid.auto = True
    for _ in range(1000):
        pid.scan(0.0)
    assert pid.output == 1.0
    pid.scan(0.6)
    outputs = [pid.scan(0.6) for _ in range(3)]
    assert outputs[0] < 1.0


def test_the_derivative_acts_on_the_measured_value_only():
    pid = controller(derivative_s=2.0)
    pid.auto = True
    pid.scan(0.5)
    before = pid.output
    pid.setpoint = 0.6
    assert pid.scan(0.5) - before == pytest.approx(0.4 * 0.1 * (1 + 0.1 / 6.0), rel=1e-9)


def test_rest_stays_rest():
    pid = controller()
    pid.auto = True
    pid.settle(0.42, 0.5)
    assert [pid.scan(0.5) for _ in range(10)] == [0.42] * 10


@pytest.mark.parametrize("dt", [0.1, 0.01])
def test_the_absolute_error_is_the_linear_loop_s(dt):
    # First-order process K/(τs+1), no overshoot: ∫e dt = (T_i/K_c)·Δu with Δu = Δsp/K.
    gain, integral_s, process_gain, tau = 0.4, 10.0, 1.5, 10.0
    pid = controller(gain=gain, integral_s=integral_s, scan_s=dt)
    pid.auto = True
    pid.setpoint = 0.0
    pid.settle(0.2, 0.0)
    pid.setpoint = 0.3
    y, area = 0.0, 0.0
    for _ in range(round(200.0 / dt)):
        area += abs(pid.setpoint - y) * dt
        u = pid.scan(y)
        y += (process_gain * (u - 0.2) - y) * (1.0 - math.exp(-dt / tau))
    assert area == pytest.approx(integral_s / gain * 0.3 / process_gain, rel=0.01)
