"""Insertions that know what the registers mean: wide values with their words exchanged or torn, frozen registers."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from emulator.devices.modbus.misbehaviour import Exchange, Insertion

if TYPE_CHECKING:
    from collections.abc import Iterator

    from emulator.devices.modbus.registers import MappedValue, WordTable

_READS: Final = frozenset((3, 4))
# A client that asks for everything there is must not fill our memory.
_KEPT_MAX: Final = 4096


class _RegisterInsertion(Insertion):
    def __init__(self, *, unit: int | None = None, functions: frozenset[int] | None = None) -> None:
        super().__init__(unit=unit, functions=_READS if functions is None else functions & _READS)

    @staticmethod
    def _read(exchange: Exchange) -> tuple[WordTable, int, bytearray] | None:
        """Return the table read, the first address, and a copy of the answer's registers."""
        bank = exchange.device.units.get(exchange.unit)
        if not exchange.data or exchange.reply is None or bank is None or len(exchange.request) != 5:
            return None
        table = bank.holding_registers if exchange.function == 3 else bank.input_registers
        return table, int.from_bytes(exchange.request[1:3], "big"), bytearray(exchange.reply[2:])

    @staticmethod
    def _wide(table: WordTable, start: int, data: bytearray) -> Iterator[tuple[MappedValue, int]]:
        """Yield the values of several registers that lie wholly in the answer, with their first byte's place."""
        stop = start + len(data) // 2
        for address in range(start, stop):
            value = table.starts.get(address)
            if value is not None and value.width in (2, 4) and address + value.width <= stop:
                yield value, 2 * (address - start)


class WordOrder(_RegisterInsertion):
    """32- and 64-bit values come with their words the other way round, as after a gateway's update [M27]."""

    kind: ClassVar[str] = "modbus_word_order"

    def act(self, exchange: Exchange) -> str | None:
        """Reverse the words of each wide value in the answer."""
        read = self._read(exchange)
        if read is None or exchange.reply is None:
            return None
        table, start, data = read
        count = 0
        for value, at in self._wide(table, start, data):
            words = [data[at + 2 * k : at + 2 * k + 2] for k in range(value.width)]
            data[at : at + 2 * value.width] = b"".join(reversed(words))
            count += 1
        exchange.reply = exchange.reply[:2] + bytes(data)
        return f"words of {count} values exchanged" if count else None


class TornValue(_RegisterInsertion):
    """The first word of each wide value is the one that the last answer hit had, the rest is today's [M28]."""

    kind: ClassVar[str] = "modbus_torn_value"

    def __init__(self, *, unit: int | None = None, functions: frozenset[int] | None = None) -> None:
        super().__init__(unit=unit, functions=functions)
        self._first: dict[tuple[int, str, int], bytes] = {}

    def act(self, exchange: Exchange) -> str | None:
        """Exchange the first words for old ones."""
        read = self._read(exchange)
        if read is None or exchange.reply is None:
            return None
        table, start, data = read
        count = 0
        for value, at in self._wide(table, start, data):
            key = (exchange.unit, table.name, value.address)
            new = bytes(data[at : at + 2])
            old = self._first.get(key, new)
            if key in self._first or len(self._first) < _KEPT_MAX:
                self._first[key] = new
            data[at : at + 2] = old
            count += old != new
        exchange.reply = exchange.reply[:2] + bytes(data)
        return f"{count} values torn" if count else None

    def forget(self) -> None:
        """Begin anew."""
        self._first.clear()


class FrozenRegisters(_RegisterInsertion):
    """Registers keep answering what they held when the fault began, and the link looks well [M32]."""

    kind: ClassVar[str] = "modbus_frozen_registers"

    def __init__(
        self, first: int = 0, last: int = 65535, *, unit: int | None = None, functions: frozenset[int] | None = None
    ) -> None:
        super().__init__(unit=unit, functions=functions)
        self.first, self.last = first, last
        self._kept: dict[tuple[int, str], bytes] = {}

    def act(self, exchange: Exchange) -> str | None:
        """Answer out of the copy; the first hit makes it."""
        read = self._read(exchange)
        if read is None or exchange.reply is None:
            return None
        table, start, data = read
        kept = self._kept.setdefault((exchange.unit, table.name), bytes(table.buffer))
        first, stop = max(self.first, start), min(self.last + 1, start + len(data) // 2)
        if first >= stop:
            return None
        data[2 * (first - start) : 2 * (stop - start)] = kept[2 * first : 2 * stop]
        exchange.reply = exchange.reply[:2] + bytes(data)
        return f"registers {first} to {stop - 1} as they were"

    def forget(self) -> None:
        """Drop the copy."""
        self._kept.clear()
