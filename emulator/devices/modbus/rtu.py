"""The Modbus server of one device on a serial line: it hears everything, and answers what is for it.

The line itself, its port and its time are `emulator.devices.serial`; a server without a line of others has one of its
own.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, Protocol

from emulator.devices.modbus.codec import Malformed, Request, Response
from emulator.devices.modbus.conversation import Conversation
from emulator.devices.modbus.device import BROADCAST, ModbusDevice, device_from_rig
from emulator.devices.modbus.misbehaviour import ModbusMisbehaviour
from emulator.devices.modbus.rtu_codec import FRAME_MAX, RtuServerCodec, checked, crc16
from emulator.devices.serial.bus import SerialBus
from emulator.devices.serial.characters import CharacterFormat
from emulator.devices.serial.line import STRANGER, Line
from emulator.devices.serial.shaping import shaped
from emulator.devices.serial.timing import LineTiming

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self

    from emulator.devices.image import DeviceImage
    from emulator.devices.serial.characters import Parity
    from emulator.devices.timers import Timers

_FRAME_MIN: Final = 4
# Rounding of line time: gaps are judged to a tenth of a microsecond.
_HAIR_S: Final = 1e-7


class SerialCodec(Protocol):
    """A serial framing, the listening end: see `RtuServerCodec`."""

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


class ModbusRtuServer:
    """Serves one Modbus device on a serial line.

    Parameters
    ----------
    device
        who answers.
    bus
        the line shared with others; None makes one of the server's own from `timing`, `parity`, `port` (the path of
        a serial port; None opens a pseudo-terminal) and `local_echo` (whether the port repeats to us what we send,
        as some two-wire adapters do).
    codec
        how frames are framed; RTU unless said.
    timers
        for late answers, in plant time; the event loop's unless said.
    """

    def __init__(
        self,
        device: ModbusDevice,
        *,
        bus: SerialBus | None = None,
        timing: LineTiming | None = None,
        port: str | None = None,
        parity: Parity = "even",
        local_echo: bool = False,
        misbehaviour: ModbusMisbehaviour | None = None,
        codec: SerialCodec | None = None,
        timers: Timers | None = None,
    ) -> None:
        if bus is None:
            line = Line(timing or LineTiming(), CharacterFormat(parity), carried=port is not None)
            bus = SerialBus(line, port=port, own_echo=local_echo)
        self.device = device
        self.bus = bus
        self.timing = bus.line.timing
        self.misbehaviour = misbehaviour or ModbusMisbehaviour()
        self.trouble = self.misbehaviour.serial
        self.trouble.inserted = self.trouble.inserted or self.misbehaviour.inserted
        self.online = True
        self.malformed = 0
        self._codec = codec or RtuServerCodec(device.units)
        self._timers = timers
        self._frame = bytearray()
        self._spoilt = False
        self._heard_s = float("-inf")
        self._busy_until_s = float("-inf")
        self._conversation: Conversation | None = None

    @classmethod
    def from_image(
        cls,
        image: DeviceImage,
        *,
        bus: SerialBus | None = None,
        port: str | None = None,
        misbehaviour: ModbusMisbehaviour | None = None,
        timers: Timers | None = None,
    ) -> Self:
        """Return the server of an image's device, with the rig's speed and parity; it follows its power."""
        server = cls(
            device_from_rig(image),
            bus=bus,
            timing=LineTiming(baud=image.device.baud),
            port=port,
            parity=image.device.parity,
            misbehaviour=misbehaviour,
            timers=timers,
        )
        server.power(image.online)
        image.on_power(server.power)
        return server

    @property
    def url(self) -> str:
        """Path of the serial port a client opens, once started."""
        return self.bus.url

    async def start(self) -> str:
        """Join the line, open it if nobody has, and return `url`. OSError if the port cannot be opened."""
        later: Callable[[float, Callable[[], None]], object] = asyncio.get_running_loop().call_later
        if self._timers is not None:
            later = self._timers.later
        self._conversation = Conversation(
            self.device, self._codec, self.misbehaviour, later=later, send=self._send_held
        )
        url = self.bus.start()
        self.trouble.changed = self.bus.attend
        self.bus.line.join(self)
        return url

    async def stop(self) -> None:
        """Leave the line; whoever leaves last closes it."""
        if self._conversation is None:
            return
        self._conversation.close()
        self._conversation = None
        self.trouble.changed = None
        self.bus.line.leave(self)
        self.bus.stop()

    def power(self, online: bool) -> None:
        """Lose power (the line stays silent, answers under way are cut) or have it back."""
        self.online = online
        if online:
            return
        self._codec.silence()
        self._frame.clear()
        if self._conversation is not None:
            self._conversation.close()
            self.bus.line.hush(self, self.bus.now_s())

    # --- a station of the line -----------------------------------------------------------------------------

    @property
    def waiting(self) -> bool:
        """Whether it heard part of a frame."""
        return bool(self._frame) or self._codec.waiting_for_more

    def hear(self, data: bytes, start_s: float, end_s: float) -> None:
        """Take what was on the line; in strict mode a frame is judged at the silence that ends it."""
        if not self.online:
            return
        gap_s, self._heard_s = start_s - self._heard_s, end_s
        if not self.timing.strict:
            self._take(self._codec.receive(data))
            return
        self._spoilt = self._spoilt or (bool(self._frame) and gap_s > self.timing.t1_5_s + _HAIR_S)
        self._frame += data[: FRAME_MAX + 1 - len(self._frame)]

    def silence(self, at_s: float) -> None:
        """End the frame under way."""
        if not self.timing.strict:
            self._take(self._codec.silence())
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

    def _take(self, events: list[Request | Malformed]) -> None:
        assert self._conversation is not None, "only called while on the line"
        for event in events:
            if isinstance(event, Malformed):
                self.malformed += 1
            elif event.unit == BROADCAST:
                self._broadcast(event.pdu)
            else:
                answer = self._conversation.answer(event)
                if answer:
                    self._answer(answer)

    def _broadcast(self, pdu: bytes) -> None:
        """Carry a write out; whoever asks while the device is at it waits (MB-SER V1.02, 2.4.1)."""
        self._busy_until_s = self._heard_s + self.timing.turnaround_s
        if self.trouble.now and self.trouble.hits("serial_broadcast_answered"):
            unit = min(self.device.units)
            reply = self.device.answer(unit, pdu)
            if reply is not None:
                self._answer(self._codec.send(Response(0, unit, reply)))
        self.device.broadcast(pdu)

    def _answer(self, frame: bytes) -> None:
        line, at_s = self.bus.line, max(self._heard_s, self._busy_until_s)
        if not self.trouble.now:
            line.transmit(self, frame, at_s + self.timing.before_answer_s)
            return
        for piece in shaped(frame, self.trouble, self.timing, line.form, checked):
            speaker = STRANGER if piece.stranger else self
            at_s = line.transmit(speaker, piece.data, at_s + piece.before_s, piece.length_s)

    def _send_held(self, frame: bytes) -> None:
        """Send an answer that was held back and whose time has come."""
        if self.online:
            self.bus.line.transmit(self, frame, self.bus.now_s())
            self.bus.pump()
