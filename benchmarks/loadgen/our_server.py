"""Our Modbus TCP server with 200 holding registers; prints its port. With ``uvloop`` behind it, on that event loop."""

import asyncio
import sys

from emulator.devices.modbus.bank import RegisterBank
from emulator.devices.modbus.device import ModbusDevice
from emulator.devices.modbus.registers import MappedValue
from emulator.devices.modbus.server import ConnectionLimits, ModbusTcpServer
from emulator.devices.scaling import RegisterFormat


async def main() -> None:
    """Serve until killed."""
    values = [MappedValue(f"bench.v{i}", i, RegisterFormat("u16"), True, 0, 65535) for i in range(200)]
    bank = RegisterBank(holding_registers=values, write=lambda point, value: None)
    server = ModbusTcpServer(ModbusDevice({1: bank}), limits=ConnectionLimits(connections=256))
    await server.start()
    print(server.port, flush=True)
    await asyncio.Event().wait()


if "uvloop" in sys.argv[1:]:
    import uvloop

    uvloop.run(main())
else:
    asyncio.run(main())
