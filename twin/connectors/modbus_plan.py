"""Which registers to ask for in which requests, and how answers become readings. No sockets, no time."""

from collections.abc import Sequence
from dataclasses import dataclass

from rigs.devices.device import Device
from rigs.devices.modbus import ModbusAddress
from rigs.schema import Point
from twin.context.registers import decode
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

    `si = wire * scale * factor + offset`: the register's scale, then the unit's.
    """

    point: str | None
    address: ModbusAddress
    factor: float
    offset: float

    def value(self, words: Sequence[int], start: int) -> float:
        """Decode this item out of a block's answer that begins at address `start`; SI units."""
        first = self.address.register_ - start
        if self.address.type == "bool":
            return float(words[first])
        wire = decode(words[first : first + self.address.words], self.address.type, self.address.order)
        return wire * self.factor + self.offset

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
        return tuple(_merge(self.unit, self.function, self.items, gap=0))


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
        item = Item(point.id, point.modbus, point.modbus.scale * unit.factor, unit.offset)
        groups.setdefault((point.modbus.unit, FUNCTIONS[point.modbus.table]), []).append(item)
    if device.clock is not None:
        clock = device.clock.address
        item = Item(None, clock, 1.0, 0.0)
        groups.setdefault((clock.unit, FUNCTIONS[clock.table]), []).append(item)
    blocks: list[Block] = []
    for (unit_id, function), items in sorted(groups.items(), key=lambda group: group[0]):
        blocks += _merge(unit_id, function, items, gap=GAP)
    # The clock first: data asked for later is never older than the time it is given.
    return tuple(sorted(blocks, key=lambda block: not any(item.point is None for item in block.items)))


def _merge(unit: int, function: int, items: Sequence[Item], *, gap: int) -> list[Block]:
    limit = MAX_BITS if function in (1, 2) else MAX_REGISTERS
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
