"""Insertions that answer in the device's place."""

from __future__ import annotations

from typing import ClassVar, Final

from emulator.devices.modbus.misbehaviour import REQUEST, WRITES, Exchange, Insertion
from emulator.devices.modbus.pdu import exception

_ACKNOWLEDGE: Final = 5
_QUANTITY_LIMIT: Final = {1: 1, 2: 1, 3: 0, 4: 0, 15: 3, 16: 2, 23: 0}


def _refuse(exchange: Exchange, code: int) -> str:
    exchange.reply = exception(exchange.function, code)
    exchange.answered = True
    return f"exception {code}"


class ExceptionAnswer(Insertion):
    """An exception instead of the answer; the request is not carried out [M17, M18]."""

    kind: ClassVar[str] = "modbus_exception"
    stage: ClassVar[int] = REQUEST

    def __init__(self, code: int = 4, *, unit: int | None = None, functions: frozenset[int] | None = None) -> None:
        super().__init__(unit=unit, functions=functions)
        self.code = code

    def act(self, exchange: Exchange) -> str | None:
        """Answer with the exception."""
        return None if exchange.answered else _refuse(exchange, self.code)


class Busy(ExceptionAnswer):
    """Acknowledge (5) or busy (6) for a while once it began; a request acknowledged is carried out [M17]."""

    kind: ClassVar[str] = "modbus_busy"

    def __init__(
        self, code: int = 6, window_s: float = 2.0, *, unit: int | None = None, functions: frozenset[int] | None = None
    ) -> None:
        super().__init__(code, unit=unit, functions=functions)
        self.window_s = window_s
        self._until_s = float("-inf")

    def goes_on(self, now_s: float) -> bool:
        """Whether the window is open."""
        return now_s < self._until_s

    def act(self, exchange: Exchange) -> str | None:
        """Answer with the exception; the first of them opens the window."""
        if exchange.answered:
            return None
        if not self.goes_on(exchange.now_s):
            self._until_s = exchange.now_s + self.window_s
        if self.code == _ACKNOWLEDGE:
            exchange.device.answer(exchange.unit, exchange.request)
        return _refuse(exchange, self.code)

    def forget(self) -> None:
        """Begin anew."""
        self._until_s = float("-inf")


class GatewayUnitDown(ExceptionAnswer):
    """A gateway that cannot reach one of its units: 0B, or 0A without a path [M33]."""

    kind: ClassVar[str] = "modbus_gateway_unit_down"


class SmallLimits(Insertion):
    """A device that takes fewer registers or bits in a request than the standard allows [M31]."""

    kind: ClassVar[str] = "modbus_small_limits"
    stage: ClassVar[int] = REQUEST

    def __init__(
        self, registers: int = 16, bits: int = 64, code: int = 3, *, unit: int | None = None,
        functions: frozenset[int] | None = None,
    ) -> None:  # fmt: skip
        super().__init__(unit=unit, functions=functions)
        self.limits = (registers, bits, registers, bits)
        self.code = code

    def act(self, exchange: Exchange) -> str | None:
        """Refuse a quantity over the limit."""
        which = _QUANTITY_LIMIT.get(exchange.function)
        if which is None or len(exchange.request) < 5 or exchange.answered:
            return None
        quantity = int.from_bytes(exchange.request[3:5], "big")
        if quantity <= self.limits[which]:
            return None
        return f"{quantity} over {self.limits[which]}: {_refuse(exchange, self.code)}"


class WriteIgnored(Insertion):
    """A write is acknowledged and not carried out [M24]."""

    kind: ClassVar[str] = "modbus_write_ignored"
    stage: ClassVar[int] = REQUEST

    def __init__(self, *, unit: int | None = None, functions: frozenset[int] | None = None) -> None:
        super().__init__(unit=unit, functions=WRITES if functions is None else functions & WRITES)

    def act(self, exchange: Exchange) -> str | None:
        """Check the request as ever, answer, and leave the registers alone."""
        if exchange.answered:
            return None
        bank = exchange.device.units[exchange.unit]
        bank.ignoring = True
        try:
            exchange.reply = exchange.device.answer(exchange.unit, exchange.request)
        finally:
            bank.ignoring = False
        exchange.answered = True
        return "acknowledged, not carried out" if exchange.data else None
