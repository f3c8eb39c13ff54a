"""What a Modbus server answers: the function codes of MB-APP V1.1b3, chapter 6, on a register bank.

Checks follow the state diagrams there: function known (01), quantity and byte count (03), addresses (02),
then the value itself (03). A PDU whose length does not fit its own fields is answered 03 as well: chapter 7
calls it "a fault in the structure of the remainder of a complex request, such as that the implied length is
incorrect".
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from emulator.devices.modbus.registers import (
    ILLEGAL_DATA_ADDRESS,
    ILLEGAL_DATA_VALUE,
    ModbusError,
    RegisterBank,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.devices.modbus.registers import BitTable, WordTable

ILLEGAL_FUNCTION: Final = 1
READ_DEVICE_IDENTIFICATION: Final = 0x0E
_TWO_WORDS: Final = struct.Struct(">xHH")
_WRITE_MANY: Final = struct.Struct(">xHHB")
_MASK: Final = struct.Struct(">xHHH")
_READ_WRITE: Final = struct.Struct(">xHHHHB")
_REGULAR_CONFORMITY: Final = 0x82  # regular identification, by stream and by single object (6.21)
# 253 bytes of PDU less the seven that come before the objects.
_OBJECT_ROOM: Final = 246
# Function code and byte count of every word answer, ready made: the hot path only appends the registers.
_WORD_HEADS: Final[dict[int, list[bytes]]] = {
    code: [bytes((code, 2 * quantity)) for quantity in range(126)] for code in (3, 4, 23)
}


def answer(bank: RegisterBank, pdu: bytes) -> bytes:
    """Return the response PDU to a request PDU of at least one byte, whatever a peer sent."""
    handler = FUNCTIONS.get(pdu[0])
    if handler is None:
        return exception(pdu[0], ILLEGAL_FUNCTION)
    try:
        return handler(bank, pdu)
    except ModbusError as error:
        return exception(pdu[0], error.code)


def exception(function: int, code: int) -> bytes:
    """Return an exception response (MB-APP 7): the function code with its top bit set, and the code."""
    return bytes((function | 0x80, code))


def _reject(code: int) -> ModbusError:
    return ModbusError(code)


def _read_words(table: WordTable, pdu: bytes) -> bytes:
    if len(pdu) != 5:
        raise _reject(ILLEGAL_DATA_VALUE)
    address, quantity = _TWO_WORDS.unpack(pdu)
    if not 1 <= quantity <= 125:
        raise _reject(ILLEGAL_DATA_VALUE)
    head: bytes = _WORD_HEADS[pdu[0]][quantity]
    return head + table.read(address, quantity)


def _read_bits(table: BitTable, pdu: bytes) -> bytes:
    if len(pdu) != 5:
        raise _reject(ILLEGAL_DATA_VALUE)
    address, quantity = _TWO_WORDS.unpack(pdu)
    if not 1 <= quantity <= 2000:
        raise _reject(ILLEGAL_DATA_VALUE)
    return bytes((pdu[0], (quantity + 7) // 8)) + table.read(address, quantity)


def _read_coils(bank: RegisterBank, pdu: bytes) -> bytes:
    return _read_bits(bank.coils, pdu)


def _read_discrete_inputs(bank: RegisterBank, pdu: bytes) -> bytes:
    return _read_bits(bank.discrete_inputs, pdu)


def _read_holding_registers(bank: RegisterBank, pdu: bytes) -> bytes:
    return _read_words(bank.holding_registers, pdu)


def _read_input_registers(bank: RegisterBank, pdu: bytes) -> bytes:
    return _read_words(bank.input_registers, pdu)


def _write_single_coil(bank: RegisterBank, pdu: bytes) -> bytes:
    if len(pdu) != 5:
        raise _reject(ILLEGAL_DATA_VALUE)
    address, value = _TWO_WORDS.unpack(pdu)
    if value not in (0x0000, 0xFF00):
        raise _reject(ILLEGAL_DATA_VALUE)
    bank.write_coils(address, bytes((value >> 15,)))
    return pdu


def _write_single_register(bank: RegisterBank, pdu: bytes) -> bytes:
    if len(pdu) != 5:
        raise _reject(ILLEGAL_DATA_VALUE)
    bank.write_registers(_TWO_WORDS.unpack(pdu)[0], pdu[3:5])
    return pdu


def _write_multiple_coils(bank: RegisterBank, pdu: bytes) -> bytes:
    if len(pdu) < 7:
        raise _reject(ILLEGAL_DATA_VALUE)
    address, quantity, count = _WRITE_MANY.unpack_from(pdu)
    if not 1 <= quantity <= 1968 or count != (quantity + 7) // 8 or len(pdu) != 6 + count:
        raise _reject(ILLEGAL_DATA_VALUE)
    packed = int.from_bytes(pdu[6:], "little")
    bank.write_coils(address, bytes(packed >> i & 1 for i in range(quantity)))
    return pdu[:5]


def _write_multiple_registers(bank: RegisterBank, pdu: bytes) -> bytes:
    if len(pdu) < 8:
        raise _reject(ILLEGAL_DATA_VALUE)
    address, quantity, count = _WRITE_MANY.unpack_from(pdu)
    if not 1 <= quantity <= 123 or count != 2 * quantity or len(pdu) != 6 + count:
        raise _reject(ILLEGAL_DATA_VALUE)
    bank.write_registers(address, pdu[6:])
    return pdu[:5]


def _mask_write_register(bank: RegisterBank, pdu: bytes) -> bytes:
    """6.16: result = (current AND and_mask) OR (or_mask AND NOT and_mask)."""
    if len(pdu) != 7:
        raise _reject(ILLEGAL_DATA_VALUE)
    address, and_mask, or_mask = _MASK.unpack(pdu)
    current = int.from_bytes(bank.holding_registers.read(address, 1), "big")
    result = (current & and_mask) | (or_mask & ~and_mask & 0xFFFF)
    bank.write_registers(address, result.to_bytes(2, "big"))
    return pdu


def _read_write_multiple_registers(bank: RegisterBank, pdu: bytes) -> bytes:
    """6.17: the write is performed before the read; neither happens if either is refused."""
    if len(pdu) < 12:
        raise _reject(ILLEGAL_DATA_VALUE)
    read_at, read_quantity, write_at, write_quantity, count = _READ_WRITE.unpack_from(pdu)
    fits = 1 <= read_quantity <= 125 and 1 <= write_quantity <= 121 and count == 2 * write_quantity
    if not fits or len(pdu) != 10 + count:
        raise _reject(ILLEGAL_DATA_VALUE)
    bank.holding_registers.read(read_at, read_quantity)
    bank.write_registers(write_at, pdu[10:])
    head: bytes = _WORD_HEADS[23][read_quantity]
    return head + bank.holding_registers.read(read_at, read_quantity)


def _read_device_identification(bank: RegisterBank, pdu: bytes) -> bytes:
    """6.21: basic (1), regular (2), extended (3, answered at our regular level) or one object (4)."""
    if len(pdu) >= 2 and pdu[1] != READ_DEVICE_IDENTIFICATION:
        raise _reject(ILLEGAL_FUNCTION)
    if len(pdu) != 4 or not 1 <= pdu[2] <= 4:
        raise _reject(ILLEGAL_DATA_VALUE)
    read_code, first = pdu[2], pdu[3]
    objects = bank.identification
    if read_code == 4:
        if first not in objects:
            raise _reject(ILLEGAL_DATA_ADDRESS)
        chosen = [first]
    else:
        last = 2 if read_code == 1 else 6
        # "If the object id does not match any known object, the server responds as if object 0 were pointed
        # out."
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
    return bytes((pdu[0], READ_DEVICE_IDENTIFICATION, read_code, _REGULAR_CONFORMITY, *more, count)) + body


FUNCTIONS: Final[dict[int, Callable[[RegisterBank, bytes], bytes]]] = {
    1: _read_coils,
    2: _read_discrete_inputs,
    3: _read_holding_registers,
    4: _read_input_registers,
    5: _write_single_coil,
    6: _write_single_register,
    15: _write_multiple_coils,
    16: _write_multiple_registers,
    22: _mask_write_register,
    23: _read_write_multiple_registers,
    43: _read_device_identification,
}
