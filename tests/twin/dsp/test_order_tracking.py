"""Order spectra, tracked orders, maps."""

import numpy as np
import pytest

from tests.oracles import dsp as dsp_oracle
from tests.oracles import orders as oracle
from twin.dsp.angular import to_angle
from twin.dsp.order_tracking import campbell, order_map, order_spectrum, track_orders

RATE = 12800.0
PER_REV = 256
T, SPEED, REVS = oracle.run_up(4.0, RATE)


def test_lines_of_a_run_up_keep_their_order_and_amplitude():
    x = oracle.harmonics(REVS, {1: 1.5, 6.37: 0.5, 40: 0.25}, 0.05, np.random.default_rng(1))
    spectrum = order_spectrum(to_angle(x, REVS, PER_REV), PER_REV)
    for order, amplitude in ((1, 1.5), (6.37, 0.5), (40, 0.25)):
        found, place = spectrum.line(order)
        assert found == pytest.approx(amplitude, rel=0.01)
        assert place == pytest.approx(order, abs=0.003)


def test_averaged_segments_lower_the_spread_of_the_floor():
    x = np.random.default_rng(2).standard_normal(PER_REV * 400)
    whole = order_spectrum(x, PER_REV)
    averaged = order_spectrum(x, PER_REV, revs_per_segment=10)
    assert averaged.segments == 79
    assert averaged.orders[1] == pytest.approx(0.1)
    assert np.std(averaged.amplitude) / np.mean(averaged.amplitude) < 0.2 * np.std(whole.amplitude) / np.mean(
        whole.amplitude
    )


def test_amplitude_and_phase_of_orders_follow_the_machine():
    growth = 1.0 + REVS / REVS[-1]
    x = growth * np.cos(2 * np.pi * 2 * REVS + 0.5) + 0.3 * np.cos(2 * np.pi * 7 * REVS - 1.0)
    track = track_orders(to_angle(x, REVS, PER_REV), PER_REV, np.array([2.0, 7.0]))
    assert np.abs(track.value[:, 0]) == pytest.approx(1.0 + track.revs / REVS[-1], rel=0.005)
    assert np.abs(track.value[:, 1]) == pytest.approx(0.3, rel=0.005)
    assert np.angle(track.value[:, 0]) == pytest.approx(0.5, abs=0.005)
    assert np.angle(track.value[:, 1]) == pytest.approx(-1.0, abs=0.005)


def test_the_phase_refers_to_angle_zero_wherever_the_record_begins():
    revs = REVS + 3.4
    sampled = to_angle(np.cos(2 * np.pi * 3.5 * revs + 0.7), revs, PER_REV)
    first = np.ceil(3.4 * PER_REV) / PER_REV
    track = track_orders(sampled, PER_REV, np.array([3.5]), first_rev=first)
    assert np.angle(track.value[:, 0]) == pytest.approx(0.7, abs=0.005)


def test_one_frame_is_the_projection_of_the_book():
    rng = np.random.default_rng(3)
    x = rng.standard_normal(8 * PER_REV)
    found = track_orders(x, PER_REV, np.array([3.3]), revs_per_frame=8.0).value
    assert np.abs(found[0, 0]) == pytest.approx(dsp_oracle.order_amplitude(x, np.arange(x.size) / PER_REV, 3.3))


def test_nan_spoils_its_own_frames_only():
    x = np.cos(2 * np.pi * 3 * np.arange(40 * PER_REV) / PER_REV)
    x[10 * PER_REV] = np.nan
    track = track_orders(x, PER_REV, np.array([3.0]), revs_per_frame=4.0)
    lost = track.revs[np.isnan(track.value[:, 0])]
    assert lost.min() >= 8.0
    assert lost.max() <= 12.0


def test_in_an_order_map_orders_stand_upright_and_in_a_campbell_diagram_resonances_do():
    x = np.cos(2 * np.pi * 5 * REVS) + 0.5 * np.cos(2 * np.pi * 600 * T)
    orders = order_map(x, REVS, RATE, PER_REV, revs_per_frame=8.0)
    low = orders.axis < 15.0
    assert np.all(orders.axis[low][np.argmax(orders.amplitude[:, low], axis=1)] == 5.0)
    assert orders.speed_hz[0] == pytest.approx(11.4, abs=0.3)
    assert np.all(np.diff(orders.speed_hz) > 0.0)
    hz = campbell(x, SPEED, RATE, window_s=0.5, speed_step_hz=2.0)
    high = hz.axis > 300.0
    assert hz.axis[high][np.argmax(hz.amplitude[:, high], axis=1)] == pytest.approx(
        np.full(hz.speed_hz.size, 600.0), abs=2.5
    )
    moving = hz.axis[~high][np.argmax(hz.amplitude[:, ~high], axis=1)]
    assert moving == pytest.approx(5.0 * hz.speed_hz, abs=6.0)


def test_a_speed_class_without_a_frame_is_nan():
    speed = np.where(T < 2.0, 10.0, 20.0)
    hz = campbell(np.cos(2 * np.pi * 50 * T), speed, RATE, window_s=0.25, speed_step_hz=1.0, overlap=0.0)
    assert np.isnan(hz.amplitude[5]).all()
    assert np.isfinite(hz.amplitude[[0, -1]]).all()


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda x: order_spectrum(x[:300], PER_REV), "at least 2"),
        (lambda x: order_spectrum(x, PER_REV, revs_per_segment=500), "no more than the record"),
        (lambda x: order_spectrum(np.where(np.arange(x.size) == 3, np.nan, x), PER_REV), "1 of 51200 values are NaN"),
        (lambda x: track_orders(x, PER_REV, np.array([0.0])), "orders .* must lie in"),
        (lambda x: track_orders(x, PER_REV, np.array([128.0])), "half the samples"),
        (lambda x: track_orders(x[:300], PER_REV, np.array([1.0])), "must fit into the record"),
        (lambda x: order_map(x, REVS, RATE, PER_REV, revs_per_frame=500), "must fit into the record"),
        (lambda x: order_map(x, REVS, RATE, PER_REV, overlap=1.0), "overlap = 1"),
        (lambda x: order_map(x, -REVS, RATE, PER_REV), "turns backwards"),
        (lambda x: campbell(x, SPEED[:-1], RATE, window_s=0.5, speed_step_hz=1.0), "one value for each"),
        (lambda x: campbell(x, SPEED * np.nan, RATE, window_s=0.5, speed_step_hz=1.0), "must be finite"),
        (lambda x: campbell(x, SPEED, RATE, window_s=0.5, speed_step_hz=0.0), "speed_step_hz = 0"),
        (lambda x: campbell(x, SPEED, RATE, window_s=50, speed_step_hz=1.0), "must fit"),
    ],
)
def test_bad_input_is_named(call, says):
    with pytest.raises(ValueError, match=says):
        call(np.random.default_rng(4).standard_normal(REVS.size))
