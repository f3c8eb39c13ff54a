"""From requests to frames for one connection or line, with the server's misbehaviour in between.

The only place where a protocol fault touches an answer. Still no sockets and no clock: what must go out later is handed
to the caller with its delay.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Final, Protocol

from emulator.devices.modbus.codec import Request, Response
from emulator.devices.modbus.misbehaviour import FRAME, REPLY, REQUEST, Exchange
from emulator.devices.modbus.pdu import exception

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.devices.modbus.device import ModbusDevice
    from emulator.devices.modbus.misbehaviour import ModbusMisbehaviour

# A client that never waits could make us hold answers without end.
_HELD_MAX: Final = 64
_ILLEGAL_FUNCTION: Final = 1


class Pace(Protocol):
    """How long the healthy device takes: see `gateway`."""

    def pace(self, unit: int, now_s: float) -> tuple[float, int | None]:
        """Take a request to `unit` at plant time `now_s` [s]; return its delay [s] and an exception, if any."""
        ...

    def done(self, end_s: float) -> None:
        """Take note that the request that was to be answered at plant time `end_s` [s] has been."""
        ...


class Framing(Protocol):
    """The half of a codec that makes frames."""

    def send(self, response: Response) -> bytes:
        """Return the frame that carries ``response``."""
        ...


class Conversation:
    """Answers requests in order; holds late answers back.

    Parameters
    ----------
    device
        who answers.
    framing
        makes frames of answers.
    misbehaviour
        what goes wrong now, shared by all connections of a server.
    later
        called with (delay in seconds of plant time, call) to have `call()` made in time.
    send
        sends a held answer whose time has come.
    soon
        the same as `later` in the event loop's time, for pauses inside a frame.
    now_s
        plant time [s].
    pace
        how long the healthy device takes, and where it refuses: see `gateway`. None answers at once.
    allowed
        whether this peer may use a function code; None allows all. What it may not is answered 01.
    """

    __slots__ = (
        "_allowed", "_device", "_framing", "_generation", "_later", "_mbap", "_misbehaviour", "_now_s",
        "_number", "_pace", "_send", "_soon", "held",
    )  # fmt: skip

    def __init__(
        self,
        device: ModbusDevice,
        framing: Framing,
        misbehaviour: ModbusMisbehaviour,
        *,
        later: Callable[[float, Callable[[], None]], object],
        send: Callable[[bytes], None],
        soon: Callable[[float, Callable[[], None]], object] | None = None,
        now_s: Callable[[], float] | None = None,
        pace: Pace | None = None,
        allowed: Callable[[int], bool] | None = None,
    ) -> None:
        self._device = device
        self._framing = framing
        self._misbehaviour = misbehaviour
        self._later = later
        self._send = send
        self._soon = soon
        self._now_s = now_s
        self._pace = pace
        self._generation = 0
        self._allowed = allowed
        self._mbap = bool(getattr(framing, "mbap", False))
        # Frames held back, oldest first, and whether each leaves behind the next answer.
        self.held: dict[int, tuple[bytes, bool]] = {}
        self._number = 0

    @property
    def plain(self) -> bool:
        """Whether nothing is between request and answer: no misbehaviour, pace or role, and no answer held back."""
        return not (self._misbehaviour.active or self.held or self._pace or self._allowed)

    def answer(self, request: Request) -> bytes:
        """Return the bytes to send now: nothing, an answer, or held answers and then the new one."""
        transaction, unit, pdu = request
        if self.plain:
            reply = self._device.answer(unit, pdu)
            return b"" if reply is None else self._framing.send(Response(transaction, unit, reply))
        if self._allowed is not None and not self._allowed(pdu[0]):
            return self._framing.send(Response(transaction, unit, exception(pdu[0], _ILLEGAL_FUNCTION)))
        if self._pace is None:
            return self._out(self._exchanged(transaction, unit, pdu))
        now_s = self._now_s() if self._now_s is not None else 0.0
        delay_s, code = self._pace.pace(unit, now_s)
        if delay_s <= 0.0:
            return self._paced(request, code)
        self._later(delay_s, partial(self._after, request, code, self._generation, now_s + delay_s))
        return b""

    def _paced(self, request: Request, code: int | None) -> bytes:
        transaction, unit, pdu = request
        if code is not None:
            return self._framing.send(Response(transaction, unit, exception(pdu[0], code)))
        return self._out(self._exchanged(transaction, unit, pdu))

    def _after(self, request: Request, code: int | None, generation: int, end_s: float) -> None:
        if self._pace is not None:
            self._pace.done(end_s)
        if generation == self._generation:
            data = self._paced(request, code)
            if data:
                self._send(data)

    def _exchanged(self, transaction: int, unit: int, pdu: bytes) -> Exchange:
        """Return the exchange as it shall go over the wire."""
        wrong = self._misbehaviour
        now_s = 0.0 if self._now_s is None else self._now_s()
        exchange = Exchange(self._device, transaction, unit, pdu, now_s, self._mbap)
        # A fault does not make an absent unit answer.
        touched = wrong.active and unit in self._device.units
        if touched:
            wrong.play(REQUEST, exchange)
        if not exchange.answered:
            exchange.reply = self._device.answer(unit, pdu)
        if touched and exchange.reply is not None:
            wrong.play(REPLY, exchange)
        if exchange.reply is not None:
            exchange.frame = self._framing.send(Response(exchange.transaction, exchange.unit, exchange.reply))
            if touched:
                wrong.play(FRAME, exchange)
        return exchange

    def _out(self, exchange: Exchange) -> bytes:
        """Return the bytes to send now and see to the others."""
        frame = exchange.before + exchange.frame + exchange.after
        ahead, behind = self._give_up_held()
        if frame and exchange.held_s is not None and len(self.held) < _HELD_MAX:
            self._hold(frame, exchange.held_s, behind=exchange.held_behind)
            return ahead + behind
        if frame and exchange.pieces is not None:
            size, gap_s = exchange.pieces
            parts = [frame[at : at + size] for at in range(0, len(frame), size)]
            self._trickle(parts[1:], behind, gap_s)
            return ahead + parts[0]
        return ahead + frame + behind

    def _hold(self, frame: bytes, delay_s: float, *, behind: bool) -> None:
        self._number += 1
        self.held[self._number] = frame, behind
        self._later(delay_s, partial(self._release, self._number))

    def _trickle(self, parts: list[bytes], rest: bytes, gap_s: float) -> None:
        """Send the rest of a frame piece by piece; the next answer flushes what is left, so order is kept."""
        if rest:
            parts.append(rest)
        soon = self._soon or asyncio.get_running_loop().call_later
        for index, part in enumerate(parts):
            self._number += 1
            self.held[self._number] = part, False
            soon(gap_s * (index + 1), partial(self._release, self._number))

    def _give_up_held(self) -> tuple[bytes, bytes]:
        """Return what leaves ahead of the next answer and what leaves behind it."""
        if not self.held:
            return b"", b""
        ahead = b"".join(frame for frame, behind in self.held.values() if not behind)
        behind = b"".join(frame for frame, behind in self.held.values() if behind)
        self.held.clear()
        return ahead, behind

    def _release(self, number: int) -> None:
        frame = self.held.pop(number, None)
        if frame is not None:
            self._send(frame[0])

    def close(self) -> None:
        """Forget what is held: there is nobody left to send it to."""
        self._generation += 1
        self.held.clear()
