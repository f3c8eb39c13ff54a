"""Insertions that change what an answer says: its address, its function, its counts, its data."""

from __future__ import annotations

from typing import ClassVar

from emulator.devices.modbus.misbehaviour import READS, WORD_READS, WRITES, Exchange, Insertion

_ECHOES = frozenset((5, 6, 15, 16, 22))


class NoAnswer(Insertion):
    """The request is carried out and the answer is lost [M19]."""

    kind: ClassVar[str] = "modbus_no_answer"

    def act(self, exchange: Exchange) -> str | None:
        """Say nothing."""
        if exchange.reply is None:
            return None
        exchange.reply = None
        return "carried out, not answered"


class WriteUnacknowledged(NoAnswer):
    """A write is carried out and its answer is lost [M25]."""

    kind: ClassVar[str] = "modbus_write_unacknowledged"

    def __init__(self, *, unit: int | None = None, functions: frozenset[int] | None = None) -> None:
        super().__init__(unit=unit, functions=WRITES if functions is None else functions & WRITES)


class WrongTransactionId(Insertion):
    """The answer carries the transaction id plus `offset` (mod 65536); a serial line has none [M1]."""

    kind: ClassVar[str] = "modbus_wrong_transaction_id"

    def __init__(self, offset: int = 1, *, unit: int | None = None, functions: frozenset[int] | None = None) -> None:
        super().__init__(unit=unit, functions=functions)
        self.offset = offset

    def act(self, exchange: Exchange) -> str | None:
        """Change the transaction id."""
        if not exchange.mbap or exchange.reply is None:
            return None
        exchange.transaction = (exchange.transaction + self.offset) & 0xFFFF
        return f"id {exchange.transaction}"


class WrongUnit(Insertion):
    """The answer comes from another unit [M5]."""

    kind: ClassVar[str] = "modbus_wrong_unit"

    def __init__(self, offset: int = 1, *, unit: int | None = None, functions: frozenset[int] | None = None) -> None:
        super().__init__(unit=unit, functions=functions)
        self.offset = offset

    def act(self, exchange: Exchange) -> str | None:
        """Change the unit id."""
        if exchange.reply is None:
            return None
        asked = exchange.unit
        exchange.unit = (asked + self.offset) & 0xFF
        return f"from unit {exchange.unit} instead of {asked}"


class WrongFunction(Insertion):
    """The answer carries another function code, with the data that was asked for [M6]."""

    kind: ClassVar[str] = "modbus_wrong_function"

    def __init__(self, code: int = 0, *, unit: int | None = None, functions: frozenset[int] | None = None) -> None:
        super().__init__(unit=unit, functions=functions)
        self.code = code

    def act(self, exchange: Exchange) -> str | None:
        """Change the function code: to `code`, or to its neighbour."""
        reply = exchange.reply
        if not exchange.data or not reply:
            return None
        code = self.code or (reply[0] + 1 if reply[0] % 2 else reply[0] - 1)
        exchange.reply = bytes((code,)) + reply[1:]
        return f"function {code}"


class ExceptionTruncated(Insertion):
    """An exception without its code: one byte of PDU [M8]."""

    kind: ClassVar[str] = "modbus_exception_truncated"

    def act(self, exchange: Exchange) -> str | None:
        """Answer with the function code alone, its top bit set."""
        exchange.reply = bytes((exchange.function | 0x80,))
        return "exception without a code"


class ExceptionExtended(Insertion):
    """An exception with bytes too many [M9]."""

    kind: ClassVar[str] = "modbus_exception_extended"

    def __init__(
        self, code: int = 4, extra: int = 3, *, unit: int | None = None, functions: frozenset[int] | None = None
    ) -> None:
        super().__init__(unit=unit, functions=functions)
        self.code, self.extra = code, extra

    def act(self, exchange: Exchange) -> str | None:
        """Answer with an exception and zeros behind it."""
        exchange.reply = bytes((exchange.function | 0x80, self.code)) + bytes(self.extra)
        return f"exception {self.code} with {self.extra} bytes more"


