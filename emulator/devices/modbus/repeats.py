"""Reads a client repeats: checked once, then answered by one look-up and one slice.

A poller sends the same bytes for ever, but for the transaction id. Which registers those bytes ask for cannot
change while the device lives (its map is fixed), so the outcome of all checks can be kept; the values are
never kept, each answer is cut from the live registers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emulator.devices.modbus.registers import ModbusError

if TYPE_CHECKING:
    from emulator.devices.modbus.bank import Counters
    from emulator.devices.modbus.device import ModbusDevice

    # The header of the answer behind its transaction id, the live registers, who counts.
    Plan = tuple[bytes, memoryview, Counters]

# MBAP header and a read request.
REQUEST_SIZE: Final = 12
# A peer that asks for every block there is must not fill our memory.
_KEPT_MAX: Final = 1024


class RepeatedReads:
    """Plans of register reads over TCP by their bytes after the transaction id.

    The answer is the request's transaction id, then the plan's first two parts; the third counts it.
    """

    __slots__ = ("_device", "_plans")

    def __init__(self, device: ModbusDevice) -> None:
        self._device = device
        self._plans: dict[bytes, Plan] = device.plans

    def learn(self, data: bytes) -> None:
        """Keep how to answer ``data``, if it is one whole and valid register read."""
        bank = self._device.units.get(data[6])
        well_formed = len(data) == REQUEST_SIZE and data[2:6] == b"\0\0\0\6"
        if (
            bank is None
            or bank.listen_only
            or not well_formed
            or data[7] not in (3, 4)
            or len(self._plans) >= _KEPT_MAX
        ):
            return
        table = bank.holding_registers if data[7] == 3 else bank.input_registers
        address, quantity = int.from_bytes(data[8:10], "big"), int.from_bytes(data[10:12], "big")
        functions = bank.limits.functions
        if not 1 <= quantity <= bank.limits.registers or (functions is not None and data[7] not in functions):
            return
        try:
            table.read(address, quantity)
        except ModbusError:
            return
        count = 2 * quantity
        head = bytes((0, 0, 0, count + 3, data[6], data[7], count))
        self._plans[data[2:]] = head, memoryview(table.buffer)[2 * address : 2 * address + count], bank.counters
