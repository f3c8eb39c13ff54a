"""File records and queues: functions 20, 21 and 24 (MB-APP V1.1b3, 6.14, 6.15 and 6.18)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emulator.devices.modbus.registers import ILLEGAL_DATA_ADDRESS, ILLEGAL_DATA_VALUE, ModbusError

if TYPE_CHECKING:
    from emulator.devices.modbus.bank import File, RegisterBank

_REFERENCE: Final = 6
_GROUP: Final = 7
_ANSWER_MAX: Final = 245
_RECORD_MAX: Final = 9999
_QUEUE_MAX: Final = 31


def read_file_record(bank: RegisterBank, pdu: bytes) -> bytes:
    """Answer function 20: groups of registers out of one or more files."""
    if len(pdu) < 2 or not 7 <= pdu[1] <= _ANSWER_MAX or pdu[1] % _GROUP or len(pdu) != 2 + pdu[1]:
        raise ModbusError(ILLEGAL_DATA_VALUE)
    body = bytearray()
    for at in range(2, len(pdu), _GROUP):
        file, start, stop = _slice(bank, pdu[at : at + _GROUP])
        body += bytes((min(stop - start + 1, 255), _REFERENCE)) + file.buffer[start:stop]
        if len(body) > _ANSWER_MAX:
            raise ModbusError(ILLEGAL_DATA_VALUE)
    return bytes((pdu[0], len(body))) + body


def write_file_record(bank: RegisterBank, pdu: bytes) -> bytes:
    """Answer function 21: all groups are written or, with an exception, none; the answer is the request."""
    if len(pdu) < 2 or not 9 <= pdu[1] <= 251 or len(pdu) != 2 + pdu[1]:
        raise ModbusError(ILLEGAL_DATA_VALUE)
    writes = []
    at = 2
    while at < len(pdu):
        group = pdu[at : at + _GROUP]
        count = 2 * int.from_bytes(group[5:7], "big")
        at += _GROUP + count
        if len(group) < _GROUP or at > len(pdu):
            raise ModbusError(ILLEGAL_DATA_VALUE)
        file, start, stop = _slice(bank, group)
        if not file.writable:
            raise ModbusError(ILLEGAL_DATA_ADDRESS)
        writes.append((file, start, stop, pdu[at - count : at]))
    if not bank.ignoring:
        for file, start, stop, wire in writes:
            file.buffer[start:stop] = wire
    return pdu


def read_fifo_queue(bank: RegisterBank, pdu: bytes) -> bytes:
    """Answer function 24: what is in the queue, without taking it out; over 31 is an exception (6.18)."""
    if len(pdu) != 3:
        raise ModbusError(ILLEGAL_DATA_VALUE)
    queue = bank.queues.get(int.from_bytes(pdu[1:3], "big"))
    if queue is None:
        raise ModbusError(ILLEGAL_DATA_ADDRESS)
    if len(queue) > _QUEUE_MAX:
        raise ModbusError(ILLEGAL_DATA_VALUE)
    words = b"".join(queue)
    return b"".join((pdu[:1], (2 + len(words)).to_bytes(2, "big"), len(queue).to_bytes(2, "big"), words))


def _slice(bank: RegisterBank, group: bytes) -> tuple[File, int, int]:
    """Return the file and the bytes in it that a group of seven bytes asks for."""
    number, record, length = (int.from_bytes(group[at : at + 2], "big") for at in (1, 3, 5))
    if not length:
        raise ModbusError(ILLEGAL_DATA_VALUE)
    file = bank.files.get(number)
    if group[0] != _REFERENCE or file is None or record > _RECORD_MAX or 2 * (record + length) > len(file.buffer):
        raise ModbusError(ILLEGAL_DATA_ADDRESS)
    return file, 2 * record, 2 * (record + length)
