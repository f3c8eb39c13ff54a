import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.devices.modbus.bank import RegisterBank
from emulator.devices.modbus.pdu import FUNCTIONS, answer
from emulator.devices.modbus.registers import Identification, MappedValue
from emulator.devices.scaling import RegisterFormat

U16 = RegisterFormat("u16")


def words(*values):
    return struct.pack(f">{len(values)}H", *values)


def bits(text):
    """'CD 6B' -> one byte per bit, lowest bit of the first byte first."""
    return bytes(byte >> i & 1 for byte in bytes.fromhex(text) for i in range(8))


# Examples printed in MODBUS Application Protocol Specification V1.1b3, by section: table content before,
# request, answer, as the document shows them.
SPECIFICATION = [
    ("6.1", ("coils", 0x13, bits("CD6B05")), "01 0013 0013", "01 03 CD6B05"),
    ("6.2", ("discrete_inputs", 0xC4, bits("ACDB35")), "02 00C4 0016", "02 03 ACDB35"),
    ("6.3", ("holding_registers", 0x6B, words(0x22B, 0, 0x64)), "03 006B 0003", "03 06 022B 0000 0064"),
    ("6.4", ("input_registers", 8, words(0xA)), "04 0008 0001", "04 02 000A"),
    ("6.5", ("coils", 0xAC, b"\0"), "05 00AC FF00", "05 00AC FF00"),
    ("6.6", ("holding_registers", 1, words(0)), "06 0001 0003", "06 0001 0003"),
    ("6.11", ("coils", 0x13, bytes(10)), "0F 0013 000A 02 CD01", "0F 0013 000A"),
    ("6.12", ("holding_registers", 1, words(0, 0)), "10 0001 0002 04 000A 0102", "10 0001 0002"),
    ("6.16", ("holding_registers", 4, words(0x12)), "16 0004 00F2 0025", "16 0004 00F2 0025"),
    (
        "6.17",
        ("holding_registers", 3, words(0xFE, 0xACD, 1, 3, 0xD, 0xFF)),
        "17 0003 0006 000E 0003 06 00FF 00FF 00FF",
        "17 0C 00FE 0ACD 0001 0003 000D 00FF",
    ),
]


def specification_bank(writes):
    return RegisterBank(
        coils=[MappedValue(f"c{i}", i, None, True, 0, 1) for i in range(200)],
        discrete_inputs=[MappedValue(f"d{i}", i) for i in range(240)],
        input_registers=[MappedValue(f"i{i}", i, U16) for i in range(20)],
        holding_registers=[MappedValue(f"h{i}", i, U16, True, 0, 65535) for i in range(200)],
        write=lambda point, value: writes.append((point, value)),
    )


@pytest.mark.parametrize(
    ("section", "content", "request_", "expected"), SPECIFICATION, ids=[row[0] for row in SPECIFICATION]
)
def test_the_specifications_examples_are_answered_as_printed(section, content, request_, expected):
    bank = specification_bank([])
    name, address, wire = content
    table = getattr(bank, name)
    cell = 2 if name.endswith("registers") else 1
    # The printed discrete-input example ends inside a byte whose spare bits are zero.
    table.buffer[cell * address : cell * address + len(wire)] = wire
    assert answer(bank, bytes.fromhex(request_)) == bytes.fromhex(expected)


def test_the_specifications_mask_write_leaves_the_printed_result():
    bank = specification_bank([])
    bank.holding_registers.buffer[8:10] = words(0x12)
    answer(bank, bytes.fromhex("16 0004 00F2 0025"))
    assert bank.holding_registers.read(4, 1) == words(0x17)


