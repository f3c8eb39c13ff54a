"""Asking a Modbus device one question at a time, and believing only the answer to that question.

pymodbus encodes the requests and decodes the answers' registers; its client is not used. That client hands
on answers of another function, of half or twice the registers, and, with retries, late answers to an
earlier request, all as good data. Here nothing is ever repeated, and every answer is checked for
transaction, unit, function and length first.
"""

import asyncio
import contextlib
from typing import Protocol

from pymodbus.framer.socket import FramerSocket
from pymodbus.pdu import DecodePDU
from pymodbus.pdu.bit_message import ReadCoilsRequest, ReadDiscreteInputsRequest
from pymodbus.pdu.register_message import ReadHoldingRegistersRequest, ReadInputRegistersRequest

from twin.clock import stopwatch_s
from twin.connectors.modbus_framing import BadFrameError, Framing, RtuFraming
from twin.connectors.transport import Pipe, PipeLostError

_REQUESTS = {
    1: ReadCoilsRequest,
    2: ReadDiscreteInputsRequest,
    3: ReadHoldingRegistersRequest,
    4: ReadInputRegistersRequest,
}
_DECODER = DecodePDU(is_server=False)
_TCP = FramerSocket(_DECODER)

# An odd stride visits all 65536 ids before one repeats, and a device that guesses "the last one plus one"
# guesses wrong.
_STRIDE = 7919


class NoAnswerError(TimeoutError):
    """The device did not answer in time."""


class DeviceExceptionError(Exception):
    """The device answered with a Modbus exception.

    Parameters
    ----------
    code : exception code 1..255
    """

    def __init__(self, code: int) -> None:
        super().__init__(f"exception {code}")
        self.code = code


class Dialogue(Protocol):
    """Question and answer with the units behind one pipe."""

    async def ask(self, unit: int, function: int, start: int, count: int) -> list[int]:
        """Read `count` registers or bits.

        Raises
        ------
        NoAnswerError, BadFrameError, DeviceExceptionError, PipeLostError : there is no data; never anything
        else
        """

    @property
    def open(self) -> bool:
        """Whether the pipe can still be used."""

    def close(self) -> None:
        """Drop the pipe."""


def answer_bytes(function: int, count: int) -> int:
    """How many data bytes the answer to a read must carry."""
    return 2 * count if function in (3, 4) else (count + 7) // 8


def request_pdu(function: int, start: int, count: int) -> bytes:
    """Encode a read request: function code and body."""
    request = _REQUESTS[function](address=start, count=count)
    return bytes([function]) + request.encode()


def open_answer(pdu: bytes, function: int, count: int) -> list[int]:
    """Decode the answer to a read after checking that it is one, of the very size asked for.

    Raises
    ------
    BadFrameError : not an answer to this request
    DeviceExceptionError : the device refuses
    """
    if not pdu:
        raise BadFrameError("an empty answer")
    if pdu[0] == function | 0x80:
        if len(pdu) != 2 or pdu[1] == 0:
            raise BadFrameError(f"an exception answer of {len(pdu)} bytes; it has 2 and a code above 0")
        raise DeviceExceptionError(pdu[1])
    if pdu[0] != function:
        raise BadFrameError(f"function {pdu[0]} answers a question for function {function}")
    expected = answer_bytes(function, count)
    if len(pdu) != 2 + expected or pdu[1] != expected:
        stated = pdu[1] if len(pdu) > 1 else 0
        raise BadFrameError(f"{max(0, len(pdu) - 2)} data bytes, stated as {stated}; {expected} were asked for")
    answer = _DECODER.decode(pdu)
    if answer is None:
        raise BadFrameError("an answer that does not decode")
    if function in (3, 4):
        words = [int(word) for word in answer.registers]
    else:
        words = [int(bit) for bit in answer.bits[:count]]
    if len(words) != count:
        raise BadFrameError(f"{len(words)} values decoded; {count} were asked for")
    return words


