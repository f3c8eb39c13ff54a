"""How a device of a rig gets its place on a serial line: its own, or one it shares."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.devices.modbus.rtu import ModbusRtuServer
from emulator.devices.serial.bus import SerialBus
from emulator.devices.serial.characters import CharacterFormat
from emulator.devices.serial.line import Line
from emulator.devices.serial.timing import LineTiming
from emulator.devices.timers import PacedTimers, SteppedTimers
from rigs.devices.serial import SerialLine

if TYPE_CHECKING:
    from typing import Any

    from emulator.devices.faces import Setting
    from emulator.devices.modbus.misbehaviour import ModbusMisbehaviour


def open_serial(setting: Setting, misbehaviour: ModbusMisbehaviour) -> ModbusRtuServer:
    """Return the server of a `modbus-rtu` device, not yet on its line."""
    device = setting.image.device
    rate = setting.timers.rate if isinstance(setting.timers, PacedTimers) else 1.0
    steps = setting.timers if isinstance(setting.timers, SteppedTimers) else None
    if device.line is None:
        bus = _bus(SerialLine(id=device.id, baud=device.baud, parity=device.parity), rate, steps)
    else:
        key = f"line/{device.line}"
        if key not in setting.shared:
            setting.shared[key] = _bus(next(line for line in setting.rig.lines if line.id == device.line), rate, steps)
        bus = setting.shared[key]
    streams = {}

    def uniform(kind: str, index: int, count: int) -> Any:
        if kind not in streams:
            streams[kind] = setting.streams(f"protocol/{device.id}/{kind}")
        return streams[kind].uniform(index, count)

    misbehaviour.serial.uniform = uniform
    misbehaviour.serial.inserted = setting.note
    return ModbusRtuServer.from_image(setting.image, bus=bus, misbehaviour=misbehaviour, timers=setting.timers)


def _bus(said: SerialLine, rate: float, steps: SteppedTimers | None) -> SerialBus:
    form = CharacterFormat(said.parity, said.stop_bits)
    timing = LineTiming(said.baud, said.turnaround, said.strict, form.bits)
    return SerialBus(
        Line(timing, form, echo=said.echo, carried=said.port is not None),
        port=said.port,
        name=said.id,
        client_port=said.client_port,
        own_echo=said.echo and said.port is not None,
        rate=rate,
        foreign=[(talker.data, talker.every) for talker in said.foreign],
        steps=steps,
    )
