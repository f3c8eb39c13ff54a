"""The registers of one Modbus unit, kept in wire byte order so that a read is one slice.

Four tables (MB-APP V1.1b3, 4.3): coils, discrete inputs, input registers, holding registers. Only mapped
addresses exist; anything else is answered with exception 02. A value that spans several registers is written
whole or not at all, because half a float is no set-point: 02, "the combination of reference number and
transfer length is invalid".
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from emulator.devices.scaling import RegisterFormat

ILLEGAL_DATA_ADDRESS: Final = 2
ILLEGAL_DATA_VALUE: Final = 3
# A limit such as 52.4 is not exact in float32; a write of the limit itself must still pass.
_LIMIT_SLACK: Final = 1e-6


class ModbusError(Exception):
    """A request the server must refuse, with the exception code that says why (MB-APP 7)."""

    def __init__(self, code: int) -> None:
        super().__init__(f"exception code {code:02d}")
        self.code = code


@dataclass(frozen=True, slots=True)
class MappedValue:
    """One value in a table: where it lies, how it is written there, and what may be written over the wire.

    `point` is the point's id; None marks a register the device itself owns (its clock). `format` is None for
    bits. `low`, `high` bound a write, in the point's own unit.
    """

    point: str | None
    address: int
    format: RegisterFormat | None = None
    writable: bool = False
    low: float = float("-inf")
    high: float = float("inf")

    @property
    def width(self) -> int:
        """Addresses taken."""
        return 1 if self.format is None else self.format.words


class _Table:
    """Cells of `cell` bytes for the addresses below the highest mapped one, and how far a read may run."""

    def __init__(self, name: str, cell: int, values: Iterable[MappedValue], *, gaps_readable: bool) -> None:
        self.name = name
        self.values = sorted(values, key=lambda value: value.address)
        self.starts = {value.address: value for value in self.values}
        end = 0
        for value in self.values:
            if value.address < end:
                raise ValueError(
                    f"{name} {value.address} of point {value.point} overlaps the value before it, "
                    f"which reaches to {end - 1}; move one of them"
                )
            end = value.address + value.width
        if end > 65536:
            raise ValueError(f"{name} {end - 1} lies beyond the last address 65535")
        self.buffer = bytearray(cell * end)
        # reach[a]: mapped cells from a onward without a gap, so that a bounds check is one look-up.
        self.reach = array("I", bytes(4 * end))
        first = self.values[0].address if self.values else 0
        mapped = bytearray(end)
        for value in self.values:
            mapped[value.address : value.address + value.width] = b"\1" * value.width
        run = 0
        for address in range(end - 1, first - 1, -1):
            run = run + 1 if mapped[address] or gaps_readable else 0
            self.reach[address] = run

    def targets(self, address: int, count: int) -> list[MappedValue]:
        """Return the writable values that fill [address, address + count); ModbusError 02 otherwise."""
        found = []
        end = address + count
        while address < end:
            value = self.starts.get(address)
            if value is None or not value.writable or address + value.width > end:
                raise ModbusError(ILLEGAL_DATA_ADDRESS)
            found.append(value)
            address += value.width
        return found


class WordTable(_Table):
    """Input or holding registers: two bytes each, high byte first."""

    def __init__(self, name: str, values: Iterable[MappedValue], *, gaps_readable: bool = False) -> None:
        super().__init__(name, 2, values, gaps_readable=gaps_readable)

    def read(self, address: int, quantity: int) -> bytearray:
        """Return the wire bytes of `quantity` registers; ModbusError 02 where one of them is not mapped."""
        try:
            if self.reach[address] >= quantity:
                return self.buffer[2 * address : 2 * (address + quantity)]
        except IndexError:
            pass
        raise ModbusError(ILLEGAL_DATA_ADDRESS)

    def put(self, value: MappedValue, number: float) -> None:
        """Store an engineering value in its registers."""
        assert value.format is not None, "words have a format"
        self.buffer[2 * value.address : 2 * (value.address + value.width)] = value.format.encode(number)


class BitTable(_Table):
    """Coils or discrete inputs: one byte (0 or 1) each here, packed on the wire from bit 0 up."""

    def __init__(self, name: str, values: Iterable[MappedValue], *, gaps_readable: bool = False) -> None:
        super().__init__(name, 1, values, gaps_readable=gaps_readable)

    def read(self, address: int, quantity: int) -> bytes:
        """Return `quantity` bits packed as on the wire; ModbusError 02 where one of them is not mapped."""
        try:
            if self.reach[address] >= quantity:
                bits = np.frombuffer(self.buffer, np.uint8, quantity, address)
                return np.packbits(bits, bitorder="little").tobytes()
        except IndexError:
            pass
        raise ModbusError(ILLEGAL_DATA_ADDRESS)

    def put(self, value: MappedValue, number: float) -> None:
        """Store a truth value; NaN (no reading) reads as 0."""
        self.buffer[value.address] = number == number and bool(number)


@dataclass(frozen=True, slots=True)
class Identification:
    """What a unit says of itself (function 43/14): basic objects 0-2 and regular objects 3-6."""

    vendor_name: str = "plantbench"
    product_code: str = ""
    revision: str = ""
    vendor_url: str = ""
    product_name: str = ""
    model_name: str = ""
    application_name: str = ""

    def objects(self) -> dict[int, bytes]:
        """Return object id -> text; the basic three always, the regular ones where they say something."""
        texts = (
            self.vendor_name,
            self.product_code,
            self.revision,
            self.vendor_url,
            self.product_name,
            self.model_name,
            self.application_name,
        )
        # One object must fit one answer beside its two bytes of header.
        coded = {number: text.encode("ascii", "replace")[:244] for number, text in enumerate(texts)}
        return {number: text for number, text in coded.items() if text or number <= 2}


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
    ) -> None:
        self.coils = BitTable("coil", coils, gaps_readable=gaps_readable)
        self.discrete_inputs = BitTable("discrete input", discrete_inputs, gaps_readable=gaps_readable)
        self.input_registers = WordTable("input register", input_registers, gaps_readable=gaps_readable)
        self.holding_registers = WordTable("holding register", holding_registers, gaps_readable=gaps_readable)
        self.identification = (identification or Identification()).objects()
        self._write = write

    @property
    def tables(self) -> tuple[BitTable | WordTable, ...]:
        """All four tables."""
        return (self.coils, self.discrete_inputs, self.input_registers, self.holding_registers)

    def write_coils(self, address: int, bits: bytes) -> None:
        """Write one byte (0 or 1) per coil from `address` on; all of them or, with ModbusError, none."""
        self._may_reach(self.coils, address, len(bits))
        targets = self.coils.targets(address, len(bits))
        self.coils.buffer[address : address + len(bits)] = bits
        for value, bit in zip(targets, bits, strict=True):
            if value.point is not None:
                self._write(value.point, bool(bit))

    def write_registers(self, address: int, wire: bytes) -> None:
        """Write registers from `address` on; all values in range are taken or, with ModbusError, none."""
        table = self.holding_registers
        self._may_reach(table, address, len(wire) // 2)
        commands = []
        for value in table.targets(address, len(wire) // 2):
            assert value.format is not None, "words have a format"
            at = 2 * (value.address - address)
            number = value.format.decode(wire[at : at + 2 * value.width])
            low, high = value.low - _LIMIT_SLACK * abs(value.low), value.high + _LIMIT_SLACK * abs(value.high)
            if not low <= number <= high:  # NaN fails both, as it should
                raise ModbusError(ILLEGAL_DATA_VALUE)
            commands.append((value.point, min(max(number, value.low), value.high)))
        # The register shows what was written at once, as a device's memory does; the next scan may correct
        # it.
        table.buffer[2 * address : 2 * address + len(wire)] = wire
        for point, number in commands:
            if point is not None:
                self._write(point, number)

    @staticmethod
    def _may_reach(table: _Table, address: int, count: int) -> None:
        if address + count > len(table.reach):
            raise ModbusError(ILLEGAL_DATA_ADDRESS)
