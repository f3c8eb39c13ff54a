"""The functions about the line and the server itself: 7, 8, 11, 12 and 17 (MB-APP V1.1b3, 6.7 to 6.10 and 6.13).

The standard has them for serial lines; servers on TCP commonly answer them too, and so do ours.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emulator.devices.modbus.registers import ILLEGAL_DATA_VALUE, ModbusError

if TYPE_CHECKING:
    from emulator.devices.modbus.bank import RegisterBank

_ILLEGAL_FUNCTION: Final = 1
_RESTART, _CLEAR_LOG, _LISTEN = 1, 0xFF00, 4
_LOG_RESTART, _LOG_LISTEN = 0x00, 0x04
_COUNTERS: Final = {
    12: "communication_errors", 13: "exceptions", 14: "server_messages", 15: "no_responses", 16: "nak", 17: "busy",
    18: "overruns",
}  # fmt: skip


def is_restart(pdu: bytes) -> bool:
    """Whether this is the one request that a unit in listen-only mode obeys (6.8, sub-function 1)."""
    return pdu[:3] == b"\x08\0\x01"


def diagnostics(bank: RegisterBank, pdu: bytes) -> bytes:
    """Answer function 8: loop back, counters, the register, listen-only mode and the way out of it."""
    if len(pdu) < 5 or len(pdu) % 2 == 0:
        raise ModbusError(ILLEGAL_DATA_VALUE)
    sub = pdu[1] << 8 | pdu[2]
    if sub == 0:
        return pdu
    if sub not in (_RESTART, 2, 3, _LISTEN, 10, 11, 20) and sub not in _COUNTERS:
        raise ModbusError(_ILLEGAL_FUNCTION)
    data = pdu[3] << 8 | pdu[4]
    if len(pdu) != 5 or not (data == 0 or (sub == _RESTART and data == _CLEAR_LOG) or (sub == 3 and not pdu[4])):
        raise ModbusError(ILLEGAL_DATA_VALUE)
    counters = bank.counters
    match sub:
        case 1:
            bank.listen_only = False
            counters.clear()
            if data == _CLEAR_LOG:
                counters.log.clear()
            counters.event(_LOG_RESTART)
            return pdu
        case 3:
            bank.delimiter = pdu[3]
            return pdu
        case 4:
            bank.listen_only = True
            counters.event(_LOG_LISTEN)
            return pdu
        case 10:
            counters.clear()
            return pdu
        case 20:
            counters.overruns = 0
            return pdu
        case 2:
            value = 0
        case 11:
            value = counters.server_messages + counters.foreign
        case _:
            value = getattr(counters, _COUNTERS[sub])
    return pdu[:3] + (value & 0xFFFF).to_bytes(2, "big")


def read_exception_status(bank: RegisterBank, pdu: bytes) -> bytes:
    """Answer function 7: the first eight coils, which is where many makers keep their alarms."""
    _nothing_more(pdu)
    status = sum(bit << at for at, bit in enumerate(bank.coils.buffer[:8]))
    return bytes((pdu[0], status))


def get_comm_event_counter(bank: RegisterBank, pdu: bytes) -> bytes:
    """Answer function 11: ready, and how many messages were completed."""
    _nothing_more(pdu)
    bank.counters.fetches += 1
    return bytes((pdu[0], 0, 0)) + (bank.counters.events & 0xFFFF).to_bytes(2, "big")


def get_comm_event_log(bank: RegisterBank, pdu: bytes) -> bytes:
    """Answer function 12: the counters, and the log of exceptions sent, restarts and listen-only modes."""
    _nothing_more(pdu)
    counters = bank.counters
    counters.fetches += 1
    numbers = (0, counters.events, counters.server_messages + counters.foreign)
    words = b"".join((number & 0xFFFF).to_bytes(2, "big") for number in numbers)
    return bytes((pdu[0], len(words) + len(counters.log))) + words + counters.log


def report_server_id(bank: RegisterBank, pdu: bytes) -> bytes:
    """Answer function 17: product code, run indicator on, product name."""
    _nothing_more(pdu)
    code, name = bank.identification[1], bank.identification.get(4, b"")
    body = (code or b"\0") + b"\xff" + name
    return bytes((pdu[0], min(len(body), 251))) + body[:251]


def _nothing_more(pdu: bytes) -> None:
    if len(pdu) != 1:
        raise ModbusError(ILLEGAL_DATA_VALUE)
