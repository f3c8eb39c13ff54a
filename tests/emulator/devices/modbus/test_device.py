import math

import pytest

from emulator.devices.image import BAD_SENSOR_FAILURE, GOOD, DeviceImage, Reading
from emulator.devices.modbus.device import ModbusDevice, device_from_rig
from rigs.devices.device import Device
from rigs.schema import Point

EPOCH_NS = 1_735_689_600_000_000_000
SECOND = 1_000_000_000


def point(name, **address):
    address = {"unit": 1, "table": "input", "register": 0, "type": "f32"} | address
    write = {"write": f"plant.{name}"} if address.pop("write", False) else {}
    signal = {} if address.pop("silent", False) else {"signal": f"plant.{name}"}
    return Point.model_validate(
        {
            "id": f"a.{name}",
            "device": "d1",
            "asset": "a",
            "quantity": name,
            "range": (0.0, 100.0),
            "modbus": address,
        }
        | write
        | signal
    )


def image(*points, **device):
    device = {"id": "d1", "protocol": "modbus-tcp"} | device
    return DeviceImage(Device.model_validate(device), points, EPOCH_NS)


def read(device, unit, function, address, quantity):
    return device.answer(unit, bytes((function, *address.to_bytes(2, "big"), *quantity.to_bytes(2, "big"))))


def test_each_commit_reaches_the_registers():
    model = image(point("x", order="CDAB"), point("y", register=2, type="i16", scale=0.1))
    device = device_from_rig(model)
    model.commit({"a.x": Reading(1.5, GOOD, EPOCH_NS), "a.y": Reading(-2.5, GOOD, EPOCH_NS)}, EPOCH_NS)
    assert read(device, 1, 4, 0, 3) == bytes.fromhex("04 06 0000 3fc0 ffe7")


def test_a_frozen_device_answers_with_old_values():
    model = image(point("x", type="u16"))
    device = device_from_rig(model)
    model.commit({"a.x": Reading(7.0, GOOD, EPOCH_NS)}, EPOCH_NS)
    model.frozen = True
    model.commit({"a.x": Reading(8.0, GOOD, EPOCH_NS)}, EPOCH_NS + SECOND)
    assert read(device, 1, 4, 0, 1) == b"\x04\x02\0\x07"


def test_a_bad_reading_shows_as_no_reading():
    model = image(point("x"), point("y", register=2, type="i16"))
    device = device_from_rig(model)
    bad = Reading(5.0, BAD_SENSOR_FAILURE, EPOCH_NS)
    model.commit({"a.x": bad, "a.y": bad}, EPOCH_NS)
    assert read(device, 1, 4, 0, 3) == bytes.fromhex("04 06 7fc0 0000 8000")


def test_registers_are_zero_before_the_first_reading_and_after_losing_power():
    model = image(point("x", type="u16"), point("s", table="holding", type="u16", write=True, silent=True))
    device = device_from_rig(model)
    assert read(device, 1, 4, 0, 1) == b"\x04\x02\0\0"
    model.commit({"a.x": Reading(7.0, GOOD, EPOCH_NS)}, EPOCH_NS)
    device.answer(1, bytes.fromhex("06 0000 0021"))
    assert read(device, 1, 3, 0, 1) == b"\x03\x02\0\x21"
    model.power(online=False, t_ns=EPOCH_NS)
    assert read(device, 1, 4, 0, 1) == b"\x04\x02\0\0"
    assert read(device, 1, 3, 0, 1) == b"\x03\x02\0\0"


def test_a_write_reaches_the_images_queue_and_nothing_else_does():
    model = image(
        point("s", table="holding", type="u16", write=True, silent=True),
        point("r", table="holding", type="u16", register=1),
        point("run", table="coil", type="bool", write=True),
    )
    device = device_from_rig(model)
    assert device.answer(1, bytes.fromhex("06 0000 0021")) == bytes.fromhex("06 0000 0021")
    assert device.answer(1, bytes.fromhex("06 0001 0021")) == bytes.fromhex("86 02")
    assert device.answer(1, bytes.fromhex("06 0000 0065")) == bytes.fromhex("86 03")
    assert device.answer(1, bytes.fromhex("05 0000 ff00")) == bytes.fromhex("05 0000 ff00")
    assert model.take_writes() == [("a.s", 33), ("a.run", True)]


@pytest.mark.parametrize(
    ("resolution", "kind", "expected"),
    [
        ("ms", "u64", EPOCH_NS // 1_000_000),
        ("ns", "u64", EPOCH_NS),
        ("ms", "u32", EPOCH_NS // 1_000_000 % 2**32),
    ],
)
def test_the_clock_register_holds_device_time_with_its_offset(resolution, kind, expected):
    clock = {"address": {"unit": 1, "table": "input", "register": 10, "type": kind}, "resolution": resolution}
    model = image(point("x"), clock=clock)
    model.clock_offset_ns = -2 * SECOND
    device = device_from_rig(model)
    model.commit({}, EPOCH_NS + 2 * SECOND)
    width = 4 if kind == "u64" else 2
    reply = read(device, 1, 4, 10, width)
    assert int.from_bytes(reply[2:], "big") == expected


def test_units_are_separate_and_named_by_the_rig():
    model = image(
        point("x", type="u16"),
        point("y", type="u16", unit=2),
        identities=[{"unit": 2, "product": "EM-3", "name": "Meter"}],
    )
    device = device_from_rig(model)
    model.commit({"a.x": Reading(1.0, GOOD, 0), "a.y": Reading(2.0, GOOD, 0)}, EPOCH_NS)
    assert read(device, 1, 4, 0, 1) == b"\x04\x02\0\1"
    assert read(device, 2, 4, 0, 1) == b"\x04\x02\0\2"
    assert b"EM-3" in device.answer(2, bytes.fromhex("2b0e0200"))
    assert b"EM-3" not in device.answer(1, bytes.fromhex("2b0e0200"))


def test_an_unknown_unit_is_silent_on_a_serial_line_and_a_failed_gateway_target_over_tcp():
    tcp = device_from_rig(image(point("x")))
    rtu = device_from_rig(image(point("x"), protocol="modbus-rtu"))
    for unit in (0, 2, 247, 255):
        assert read(tcp, unit, 4, 0, 2) == bytes.fromhex("84 0b")
        assert read(rtu, unit, 4, 0, 2) is None


def test_a_broadcast_write_reaches_every_unit_and_a_broadcast_read_nobody(bank, second_bank, writes):
    device = ModbusDevice({1: bank, 2: second_bank})
    device.broadcast(bytes.fromhex("06 0003 0007"))
    assert writes == [("h3", 7), ("h3", 7)]
    device.broadcast(bytes.fromhex("03 0000 0001"))
    assert len(writes) == 2


def test_a_waveform_has_no_place_in_a_register():
    whole = point("x").model_copy(update={"waveform": {"rate": 10_000.0}})
    with pytest.raises(ValueError, match=r"point a\.x: a waveform does not fit .* give it an opcua address"):
        device_from_rig(image(whole))


def test_a_set_point_in_a_read_only_table_is_a_mistake_in_the_rig():
    with pytest.raises(ValueError, match=r"point a\.s: table input cannot be written; use coil or holding"):
        device_from_rig(image(point("s", write=True)))


def test_a_missing_reading_in_a_coil_reads_zero():
    model = image(point("run", table="coil", type="bool"))
    device = device_from_rig(model)
    model.commit({"a.run": Reading(math.nan, GOOD, 0)}, EPOCH_NS)
    assert read(device, 1, 1, 0, 1) == b"\1\1\0"
