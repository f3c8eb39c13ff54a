"""The belt-driven fan against its closed forms, and what must be conserved."""

import copy
import math

import numpy as np
import pytest

from emulator.physics.asset import TICK_NS, TICK_S
from emulator.physics.fan import Fan, FanParameters
from emulator.physics.site import Site
from emulator.streams import Streams

DESIGN_MOTOR = 980.0 * math.pi / 30.0 * 1.5 / 0.99  # the belt creeps by 1 % at the design pull


def fan(**changed) -> Fan:
    made = Fan(FanParameters(**changed), Site(Streams(1)), "fan1")
    made.settle(DESIGN_MOTOR)
    return made


def run(machine: Fan, ticks: int, speed=DESIGN_MOTOR, block: int = 10, rate: float = 0.0, t0: int = 0):
    """Drive the fan as a train does; returns the waveform if a rate is given."""
    out = []
    for i in range(t0, t0 + ticks):
        w = speed(i) if callable(speed) else speed
        machine.tick(i * TICK_NS)
        machine.half_step(w, 0.5 * TICK_S)
        machine.half_step(w, 0.5 * TICK_S)
        machine.account(w, TICK_S)
        if (i + 1) % block == 0:
            start = (i + 1 - block) * TICK_NS
            trace = machine.own_trace(start)
            if rate:
                a, b = (math.ceil(t * rate / 1e9 - 1e-9) for t in (start, (i + 1) * TICK_NS))
                out.append(machine.waveform("acceleration_m_s2", trace, a, b - a, rate))
    return np.concatenate(out) if out else None


def line(x, rate, f_hz):
    t = np.arange(x.size) / rate
    w = np.hanning(x.size)
    return 2.0 * abs(np.sum(x * w * np.exp(-2j * np.pi * f_hz * t))) / w.sum()


def test_the_design_point_is_that_of_the_data_sheet():
    made = fan()
    assert made.speed_rad_s * 30.0 / math.pi == pytest.approx(980.0, rel=1e-3)
    factor = made.speed_rad_s / made.parameters.speed_rad_s
    assert made.flow_m3_s == pytest.approx(5.0 * factor, rel=2e-4)
    assert made.pressure_pa == pytest.approx(1500.0 * factor**2, rel=2e-4)
    assert made.power_w == pytest.approx(9375.0 * factor**3, rel=5e-4)
    assert made.slip == pytest.approx(0.01, rel=2e-2)


def test_power_at_the_exact_design_speed():
    made = fan(filter_pressure_pa=0.0)
    made._refresh()
    from emulator.physics.kernels.fan import operating_point

    q, p, torque, x = operating_point(made.parameters.speed_rad_s, False, made._par)
    assert (q, p, x) == pytest.approx((5.0, 1500.0, 1.0), rel=1e-12)
    assert torque * made.parameters.speed_rad_s == pytest.approx(9375.0, rel=1e-12)


@pytest.mark.parametrize("ratio", [0.5, 0.75, 1.1])
@pytest.mark.parametrize("ambient", [253.15, 293.15, 313.15])
def test_fan_laws_on_homologous_points(ratio, ambient):
    """Without a filter the duct is a square law: every speed is homologous."""
    from emulator.physics.kernels.fan import operating_point

    made = fan(filter_pressure_pa=0.0)
    made.site.ambient_k = ambient
    made._refresh()
    w = made.parameters.speed_rad_s
    q1, p1, t1, _ = operating_point(w, False, made._par)
    q2, p2, t2, _ = operating_point(ratio * w, False, made._par)
    assert (q2 / ratio, p2 / ratio**2, t2 / ratio**2) == pytest.approx((q1, p1, t1), rel=1e-9)
    rho = made.density_kg_m3
    assert (p1 / rho, t1 / rho) == pytest.approx((1500.0 / 1.2046, 9375.0 / w / 1.2046), rel=1e-9)


def test_belt_numbers():
    p = FanParameters()
    assert math.exp(p.belt_friction * p.belt_wrap_rad) == pytest.approx(2.5663, abs=1e-4)
    assert math.pi * 0.2 * 24.667 / p.belt_length_m == pytest.approx(6.4578, abs=1e-4)
    assert p.blades * 980.0 / 60.0 == pytest.approx(196.0)