class TcpDialogue:
    """Modbus TCP. Any timeout or mismatch closes the connection: whatever comes late dies with the socket."""

    def __init__(self, pipe: Pipe, timeout_s: float, first_id: int = 1) -> None:
        self._pipe = pipe
        self._timeout_s = timeout_s
        self._id = first_id & 0xFFFF
        self._rest = b""

    @property
    def open(self) -> bool:
        """Whether the pipe can still be used."""
        return self._pipe.open

    def close(self) -> None:
        """Drop the connection."""
        self._pipe.close()

    async def ask(self, unit: int, function: int, start: int, count: int) -> list[int]:
        """Read `count` registers or bits; see `Dialogue.ask`."""
        try:
            self._drop_unsolicited()
            self._id = (self._id + _STRIDE) & 0xFFFF
            self._pipe.send(self._request(request_pdu(function, start, count), unit))
            async with asyncio.timeout(self._timeout_s):
                pdu = await self._answer(unit)
            return open_answer(pdu, function, count)
        except DeviceExceptionError:
            raise
        except TimeoutError:
            self.close()
            raise NoAnswerError(f"no answer within {self._timeout_s:g} s") from None
        except BaseException:
            # Also on cancellation: an answer still under way must not meet the next question.
            self.close()
            raise

    def _request(self, pdu: bytes, unit: int) -> bytes:
        return bytes(_TCP.encode(pdu, unit, self._id))

    async def _answer(self, unit: int) -> bytes:
        while True:
            frame = self._next_frame()
            if frame is None:
                self._rest += await self._pipe.receive()
                continue
            # A duplicate or a late answer from another conversation: not ours, and no reason to stop
            # listening.
            if int.from_bytes(frame[:2], "big") != self._id:
                continue
            if frame[6] != unit:
                raise BadFrameError(f"unit {frame[6]} answers a question for unit {unit}")
            return frame[7:]

    def _next_frame(self) -> bytes | None:
        """Cut one frame off the received bytes; None when it is not complete. Length counts unit and PDU."""
        if len(self._rest) < 7:
            return None
        if self._rest[2:4] != b"\x00\x00":
            raise BadFrameError(f"protocol id {int.from_bytes(self._rest[2:4], 'big')}; Modbus is 0")
        length = int.from_bytes(self._rest[4:6], "big")
        if not 3 <= length <= 254:
            raise BadFrameError(f"a frame length of {length}; it is 3 to 254")
        if len(self._rest) < 6 + length:
            return None
        frame, self._rest = self._rest[: 6 + length], self._rest[6 + length :]
        return frame

    def _drop_unsolicited(self) -> None:
        self._rest += self._pipe.take()
        while self._rest and self._next_frame() is not None:
            pass
        if self._rest:
            raise BadFrameError(f"{len(self._rest)} bytes nobody asked for")


class StreamDialogue(TcpDialogue):
    """Serial frames inside a TCP connection, as serial servers pass them on: without ids, but it can be hung up."""

    def __init__(self, pipe: Pipe, timeout_s: float, framing: Framing) -> None:
        super().__init__(pipe, timeout_s)
        self._framing = framing

    def _request(self, pdu: bytes, unit: int) -> bytes:
        return self._framing.encode(pdu, unit)

    async def _answer(self, unit: int) -> bytes:
        while (frame := self._next_frame()) is None:
            self._rest += await self._pipe.receive()
        if frame[0] != unit:
            raise BadFrameError(f"unit {frame[0]} answers a question for unit {unit}")
        return frame[1:]

    def _next_frame(self) -> bytes | None:
        frame, self._rest = self._framing.cut(self._rest)
        return frame


