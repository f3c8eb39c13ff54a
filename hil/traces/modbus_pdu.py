"""What a Modbus PDU says, in words (MB-APP V1.1b3, 6 and 7); what is wrong with it stands after an exclamation mark."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

EXCEPTIONS: Final = {
    1: "illegal function", 2: "illegal data address", 3: "illegal data value", 4: "server device failure",
    5: "acknowledge", 6: "server device busy", 8: "memory parity error", 10: "gateway path unavailable",
    11: "gateway target device failed to respond",
}  # fmt: skip
NAMES: Final = {
    1: "read coils", 2: "read discrete inputs", 3: "read holding registers", 4: "read input registers",
    5: "write single coil", 6: "write single register", 7: "read exception status", 8: "diagnostics",
    11: "get comm event counter", 12: "get comm event log", 15: "write multiple coils",
    16: "write multiple registers", 17: "report server id", 20: "read file record", 21: "write file record",
    22: "mask write register", 23: "read/write multiple registers", 24: "read FIFO queue",
    43: "read device identification",
}  # fmt: skip
_SHOWN: Final = 8


def describe(pdu: bytes, *, request: bool) -> str:
    """Return one line about a PDU: a request's, or an answer's."""
    if not pdu:
        return "! no PDU"
    function = pdu[0]
    if not request and function & 0x80:
        return _exception(pdu)
    name = NAMES.get(function, f"function {function}")
    reader = (_REQUESTS if request else _ANSWERS).get(function)
    if reader is None:
        body = pdu[1:].hex(" ")
        return f"{name}{': ' + body if body else ''}"
    try:
        return f"{name}: {reader(pdu)}"
    except IndexError:
        return f"{name}: ! cut short at {len(pdu)} bytes"


def _exception(pdu: bytes) -> str:
    name = NAMES.get(pdu[0] & 0x7F, f"function {pdu[0] & 0x7F}")
    if len(pdu) == 1:
        return f"{name}: exception ! without a code"
    said = f"{name}: exception {pdu[1]:02X} {EXCEPTIONS.get(pdu[1], 'undefined')}"
    return said if len(pdu) == 2 else f"{said} ! {len(pdu) - 2} bytes too many"


def _word(pdu: bytes, at: int) -> int:
    return pdu[at] << 8 | pdu[at + 1]


def _words(data: bytes) -> str:
    words = [f"{_word(data, at):04X}" for at in range(0, len(data) - 1, 2)]
    shown = " ".join(words[:_SHOWN]) + (f" … ({len(words)} registers)" if len(words) > _SHOWN else "")
    return (shown or "no registers") + (" ! half a register" if len(data) % 2 else "")


def _counted(data: bytes, count: int) -> str:
    return "" if len(data) == count else f" ! byte count {count}, {len(data)} bytes of data"


def _end(pdu: bytes, length: int) -> str:
    return "" if len(pdu) == length else f" ! {len(pdu)} bytes, {length} expected"


def _range(pdu: bytes, unit: str) -> str:
    start, count = _word(pdu, 1), _word(pdu, 3)
    return f"{count} {unit}{'' if count == 1 else 's'} from {start}"


def _ask_words(pdu: bytes) -> str:
    return _range(pdu, "register") + _end(pdu, 5)


def _ask_bits(pdu: bytes) -> str:
    return _range(pdu, "bit") + _end(pdu, 5)


def _got_words(pdu: bytes) -> str:
    return _words(pdu[2:]) + _counted(pdu[2:], pdu[1])


def _got_bits(pdu: bytes) -> str:
    bits = " ".join(f"{byte:08b}"[::-1] for byte in pdu[2 : 2 + _SHOWN])
    return f"{bits or 'no bits'} (lowest first){_counted(pdu[2:], pdu[1])}"


def _single(pdu: bytes) -> str:
    return f"{_word(pdu, 1)} = {_word(pdu, 3):04X}{_end(pdu, 5)}"


def _single_coil(pdu: bytes) -> str:
    value = {0xFF00: "on", 0: "off"}.get(_word(pdu, 3), f"! {_word(pdu, 3):04X} is neither on nor off")
    return f"{_word(pdu, 1)} = {value}{_end(pdu, 5)}"


def _write_words(pdu: bytes) -> str:
    return f"{_range(pdu, 'register')} = {_words(pdu[6:])}{_counted(pdu[6:], pdu[5])}"


def _write_bits(pdu: bytes) -> str:
    return f"{_range(pdu, 'bit')} = {pdu[6:].hex(' ')}{_counted(pdu[6:], pdu[5])}"


def _diagnostics(pdu: bytes) -> str:
    return f"sub-function {_word(pdu, 1)}, {_words(pdu[3:])}"


def _mask(pdu: bytes) -> str:
    return f"{_word(pdu, 1)}, and {_word(pdu, 3):04X}, or {_word(pdu, 5):04X}{_end(pdu, 7)}"


def _read_write(pdu: bytes) -> str:
    reads = f"read {_word(pdu, 3)} from {_word(pdu, 1)}"
    return f"{reads}, write {_word(pdu, 7)} from {_word(pdu, 5)} = {_words(pdu[10:])}{_counted(pdu[10:], pdu[9])}"


def _ask_file(pdu: bytes) -> str:
    parts = [
        f"file {_word(pdu, at + 1)} record {_word(pdu, at + 3)}, {_word(pdu, at + 5)} registers"
        for at in range(2, len(pdu), 7)
    ]
    return "; ".join(parts) + _counted(pdu[2:], pdu[1])


def _got_file(pdu: bytes) -> str:
    parts, at = [], 2
    while at < len(pdu):
        length = pdu[at]
        parts.append(_words(pdu[at + 2 : at + 1 + length]))
        at += 1 + length
    return "; ".join(parts) + _counted(pdu[2:], pdu[1])


def _write_file(pdu: bytes) -> str:
    parts, at = [], 2
    while at < len(pdu):
        stop = at + 7 + 2 * _word(pdu, at + 5)
        parts.append(f"file {_word(pdu, at + 1)} record {_word(pdu, at + 3)} = {_words(pdu[at + 7 : stop])}")
        at = stop
    return "; ".join(parts) + _counted(pdu[2:], pdu[1])


def _got_fifo(pdu: bytes) -> str:
    return f"{_word(pdu, 3)} in the queue: {_words(pdu[5:])}{_counted(pdu[3:], _word(pdu, 1))}"


def _event_counter(pdu: bytes) -> str:
    return f"status {_word(pdu, 1):04X}, {_word(pdu, 3)} events{_end(pdu, 5)}"


def _ask_identity(pdu: bytes) -> str:
    return f"code {pdu[2]} from object {pdu[3]}{_end(pdu, 4)}" if pdu[1] == 14 else f"MEI {pdu[1]}"


def _got_identity(pdu: bytes) -> str:
    texts, at = [], 7
    for _ in range(pdu[6]):
        length = pdu[at + 1]
        texts.append(f"{pdu[at]} {pdu[at + 2 : at + 2 + length].decode('ascii', 'replace')!r}")
        at += 2 + length
    more = f", more from {pdu[5]}" if pdu[4] else ""
    return f"conformity {pdu[3]:02X}, {', '.join(texts)}{more}"


_REQUESTS: Final[dict[int, Callable[[bytes], str]]] = {
    1: _ask_bits, 2: _ask_bits, 3: _ask_words, 4: _ask_words, 5: _single_coil, 6: _single, 8: _diagnostics,
    15: _write_bits, 16: _write_words, 20: _ask_file, 21: _write_file, 22: _mask, 23: _read_write,
    24: lambda pdu: f"queue at {_word(pdu, 1)}{_end(pdu, 3)}", 43: _ask_identity,
}  # fmt: skip
_ANSWERS: Final[dict[int, Callable[[bytes], str]]] = {
    1: _got_bits, 2: _got_bits, 3: _got_words, 4: _got_words, 5: _single_coil, 6: _single,
    7: lambda pdu: f"{pdu[1]:08b}{_end(pdu, 2)}", 8: _diagnostics, 11: _event_counter,
    15: lambda pdu: _range(pdu, "bit") + _end(pdu, 5), 16: lambda pdu: _range(pdu, "register") + _end(pdu, 5),
    17: lambda pdu: f"{pdu[2:].hex(' ')}{_counted(pdu[2:], pdu[1])}", 20: _got_file, 21: _write_file, 22: _mask,
    23: _got_words, 24: _got_fifo, 43: _got_identity,
}  # fmt: skip
