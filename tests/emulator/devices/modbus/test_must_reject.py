"""Requests a server must refuse, with the one exception code that the standard's state diagrams lead to."""

import pytest

from emulator.devices.modbus.bank import File, Limits, RegisterBank
from emulator.devices.modbus.pdu import answer
from emulator.devices.modbus.registers import MappedValue
from emulator.devices.scaling import RegisterFormat

U16 = RegisterFormat("u16")
ALL = range(1, 256)
KNOWN = (1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 15, 16, 17, 20, 21, 22, 23, 24, 43)
REJECTS = [
    # quantity and length before address
    *((f"{fc:02X} 0000 0000", 3) for fc in (1, 2, 3, 4)),
    *((f"{fc:02X} FFFF 0000", 3) for fc in (1, 2, 3, 4)),
    ("01 0000 07D1", 3), ("02 0000 07D1", 3), ("03 0000 007E", 3), ("04 0000 007E", 3),
    ("01 0000 FFFF", 3), ("02 0000 FFFF", 3), ("03 0000 FFFF", 3), ("04 0000 FFFF", 3),
    *((f"{fc:02X} 0000", 3) for fc in (1, 2, 3, 4, 5, 6)),
    *((f"{fc:02X} 0000 0001 00", 3) for fc in (1, 2, 3, 4, 6)),
    *((f"{fc:02X} FFFF 0002", 2) for fc in (1, 2, 3, 4)),
    *((f"{fc:02X} 0010 0001", 2) for fc in (1, 2, 3, 4)),
    *((f"{fc:02X} 0006 0003", 2) for fc in (1, 2, 3, 4)),
    ("05 0000 0001", 3), ("05 0000 FF01", 3), ("05 0010 FF00", 2), ("06 0010 0001", 2), ("06 0007 0001", 2),
    ("0F 0000 0000 00", 3), ("0F 0000 07B1 F7", 3), ("0F 0000 0008 02 0000", 3), ("0F 0000 0009 01 00", 3),
    ("0F 0000 0008 01", 3), ("0F 0000 0008 01 00 00", 3), ("0F 0006 0003 01 00", 2), ("0F 0000", 3),
    ("10 0000 0000 00", 3), ("10 0000 007C F8", 3), ("10 0000 0002 02 0001", 3), ("10 0000 0001 04 0001 0002", 3),
    ("10 0000 0001 02 00", 3), ("10 0000 0001 02 0000 00", 3), ("10 0006 0002 04 0000 0000", 2),
    ("10 0000 0001 02", 3), ("10 0010 0001 02 0000", 2),
    ("07 00", 3), ("0B 00", 3), ("0C 00", 3), ("11 00", 3),
    ("08 0005 0000", 1), ("08 FFFF 0000", 1), ("08 0001 0001", 3), ("08 0004 0001", 3), ("08 000A 0001", 3), ("08 00", 3),
    ("14 06", 3), ("14 07 06 0001 0000", 3), ("14 07 05 0001 0000 0001", 2), ("14 07 06 0009 0000 0001", 2),
    ("14 07 06 0001 2710 0001", 2), ("14 07 06 0001 0000 0005", 2), ("14 07 06 0001 0000 0000", 3), ("14 F8", 3),
    ("15 09 06 0001 0000 0002 0007", 3), ("15 09 06 0002 0000 0001 0007", 2), ("15 09 06 0001 0004 0001 0007", 2),
    ("15 02 06 00", 3), ("16 0000 0000", 3), ("16 0010 0000 0000", 2), ("16 0000 0000 0000 00", 3), ("16 0007 0000 0000", 2),
    ("17 0000 0000 0000 0001 02 0000", 3), ("17 0000 007E 0000 0001 02 0000", 3), ("17 0000 0001 0000 0000 00", 3),
    ("17 0000 0001 0000 007A F4", 3), ("17 0000 0001 0000 0001 04 0000", 3), ("17 0010 0001 0000 0001 02 0000", 2),
    ("17 0000 0001 0010 0001 02 0000", 2), ("18 00", 3), ("18 0001", 2), ("18 0000 00", 3),
    ("2B 0D 01 00", 1), ("2B 0E 00 00", 3), ("2B 0E 05 00", 3), ("2B 0E 04 7F", 2), ("2B 0E 01", 3), ("2B 0E 01 00 00", 3),
]  # fmt: skip


def bank():
    def unit(bits):
        return [
            MappedValue(f"v{address}", address, None if bits else U16, address != 7, 0.0, 65535.0)
            for address in range(8)
        ]

    return RegisterBank(
        coils=unit(True), discrete_inputs=unit(True), input_registers=unit(False), holding_registers=unit(False),
        write=lambda *write: pytest.fail(f"{write} was carried out"),
        files={1: File(bytearray(8), writable=True), 2: File(bytearray(8))}, limits=Limits(),
    )  # fmt: skip


@pytest.mark.parametrize(("pdu", "code"), REJECTS)
def test_a_bad_request_gets_its_one_exception_and_changes_nothing(pdu, code):
    unit = bank()
    request = bytes.fromhex(pdu)
    before = [bytes(table.buffer) for table in unit.tables]
    assert answer(unit, request) == bytes((request[0] | 0x80, code))
    assert [bytes(table.buffer) for table in unit.tables] == before
    assert bytes(unit.files[1].buffer) == bytes(8)


def test_there_are_at_least_84_of_them_and_every_other_function_is_illegal():
    assert len(REJECTS) >= 84
    for function in ALL:
        if function not in KNOWN:
            assert answer(bank(), bytes((function, 0, 0, 0, 1))) == bytes((function | 0x80, 1))
