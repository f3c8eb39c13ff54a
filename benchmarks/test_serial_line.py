"""How close a paced line comes to the time its characters take: transactions over a pseudo-terminal.

A master in a process of its own, as a client is, asks through the terminal as fast as the line lets it; what is
measured is the time from its first byte to the last byte of the answer, against the time that request, silence and
answer take on a real line. Run: ``pytest benchmarks/test_serial_line.py -s``.
"""

import asyncio
import json
import os
import statistics
import sys

import pytest

from emulator.devices.modbus.bank import RegisterBank
from emulator.devices.modbus.device import ModbusDevice
from emulator.devices.modbus.registers import MappedValue
from emulator.devices.modbus.rtu import ModbusRtuServer
from emulator.devices.modbus.rtu_codec import frame
from emulator.devices.scaling import RegisterFormat
from emulator.devices.serial.timing import LineTiming

COUNT = int(os.environ.get("PLANTBENCH_BENCH_TRANSACTIONS", "200"))
REGISTERS = 125
LATE_MAX = 0.02

MASTER = """
import json, os, select, sys, time
fd = os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY)
request, size, count = bytes.fromhex(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
took = []
for _ in range(count):
    got, began = 0, time.perf_counter()
    os.write(fd, request)
    while got < size:
        got += len(os.read(fd, 4096))
    took.append(time.perf_counter() - began)
    time.sleep(0.002)
print(json.dumps(took))
"""


@pytest.mark.parametrize("baud", [19200, 115200])
def test_transactions_take_the_time_of_their_characters(baud, capsys):
    values = [MappedValue(f"v{k}", k, RegisterFormat("u16", "ABCD", 1.0)) for k in range(REGISTERS)]
    device = ModbusDevice({1: RegisterBank(holding_registers=values, write=lambda point, value: None)})
    server = ModbusRtuServer(device, timing=LineTiming(baud))
    request = frame(1, bytes((3, 0, 0, 0, REGISTERS)))
    size = 5 + 2 * REGISTERS
    count = COUNT if baud > 19200 else COUNT // 5

    async def main():
        await server.start()
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-c", MASTER, server.url, request.hex(), str(size), str(count),
                stdout=asyncio.subprocess.PIPE,
            )  # fmt: skip
            output, _ = await process.communicate()
        finally:
            await server.stop()
        return json.loads(output)

    took = asyncio.run(main())
    line_s = (len(request) + size) * server.timing.character_s + server.timing.t3_5_s
    ratio, worst = statistics.median(took) / line_s, max(took) / line_s
    mean = statistics.fmean(took) / line_s
    with capsys.disabled():
        print(f"\n{baud} baud, {count} transactions: {ratio:.4f} of line time (mean {mean:.4f}, worst {worst:.3f})")
    assert min(took) >= line_s * 0.999
    assert ratio <= 1.0 + LATE_MAX