# What a server must refuse, and how: request, exact answer. Bank: see conftest.
REFUSED = [
    # quantity (03) before address (02), in every read
    *((f"{code:02x} 0000 {quantity:04x}", f"{code | 0x80:02x} 03") for code in (1, 2) for quantity in (0, 2001, 65535)),
    *((f"{code:02x} 0000 {quantity:04x}", f"{code | 0x80:02x} 03") for code in (3, 4) for quantity in (0, 126, 65535)),
    *((f"{code:02x} ffff 0000", f"{code | 0x80:02x} 03") for code in (1, 2, 3, 4)),
    # addresses: first beyond, run beyond, wrap round 65535, a hole
    *((f"{code:02x} 0028 0001", f"{code | 0x80:02x} 02") for code in (1, 2)),
    *((f"{code:02x} 0027 0002", f"{code | 0x80:02x} 02") for code in (1, 2)),
    *((f"{code:02x} ffff 0002", f"{code | 0x80:02x} 02") for code in (1, 2, 3, 4)),
    ("03 0082 0001", "83 02"),
    ("03 0081 0002", "83 02"),
    ("04 0008 0004", "84 02"),
    ("04 000a 0001", "84 02"),
    ("04 0000 001e", "84 02"),
    # lengths that do not fit the function
    *((f"{code:02x}", f"{code | 0x80:02x} 03") for code in (1, 2, 3, 4, 5, 6, 15, 16, 22, 23, 43)),
    *((f"{code:02x} 0000 00", f"{code | 0x80:02x} 03") for code in (1, 2, 3, 4, 5, 6, 15, 16, 22, 23)),
    *((f"{code:02x} 0000 0001 00", f"{code | 0x80:02x} 03") for code in (1, 2, 3, 4, 6, 22)),
    ("05 0000 ff00 00", "85 03"),
    # writing coils
    ("05 0000 0001", "85 03"),
    ("05 0000 00ff", "85 03"),
    ("05 0000 ff01", "85 03"),
    ("05 ffff 1234", "85 03"),
    ("05 0028 ff00", "85 02"),
    ("05 0027 ff00", "85 02"),
    ("0f 0000 0000 00", "8f 03"),
    ("0f 0000 07b1 f7" + "00" * 247, "8f 03"),
    ("0f 0000 0009 01 ff", "8f 03"),
    ("0f 0000 0008 02 ffff", "8f 03"),
    ("0f 0000 0008 01", "8f 03"),
    ("0f 0000 0008 01 ff ff", "8f 03"),
    ("0f 0026 0002 01 03", "8f 02"),
    ("0f 0028 0001 01 01", "8f 02"),
    ("0f ffff 0002 01 03", "8f 02"),
    # writing registers
    ("06 0005 0001", "86 02"),
    ("06 0082 0001", "86 02"),
    ("06 ffff 0001", "86 02"),
    ("06 006e 0065", "86 03"),
    ("06 0064 0000", "86 02"),
    ("10 0000 0000 00", "90 03"),
    ("10 0000 007c f8" + "00" * 248, "90 03"),
    ("10 0000 0001 01 00", "90 03"),
    ("10 0000 0001 02 00", "90 03"),
    ("10 0000 0001 02 0000 00", "90 03"),
    ("10 0000 0002 02 0000", "90 03"),
    ("10 0000 0001 04 0000 0000", "90 03"),
    ("10 0004 0002 04 0001 0001", "90 02"),
    ("10 0081 0002 04 0001 0001", "90 02"),
    ("10 ffff 0002 04 0001 0001", "90 02"),
    ("10 0063 0002 04 0001 0001", "90 02"),
    ("10 0065 0002 04 0001 0001", "90 02"),
    ("10 0064 0002 04 0000 7fc0", "90 03"),
    ("10 0064 0002 04 0000 7f80", "90 03"),
    ("10 0064 0002 04 0000 4254", "90 03"),
    ("16 0005 0000 0001", "96 02"),
    ("16 0082 0000 0001", "96 02"),
    ("17 0000 0000 0000 0001 02 0001", "97 03"),
    ("17 0000 007e 0000 0001 02 0001", "97 03"),
    ("17 0000 0001 0000 0000 00", "97 03"),
    ("17 0000 0001 0000 007a f4" + "00" * 244, "97 03"),
    ("17 0000 0001 0000 0001 04 0001", "97 03"),
    ("17 0000 0001 0000 0001 02 0001 00", "97 03"),
    ("17 0082 0001 0000 0001 02 0001", "97 02"),
    ("17 0000 0001 0005 0001 02 0001", "97 02"),
    # identification
    ("2b 0e 00 00", "ab 03"),
    ("2b 0e 05 00", "ab 03"),
    ("2b 0e 04 07", "ab 02"),
    ("2b 0e 04 80", "ab 02"),
    ("2b 0e 01", "ab 03"),
    ("2b 0e 01 00 00", "ab 03"),
    ("2b 0d 01 00", "ab 01"),
    ("2b ff 01 00", "ab 01"),
]


