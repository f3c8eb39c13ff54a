"""The registers of one Modbus unit, kept in wire byte order so that a read is one slice.

Four tables (MB-APP V1.1b3, 4.3): coils, discrete inputs, input registers, holding registers. Only mapped
addresses exist; anything else is answered with exception 02. A value that spans several registers is written
whole or not at all, because half a float is no set-point: 02, "the combination of reference number and
transfer length is invalid".
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

ILLEGAL_DATA_ADDRESS: Final = 2
ILLEGAL_DATA_VALUE: Final = 3


class ModbusError(Exception):
    """A request the server must refuse, with the exception code that says why (MB-APP 7)."""

    def __init__(self, code: int) -> None:
        super().__init__(f"exception code {code:02d}")
        self.code = code


class Format(Protocol):
    """How an engineering value becomes registers, and back."""

    @property
    def words(self) -> int:
        """Registers taken."""
        ...

    def encode(self, value: float) -> bytes:
        """Return the wire bytes of a value."""
        ...

    def decode(self, wire: bytes | bytearray | memoryview) -> float | int:
        """Return the value of wire bytes; ValueError where they are none."""
        ...


@dataclass(frozen=True, slots=True)
class MappedValue:
    """One value in a table: where it lies, how it is written there, and what may be written over the wire.

    `point` is the point's id; None marks a register the device itself owns (its clock, a constant). `format` is None
    for bits; `bit` says which one of a register it is. `low`, `high` bound a write, in the point's own unit. `once`
    takes a single write in the device's life. `constant` is what a register without a point always holds.
    """

    point: str | None
    address: int
    format: Format | None = None
    writable: bool = False
    low: float = float("-inf")
    high: float = float("inf")
    bit: int | None = None
    once: bool = False
    constant: bytes | None = None

    @property
    def width(self) -> int:
        """Addresses taken."""
        return 1 if self.format is None else self.format.words


class _Table:
    """Cells of `cell` bytes for the addresses below the highest mapped one, and how far a read may run."""

    def __init__(self, name: str, cell: int, values: Iterable[MappedValue], *, gaps_readable: bool) -> None:
        self.name = name
        self.values = sorted(values, key=lambda value: value.address)
        self.starts = {value.address: value for value in self.values if value.bit is None}
        self.fields: dict[int, list[MappedValue]] = {}
        self.read_only_code = ILLEGAL_DATA_ADDRESS
        self.written: set[int] = set()
        end = 0
        for value in self.values:
            if value.bit is not None:
                beside = self.fields.setdefault(value.address, [])
                taken = any(other.bit == value.bit for other in beside) or value.address in self.starts
                beside.append(value)
                if len(beside) > 1 and not taken:
                    continue
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
            beside = self.fields.get(address)
            value = self.starts.get(address) if beside is None else next((v for v in beside if v.writable), beside[0])
            if value is None or address + value.width > end:
                raise ModbusError(ILLEGAL_DATA_ADDRESS)
            if not value.writable or (value.once and address in self.written):
                raise ModbusError(self.read_only_code)
            if beside is None:
                found.append(value)
            else:
                found += [field for field in beside if field.writable]
            address += value.width
        return found

    def restore(self) -> None:
        """Forget everything but what is constant: the device lost power."""
        self.buffer[:] = bytes(len(self.buffer))


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
        """Store an engineering value in its registers, or a truth value in its bit of one."""
        if value.format is not None:
            self.buffer[2 * value.address : 2 * (value.address + value.width)] = value.format.encode(number)
            return
        assert value.bit is not None, "words have a format or are a bit of one"
        at, mask = 2 * value.address + (value.bit < 8), 1 << (value.bit & 7)
        on = number == number and bool(number)
        self.buffer[at] = self.buffer[at] | mask if on else self.buffer[at] & ~mask

    def restore(self) -> None:
        """Forget everything but what is constant: the device lost power."""
        super().restore()
        for value in self.values:
            if value.constant is None:
                continue
            if value.bit is None:
                self.buffer[2 * value.address : 2 * (value.address + value.width)] = value.constant
            else:
                self.put(value, value.constant != b"\0")


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

    def restore(self) -> None:
        """Forget everything but what is constant: the device lost power."""
        super().restore()
        for value in self.values:
            if value.constant is not None:
                self.buffer[value.address] = value.constant != b"\0"


@dataclass(frozen=True, slots=True)
class Identification:
    """What a unit says of itself (function 43/14): basic objects 0-2, regular objects 3-6, extended ones above."""

    vendor_name: str = "plantbench"
    product_code: str = ""
    revision: str = ""
    vendor_url: str = ""
    product_name: str = ""
    model_name: str = ""
    application_name: str = ""
    extended: tuple[tuple[int, str], ...] = ()

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
        named = (*enumerate(texts), *self.extended)
        coded = {number: text.encode("ascii", "replace")[:244] for number, text in named}
        return {number: text for number, text in coded.items() if text or number <= 2}
