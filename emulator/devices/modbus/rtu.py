"""The Modbus server of one device on a serial line: a station, and the port and timers it needs.

The line itself, its port and its time are `emulator.devices.serial`; a server without a line of others has one of its
own.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from emulator.devices.modbus.ascii_codec import AsciiServerCodec
from emulator.devices.modbus.device import ModbusDevice, device_from_rig
from emulator.devices.modbus.gateway import pace_of
from emulator.devices.modbus.rtu_station import RtuStation
from emulator.devices.serial.bus import SerialBus
from emulator.devices.serial.characters import CharacterFormat
from emulator.devices.serial.line import Line
from emulator.devices.serial.timing import LineTiming

if TYPE_CHECKING:
    from typing import Self

    from emulator.devices.image import DeviceImage
    from emulator.devices.modbus.conversation import Pace
    from emulator.devices.modbus.misbehaviour import ModbusMisbehaviour
    from emulator.devices.modbus.rtu_station import SerialCodec
    from emulator.devices.serial.characters import Parity
    from emulator.devices.timers import Timers


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
    character_timeout_s
        see `RtuStation`.
    pace
        how long the healthy device takes, see `Conversation`.
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
        character_timeout_s: float | None = None,
        pace: Pace | None = None,
    ) -> None:
        if bus is None:
            line = Line(timing or LineTiming(), CharacterFormat(parity), carried=port is not None)
            bus = SerialBus(line, port=port, own_echo=local_echo)
        self.bus = bus
        self.station = RtuStation(device, bus.line, misbehaviour, codec, character_timeout_s, pace)
        self.misbehaviour = self.station.misbehaviour
        self._timers = timers
        self._started = False

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
        device = device_from_rig(image)
        ascii_framed = image.device.modbus.framing == "ascii"
        server = cls(
            device,
            bus=bus,
            timing=LineTiming(baud=image.device.baud),
            port=port,
            parity=image.device.parity,
            misbehaviour=misbehaviour,
            codec=AsciiServerCodec(device.units) if ascii_framed else None,
            timers=timers,
            character_timeout_s=image.device.modbus.character_timeout if ascii_framed else None,
            pace=pace_of(image.device.modbus, device.units),
        )
        server.power(image.online)
        image.on_power(server.power)
        return server

    @property
    def device(self) -> ModbusDevice:
        """Who answers."""
        return self.station.device

    @property
    def timing(self) -> LineTiming:
        """Speed and silences of the line."""
        return self.bus.line.timing

    @property
    def online(self) -> bool:
        """Whether the device has power."""
        return self.station.online

    @property
    def malformed(self) -> int:
        """Frames given up so far."""
        return self.station.malformed

    @property
    def url(self) -> str:
        """Path of the serial port a client opens, once started."""
        return self.bus.url

    async def start(self) -> str:
        """Join the line, open it if nobody has, and return `url`. OSError if the port cannot be opened."""
        url = self.bus.start()
        self._started = True
        if self._timers is not None:
            self.station.join(self._timers.answer, self._send_held, self._timers.now_s)
        else:
            loop = asyncio.get_running_loop()
            self.station.join(loop.call_later, self._send_held, loop.time)
        self.station.trouble.changed = self.bus.attend
        return url

    async def stop(self) -> None:
        """Leave the line; whoever leaves last closes it."""
        if self._started:
            self._started = False
            self.station.trouble.changed = None
            self.station.leave()
            self.bus.stop()

    def power(self, online: bool) -> None:
        """Lose power (the line stays silent, answers under way are cut) or have it back."""
        self.station.power(online, self.bus.now_s() if self._started else 0.0)

    def _send_held(self, frame: bytes) -> None:
        """Send an answer that was held back and whose time has come."""
        if self.online and self._started:
            self.station.speak(frame, self.bus.now_s())
            self.bus.pump()
