"""From requests to frames for one connection or line, with the server's misbehaviour in between.

The only place where a protocol fault touches an answer. Still no sockets and no clock: what must go out later
is handed to the caller with its delay.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Protocol

from emulator.devices.modbus.codec import Request, Response
from emulator.devices.modbus.pdu import exception

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.devices.modbus.device import ModbusDevice
    from emulator.devices.modbus.misbehaviour import ModbusMisbehaviour

# A client that never waits could make us hold answers without end.
_HELD_MAX = 64


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
        called with (delay in seconds, call) to have `call()` made in time.
    send
        sends a held answer whose time has come.
    """

    __slots__ = ("_device", "_framing", "_held", "_later", "_misbehaviour", "_number", "_send")

    def __init__(
        self,
        device: ModbusDevice,
        framing: Framing,
        misbehaviour: ModbusMisbehaviour,
        *,
        later: Callable[[float, Callable[[], None]], object],
        send: Callable[[bytes], None],
    ) -> None:
        self._device = device
        self._framing = framing
        self._misbehaviour = misbehaviour
        self._later = later
        self._send = send
        self._held: dict[int, bytes] = {}
        self._number = 0

    @property
    def plain(self) -> bool:
        """Whether nothing is wrong now: no misbehaviour is on and no answer is held back."""
        return not (self._misbehaviour.active or self._held)

    def answer(self, request: Request) -> bytes:
        """Return the bytes to send now: nothing, an answer, or held answers and then the new one."""
        transaction, unit, pdu = request
        if self.plain:
            reply = self._device.answer(unit, pdu)
            return b"" if reply is None else self._framing.send(Response(transaction, unit, reply))
        return self._give_up_held() + self._answer_misbehaving(transaction, unit, pdu)

    def _answer_misbehaving(self, transaction: int, unit: int, pdu: bytes) -> bytes:
        wrong = self._misbehaviour
        if unit not in self._device.units:
            reply = self._device.answer(unit, pdu)
            return b"" if reply is None else self._framing.send(Response(transaction, unit, reply))
        if wrong.exception is not None and wrong.hits("modbus_exception", wrong.exception, unit):
            reply = exception(pdu[0], wrong.exception.code)
        else:
            reply = self._device.answer(unit, pdu)
        if reply is None or wrong.hits("modbus_no_answer", wrong.no_answer, unit):
            return b""
        identity = wrong.wrong_transaction_id
        if identity is not None and wrong.hits("modbus_wrong_transaction_id", identity, unit):
            transaction = (transaction + identity.offset) & 0xFFFF
        frame = self._framing.send(Response(transaction, unit, reply))
        late = wrong.late_answer
        if late is None or len(self._held) >= _HELD_MAX or not wrong.hits("modbus_late_answer", late, unit):
            return frame
        self._number += 1
        self._held[self._number] = frame
        self._later(late.delay_s, partial(self._release, self._number))
        return b""

    def _give_up_held(self) -> bytes:
        frames = b"".join(self._held.values())
        self._held.clear()
        return frames

    def _release(self, number: int) -> None:
        frame = self._held.pop(number, None)
        if frame is not None:
            self._send(frame)

    def close(self) -> None:
        """Forget what is held: there is nobody left to send it to."""
        self._held.clear()
