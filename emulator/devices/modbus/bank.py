"""One Modbus unit: its four tables, what else it keeps, and the way back from a wire write to a point."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from emulator.devices.modbus.registers import (
    ILLEGAL_DATA_ADDRESS,
    ILLEGAL_DATA_VALUE,
    BitTable,
    Identification,
    MappedValue,
    ModbusError,
    WordTable,
)

if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Callable, Iterable

# A limit such as 52.4 is not exact in float32; a write of the limit itself must still pass.
_LIMIT_SLACK: Final = 1e-6
# Bits of the event log's bytes (MB-APP V1.1b3, 6.10).
RECEIVED, SENT = 0x80, 0x40
RECEIVED_BROADCAST, RECEIVED_LISTENING, RECEIVED_IN_ERROR = 0xC0, 0xA0, 0x82


@dataclass(slots=True)
class Limits:
    """What one request may ask for at most, and which functions there are (None: all we have).

    The defaults are the standard's (MB-APP V1.1b3, 6); many devices take less.
    """

    registers: int = 125
    bits: int = 2000
    write_registers: int = 123
    write_bits: int = 1968
    functions: frozenset[int] | None = None


@dataclass(slots=True)
class Counters:
    """The diagnostic counters of MB-APP V1.1b3, 6.8; on the wire they are 16 bits wide and wrap.

    `server_messages` is all that the hot path counts; `foreign` is what a line carried for others.
    """

    server_messages: int = 0
    foreign: int = 0
    communication_errors: int = 0
    exceptions: int = 0
    no_responses: int = 0
    nak: int = 0
    busy: int = 0
    overruns: int = 0
    fetches: int = 0
    log: bytearray = field(default_factory=bytearray)

    @property
    def events(self) -> int:
        """Messages completed with success; asking for this counter is none (6.9)."""
        return self.server_messages - self.exceptions - self.fetches

    def clear(self) -> None:
        """Zero everything but the log."""
        self.server_messages = self.foreign = self.communication_errors = self.exceptions = 0
        self.no_responses = self.nak = self.busy = self.overruns = self.fetches = 0

    def event(self, byte: int) -> None:
        """Put one byte in front of the event log, which keeps 64 (6.10)."""
        self.log.insert(0, byte)
        del self.log[64:]


@dataclass(slots=True)
class File:
    """A file of function 20 and 21: its registers in wire order."""

    buffer: bytearray
    writable: bool = False


class RegisterBank:
    """The four tables of one unit, and the way back from a wire write to a point.

    Parameters
    ----------
    coils, discrete_inputs, input_registers, holding_registers
        what is mapped where; every other address answers exception 02.
    write
        called with (point id, value in the point's own unit) for each value written, after all were checked.
    gaps_readable
        whether a read may run over unmapped addresses between mapped ones (they read 0).
    read_only_code
        the exception that a write to a read-only register gets; makers differ.
    limits
        see `Limits`.
    files, queues
        by file number (functions 20, 21) and by pointer address (function 24).

    While `ignoring` is set, writes are checked and answered but not carried out; `listen_only` is the mode of
    function 8, sub-function 4.
    """

    def __init__(
        self,
        *,
        coils: Iterable[MappedValue] = (),
        discrete_inputs: Iterable[MappedValue] = (),
        input_registers: Iterable[MappedValue] = (),
        holding_registers: Iterable[MappedValue] = (),
        write: Callable[[str, Any], None],
        identification: Identification | None = None,
        gaps_readable: bool = False,
        read_only_code: int = ILLEGAL_DATA_ADDRESS,
        limits: Limits | None = None,
        files: dict[int, File] | None = None,
        queues: dict[int, deque[bytes]] | None = None,
    ) -> None:
        self.coils = BitTable("coil", coils, gaps_readable=gaps_readable)
        self.discrete_inputs = BitTable("discrete input", discrete_inputs, gaps_readable=gaps_readable)
        self.input_registers = WordTable("input register", input_registers, gaps_readable=gaps_readable)
        self.holding_registers = WordTable("holding register", holding_registers, gaps_readable=gaps_readable)
        self.identification = (identification or Identification()).objects()
        self.limits = limits or Limits()
        self.files = files or {}
        self.queues = queues or {}
        self.counters = Counters()
        self.delimiter = 0x0A
        self.ignoring = False
        self.listen_only = False
        self._write = write
        for table in self.tables:
            table.read_only_code = read_only_code
            table.restore()

    @property
    def tables(self) -> tuple[BitTable | WordTable, ...]:
        """All four tables."""
        return (self.coils, self.discrete_inputs, self.input_registers, self.holding_registers)

    def write_coils(self, address: int, bits: bytes) -> None:
        """Write one byte (0 or 1) per coil from `address` on; all of them or, with ModbusError, none."""
        self._may_reach(self.coils, address, len(bits))
        targets = self.coils.targets(address, len(bits))
        if self.ignoring:
            return
        self.coils.written.update(value.address for value in targets if value.once)
        self.coils.buffer[address : address + len(bits)] = bits
        for value, bit in zip(targets, bits, strict=True):
            if value.point is not None:
                self._write(value.point, bool(bit))

    def write_registers(self, address: int, wire: bytes) -> None:
        """Write registers from `address` on; all values in range are taken or, with ModbusError, none."""
        table = self.holding_registers
        self._may_reach(table, address, len(wire) // 2)
        commands: list[tuple[MappedValue, Any]] = []
        for value in table.targets(address, len(wire) // 2):
            at = 2 * (value.address - address)
            if value.bit is not None:
                commands.append((value, bool(wire[at + (value.bit < 8)] >> (value.bit & 7) & 1)))
                continue
            assert value.format is not None, "words have a format"
            try:
                number = value.format.decode(wire[at : at + 2 * value.width])
            except ValueError:
                raise ModbusError(ILLEGAL_DATA_VALUE) from None
            low, high = value.low - _LIMIT_SLACK * abs(value.low), value.high + _LIMIT_SLACK * abs(value.high)
            if not low <= number <= high:  # NaN fails both, as it should
                raise ModbusError(ILLEGAL_DATA_VALUE)
            commands.append((value, min(max(number, value.low), value.high)))
        if self.ignoring:
            return
        # The register shows what was written at once, as a device's memory does; the next scan may correct
        # it.
        for value, number in commands:
            at = 2 * (value.address - address)
            if value.bit is None:
                table.buffer[2 * value.address : 2 * (value.address + value.width)] = wire[at : at + 2 * value.width]
            else:
                table.put(value, number)
            if value.once:
                table.written.add(value.address)
            if value.point is not None:
                self._write(value.point, number)

    @staticmethod
    def _may_reach(table: BitTable | WordTable, address: int, count: int) -> None:
        if address + count > len(table.reach):
            raise ModbusError(ILLEGAL_DATA_ADDRESS)