class _ReadInsertion(Insertion):
    """Acts on answers to register reads."""

    def __init__(self, *, unit: int | None = None, functions: frozenset[int] | None = None) -> None:
        super().__init__(unit=unit, functions=WORD_READS if functions is None else functions & WORD_READS)

    def _registers(self, exchange: Exchange) -> bytes | None:
        reply = exchange.reply
        return reply[2:] if exchange.data and reply is not None and len(reply) > 2 else None

    @staticmethod
    def _say(exchange: Exchange, data: bytes, count: int | None = None) -> None:
        exchange.reply = bytes((exchange.function, (len(data) if count is None else count) & 0xFF)) + data


class FewerRegisters(_ReadInsertion):
    """The answer holds fewer registers than were asked for, and says so [M10]."""

    kind: ClassVar[str] = "modbus_fewer_registers"

    def __init__(self, count: int = 1, *, unit: int | None = None, functions: frozenset[int] | None = None) -> None:
        super().__init__(unit=unit, functions=functions)
        self.count = count

    def act(self, exchange: Exchange) -> str | None:
        """Drop the last registers; one stays."""
        data = self._registers(exchange)
        if data is None or len(data) < 4:
            return None
        kept = max(2, len(data) - 2 * self.count)
        self._say(exchange, data[:kept])
        return f"{kept // 2} registers instead of {len(data) // 2}"


class MoreRegisters(FewerRegisters):
    """The answer holds more registers than were asked for, and says so [M11]."""

    kind: ClassVar[str] = "modbus_more_registers"

    def act(self, exchange: Exchange) -> str | None:
        """Add the last register again and again, as far as a PDU goes."""
        data = self._registers(exchange)
        if data is None or len(data) >= 250:
            return None
        longer = (data + data[-2:] * self.count)[:250]
        self._say(exchange, longer)
        return f"{len(longer) // 2} registers instead of {len(data) // 2}"


class ByteCountLie(_ReadInsertion):
    """The byte count is not that of the data [M12, M13]."""

    kind: ClassVar[str] = "modbus_byte_count_lie"

    def __init__(self, offset: int = 1, *, unit: int | None = None, functions: frozenset[int] | None = None) -> None:
        super().__init__(unit=unit, functions=functions)
        self.offset = offset

    def act(self, exchange: Exchange) -> str | None:
        """Change the count alone."""
        data = self._registers(exchange)
        if data is None:
            return None
        self._say(exchange, data, len(data) + self.offset)
        return f"byte count {(len(data) + self.offset) & 0xFF} before {len(data)} bytes"


class ZeroRegisters(_ReadInsertion):
    """The answer holds no register at all [M14]."""

    kind: ClassVar[str] = "modbus_zero_registers"

    def act(self, exchange: Exchange) -> str | None:
        """Drop all data."""
        if self._registers(exchange) is None:
            return None
        self._say(exchange, b"")
        return "no registers"


class EchoRequest(Insertion):
    """The answer is the request itself, as from a line that echoes [M23]."""

    kind: ClassVar[str] = "modbus_echo_request"

    def __init__(self, *, unit: int | None = None, functions: frozenset[int] | None = None) -> None:
        super().__init__(unit=unit, functions=READS if functions is None else functions & READS)

    def act(self, exchange: Exchange) -> str | None:
        """Answer with the request's PDU."""
        exchange.reply = exchange.request
        return "the request itself"


class WriteEchoWrong(Insertion):
    """A write is carried out and acknowledged with another value or quantity [M26]."""

    kind: ClassVar[str] = "modbus_write_echo_wrong"

    def __init__(self, *, unit: int | None = None, functions: frozenset[int] | None = None) -> None:
        super().__init__(unit=unit, functions=_ECHOES if functions is None else functions & _ECHOES)

    def act(self, exchange: Exchange) -> str | None:
        """Change the value (functions 5, 6, 22) or the quantity (15, 16) in the acknowledgement."""
        reply = exchange.reply
        if not exchange.data or reply is None or len(reply) < 5:
            return None
        at = 3 if exchange.function == 5 else 4
        exchange.reply = reply[:at] + bytes((reply[at] ^ (0xFF if at == 3 else 1),)) + reply[at + 1 :]
        return f"acknowledged as {exchange.reply[3:5].hex()}"
