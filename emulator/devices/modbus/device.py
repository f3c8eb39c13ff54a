"""A Modbus device: its units, how it answers a request, and how the device image fills its registers."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, Final, Literal

from emulator.devices.modbus.bank import File, Limits, RegisterBank
from emulator.devices.modbus.feed import ImageFeed
from emulator.devices.modbus.pdu import answer, exception
from emulator.devices.modbus.registers import Identification, MappedValue
from emulator.devices.register_text import BcdFormat, TextFormat
from emulator.devices.scaling import RegisterFormat

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.devices.image import DeviceImage
    from emulator.devices.modbus.registers import Format
    from rigs.devices.device import Device
    from rigs.devices.modbus import ModbusAddress, ModbusConstant, ModbusSettings
    from rigs.schema import Point

UnknownUnit = Literal["silence", "gateway", "same"]
GATEWAY_TARGET_FAILED_TO_RESPOND: Final = 0x0B
BROADCAST: Final = 0
_WRITES: Final = frozenset((5, 6, 15, 16, 22))
_MILLISECOND_NS: Final = 1_000_000


class ModbusDevice:
    """Units by id behind one connection or line.

    Parameters
    ----------
    units
        register banks by unit id.
    unknown_unit
        what a request to any other unit gets: "silence" as on a serial line, "gateway", exception 0B as from a
        gateway whose unit does not answer, or "same": the first unit's answer, as from a device that does not look.

    `plans` are repeated reads already checked, see `RepeatedReads`; a unit that goes silent empties them.
    """

    def __init__(self, units: dict[int, RegisterBank], *, unknown_unit: UnknownUnit = "gateway") -> None:
        self.units = units
        self.plans: dict[bytes, Any] = {}
        self._only = next(iter(units.values()), None) if unknown_unit == "same" else None
        self._unknown_code = GATEWAY_TARGET_FAILED_TO_RESPOND if unknown_unit == "gateway" else None

    def answer(self, unit: int, pdu: bytes) -> bytes | None:
        """Return the response PDU, or None where the device stays silent."""
        bank = self.units.get(unit, self._only)
        if bank is not None:
            reply = answer(bank, pdu)
            if reply is None:
                self.plans.clear()
            return reply
        return None if self._unknown_code is None else exception(pdu[0], self._unknown_code)

    def power(self, online: bool) -> None:
        """Lose power: counters and modes are gone with it."""
        if not online:
            for bank in self.units.values():
                bank.listen_only = False
                bank.counters.clear()

    def broadcast(self, pdu: bytes) -> None:
        """Carry out a write addressed to every unit; nobody answers (MB-SER V1.02, 2.1)."""
        if pdu[0] in _WRITES:
            for bank in self.units.values():
                answer(bank, pdu)
                bank.counters.no_responses += 1


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
    settings = device.modbus
    maps: dict[int, dict[str, list[MappedValue]]] = {}
    for point in image.points.values():
        if point.modbus is not None:
            _units_table(maps, point.modbus).append(_mapped(point))
    if device.clock is not None:
        address = device.clock.address
        _units_table(maps, address).append(MappedValue(None, address.register_, register_format(address)))
    for constant in settings.constants:
        _units_table(maps, constant.address).append(_constant(constant))
    for unit in {*(file.unit for file in settings.files), *(fifo.unit for fifo in settings.fifos)}:
        maps.setdefault(unit, {})
    units = {unit: _bank(device, unit, tables, image.write) for unit, tables in sorted(maps.items())}
    feed = ImageFeed(image, tearing=settings.tearing)
    for bank in units.values():
        feed.follow(bank)
    for fifo in settings.fifos:
        queue: deque[bytes] = deque(maxlen=fifo.depth)
        units[fifo.unit].queues[fifo.register_] = queue
        feed.queue(fifo.point, queue)
    if device.clock is not None:
        address = device.clock.address
        bank = units[address.unit]
        table = bank.input_registers if address.table == "input" else bank.holding_registers
        feed.keep_time(table, address.register_, step_ns=1 if device.clock.resolution == "ns" else _MILLISECOND_NS)
    feed.start()
    if unknown_unit is None and settings.unknown_unit != "usual":
        unknown_unit = settings.unknown_unit
    if unknown_unit is None:
        unknown_unit = "silence" if device.protocol == "modbus-rtu" else "gateway"
    made = ModbusDevice(units, unknown_unit=unknown_unit)
    image.on_power(made.power)
    return made


def register_format(address: ModbusAddress) -> Format:
    """Return how a value is written at an address.

    Raises
    ------
    ValueError
        The address holds a bit, or its mark for "no reading" does not fit its type.
    """
    match address.type:
        case "bool":
            raise ValueError(f"register {address.register_} of unit {address.unit} needs a number type, not bool")
        case "string":
            return TextFormat(address.words, address.order, address.scale, address.offset)
        case "bcd16" | "bcd32":
            return BcdFormat(address.type, address.order, address.scale, address.offset, address.not_available)
        case _:
            return RegisterFormat(address.type, address.order, address.scale, address.offset, address.not_available)


def _units_table(maps: dict[int, dict[str, list[MappedValue]]], address: ModbusAddress) -> list[MappedValue]:
    return maps.setdefault(address.unit, {}).setdefault(address.table, [])


def _bank(
    device: Device, unit: int, tables: dict[str, list[MappedValue]], write: Callable[[str, Any], None]
) -> RegisterBank:
    settings = device.modbus
    return RegisterBank(
        coils=tables.get("coil", ()),
        discrete_inputs=tables.get("discrete", ()),
        input_registers=tables.get("input", ()),
        holding_registers=tables.get("holding", ()),
        write=write,
        identification=_identification(device, unit),
        gaps_readable=settings.holes == "zero",
        read_only_code=settings.read_only,
        limits=_limits(settings),
        files={
            file.number: _file(file.content, file.records, file.writable)
            for file in settings.files
            if file.unit == unit
        },
    )


def _identification(device: Device, unit: int) -> Identification:
    said = next((identity for identity in device.identities if identity.unit == unit), None)
    if said is None:
        return Identification(product_code=device.id, revision="1.0")
    return Identification(
        said.vendor, said.product, said.revision, said.url, said.name, said.model, said.application,
        tuple(sorted(said.extended.items())),
    )  # fmt: skip


def _limits(settings: ModbusSettings) -> Limits:
    functions = None if settings.functions is None else frozenset(settings.functions)
    return Limits(
        settings.max_registers, settings.max_bits, settings.max_write_registers, settings.max_write_bits, functions
    )


def _file(content: tuple[int, ...], records: int, writable: bool) -> File:
    wire = b"".join(word.to_bytes(2, "big") for word in content[:records])
    return File(bytearray(wire.ljust(2 * records, b"\0")), writable)


def _constant(constant: ModbusConstant) -> MappedValue:
    address, value = constant.address, constant.value
    own = (constant.writable, *(constant.range or (float("-inf"), float("inf"))))
    if address.type == "bool":
        bit = b"\1" if value else b"\0"
        return MappedValue(None, address.register_, None, constant.writable, bit=address.bit, constant=bit)
    form = register_format(address)
    wire = form.text(value) if isinstance(form, TextFormat) and isinstance(value, str) else form.encode(float(value))
    return MappedValue(None, address.register_, form, *own, once=address.write_once, constant=wire)


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
        None if address.type == "bool" else register_format(address),
        writable,
        *point.range,
        bit=address.bit,
        once=address.write_once,
    )
