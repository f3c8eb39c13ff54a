"""How the device image fills the registers, scan by scan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emulator.devices.image import BAD_WAITING_FOR_INITIAL_DATA

if TYPE_CHECKING:
    from collections import deque

    from emulator.devices.image import DeviceImage
    from emulator.devices.modbus.bank import RegisterBank
    from emulator.devices.modbus.registers import BitTable, MappedValue, WordTable

_BAD: Final = 0x80000000
_NO_READING: Final = float("nan")


class ImageFeed:
    """Copies an image's readings into registers at each commit; clears them when the device loses power.

    Parameters
    ----------
    image
        whose readings.
    tearing
        a device whose scan copies a wide value one word at a time: every other commit changes the first word only,
        the next one the rest, so that half of the time a reader finds parts of two values.
    """

    def __init__(self, image: DeviceImage, *, tearing: bool = False) -> None:
        self._image = image
        self._tearing = tearing
        self._half = True
        self._taken: dict[str, bytes] = {}
        self._readings: list[tuple[str, BitTable | WordTable, MappedValue]] = []
        self._tables: list[BitTable | WordTable] = []
        self._queues: list[tuple[WordTable, MappedValue, deque[bytes]]] = []
        self._clock: tuple[WordTable, MappedValue] | None = None
        self._clock_step_ns = 1

    def follow(self, bank: RegisterBank) -> None:
        """Keep every value of `bank` that is a reading of the image up to date."""
        for table in bank.tables:
            self._tables.append(table)
            self._readings += [
                (value.point, table, value)
                for value in table.values
                if value.point is not None and value.point in self._image.readings
            ]

    def keep_time(self, table: WordTable, address: int, *, step_ns: int) -> None:
        """Write the image's time, in steps of `step_ns`, to the value at `address` of `table`."""
        self._clock = table, table.starts[address]
        self._clock_step_ns = step_ns

    def queue(self, point: str, queue: deque[bytes]) -> None:
        """Push the first register of a point's value into `queue` at each commit.

        Raises
        ------
        ValueError
            No register of this feed shows the point.
        """
        for name, table, value in self._readings:
            if name == point and value.format is not None:
                self._queues.append((table, value, queue))  # type: ignore[arg-type]  # formats live in word tables
                return
        raise ValueError(f"fifo of point {point!r}: no register shows it; name a point of its device")

    def start(self) -> None:
        """Fill once and subscribe to the image."""
        self.refresh()
        self._half = False
        self._image.on_commit(self._commit)
        self._image.on_power(self._power)

    def refresh(self) -> None:
        """Bring all registers to the image's present readings.

        Modbus has no quality: a bad reading shows as "no reading" (NaN, or the marker of the format), except before
        the first reading after power-up, when registers are still zero.
        """
        readings = self._image.readings
        for point, table, value in self._readings:
            reading = readings[point]
            number = reading.value
            if reading.status & _BAD and reading.status != BAD_WAITING_FOR_INITIAL_DATA:
                number = _NO_READING
            if self._tearing and value.width > 1:
                self._put_half(point, table, value, number)
            else:
                table.put(value, number)
        if self._clock is not None:
            clock, value = self._clock
            assert value.format is not None, "a clock register has a format"
            # A clock too wide for its register wraps, as counters do; it never sticks at the top.
            clock.put(value, self._image.t_ns // self._clock_step_ns % (1 << 16 * value.width))

    def _put_half(self, point: str, table: BitTable | WordTable, value: MappedValue, number: float) -> None:
        assert value.format is not None, "a wide value has a format"
        at = 2 * value.address
        if self._half:
            wire = self._taken.get(point) or value.format.encode(number)
            table.buffer[at : at + len(wire)] = wire
            return
        self._taken[point] = value.format.encode(number)
        table.buffer[at : at + 2] = self._taken[point][:2]

    def _commit(self) -> None:
        self.refresh()
        self._half = not self._half
        for table, value, queue in self._queues:
            at = 2 * value.address
            queue.append(bytes(table.buffer[at : at + 2]))

    def _power(self, online: bool) -> None:
        self._taken.clear()
        self._half = True
        for table in self._tables:
            table.restore()
        for _, _, queue in self._queues:
            queue.clear()
        self.refresh()
        self._half = False
