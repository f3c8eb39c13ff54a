"""What a device says about itself."""

import numpy as np

from twin.batch import Batch
from twin.detect.device_checks import DeviceChecks

SECOND = 1_000_000_000
EPOCH = 1_700_000_000 * SECOND


def drive(checks, seconds, *, start=0.0, stamp="source", offset_s=0.0, value=None, stamp_at=None, uptime=None):
    """Two polls a second; `value` and `stamp_at` freeze what they name."""
    t = start
    while t < start + seconds:
        now = EPOCH + round(t * SECOND)
        stamped = now + round(offset_s * SECOND) if stamp_at is None else EPOCH + round(stamp_at * SECOND)
        reading = np.sin(t) if value is None else value
        checks.take(Batch("a.b", stamped, 0, np.array([reading]), 0, now, stamp=stamp), uptime=False, lively=True)
        if uptime is not None:
            checks.take(
                Batch("a.up", stamped, 0, np.array([uptime(t)]), 0, now, stamp=stamp),
                uptime=True,
                lively=False,
            )
        t += 0.5
    return EPOCH + round((t - 0.5) * SECOND)


def make():
    return DeviceChecks(3 * SECOND, SECOND // 2)


def test_a_living_device_raises_nothing():
    checks = make()
    now = drive(checks, 60, uptime=lambda t: t)
    assert checks.lost(now) is None
    assert checks.frozen(now) is None
    assert checks.clock_shift(now) is None
    assert not checks.restarts


def test_silence_longer_than_allowed_is_a_lost_link():
    checks = make()
    now = drive(checks, 10)
    assert checks.lost(now + 3 * SECOND) is None
    assert checks.lost(now + 3 * SECOND + 1) == now


def test_values_and_clock_that_stand_still_are_a_frozen_device():
    checks = make()
    drive(checks, 10)
    now = drive(checks, 5, start=10, value=1.0, stamp_at=10)
    assert checks.frozen(now)[0] == "device_frozen"


def test_a_device_without_a_clock_is_frozen_when_nothing_moves():
    checks = make()
    drive(checks, 10, stamp="poll")
    now = drive(checks, 5, start=10, value=1.0, stamp="poll")
    assert checks.frozen(now)[0] == "device_frozen"


def test_moving_values_under_a_standing_clock_are_frozen_source_time():
    checks = make()
    drive(checks, 10)
    now = drive(checks, 5, start=10, stamp_at=10)
    assert checks.frozen(now)[0] == "source_time_frozen"


def test_uptime_that_falls_is_a_restart():
    checks = make()
    drive(checks, 10, uptime=lambda t: 100 + t)
    drive(checks, 10, start=10, uptime=lambda t: t - 10)
    assert len(checks.restarts) == 1
    assert checks.restarts[0][1:] == (109.5, 0.0)


def test_a_clock_that_steps_is_measured_and_late_polls_are_not():
    checks = make()
    drive(checks, 20)
    now = drive(checks, 10, start=20, offset_s=0.15)
    offset, usual, _ = checks.clock_shift(now)
    assert offset - usual == 150_000_000
    late = make()
    drive(late, 20)
    for i in range(20):  # transport delays of up to 400 ms, now and then none
        now = EPOCH + (20 * SECOND + i * SECOND // 2)
        age = 0 if i % 4 == 0 else 400_000_000
        late.take(
            Batch("a.b", now - age, 0, np.array([float(i)]), 0, now, stamp="source"),
            uptime=False,
            lively=True,
        )
    assert late.clock_shift(now) is None


def test_a_link_that_becomes_slow_is_no_clock_that_falls_behind_but_a_larger_lag_is():
    slow, behind = make(), make()
    for checks in (slow, behind):
        drive(checks, 20)
    assert slow.clock_shift(drive(slow, 10, start=20, offset_s=-0.15)) is None
    offset, usual, _ = behind.clock_shift(drive(behind, 10, start=20, offset_s=-0.3))
    assert offset - usual == -300_000_000


def test_one_point_whose_source_time_hangs_is_told_from_a_device_whose_clock_hangs():
    checks = make()
    drive(checks, 20)
    for i in range(20):
        now = EPOCH + 20 * SECOND + i * SECOND // 2
        for point, stamp in (("a.hung", EPOCH + 20 * SECOND), ("a.b", now)):
            batch = Batch(point, stamp, 0, np.array([float(i)]), 0, now, stamp="source")
            checks.take(batch, uptime=False, lively=True)
    assert [point for point, _ in checks.hanging(now)] == ["a.hung"]
    assert checks.frozen(now) is None
    assert checks.clock_shift(now) is None
