"""Traces of the Modbus protocol faults: unit 1 of a drive, a u32 at registers 0 and 1 and a set-point at 2."""

import asyncio
import contextlib
from functools import partial
from typing import Any

from emulator.devices.modbus.bank import RegisterBank
from emulator.devices.modbus.codec import ModbusServerCodec
from emulator.devices.modbus.conversation import Conversation
from emulator.devices.modbus.device import ModbusDevice
from emulator.devices.modbus.misbehaviour import ModbusMisbehaviour
from emulator.devices.modbus.registers import MappedValue
from emulator.devices.modbus.server import ModbusTcpServer
from emulator.devices.scaling import RegisterFormat
from emulator.faults.base import registry
from hil.traces.modbus import lines
from hil.traces.tap import Piece

READ = bytes.fromhex("03 0000 0002")
WRITE = bytes.fromhex("06 0002 01F4")
READ_BACK = bytes.fromhex("03 0002 0001")
FAULTS = registry()


def _bank() -> RegisterBank:
    wide = MappedValue("energy", 0, RegisterFormat("u32"))
    setpoint = MappedValue("setpoint", 2, RegisterFormat("u16"), writable=True)
    bank = RegisterBank(holding_registers=[wide, setpoint], write=lambda *_: None)
    bank.holding_registers.put(wide, 0x0001FFFE)
    return bank


class _Play:
    """One connection to the device, its conversation written down as it goes."""

    def __init__(self, kind: str, **params: Any) -> None:
        self.bank = _bank()
        self.wrong = ModbusMisbehaviour()
        self.fault = FAULTS[kind](params)
        self.fault.apply(self.wrong, 1.0, 0)
        self.codec = ModbusServerCodec()
        self.timers: list[tuple[float, Any]] = []
        self.pieces: list[Piece] = []
        self.talk = Conversation(
            ModbusDevice({1: self.bank}), self.codec, self.wrong,
            later=self._later, soon=self._later, send=partial(self._note, "down"), now_s=lambda: 0.0,
        )  # fmt: skip
        self.transaction = 0

    def _later(self, delay_s: float, call: Any) -> None:
        self.timers.append((delay_s, call))

    def _note(self, direction: Any, data: bytes) -> None:
        if data:
            self.pieces.append(Piece(1, direction, data))

    def ask(self, *pdus: bytes) -> "_Play":
        for pdu in pdus:
            self.transaction += 1
            frame = self.transaction.to_bytes(2, "big") + b"\0\0" + (len(pdu) + 1).to_bytes(2, "big") + b"\1" + pdu
            self._note("up", frame)
            for request in self.codec.receive(frame):
                self._note("down", self.talk.answer(request))  # type: ignore[arg-type]  # only good frames are sent
        return self

    def heal(self) -> "_Play":
        self.fault.apply(self.wrong, 0.0, 0)
        return self

    def wait(self) -> "_Play":
        for _, call in self.timers:
            call()
        self.timers.clear()
        return self

    def lines(self) -> list[str]:
        return lines(self.pieces)


def _one(kind: str, *pdus: bytes, **params: Any) -> list[str]:
    return _Play(kind, **params).ask(*(pdus or (READ,))).lines()


def _held(kind: str) -> list[str]:
    return _Play(kind, delay_s=2.0).ask(READ).heal().ask(READ_BACK).lines()


def _changing(kind: str) -> list[str]:
    play = _Play(kind).ask(READ)
    play.bank.holding_registers.put(play.bank.holding_registers.starts[0], 0x00020001)
    return play.ask(READ).heal().ask(READ).lines()


def _fragments() -> list[str]:
    play = _Play("modbus_fragments", size=5).ask(READ).wait()
    up, *pieces = play.pieces
    return [*lines([up]), *(f"← piece of {len(piece.data)}  [{piece.data.hex(' ')}]" for piece in pieces)]


def _connections() -> list[str]:
    async def main() -> list[str]:
        server = ModbusTcpServer(ModbusDevice({1: _bank()}))
        await server.start()
        found = []
        try:
            one = await asyncio.open_connection("127.0.0.1", server.port)
            request = bytes.fromhex("0001 0000 0006 01") + READ
            one[1].write(request)
            answer = await one[0].readexactly(13)
            found += lines([Piece(1, "up", request), Piece(1, "down", answer)])
            FAULTS["modbus_connection_limit"]({"connections": 1}).apply(server.misbehaviour, 1.0, 0)
            two = await asyncio.open_connection("127.0.0.1", server.port)
            with contextlib.suppress(ConnectionError):
                assert await one[0].read(1) == b""
            found.append("← connection 1 closed by the device: connection 2 took its place")
            one[1].close()
            two[1].write(request)
            found += lines([Piece(2, "up", request), Piece(2, "down", await two[0].readexactly(13))])
            two[1].close()
        finally:
            await server.stop()
        return found

    return asyncio.run(main())


RECIPES = {
    "modbus_exception": partial(_one, "modbus_exception"),
    "modbus_no_answer": lambda: _Play("modbus_no_answer").ask(READ).heal().ask(READ_BACK).lines(),
    "modbus_late_answer": partial(_held, "modbus_late_answer"),
    "modbus_glued_answers": partial(_held, "modbus_glued_answers"),
    "modbus_swapped_replies": partial(_held, "modbus_swapped_replies"),
    "modbus_unsolicited_answer": partial(_one, "modbus_unsolicited_answer"),
    "modbus_busy": lambda: _Play("modbus_busy").ask(WRITE, READ).heal().ask(READ).lines(),
    "modbus_byte_count_lie": partial(_one, "modbus_byte_count_lie", offset=-1),
    "modbus_length_lie": partial(_one, "modbus_length_lie", length="maximum"),
    "modbus_fragments": _fragments,
    "modbus_write_ignored": partial(_one, "modbus_write_ignored", WRITE, READ_BACK),
    "modbus_write_unacknowledged": partial(_one, "modbus_write_unacknowledged", WRITE, READ_BACK),
    "modbus_write_echo_wrong": partial(_one, "modbus_write_echo_wrong", WRITE, READ_BACK),
    "modbus_word_order": lambda: _Play("modbus_word_order").ask(READ).heal().ask(READ).lines(),
    "modbus_torn_value": partial(_changing, "modbus_torn_value"),
    "modbus_frozen_registers": partial(_changing, "modbus_frozen_registers"),
    "modbus_small_limits": partial(_one, "modbus_small_limits", READ, READ_BACK, registers=1),
    "modbus_gateway_unit_down": partial(_one, "modbus_gateway_unit_down", unit=1),
    "modbus_connection_limit": _connections,
} | {
    kind: partial(_one, kind)
    for kind in (
        "modbus_duplicate_answer", "modbus_wrong_transaction_id", "modbus_wrong_unit", "modbus_wrong_function",
        "modbus_exception_truncated", "modbus_exception_extended", "modbus_fewer_registers", "modbus_more_registers",
        "modbus_zero_registers", "modbus_protocol_id", "modbus_echo_request",
    )
}  # fmt: skip
