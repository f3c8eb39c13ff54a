"""The Modbus RTU server: one serial line, a pseudo-terminal of our own or a real port, joined to asyncio.

No threads: the port is read when the event loop says it has bytes, silences and pacing are the loop's timers.
Within one turn of the loop bytes are taken before timers, so a loop that was busy never takes its own absence
for silence.
"""

from __future__ import annotations

import asyncio
import os
import tty
from typing import TYPE_CHECKING, Final

from emulator.devices.modbus.codec import Malformed, Request
from emulator.devices.modbus.conversation import Conversation
from emulator.devices.modbus.device import BROADCAST, ModbusDevice, device_from_rig
from emulator.devices.modbus.misbehaviour import ModbusMisbehaviour
from emulator.devices.modbus.rtu_codec import RtuServerCodec
from emulator.devices.modbus.serial_line import LineTiming, PacedWriter

if TYPE_CHECKING:
    from typing import Any, Literal, Self

    from emulator.devices.image import DeviceImage

_READ_SIZE: Final = 4096
# Bytes leave in clumps of about this much line time: a timer per character would cost more than the device.
_GRAIN_S: Final = 0.004
# How often a port that went away (an adapter pulled out) is tried again.
_REOPEN_S: Final = 1.0


class ModbusRtuServer:
    """Serves one Modbus device on a serial line.

    Parameters
    ----------
    device
        who answers.
    timing
        speed and silences of the line.
    port
        path of a serial port; None opens a pseudo-terminal, whose other end is `url` after `start`.
    parity
        for a real port; a pseudo-terminal has none.
    local_echo
        whether the line repeats to us what we send, as some two-wire adapters do.
    """

    def __init__(
        self,
        device: ModbusDevice,
        *,
        timing: LineTiming | None = None,
        port: str | None = None,
        parity: Literal["even", "odd", "none"] = "even",
        local_echo: bool = False,
        misbehaviour: ModbusMisbehaviour | None = None,
    ) -> None:
        self.device = device
        self.timing = timing or LineTiming()
        self.misbehaviour = misbehaviour or ModbusMisbehaviour()
        self.online = True
        self.malformed = 0
        self._path = port
        self._parity = parity
        self._local_echo = local_echo
        self._codec = RtuServerCodec(device.units)
        # A UART of a real port paces its bytes itself.
        self._writer = PacedWriter(self.timing.character_s if port is None else 0.0)
        self._echo = b""
        self._fd = -1
        self._slave_fd = -1
        self._serial: Any = None
        self._last_byte_s = 0.0
        self._silence: asyncio.TimerHandle | None = None
        self._sending: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._conversation: Conversation | None = None

    @classmethod
    def from_image(
        cls,
        image: DeviceImage,
        *,
        port: str | None = None,
        misbehaviour: ModbusMisbehaviour | None = None,
    ) -> Self:
        """Return the server of an image's device, with the rig's speed and parity; it follows its power."""
        server = cls(
            device_from_rig(image),
            timing=LineTiming(baud=image.device.baud),
            port=port,
            parity=image.device.parity,
            misbehaviour=misbehaviour,
        )
        server.power(image.online)
        image.on_power(server.power)
        return server

    @property
    def url(self) -> str:
        """Path of the serial port a client opens, once started."""
        if self._path is None:
            raise RuntimeError("the pseudo-terminal has no path before start()")
        return self._path

    async def start(self) -> str:
        """Open the line, listen, and return `url`. OSError if the port cannot be opened."""
        self._loop = asyncio.get_running_loop()
        if self._path is None:
            self._open_pty()
        else:
            self._open_port(self._path)
        os.set_blocking(self._fd, False)
        self._conversation = Conversation(
            self.device, self._codec, self.misbehaviour, later=self._loop.call_later, send=self._send
        )
        self._loop.add_reader(self._fd, self._readable)
        return self.url

    async def stop(self) -> None:
        """Close the line."""
        for timer in (self._silence, self._sending):
            if timer is not None:
                timer.cancel()
        self._silence = self._sending = None
        if self._loop is None or self._fd < 0:
            return
        self._loop.remove_reader(self._fd)
        if self._conversation is not None:
            self._conversation.close()
        if self._serial is not None:
            self._serial.close()
        else:
            os.close(self._fd)
            os.close(self._slave_fd)
            self._path = None
        self._serial, self._fd, self._slave_fd = None, -1, -1

    def power(self, online: bool) -> None:
        """Lose power (the line stays silent, answers under way are cut) or have it back."""
        self.online = online
        if not online:
            self._writer.clear()
            self._codec.silence()
            if self._conversation is not None:
                self._conversation.close()

    def _open_pty(self) -> None:
        self._fd, self._slave_fd = os.openpty()
        # Raw: a line discipline that echoes or translates would corrupt every frame. We keep our own handle
        # on the client's end, so that a client which closes and reopens finds the line as it left it.
        tty.setraw(self._slave_fd)
        self._path = os.ttyname(self._slave_fd)

    def _open_port(self, path: str) -> None:
        import serial

        self._serial = serial.Serial(
            path,
            baudrate=self.timing.baud or 115200,
            parity={"even": "E", "odd": "O", "none": "N"}[self._parity],
            stopbits=2 if self._parity == "none" else 1,
            timeout=0,
            write_timeout=0,
        )
        self._fd = self._serial.fileno()

    def _readable(self) -> None:
        assert self._loop is not None, "only called while started"
        try:
            data = os.read(self._fd, _READ_SIZE)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._lost()
            return
        if not self.online:
            return
        now = self._loop.time()
        gap = now - self._last_byte_s
        self._last_byte_s = now
        if self._echo:
            data = self._without_echo(data)
        if self.timing.strict and self._codec.waiting_for_more and gap > self.timing.t1_5_s:
            self.malformed += len(self._codec.spoil())
        self._take(self._codec.receive(data))
        if self._codec.waiting_for_more and self._silence is None:
            self._silence = self._loop.call_at(now + self.timing.t3_5_s, self._silent)

    def _lost(self) -> None:
        """Let go of a port that went away, and try to have it back."""
        assert self._loop is not None, "only called while started"
        self._loop.remove_reader(self._fd)
        if self._serial is not None:
            self._serial.close()
            self._serial = None
        self._fd = -1
        self._sending = self._loop.call_later(_REOPEN_S, self._reopen)

    def _reopen(self) -> None:
        assert self._loop is not None, "only called while started"
        assert self._path is not None, "only a real port goes away"
        self._sending = None
        try:
            self._open_port(self._path)
        except OSError:
            self._sending = self._loop.call_later(_REOPEN_S, self._reopen)
            return
        os.set_blocking(self._fd, False)
        self._writer.clear()
        self._codec.silence()
        self._loop.add_reader(self._fd, self._readable)

    def _silent(self) -> None:
        """End the frame, unless bytes came since this timer was set: then wait for the rest of t3.5."""
        assert self._loop is not None, "only called while started"
        self._silence = None
        until = self._last_byte_s + self.timing.t3_5_s
        if self._loop.time() < until - 1e-6 and self._codec.waiting_for_more:
            self._silence = self._loop.call_at(until, self._silent)
            return
        self._take(self._codec.silence())

    def _take(self, events: list[Request | Malformed]) -> None:
        assert self._conversation is not None, "only called while started"
        for event in events:
            if isinstance(event, Malformed):
                self.malformed += 1
            elif event.unit == BROADCAST:
                self.device.broadcast(event.pdu)
            else:
                answer = self._conversation.answer(event)
                if answer:
                    self._send(answer)

    def _send(self, data: bytes) -> None:
        assert self._loop is not None, "only called while started"
        if not self.online or self._fd < 0:
            return
        if self._local_echo:
            self._echo += data
        self._writer.put(data, self._last_byte_s + self.timing.before_answer_s)
        if self._sending is None:
            self._pump()

    def _pump(self) -> None:
        assert self._loop is not None, "only called while started"
        self._sending = None
        self._write(self._writer.due(self._loop.time()))
        when = self._writer.next_s(_GRAIN_S)
        if when is not None:
            self._sending = self._loop.call_at(when, self._pump)

    def _write(self, data: bytes) -> None:
        if not data:
            return
        try:
            os.write(self._fd, data)
        except OSError:
            # Nobody reads: a serial line does not wait, the bytes are gone.
            return

    def _without_echo(self, data: bytes) -> bytes:
        """Take our own bytes off the front of what came in; other bytes mean there was no echo."""
        common = min(len(self._echo), len(data))
        if data[:common] != self._echo[:common]:
            self._echo = b""
            return data
        self._echo = self._echo[common:]
        return data[common:]
