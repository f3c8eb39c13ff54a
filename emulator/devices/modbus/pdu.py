"""What a Modbus server answers: the function codes of MB-APP V1.1b3, chapter 6, on a register bank.

Checks follow the state diagrams there: function known (01), quantity and byte count (03), addresses (02),
then the value itself (03). A PDU whose length does not fit its own fields is answered 03 as well: chapter 7
calls it "a fault in the structure of the remainder of a complex request, such as that the implied length is
incorrect".
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from emulator.devices.modbus.diagnostics import (
    diagnostics,
    get_comm_event_counter,
    get_comm_event_log,
    is_restart,
    read_exception_status,
    report_server_id,
)
from emulator.devices.modbus.files import read_fifo_queue, read_file_record, write_file_record
from emulator.devices.modbus.identification import read_device_identification
from emulator.devices.modbus.registers import ILLEGAL_DATA_VALUE, ModbusError

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.devices.modbus.bank import RegisterBank
    from emulator.devices.modbus.registers import BitTable, WordTable

ILLEGAL_FUNCTION: Final = 1
_TWO_WORDS: Final = struct.Struct(">xHH")
_WRITE_MANY: Final = struct.Struct(">xHHB")
_MASK: Final = struct.Struct(">xHHH")
_READ_WRITE: Final = struct.Struct(">xHHHHB")
# Function code and byte count of every word answer, ready made: the hot path only appends the registers.
_WORD_HEADS: Final[dict[int, list[bytes]]] = {
    code: [bytes((code, 2 * quantity)) for quantity in range(126)] for code in (3, 4, 23)
}

# How the event log knows an exception (6.10): refused, failed, busy, not acknowledged.
_SENT_EXCEPTION: Final = {4: 0x42, 5: 0x44, 6: 0x44, 7: 0x48}


def answer(bank: RegisterBank, pdu: bytes) -> bytes | None:
    """Return the response PDU to a request PDU of at least one byte, whatever a peer sent.

    None where the unit stays silent: it is in listen-only mode, or this request put it there or took it out (6.8).
    """
    counters = bank.counters
    counters.server_messages += 1
    if bank.listen_only and not is_restart(pdu):
        counters.no_responses += 1
        return None
    function = pdu[0]
    handler = FUNCTIONS.get(function)
    functions = bank.limits.functions
    if handler is None or (functions is not None and function not in functions):
        handler = _unknown
    was_silent = bank.listen_only
    try:
        reply = handler(bank, pdu)
    except ModbusError as error:
        counters.exceptions += 1
        counters.event(_SENT_EXCEPTION.get(error.code, 0x41))
        return exception(function, error.code)
    return None if was_silent or bank.listen_only else reply


def exception(function: int, code: int) -> bytes:
    """Return an exception response (MB-APP 7): the function code with its top bit set, and the code."""
    return bytes((function | 0x80, code))


def _unknown(_bank: RegisterBank, _pdu: bytes) -> bytes:
    raise ModbusError(ILLEGAL_FUNCTION)


def _reject(code: int) -> ModbusError:
    return ModbusError(code)


def _read_words(table: WordTable, pdu: bytes, limit: int) -> bytes:
    if len(pdu) != 5:
        raise _reject(ILLEGAL_DATA_VALUE)
    address, quantity = _TWO_WORDS.unpack(pdu)
    if not 1 <= quantity <= limit:
        raise _reject(ILLEGAL_DATA_VALUE)
    head: bytes = _WORD_HEADS[pdu[0]][quantity]
    return head + table.read(address, quantity)


def _read_bits(table: BitTable, pdu: bytes, limit: int) -> bytes:
    if len(pdu) != 5:
        raise _reject(ILLEGAL_DATA_VALUE)
    address, quantity = _TWO_WORDS.unpack(pdu)
    if not 1 <= quantity <= limit:
        raise _reject(ILLEGAL_DATA_VALUE)
    return bytes((pdu[0], (quantity + 7) // 8)) + table.read(address, quantity)


def _read_coils(bank: RegisterBank, pdu: bytes) -> bytes:
    return _read_bits(bank.coils, pdu, bank.limits.bits)


def _read_discrete_inputs(bank: RegisterBank, pdu: bytes) -> bytes:
    return _read_bits(bank.discrete_inputs, pdu, bank.limits.bits)


def _read_holding_registers(bank: RegisterBank, pdu: bytes) -> bytes:
    return _read_words(bank.holding_registers, pdu, bank.limits.registers)


def _read_input_registers(bank: RegisterBank, pdu: bytes) -> bytes:
    return _read_words(bank.input_registers, pdu, bank.limits.registers)


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
    if not 1 <= quantity <= bank.limits.write_bits or count != (quantity + 7) // 8 or len(pdu) != 6 + count:
        raise _reject(ILLEGAL_DATA_VALUE)
    packed = int.from_bytes(pdu[6:], "little")
    bank.write_coils(address, bytes(packed >> i & 1 for i in range(quantity)))
    return pdu[:5]


def _write_multiple_registers(bank: RegisterBank, pdu: bytes) -> bytes:
    if len(pdu) < 8:
        raise _reject(ILLEGAL_DATA_VALUE)
    address, quantity, count = _WRITE_MANY.unpack_from(pdu)
    if not 1 <= quantity <= bank.limits.write_registers or count != 2 * quantity or len(pdu) != 6 + count:
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
    limits = bank.limits
    fits = 1 <= read_quantity <= limits.registers and 1 <= write_quantity <= min(121, limits.write_registers)
    fits = fits and count == 2 * write_quantity
    if not fits or len(pdu) != 10 + count:
        raise _reject(ILLEGAL_DATA_VALUE)
    bank.holding_registers.read(read_at, read_quantity)
    bank.write_registers(write_at, pdu[10:])
    head: bytes = _WORD_HEADS[23][read_quantity]
    return head + bank.holding_registers.read(read_at, read_quantity)


FUNCTIONS: Final[dict[int, Callable[[RegisterBank, bytes], bytes]]] = {
    1: _read_coils,
    2: _read_discrete_inputs,
    3: _read_holding_registers,
    4: _read_input_registers,
    5: _write_single_coil,
    6: _write_single_register,
    7: read_exception_status,
    8: diagnostics,
    11: get_comm_event_counter,
    12: get_comm_event_log,
    15: _write_multiple_coils,
    16: _write_multiple_registers,
    17: report_server_id,
    20: read_file_record,
    21: write_file_record,
    22: _mask_write_register,
    23: _read_write_multiple_registers,
    24: read_fifo_queue,
    43: read_device_identification,
}
