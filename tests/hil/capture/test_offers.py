"""What devices offered, taken down block by block."""

from dataclasses import dataclass, field

import numpy as np
import pytest

from emulator.devices.image import DeviceImage, Reading
from hil.capture.offers import Offers
from rigs.load import load_rig

T0 = 1_735_689_600_000_000_000
BLOCK = 100_000_000


@dataclass
class Emulation:
    images: dict = field(default_factory=dict)


@pytest.fixture
def rig():
    return load_rig("pump_skid")


@pytest.fixture
def image(rig):
    return DeviceImage(rig.device("plc1"), rig.points_of("plc1"), T0)


@pytest.fixture
def offers(rig, image):
    return Offers(rig, Emulation({"plc1": image}))


def commit(image, k, **readings):
    image.commit({name.replace("__", "."): r for name, r in readings.items()}, T0 + k * BLOCK)


def test_readings_are_kept_in_si_units(image, offers):
    commit(image, 1, pump1__flow=Reading(36.0, 0, T0 + BLOCK))
    offers.take()
    assert offers.series()["pump1.flow"].values.tolist() == pytest.approx([0.01])


def test_a_reading_that_did_not_change_hands_is_kept_once(image, offers):
    commit(image, 1, pump1__flow=Reading(36.0, 0, T0 + BLOCK))
    offers.take()
    image.frozen = True
    commit(image, 2, pump1__flow=Reading(40.0, 0, T0 + 2 * BLOCK))
    offers.take()
    assert offers.series()["pump1.flow"].t_ns.tolist() == [T0 + BLOCK]


def test_what_the_device_calls_bad_is_no_number(image, offers):
    commit(image, 1, pump1__flow=Reading(36.0, 0x808C0000, T0 + BLOCK))
    offers.take()
    assert np.isnan(offers.series()["pump1.flow"].values[0])


def test_a_device_that_is_off_offers_nothing(image, offers):
    image.power(online=False, t_ns=T0)
    offers.take()
    assert offers.series() == {}


def test_each_sample_of_a_moving_window_is_kept_once(rig, image, offers):
    name = next(p.id for p in rig.points_of("plc1") if p.waveform is not None)
    line = np.arange(100, dtype=np.float32)
    window = np.empty(40, dtype=np.float32)
    for k in range(1, 7):
        n0 = 10 * k
        window[:] = line[n0 : n0 + 40]  # the same memory every time, as the plant does it
        image.commit({name: Reading(window, 0, T0 + k * BLOCK, n0, 10.0)}, T0 + k * BLOCK)
        offers.take()
    kept = offers.blocks()[name]
    assert kept.samples.tolist() == line[10:100].tolist()
    assert kept.n0.tolist() == [10, 50, 60, 70, 80, 90]


def test_a_value_beyond_an_integer_register_is_offered_as_its_limit(rig):
    point = next(p for p in rig.points if p.modbus is not None and p.modbus.type == "u16" and p.signal)
    image = DeviceImage(rig.device(point.device), rig.points_of(point.device), T0)
    offers = Offers(rig, Emulation({point.device: image}))
    image.commit({point.id: Reading(-0.1, 0, T0 + BLOCK)}, T0 + BLOCK)
    offers.take()
    assert offers.series()[point.id].values.tolist() == [0.0]


def test_the_resolution_of_an_integer_register_is_one_step_in_si(rig, offers):
    for name, step in offers.resolution().items():
        assert step > 0
        assert rig.point(name).modbus.type[0] in "ui"
