"""Function 43 with MEI 14, read device identification (MB-APP V1.1b3, 6.21)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emulator.devices.modbus.registers import ILLEGAL_DATA_ADDRESS, ILLEGAL_DATA_VALUE, ModbusError

if TYPE_CHECKING:
    from emulator.devices.modbus.bank import RegisterBank

_MEI: Final = 0x0E
_ILLEGAL_FUNCTION: Final = 1
# Regular or extended identification, by stream and by single object.
_REGULAR, _EXTENDED = 0x82, 0x83
_LAST: Final = {1: 2, 2: 6, 3: 255}
# 253 bytes of PDU less the seven that come before the objects.
_OBJECT_ROOM: Final = 246


def read_device_identification(bank: RegisterBank, pdu: bytes) -> bytes:
    """Answer basic (1), regular (2), extended (3) or one object (4), in as many transactions as they take."""
    if len(pdu) >= 2 and pdu[1] != _MEI:
        raise ModbusError(_ILLEGAL_FUNCTION)
    if len(pdu) != 4 or not 1 <= pdu[2] <= 4:
        raise ModbusError(ILLEGAL_DATA_VALUE)
    read_code, first = pdu[2], pdu[3]
    objects = bank.identification
    if read_code == 4:
        if first not in objects:
            raise ModbusError(ILLEGAL_DATA_ADDRESS)
        chosen = [first]
    else:
        last = _LAST[read_code]
        # "If the object id does not match any known object, the server responds as if object 0 were pointed out."
        first = first if first in objects and first <= last else 0
        chosen = [number for number in sorted(objects) if first <= number <= last]
    body = bytearray()
    more, count = (0, 0), 0
    for number in chosen:
        text = objects[number]
        if len(body) + 2 + len(text) > _OBJECT_ROOM:
            more = (0xFF, number)
            break
        body += bytes((number, len(text))) + text
        count += 1
    conformity = _EXTENDED if max(objects) > _LAST[2] else _REGULAR
    return bytes((pdu[0], _MEI, read_code, conformity, *more, count)) + body
