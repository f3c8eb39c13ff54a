"""Traces of the serial faults: one master, two slaves on one pair, in line time, without a port.

The lines are what the master said and what its adapter heard, torn where the line was silent for more than a
character and a half, as a receiver would see it.
"""

import importlib
from functools import partial
from typing import Any

from emulator.devices.modbus.bank import RegisterBank
from emulator.devices.modbus.device import ModbusDevice
from emulator.devices.modbus.registers import MappedValue
from emulator.devices.modbus.rtu_codec import frame
from emulator.devices.modbus.rtu_station import RtuStation
from emulator.devices.scaling import RegisterFormat
from emulator.devices.serial.line import Line
from emulator.devices.serial.timing import LineTiming
from emulator.streams import Streams
from hil.traces.modbus import lines
from hil.traces.tap import Piece

UNITS = (11, 12)
READ = bytes.fromhex("04 0000 0002")
WRITE = bytes.fromhex("06 0000 0007")


class Bench:
    """A line of 9,600 baud with two transmitters, and a master that asks by hand."""

    def __init__(self, baud: int = 9600) -> None:
        self.line = Line(LineTiming(baud))
        self.stations = [RtuStation(_transmitter(unit), self.line) for unit in UNITS]
        self.now_s = 0.0
        self.pieces: list[tuple[float, Piece]] = []
        streams = Streams(1)
        for station in self.stations:
            station.trouble.uniform = lambda kind, index, count: streams(kind).uniform(index, count)
            station.join(lambda *_: None, lambda _: None)

    def ask(self, data: bytes, wait_s: float = 0.4) -> bytes:
        """Say something and listen for `wait_s`; returns what was heard."""
        self._note("up", data)
        self.line.says(data, self.now_s)
        last_s, heard = self.now_s + len(data) * self.line.timing.character_s, b""
        until_s, usual_s = last_s + wait_s, self.line.timing.t3_5_s
        while (event_s := self.line.next_s()) is not None and event_s <= until_s:
            # Character by character: a hole in an answer shows as a hole.
            if part := self.line.advance(event_s):
                began_s = event_s - len(part) * self.line.timing.character_s
                gap_s = began_s - last_s
                fresh = not heard or gap_s > self.line.timing.t1_5_s
                odd = (fresh and heard) or (not heard and abs(gap_s - usual_s) > 0.1 * usual_s and gap_s > -1e-9)
                self._note("down", part, gap_s if odd else None, joined=not fresh)
                last_s, heard = event_s, heard + part
        self.now_s = until_s
        return heard

    def _note(self, way: Any, data: bytes, silent_s: float | None = None, *, joined: bool = False) -> None:
        if joined:
            before_s, piece = self.pieces[-1]
            self.pieces[-1] = before_s, Piece(0, way, piece.data + data)
        else:
            self.pieces.append((silent_s or 0.0, Piece(0, way, data)))

    def told(self) -> list[str]:
        """Return the conversation as lines."""
        found: list[str] = []
        exchange: list[Piece] = []
        for silent_s, piece in self.pieces:
            if piece.direction == "up":
                if exchange and len(exchange) == 1:
                    found.append("  nothing is heard")
                exchange = []
            if silent_s:
                found.append(f"  {silent_s / self.line.timing.character_s:.1f} characters of silence")
            before = len(lines(exchange, "rtu"))
            exchange.append(piece)
            found += lines(exchange, "rtu")[before:]
        return found if len(exchange) > 1 else [*found, "  nothing is heard"]


def _transmitter(unit: int) -> ModbusDevice:
    bank = RegisterBank(
        input_registers=[MappedValue("pressure", 0, RegisterFormat("f32", "ABCD", 1.0))],
        holding_registers=[MappedValue("damping", 0, RegisterFormat("u16", "ABCD", 1.0), True, 0.0, 100.0)],
        write=lambda point, value: None,
    )
    table = bank.input_registers
    table.put(table.starts[0], 3.25 + unit)
    return ModbusDevice({unit: bank}, unknown_unit="silence")


def play(
    kind: str, requests: tuple[bytes, ...] = (frame(11, READ),) * 2, severity: float = 1.0, **params: Any
) -> Bench:
    """Have the fault on unit 11's device, ask, and ask once more when it is gone."""
    bench = Bench()
    module = importlib.import_module(f"emulator.faults.{kind}")
    fault = getattr(module, kind.title().replace("_", ""))(params)
    fault.apply(bench.stations[0].misbehaviour, severity, 0)
    for request in requests:
        bench.ask(request)
    fault.apply(bench.stations[0].misbehaviour, 0.0, 1)
    bench.ask(frame(11, READ))
    return bench


def recipe(kind: str, **more: Any) -> list[str]:
    """Return the trace of one fault."""
    return play(kind, **more).told()


def port_lost() -> list[str]:
    """Return the trace of a port that goes away: the bench without it."""
    bench = Bench()
    bench.ask(frame(11, READ))
    found = bench.told()
    bench.line.clear()
    found += ["  the port is gone: the master's handle is hung up, and its path does not exist"]
    bench.pieces.clear()
    bench.ask(frame(11, READ))
    return [*found, "  the port is back under its path", *bench.told()]


ONE = (frame(11, READ),)
RECIPES = {
    "serial_crc_error": partial(recipe, "serial_crc_error", requests=ONE),
    "serial_truncated": partial(recipe, "serial_truncated", requests=ONE),
    "serial_gap_inside": partial(recipe, "serial_gap_inside", requests=ONE),
    "serial_no_gap": partial(recipe, "serial_no_gap", requests=ONE),
    "serial_leading_noise": partial(recipe, "serial_leading_noise", requests=ONE),
    "serial_trailing_zero": partial(recipe, "serial_trailing_zero", requests=ONE),
    "serial_echo": partial(recipe, "serial_echo", requests=(frame(11, READ), frame(11, WRITE))),
    "serial_foreign_traffic": partial(recipe, "serial_foreign_traffic", requests=ONE),
    "serial_broadcast_answered": partial(recipe, "serial_broadcast_answered", requests=(frame(0, WRITE),)),
    "serial_reserved_address": partial(recipe, "serial_reserved_address", requests=ONE),
    "serial_wrong_baud": partial(recipe, "serial_wrong_baud", requests=ONE, baud=4800),
    "serial_wrong_parity": partial(recipe, "serial_wrong_parity", requests=ONE, parity="none"),
    "serial_framing_error": partial(recipe, "serial_framing_error", per_byte=0.05, requests=(frame(11, READ),) * 3),
    "serial_break": partial(recipe, "serial_break", requests=ONE),
    "serial_port_lost": port_lost,
    "serial_long_frame": partial(recipe, "serial_long_frame", requests=ONE, bytes=300),
    "serial_collision": partial(recipe, "serial_collision", requests=ONE),
    "serial_slow_slave": partial(recipe, "serial_slow_slave", requests=ONE, delay_s=0.45),
    "serial_bit_flips": partial(recipe, "serial_bit_flips", per_bit=0.006, requests=(frame(11, READ),) * 3),
    "serial_lost_bytes": partial(recipe, "serial_lost_bytes", per_byte=0.05, requests=(frame(11, READ),) * 3),
    "serial_extra_bytes": partial(recipe, "serial_extra_bytes", per_byte=0.05, requests=(frame(11, READ),) * 3),
    "serial_idle_glitch": partial(recipe, "serial_idle_glitch", requests=ONE),
}
