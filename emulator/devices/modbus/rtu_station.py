"""A Modbus device as a station of a serial line: it hears everything, and answers what is for it. No port, no clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from emulator.devices.modbus.bank import RECEIVED, RECEIVED_BROADCAST, RECEIVED_IN_ERROR, RECEIVED_LISTENING, SENT
from emulator.devices.modbus.codec import Malformed, Request, Response
from emulator.devices.modbus.conversation import Conversation
from emulator.devices.modbus.device import BROADCAST, ModbusDevice
from emulator.devices.modbus.misbehaviour import ModbusMisbehaviour
from emulator.devices.modbus.rtu_codec import FRAME_MAX, RtuServerCodec, crc16
from emulator.devices.serial.line import STRANGER, Line
from emulator.devices.serial.shaping import shaped, whole

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.devices.modbus.conversation import Pace

_FRAME_MIN: Final = 4
# Rounding of line time: gaps are judged to a tenth of a microsecond.
_HAIR_S: Final = 1e-7


class SerialCodec(Protocol):
    """A serial framing, the listening end: see `RtuServerCodec`."""

    foreign: int

    @property
    def waiting_for_more(self) -> bool:
        """Whether the bytes so far end inside a frame."""
        ...

    def receive(self, data: bytes) -> list[Request | Malformed]:
        """Return the requests to our units that `data` completes."""
        ...

    def silence(self) -> list[Request | Malformed]:
        """End the frame under way, after t3.5 without a byte."""
        ...

    def send(self, response: Response) -> bytes:
        """Return the frame that carries `response`."""
        ...

    def seal(self, body: bytes) -> bytes:
        """Return the frame around unit and PDU."""
        ...

    def unseal(self, data: bytes) -> bytes:
        """Return unit and PDU of a frame of ours."""
        ...

    def with_wrong_check(self, data: bytes) -> bytes:
        """Return a frame of ours with a checksum that is not its own."""
        ...


class RtuStation:
    """One device on a line.

    Parameters
    ----------
    device
        who answers.
    line
        the line it is on; `join` puts it there.
    misbehaviour
        what goes wrong, `misbehaviour.serial` with the frames it sends.
    codec
        how frames are framed; RTU unless said.
    character_timeout_s
        longest silence inside a frame, where frames have a beginning and an end of their own (ASCII); without one
        t3.5 ends a frame.
    pace
        how long the healthy device takes, see `Conversation`.

    Attributes
    ----------
    malformed
        frames given up so far.
    """

    def __init__(
        self,
        device: ModbusDevice,
        line: Line,
        misbehaviour: ModbusMisbehaviour | None = None,
        codec: SerialCodec | None = None,
        character_timeout_s: float | None = None,
        pace: Pace | None = None,
    ) -> None:
        self.device = device
        self._pace = pace
        self._banks = tuple(device.units.values())
        self._character_timeout_s = character_timeout_s
        # A strict RTU device judges whole frames between silences itself.
        self._by_codec = not line.timing.strict or character_timeout_s is not None
        self.line = line
        self.timing = line.timing
        self.misbehaviour = misbehaviour or ModbusMisbehaviour()
        self.trouble = self.misbehaviour.serial
        self.online = True
        self.malformed = 0
        self.codec = codec or RtuServerCodec(device.units)
        self._frame = bytearray()
        self._spoilt = False
        self._heard_s = float("-inf")
        self._busy_until_s = float("-inf")
        self._on_since_s = float("-inf")
        self._conversation: Conversation | None = None

    def join(
        self,
        later: Callable[[float, Callable[[], None]], object],
        send: Callable[[bytes], None],
        now_s: Callable[[], float] | None = None,
    ) -> None:
        """Go on the line; `later`, `send` and `now_s` are for answers that are held back: see `Conversation`."""
        self._conversation = Conversation(
            self.device, self.codec, self.misbehaviour, later=later, send=send, now_s=now_s, pace=self._pace
        )
        self.line.join(self)

    def leave(self) -> None:
        """Go off the line."""
        if self._conversation is not None:
            self._conversation.close()
            self._conversation = None
        self.line.leave(self)

    def power(self, online: bool, now_s: float) -> None:
        """Lose power (what is under way is cut off at `now_s` of line time) or have it back."""
        self.online = online
        if online:
            self._on_since_s = now_s
            return
        self.codec.silence()
        self._frame.clear()
        if self._conversation is not None:
            self._conversation.close()
            self.line.hush(self, now_s)

    @property
    def waiting(self) -> bool:
        """Whether it heard part of a frame."""
        return bool(self._frame) or self.codec.waiting_for_more

    def hear(self, data: bytes, start_s: float, end_s: float) -> None:
        """Take what was on the line; in strict mode a frame is judged at the silence that ends it."""
        if not self.online or start_s < self._on_since_s:
            return
        gap_s, self._heard_s = start_s - self._heard_s, end_s
        if self._character_timeout_s is not None and gap_s > self._character_timeout_s:
            self._take(self.codec.silence())
        if self._by_codec:
            self._take(self.codec.receive(data))
            return
        self._spoilt = self._spoilt or (bool(self._frame) and gap_s > self.timing.t1_5_s + _HAIR_S)
        self._frame += data[: FRAME_MAX + 1 - len(self._frame)]

    def silence(self, at_s: float) -> None:
        """End the frame under way."""
        if self._character_timeout_s is not None:
            return
        if self._by_codec:
            self._take(self.codec.silence())
            return
        frame, spoilt = bytes(self._frame), self._spoilt
        self._frame.clear()
        self._spoilt = False
        if spoilt:
            self._take([Malformed("a gap longer than t1.5 inside a frame (MB-SER 2.5.1.1)")])
        elif not _FRAME_MIN <= len(frame) <= FRAME_MAX or crc16(frame):
            self._take([Malformed(f"{len(frame)} bytes between silences are no frame (MB-SER 2.5.1.1)")])
        elif frame[0] in self.device.units or frame[0] == BROADCAST:
            self._take([Request(0, frame[0], frame[1:-2])])
        else:
            self.codec.foreign += 1
            self._take([])

    def _take(self, events: list[Request | Malformed]) -> None:
        assert self._conversation is not None, "only called while on the line"
        if self.codec.foreign:
            for bank in self._banks:
                bank.counters.foreign += self.codec.foreign
            self.codec.foreign = 0
        for event in events:
            if isinstance(event, Malformed):
                self.malformed += 1
                for bank in self._banks:
                    bank.counters.communication_errors += 1
                    bank.counters.event(RECEIVED_IN_ERROR)
            elif event.unit == BROADCAST:
                self._broadcast(event.pdu)
            else:
                bank = self.device.units[event.unit]
                bank.counters.event(RECEIVED_LISTENING if bank.listen_only else RECEIVED)
                answer = self._conversation.answer(event)
                if answer:
                    self._answer(answer, self._heard_s)

    def _broadcast(self, pdu: bytes) -> None:
        """Carry a write out; whoever asks while the device is at it waits (MB-SER V1.02, 2.4.1)."""
        self._busy_until_s = self._heard_s + self.timing.turnaround_s
        for bank in self._banks:
            bank.counters.event(RECEIVED_BROADCAST)
        if self.trouble.now and self.trouble.hits("serial_broadcast_answered"):
            unit = min(self.device.units)
            reply = self.device.answer(unit, pdu)
            if reply is not None:
                self._answer(self.codec.send(Response(0, unit, reply)), self._heard_s)
        self.device.broadcast(pdu)

    def speak(self, frame: bytes, now_s: float) -> None:
        """Say an answer that was held back until `now_s`; what is wrong at this device is wrong with it too."""
        self._answer(frame, max(self._heard_s, now_s - self.timing.before_answer_s))

    def _answer(self, frame: bytes, at_s: float) -> None:
        at_s = max(at_s, self._busy_until_s)
        body = whole(frame, self.codec)
        if body is not None and not body[1] & 0x80 and body[0] in self.device.units:
            self.device.units[body[0]].counters.event(SENT)
        if not self.trouble.now:
            self.line.transmit(self, frame, at_s + self.timing.before_answer_s)
            return
        for piece in shaped(frame, self.trouble, self.timing, self.line.form, self.codec):
            speaker = STRANGER if piece.stranger else self
            at_s = self.line.transmit(speaker, piece.data, at_s + piece.before_s, piece.length_s)