class RtuDialogue:
    """Modbus RTU or ASCII on a serial line, where answers carry no id and the line cannot be hung up.

    After a question without an answer, that answer may still come. It is told apart by unit, function and
    length; where the next question would have the same, a probe of another length goes first: devices
    answer in order, so once the probe is answered nothing older can follow.
    """

    def __init__(self, pipe: Pipe, timeout_s: float, baud: int, framing: Framing | None = None) -> None:
        self._pipe = pipe
        self._framing = framing or RtuFraming()
        self.timeout_s = timeout_s
        character_s = 11.0 / baud
        self._character_s = character_s
        # Serial Line V1.02, 2.5.1.1: 3.5 characters, 1.75 ms above 19 200 baud.
        self._silence_s = 3.5 * character_s if baud <= 19200 else 0.00175
        self._unanswered: set[tuple[int, int, int]] = set()
        self._noisy = False
        self._heard_s = 0.0

    @property
    def open(self) -> bool:
        """Whether the line can still be used."""
        return self._pipe.open

    def close(self) -> None:
        """Close the line."""
        self._pipe.close()

    async def ask(self, unit: int, function: int, start: int, count: int) -> list[int]:
        """Read `count` registers or bits; see `Dialogue.ask`."""
        if (unit, function, answer_bytes(function, count)) in self._unanswered:
            await self._probe(unit, function, start, count)
        words = await self._exchange(unit, function, start, count)
        self._forget(unit)
        return words

    async def _probe(self, unit: int, function: int, start: int, count: int) -> None:
        step, limit = (1, 125) if function in (3, 4) else (8, 2000)
        # Shorter ones first: they touch no address the rig does not name.
        lengths = [*range(count - step, 0, -step), count + step, count + 2 * step]
        for length in lengths:
            if length <= limit and (unit, function, answer_bytes(function, length)) not in self._unanswered:
                break
        else:
            # Every length is taken by a question without an answer: the device is silent for good. Start
            # over quietly.
            await self._wait_for_silence(self.timeout_s)
            self._unanswered.clear()
            raise NoAnswerError("no answer to any of the last questions")
        # A refusal is an answer too, and what is asked next is still checked by its length.
        with contextlib.suppress(DeviceExceptionError):
            await self._exchange(unit, function, start, length)
        self._forget(unit)

    def _forget(self, unit: int) -> None:
        self._unanswered = {key for key in self._unanswered if key[0] != unit}

    async def _exchange(self, unit: int, function: int, start: int, count: int) -> list[int]:
        await self._wait_for_silence(self._silence_s)
        expected = answer_bytes(function, count)
        request = self._framing.encode(request_pdu(function, start, count), unit)
        self._pipe.send(request)
        flight_s = (len(request) + self._framing.characters(expected)) * self._character_s
        try:
            async with asyncio.timeout(self.timeout_s + flight_s):
                pdu = await self._answer(unit, function, expected, request)
        except TimeoutError:
            self._mark(unit, function, expected)
            raise NoAnswerError(f"no whole answer within {self.timeout_s + flight_s:.3g} s") from None
        except BaseException:
            self._mark(unit, function, expected)
            raise
        return open_answer(pdu, function, count)

    def _mark(self, unit: int, function: int, expected: int) -> None:
        self._unanswered.add((unit, function, expected))
        self._noisy = True

    async def _answer(self, unit: int, function: int, expected: int, request: bytes) -> bytes:
        data = b""
        while True:
            data += await self._pipe.receive()
            self._heard_s = stopwatch_s()
            # Two-wire adapters may hear themselves.
            data = data.removeprefix(request)
            while True:
                frame, data = self._framing.cut(data)
                if frame is None:
                    break
                late = (frame[0], frame[1], len(frame) - 3)
                if late in self._unanswered and late != (unit, function, expected):
                    continue
                if frame[0] != unit:
                    raise BadFrameError(f"unit {frame[0]} answers a question for unit {unit}")
                return frame[1:]

    async def _wait_for_silence(self, silence_s: float) -> None:
        """Throw away what is on the line and wait until nothing has come for a while, at most one timeout."""
        pending = self._pipe.take()
        if not pending and not self._noisy:
            quiet_s = stopwatch_s() - self._heard_s
            if quiet_s < silence_s:
                await asyncio.sleep(silence_s - quiet_s)
            if not self._pipe.take():
                return
        try:
            async with asyncio.timeout(self.timeout_s):
                while True:
                    await asyncio.sleep(2.0 * silence_s)
                    if not self._pipe.take():
                        break
        except TimeoutError:
            raise BadFrameError("the line does not fall silent") from None
        self._noisy = False


__all__ = [
    "BadFrameError",
    "DeviceExceptionError",
    "Dialogue",
    "NoAnswerError",
    "PipeLostError",
    "RtuDialogue",
    "StreamDialogue",
    "TcpDialogue",
    "answer_bytes",
    "open_answer",
    "request_pdu",
]
