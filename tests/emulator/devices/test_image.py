"""The device image: scans in, commands out; the device's own condition decides what of it shows."""

import numpy as np
import pytest

from emulator.devices.image import BAD_WAITING_FOR_INITIAL_DATA, GOOD, SECOND, DeviceImage, Reading
from rigs.devices.device import Device
from rigs.schema import Point

EPOCH_NS = 1_735_689_600 * SECOND


@pytest.fixture
def image() -> DeviceImage:
    where = {"unit": 1, "table": "input", "register": 0}
    common = {"device": "drive1", "asset": "motor1", "quantity": "x", "modbus": where}
    points = (
        Point(id="motor1.speed", signal="motor1.speed_rad_s", **common),
        Point(id="motor1.start", write="vfd1.start", **common),
    )
    return DeviceImage(Device(id="drive1", protocol="modbus-tcp"), points, EPOCH_NS)


def scan(image: DeviceImage, value: float, t_s: float) -> None:
    t_ns = EPOCH_NS + round(t_s * SECOND)
    image.commit({"motor1.speed": Reading(value, GOOD, t_ns)}, t_ns)


def test_before_the_first_scan_every_readable_point_waits_for_data(image: DeviceImage):
    assert image.readings == {"motor1.speed": Reading(0.0, BAD_WAITING_FOR_INITIAL_DATA, EPOCH_NS)}


def test_a_commit_is_seen_by_everybody_who_asked(image: DeviceImage):
    seen: list[float] = []
    image.on_commit(lambda: seen.append(image.readings["motor1.speed"].value))
    image.on_commit(lambda: seen.append(-image.readings["motor1.speed"].value))
    scan(image, 150.0, 0.1)
    assert seen == [150.0, -150.0]
    assert image.commits == 1
    assert image.t_ns == EPOCH_NS + SECOND // 10


def test_a_frozen_device_takes_nothing_tells_nobody_and_its_clock_stands(image: DeviceImage):
    scan(image, 1.0, 1.0)
    calls: list[None] = []
    image.on_commit(lambda: calls.append(None))
    image.frozen = True
    scan(image, 2.0, 2.0)
    assert (image.readings["motor1.speed"].value, image.t_ns, calls) == (1.0, EPOCH_NS + SECOND, [])
    image.frozen = False
    scan(image, 3.0, 3.0)
    assert (image.readings["motor1.speed"].value, image.t_ns, calls) == (3.0, EPOCH_NS + 3 * SECOND, [None])


def test_a_clock_offset_shifts_time_stamps_and_not_the_uptime(image: DeviceImage):
    image.clock_offset_ns = 30 * SECOND
    scan(image, 1.0, 5.0)
    assert image.t_ns == EPOCH_NS + 35 * SECOND
    assert image.readings["motor1.speed"].t_ns == EPOCH_NS + 35 * SECOND
    assert image.uptime_s == 5.0


def test_power_off_loses_readings_and_commands_and_power_on_restarts_the_uptime(image: DeviceImage):
    power: list[bool] = []
    image.on_power(power.append)
    scan(image, 1.0, 1.0)
    image.write("motor1.start", True)
    image.power(online=False, t_ns=EPOCH_NS + 2 * SECOND)
    image.power(online=False, t_ns=EPOCH_NS + 2 * SECOND)
    scan(image, 2.0, 3.0)
    assert image.readings["motor1.speed"].status == BAD_WAITING_FOR_INITIAL_DATA
    assert image.take_writes() == []
    image.power(online=True, t_ns=EPOCH_NS + 4 * SECOND)
    assert power == [False, True]
    scan(image, 3.0, 5.0)
    assert (image.readings["motor1.speed"].value, image.uptime_s) == (3.0, 1.0)


def test_commands_are_handed_over_once_in_the_order_they_came(image: DeviceImage):
    image.write("motor1.start", True)
    image.write("motor1.start", False)
    assert image.take_writes() == [("motor1.start", True), ("motor1.start", False)]
    assert image.take_writes() == []


def test_columns_and_readings_are_two_views_of_one_image(image: DeviceImage):
    scan(image, 1.0, 1.0)
    columns = image.columns
    assert columns.names == ("motor1.speed",)
    assert (columns.values[0], columns.t_ns[0]) == (1.0, EPOCH_NS + SECOND)
    image.clock_offset_ns = 5
    image.commit_columns(np.array([2.0]), EPOCH_NS + 2 * SECOND)
    expected = Reading(2.0, GOOD, EPOCH_NS + 2 * SECOND + 5)
    assert image.reading("motor1.speed") == expected
    assert image.reading("motor1.speed") is image.reading("motor1.speed")
    assert image.readings == {"motor1.speed": expected}
    scan(image, 3.0, 3.0)
    assert (image.columns.values[0], image.readings["motor1.speed"].value) == (3.0, 3.0)
    image.power(online=False, t_ns=0)
    assert image.columns.status[0] == BAD_WAITING_FOR_INITIAL_DATA
    with pytest.raises(ValueError, match=r"give one for each of columns.names \(1\)"):
        image.commit_columns(np.zeros(2), 0)
