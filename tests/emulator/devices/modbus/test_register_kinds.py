"""What registers can hold: digits, text, bits, marks, constants, files, queues; and what a write may do to them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.devices.image import BAD_SENSOR_FAILURE, GOOD, DeviceImage, Reading
from emulator.devices.modbus.device import device_from_rig
from emulator.devices.register_text import BcdFormat, TextFormat
from emulator.devices.scaling import RegisterFormat
from rigs.devices.device import Device
from rigs.schema import Point

ORDERS = ("ABCD", "CDAB", "BADC", "DCBA")


@given(st.integers(0, 99_999_999), st.sampled_from(ORDERS))
def test_bcd_comes_back_as_it_went(number, order):
    wide, narrow = BcdFormat("bcd32", order), BcdFormat("bcd16", order, scale=0.5)
    assert wide.decode(wide.encode(number)) == number
    assert narrow.decode(narrow.encode(number % 10000 / 2)) == number % 10000 / 2


@given(st.floats(-9999, 9999).map(lambda x: round(x, 2)), st.sampled_from(ORDERS), st.integers(5, 20))
def test_a_number_as_text_comes_back_as_it_went(number, order, length):
    form = TextFormat(length, order)
    assert form.decode(form.encode(number)) == number


def test_digits_and_texts_on_the_wire():
    assert BcdFormat("bcd16").encode(1234).hex() == "1234"
    assert BcdFormat("bcd32", "CDAB").encode(12345678).hex() == "56781234"
    assert BcdFormat("bcd16").encode(1e9).hex() == "9999"
    assert BcdFormat("bcd16").encode(math.nan).hex() == "ffff"
    assert BcdFormat("bcd16", not_available="none").encode(math.nan).hex() == "0000"
    with pytest.raises(ValueError, match="invalid literal"):
        BcdFormat("bcd16").decode(b"\x12\x3a")
    assert TextFormat(3).text("AB1234X") == b"AB1234"
    assert TextFormat(2, "BADC").text("AB") == b"BA\0\0"
    assert TextFormat(1).encode(12345.0) == b"**"


@pytest.mark.parametrize(
    ("kind", "mark", "wire"),
    [("i16", 0x8000, "8000"), ("i16", -1, "ffff"), ("u16", 9999, "270f"), ("u16", "none", "0000"), ("i32", "usual", "80000000"),
     ("f32", -9999.0, "c61c3c00"), ("f32", "usual", "7fc00000")],
)  # fmt: skip
def test_the_mark_for_no_value_is_the_makers(kind, mark, wire):
    assert RegisterFormat(kind, not_available=mark).encode(math.nan).hex() == wire


def test_a_mark_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match=r"not_available = 70000\.0 does not fit u16"):
        RegisterFormat("u16", not_available=70000)


def point(name, register, *, write=False, **address):
    return Point.model_validate(
        {"id": name, "device": "d", "asset": "a", "quantity": "q", "signal": "x", "range": (0, 1e6)}
        | {"modbus": {"unit": 1, "table": "holding", "register": register} | address}
        | ({"write": "x"} if write else {})
    )


def made(*points, **settings):
    image = DeviceImage(Device.model_validate({"id": "d", "protocol": "modbus-tcp", "modbus": settings}), points, 0)
    return image, device_from_rig(image)


def ask(device, pdu):
    return device.answer(1, bytes.fromhex(pdu)).hex()


def test_bits_share_a_register_and_are_written_together():
    image, device = made(
        point("a.run", 0, type="bool", bit=0, write=True),
        point("a.auto", 0, type="bool", bit=9, write=True),
        point("a.trip", 0, type="bool", bit=15),
    )
    image.commit({name: Reading(value, GOOD, 0) for name, value in (("a.run", 1), ("a.auto", 0), ("a.trip", 1))}, 1)
    assert ask(device, "03 0000 0001") == "03028001"
    assert ask(device, "06 0000 0200") == "0600000200"
    assert image.take_writes() == [("a.run", False), ("a.auto", True)]
    assert ask(device, "03 0000 0001") == "03028200"


def test_constants_outlive_the_power_and_cannot_be_written():
    text = {"unit": 1, "table": "holding", "register": 10, "type": "string", "length": 2}
    flag = {"unit": 1, "table": "holding", "register": 12, "type": "bool", "bit": 3}
    image, device = made(
        point("a.h", 0), constants=[{"address": text, "value": "SunS"}, {"address": flag, "value": 1}], read_only=3
    )
    device.units[1].listen_only = True
    image.power(online=False, t_ns=1)
    image.power(online=True, t_ns=2)
    assert ask(device, "03 000A 0003") == "0306" + b"SunS".hex() + "0008"
    assert ask(device, "06 000C 0001") == "8603"


def test_write_once_is_once_and_a_text_that_is_no_number_is_refused():
    image, device = made(
        point("a.once", 0, write=True, write_once=True), point("a.text", 1, type="string", length=2, write=True)
    )
    assert ask(device, "06 0000 0005") == "0600000005"
    assert ask(device, "06 0000 0006") == "8602"
    assert ask(device, "10 0001 0002 04" + b"1.5\0".hex()) == "1000010002"
    assert ask(device, "10 0001 0002 04" + b"abcd".hex()) == "9003"
    assert image.take_writes() == [("a.once", 5), ("a.text", 1.5)]


def test_a_scan_that_tears_shows_parts_of_two_values_every_other_time():
    image, device = made(point("a.e", 0, type="u32"), tearing=True)
    shown = []
    for number in (0x00010001, 0x00020002, 0x00030003, 0x00040004):
        image.commit({"a.e": Reading(float(number), GOOD, 0)}, 1)
        shown.append(ask(device, "03 0000 0002")[4:])
    assert shown == ["00010000", "00010001", "00030001", "00030003"]


def test_files_and_queues():
    image, device = made(
        point("a.u", 0),
        files=[{"unit": 1, "number": 4, "records": 3, "content": [1, 2], "writable": True}],
        fifos=[{"unit": 1, "register": 100, "point": "a.u", "depth": 2}],
    )
    for number in (7, 8, 9):
        image.commit({"a.u": Reading(float(number), GOOD, 0)}, 1)
    assert ask(device, "18 0064") == "18" + "0006" + "0002" + "00080009"
    assert ask(device, "15 09 06 0004 0002 0001 0033") == "15" + "09" + "06000400020001" + "0033"
    assert ask(device, "14 07 06 0004 0000 0003") == "14" + "08" + "0706" + "000100020033"


def test_counters_count_and_listen_only_is_silent_until_the_restart():
    _, device = made(point("a.u", 0))
    ask(device, "03 0000 0001")
    ask(device, "03 0009 0001")
    assert ask(device, "08 000E 0000") == "08000e0003"
    assert ask(device, "08 000D 0000") == "08000d0001"
    assert ask(device, "0B") == "0b00000003"
    assert device.answer(1, bytes.fromhex("08 0004 0000")) is None
    assert device.answer(1, bytes.fromhex("03 0000 0001")) is None
    assert device.answer(1, bytes.fromhex("08 0001 0000")) is None
    assert ask(device, "03 0000 0001") == "03020000"


def test_extended_identity_comes_in_as_many_answers_as_it_takes():
    extended = dict.fromkeys(range(128, 131), "x" * 100)
    device = Device.model_validate(
        {"id": "d", "protocol": "modbus-tcp", "identities": [{"unit": 1, "model": "M", "extended": extended}]}
    )
    modbus = device_from_rig(DeviceImage(device, (point("a.u", 0),), 0))
    found, first = {}, 0
    while True:
        reply = modbus.answer(1, bytes((43, 14, 3, first)))
        at = 7
        for _ in range(reply[6]):
            found[reply[at]] = reply[at + 2 : at + 2 + reply[at + 1]]
            at += 2 + reply[at + 1]
        if not reply[4]:
            break
        first = reply[5]
    assert reply[3] == 0x83
    assert found[5] == b"M"
    assert [number for number in found if number >= 128] == [128, 129, 130]


def test_a_bad_reading_shows_the_mark():
    image, device = made(point("a.i", 0, type="i16", not_available=-999))
    image.commit({"a.i": Reading(1.0, BAD_SENSOR_FAILURE, 0)}, 1)
    assert ask(device, "03 0000 0001") == "0302" + (0x10000 - 999).to_bytes(2, "big").hex()
