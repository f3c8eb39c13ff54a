"""A Modbus device: its units, how it answers a request, and how the device image fills its registers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

from emulator.devices.image import BAD_WAITING_FOR_INITIAL_DATA
from emulator.devices.modbus.pdu import answer, exception
from emulator.devices.modbus.registers import BitTable, Identification, MappedValue, RegisterBank, WordTable
from emulator.devices.scaling import RegisterFormat

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.devices.image import DeviceImage
    from rigs.devices.device import Device
    from rigs.devices.modbus import ModbusAddress
    from rigs.schema import Point

UnknownUnit = Literal["silence", "gateway"]
GATEWAY_TARGET_FAILED_TO_RESPOND: Final = 0x0B
BROADCAST: Final = 0
_WRITES: Final = frozenset((5, 6, 15, 16, 22))
_BAD: Final = 0x80000000
_NO_READING: Final = float("nan")
_MILLISECOND_NS: Final = 1_000_000


class ModbusDevice:
    """Units by id behind one connection or line.

    Parameters
    ----------
    units
        register banks by unit id.
    unknown_unit
        what a request to any other unit gets: "silence" as on a serial line, or "gateway", exception 0B as
        from a gateway whose unit does not answer.
    """

    def __init__(self, units: dict[int, RegisterBank], *, unknown_unit: UnknownUnit = "gateway") -> None:
        self.units = units
        self._unknown_code = GATEWAY_TARGET_FAILED_TO_RESPOND if unknown_unit == "gateway" else None

    def answer(self, unit: int, pdu: bytes) -> bytes | None:
        """Return the response PDU, or None where the device stays silent."""
        bank = self.units.get(unit)
        if bank is not None:
            return answer(bank, pdu)
        return None if self._unknown_code is None else exception(pdu[0], self._unknown_code)

    def broadcast(self, pdu: bytes) -> None:
        """Carry out a write addressed to every unit; nobody answers (MB-SER V1.02, 2.1)."""
        if pdu[0] in _WRITES:
            for bank in self.units.values():
                answer(bank, pdu)


class ImageFeed:
    """Copies an image's readings into registers at each commit; clears them when the device loses power."""

    def __init__(self, image: DeviceImage) -> None:
        self._image = image
        self._readings: list[tuple[str, BitTable | WordTable, MappedValue]] = []
        self._tables: list[BitTable | WordTable] = []
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

    def start(self) -> None:
        """Fill once and subscribe to the image."""
        self.refresh()
        self._image.on_commit(self.refresh)
        self._image.on_power(self._power)

    def refresh(self) -> None:
        """Bring all registers to the image's present readings.

        Modbus has no quality: a bad reading shows as "no reading" (NaN, or the integer marker of the format),
        except before the first reading after power-up, when registers are still zero.
        """
        readings = self._image.readings
        for point, table, value in self._readings:
            reading = readings[point]
            number = reading.value
            if reading.status & _BAD and reading.status != BAD_WAITING_FOR_INITIAL_DATA:
                number = _NO_READING
            table.put(value, number)
        if self._clock is not None:
            table, value = self._clock
            assert value.format is not None, "a clock register has a format"
            # A clock too wide for its register wraps, as counters do; it never sticks at the top.
            table.put(value, self._image.t_ns // self._clock_step_ns % (1 << 16 * value.width))

    def _power(self, online: bool) -> None:
        for table in self._tables:
            table.buffer[:] = bytes(len(table.buffer))
        self.refresh()


def device_from_rig(image: DeviceImage, *, unknown_unit: UnknownUnit | None = None) -> ModbusDevice:
    """Return the Modbus face of an image's device, registers filled and following the image from now on.

    Parameters
    ----------
    image
        the device and its points; points without a Modbus address are not its.
    unknown_unit
        see `ModbusDevice`; by default exception 0B over TCP and silence on a serial line.

    Raises
    ------
    ValueError
        Two points overlap, a point carries a waveform, or a bit is asked to be scaled; the message names the
        point.
    """
    device = image.device
    maps: dict[int, dict[str, list[MappedValue]]] = {}
    for point in image.points.values():
        if point.modbus is not None:
            _units_table(maps, point.modbus).append(_mapped(point))
    if device.clock is not None:
        address = device.clock.address
        _units_table(maps, address).append(MappedValue(None, address.register_, _format(address)))
    units = {unit: _bank(device, unit, tables, image.write) for unit, tables in sorted(maps.items())}
    feed = ImageFeed(image)
    for bank in units.values():
        feed.follow(bank)
    if device.clock is not None:
        address = device.clock.address
        bank = units[address.unit]
        table = bank.input_registers if address.table == "input" else bank.holding_registers
        feed.keep_time(table, address.register_, step_ns=1 if device.clock.resolution == "ns" else _MILLISECOND_NS)
    feed.start()
    if unknown_unit is None:
        unknown_unit = "silence" if device.protocol == "modbus-rtu" else "gateway"
    return ModbusDevice(units, unknown_unit=unknown_unit)


def _units_table(maps: dict[int, dict[str, list[MappedValue]]], address: ModbusAddress) -> list[MappedValue]:
    return maps.setdefault(address.unit, {}).setdefault(address.table, [])


def _bank(
    device: Device, unit: int, tables: dict[str, list[MappedValue]], write: Callable[[str, Any], None]
) -> RegisterBank:
    said = next((identity for identity in device.identities if identity.unit == unit), None)
    return RegisterBank(
        coils=tables.get("coil", ()),
        discrete_inputs=tables.get("discrete", ()),
        input_registers=tables.get("input", ()),
        holding_registers=tables.get("holding", ()),
        write=write,
        identification=Identification(product_code=device.id, revision="1.0")
        if said is None
        else Identification(said.vendor, said.product, said.revision, product_name=said.name),
    )


def _mapped(point: Point) -> MappedValue:
    address = point.modbus
    assert address is not None, "only points with a Modbus address come here"
    if point.waveform is not None:
        raise ValueError(f"point {point.id}: a waveform does not fit a Modbus register; give it an opcua address")
    writable = point.write is not None and address.table in ("coil", "holding")
    if point.write is not None and not writable:
        raise ValueError(f"point {point.id}: table {address.table} cannot be written; use coil or holding")
    return MappedValue(
        point.id,
        address.register_,
        None if address.type == "bool" else _format(address),
        writable,
        *point.range,
    )


def _format(address: ModbusAddress) -> RegisterFormat:
    if address.type == "bool":
        raise ValueError(f"register {address.register_} of unit {address.unit} needs a number type, not bool")
    return RegisterFormat(address.type, address.order, address.scale)