@pytest.mark.parametrize(("request_", "expected"), REFUSED)
def test_what_must_be_refused_is_refused_exactly(request_, expected, bank, writes):
    before = [bytes(table.buffer) for table in bank.tables]
    assert answer(bank, bytes.fromhex(request_)).hex(" ") == expected
    assert writes == []
    assert [bytes(table.buffer) for table in bank.tables] == before


@pytest.mark.parametrize("code", [code for code in range(256) if code not in FUNCTIONS])
def test_an_unknown_function_is_answered_with_its_own_code_and_01(code, bank):
    assert answer(bank, bytes((code, 0, 0, 0, 1))) == bytes((code | 0x80, 1))


@settings(max_examples=500)
@given(st.binary(min_size=1, max_size=253))
def test_any_request_gets_a_well_formed_answer(request_):
    reply = answer(specification_bank([]), request_)
    assert 2 <= len(reply) <= 253
    assert reply[0] in (request_[0], request_[0] | 0x80)


@pytest.mark.parametrize("quantity", [1, 7, 8, 9, 40])
def test_bits_are_packed_from_the_lowest_address_up_and_padded_with_zeros(quantity, bank):
    bank.coils.buffer[:] = b"\1" * 40
    reply = answer(bank, struct.pack(">BHH", 1, 0, quantity))
    assert int.from_bytes(reply[2:], "little") == 2**quantity - 1
    assert reply[1] == len(reply) - 2 == -(-quantity // 8)


def test_reading_and_writing_at_once_writes_first(bank, writes):
    assert answer(bank, bytes.fromhex("17 0000 0002 0001 0001 02 1234")) == bytes.fromhex("17 04 0000 1234")
    assert writes == [("h1", 0x1234)]


def test_125_registers_and_2000_bits_are_allowed():
    bank = RegisterBank(
        coils=[MappedValue(f"c{i}", i) for i in range(2000)],
        holding_registers=[MappedValue(f"h{i}", i, U16) for i in range(125)],
        write=lambda point, value: None,
    )
    assert len(answer(bank, struct.pack(">BHH", 3, 0, 125))) == 252
    assert len(answer(bank, struct.pack(">BHH", 1, 0, 2000))) == 252


def test_basic_identification_names_vendor_product_and_revision(bank):
    assert answer(bank, bytes.fromhex("2b0e0100")) == (
        bytes.fromhex("2b0e0182 000003") + b"\0\x0aplantbench" + b"\1\4PB-1" + b"\2\0031.0"
    )


def test_extended_identification_is_answered_at_the_regular_level(bank):
    assert answer(bank, bytes.fromhex("2b0e0300"))[7:] == answer(bank, bytes.fromhex("2b0e0200"))[7:]
    assert b"\4\x09Test unit" in answer(bank, bytes.fromhex("2b0e0200"))


def test_an_unknown_first_object_starts_the_stream_from_the_beginning(bank):
    assert answer(bank, bytes.fromhex("2b0e0155")) == answer(bank, bytes.fromhex("2b0e0100"))


def test_a_single_object_is_answered_alone(bank):
    assert answer(bank, bytes.fromhex("2b0e0401")) == bytes.fromhex("2b0e0482000001") + b"\1\4PB-1"


def test_identification_too_long_for_one_answer_says_where_to_go_on():
    bank = RegisterBank(write=print, identification=Identification("v" * 200, "p" * 60, "1"))
    first = answer(bank, bytes.fromhex("2b0e0100"))
    assert first[:7] == bytes.fromhex("2b0e0182 ff01 01")
    second = answer(bank, bytes.fromhex("2b0e0101"))
    assert second[:7] == bytes.fromhex("2b0e0182 0000 02")