def test_energy_and_dust_close_over_a_start_a_run_and_a_stop():
    made = Fan(FanParameters(dust_kg_m3=1e-3), Site(Streams(2)), "fan1")
    speed = lambda i: DESIGN_MOTOR * min(i / 300.0, 1.0, max(0.0, (1500 - i) / 300.0))  # noqa: E731
    run(made, 800, speed)
    assert made.flow_m3_s > 4.5
    assert abs(made.balances()["energy"].residual) < 1e-9
    run(made, 900, speed, t0=800)
    assert abs(made.balances()["energy"].residual) < 1e-9
    assert abs(made.balances()["dust"].residual) < 1e-12
    assert made.dust_kg == pytest.approx(0.9 * made.drawn_kg)


@pytest.mark.slow_without_jit
def test_waveform_has_its_lines_and_any_chunking_gives_the_same_bits():
    rate = 2560.0
    whole = run(fan(), 800, block=100, rate=rate)
    pieces = run(fan(), 800, block=10, rate=rate)
    assert np.array_equal(whole, pieces)
    f = fan().speed_rad_s / (2.0 * math.pi)
    for order in (1, 12):
        assert line(whole, rate, order * f) > 5.0 * line(whole, rate, order * f * 1.07)


@pytest.mark.slow_without_jit
def test_unbalance_moves_the_casing_as_the_closed_form_says():
    made = fan(blade_force_n=0.0, belt_force_n=0.0, flow_noise_m_s2=0.0)
    made.condition.unbalance_grade_mm_s = 16.0
    rate = 2560.0
    x = run(made, 800, rate=rate)[int(rate) :]
    p, w = made.parameters, made.speed_rad_s
    force = p.rotor_mass_kg * 16e-3 / p.speed_rad_s * w * w
    r = w / (2 * math.pi * p.support_hz)
    k = p.support_mass_kg * (2 * math.pi * p.support_hz) ** 2
    closed = force / k / math.hypot(1 - r * r, 2 * p.support_damping * r) * w * w
    assert line(x, rate, w / (2 * math.pi)) == pytest.approx(closed, rel=1e-3)


@pytest.mark.slow_without_jit
def test_saved_in_the_middle_it_goes_on_bit_for_bit():
    made = fan()
    made.condition.deposit = 0.7
    run(made, 100, rate=2560.0)
    saved = copy.deepcopy(made.save())
    first = run(made, 200, rate=2560.0, t0=100)
    again = fan()
    again.restore(saved)
    assert np.array_equal(first, run(again, 200, rate=2560.0, t0=100))
    assert again.signals() == made.signals()


def test_levels_agree_the_settled_point_is_where_the_run_ends():
    made = fan()
    settled = made.signals()
    made.speed_rad_s *= 0.6
    run(made, 1500)
    assert made.signals()["flow_m3_s"] == pytest.approx(settled["flow_m3_s"], rel=1e-6)


@pytest.mark.parametrize("ambient", [233.15, 323.15])
def test_cold_hot_standing_and_reversed_stay_finite(ambient):
    made = fan()
    made.site.ambient_k = ambient
    for speed in (0.0, -20.0, 1e-9, 400.0):
        run(made, 50, speed)
        assert all(math.isfinite(v) for v in made.signals().values())
    assert abs(made.balances()["energy"].residual) < 1e-9


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"shutoff_pressure_pa": 1400.0}, "shutoff_pressure_pa = 1400.0 must be above"),
        ({"inertia_kg_m2": 0.0}, "inertia_kg_m2 = 0 must be above 0"),
        ({"belt_tension_n": 500.0}, "cannot pull the design torque; it must be above"),
        ({"flow_m3_s": math.nan}, "flow_m3_s = nan must be a finite number"),
        ({"filter_pressure_pa": 1600.0}, "must be below pressure_pa"),
    ],
)
def test_an_unphysical_fan_is_refused(changed, message):
    with pytest.raises(ValueError, match=message):
        FanParameters(**changed)
