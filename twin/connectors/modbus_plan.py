"""Which registers to ask for in which requests, and how answers become readings. No sockets, no time."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from rigs.devices.device import Device
from rigs.devices.modbus import ModbusAddress
from rigs.schema import Point
from twin.context.registers import decode, decode_digits, decode_text, marker
from twin.context.units import to_si

FUNCTIONS = {"coil": 1, "discrete": 2, "holding": 3, "input": 4}
"""Function code that reads each table (Modbus Application Protocol V1.1b3, section 6)."""

MAX_REGISTERS = 125
MAX_BITS = 2000
GAP = 12
"""Unused registers bridged within one request; asking for them costs less than another request."""


@dataclass(frozen=True, slots=True)
class Item:
    """One value inside a block. `point` is None for the device's clock register.

    `si = (wire * scale + address.offset)` in SI, as `wire * factor + offset`. `absent` is the raw number that the
    rig declares as "no value".
    """

    point: str | None
    address: ModbusAddress
    factor: float
    offset: float
    absent: float | None = None

    def value(self, words: Sequence[int], start: int) -> float:
        """Decode this item out of a block's answer that begins at address `start`; SI units, NaN for "no value"."""
        address = self.address
        first = address.register_ - start
        if address.type == "bool":
            return float(words[first] if address.bit is None else words[first] >> address.bit & 1)
        part = words[first : first + address.words]
        wire: float
        if address.type == "string":
            wire = decode_text(part, address.order)
        elif address.type in ("bcd16", "bcd32"):
            wire = decode_digits(part, address.order)
        else:
            wire = decode(part, address.type, address.order)
        return math.nan if wire == self.absent else wire * self.factor + self.offset

    def raw(self, words: Sequence[int], start: int) -> int:
        """Decode this item as the integer it is on the wire, exactly."""
        first = self.address.register_ - start
        return int(decode(words[first : first + self.address.words], self.address.type, self.address.order))


@dataclass(frozen=True, slots=True)
class Block:
    """One request: `count` registers or bits of one table of one unit, and the values in them."""

    unit: int
    function: int
    start: int
    count: int
    items: tuple[Item, ...]

    @property
    def name(self) -> str:
        """How messages call this block."""
        return f"unit {self.unit} function {self.function} address {self.start} count {self.count}"

    def without_gaps(self) -> tuple["Block", ...]:
        """Split into requests that touch no address the rig does not name."""
        limit = MAX_BITS if self.function in (1, 2) else MAX_REGISTERS
        return tuple(_merge(self.unit, self.function, self.items, gap=0, limit=limit))


def plan(device: Device, points: Sequence[Point]) -> tuple[Block, ...]:
    """Group a device's readable points into as few requests as the protocol's limits allow.

    A value is never split over two requests: its halves could come from different scans.

    Raises
    ------
    ValueError : a point cannot be read this way; the message names it
    """
    groups: dict[tuple[int, int], list[Item]] = {}
    for point in points:
        if point.modbus is None:
            raise ValueError(f"point {point.id}: device {device.id} speaks Modbus and needs a modbus address")
        if point.waveform is not None:
            raise ValueError(f"point {point.id}: waveforms are read over OPC UA only; give it an opcua address")
        if point.signal is None:
            continue
        try:
            unit = to_si(point.unit)
        except ValueError as error:
            raise ValueError(f"point {point.id}: {error}") from None
        address = point.modbus
        offset = unit.offset + address.offset * unit.factor
        item = Item(point.id, address, address.scale * unit.factor, offset, _absent(address))
        groups.setdefault((address.unit, FUNCTIONS[address.table]), []).append(item)
    if device.clock is not None:
        clock = device.clock.address
        item = Item(None, clock, 1.0, 0.0)
        groups.setdefault((clock.unit, FUNCTIONS[clock.table]), []).append(item)
    blocks: list[Block] = []
    for (unit_id, function), items in sorted(groups.items(), key=lambda group: group[0]):
        limit = device.modbus.max_bits if function in (1, 2) else device.modbus.max_registers
        blocks += _merge(unit_id, function, items, gap=GAP, limit=limit)
    # The clock first: data asked for later is never older than the time it is given.
    return tuple(sorted(blocks, key=lambda block: not any(item.point is None for item in block.items)))


def _absent(address: ModbusAddress) -> float | None:
    """Return the raw number that means "no value", where the rig says so: all ones may be a status word."""
    declared = address.not_available
    if declared == "none" or "not_available" not in address.model_fields_set:
        return None
    if declared == "usual":
        return marker(address.type)
    bits = 16 * address.words
    # 0x8000 and -32768 are the same register.
    wraps = address.type.startswith("i") and declared >= 2 ** (bits - 1)
    return declared - 2**bits if wraps else declared


def _merge(unit: int, function: int, items: Sequence[Item], *, gap: int, limit: int = MAX_REGISTERS) -> list[Block]:
    blocks: list[Block] = []
    run: list[Item] = []
    start = end = 0
    for item in sorted(items, key=lambda item: item.address.register_):
        first, last = item.address.register_, item.address.register_ + item.address.words
        if run and (first > end + gap or max(last, end) - start > limit):
            blocks.append(Block(unit, function, start, end - start, tuple(run)))
            run = []
        if not run:
            start, end = first, last
        run.append(item)
        end = max(end, last)
    if run:
        blocks.append(Block(unit, function, start, end - start, tuple(run)))
    return blocks
