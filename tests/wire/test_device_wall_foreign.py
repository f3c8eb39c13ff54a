"""The shipped rig device_wall as strangers see it: mbpoll and pymodbus read every profile, over TCP and one RS-485 pair.

The layouts asked for here are written down from the standards and the makers' habits the profiles follow, not taken
from our files.
"""

import asyncio
import os
from urllib.parse import urlsplit

import pytest
from pymodbus.client import ModbusSerialClient, ModbusTcpClient

from emulator.clock import LOCKSTEP_EPOCH_NS
from hil.rig import LiveRig
from rigs.load import load_rig

pytestmark = [pytest.mark.wire, pytest.mark.slow_without_jit]
UNITS = {"oven1": 1, "vibration1": 2, "flow1": 3}


def wall(talk):
    """Run `talk(client_of, step, signals, alive)` in a thread while the rig stands, stepped on request."""

    async def main():
        alive = LiveRig(load_rig("device_wall"), 1, LOCKSTEP_EPOCH_NS)
        await alive.start()
        loop = asyncio.get_running_loop()

        def step(blocks=2):
            for _ in range(blocks):
                asyncio.run_coroutine_threadsafe(asyncio.to_thread(alive.emulation.step), loop).result(20)

        clients = {}

        def client_of(name):
            url = alive.endpoints[name]
            if url not in clients:
                port = urlsplit(url).port
                clients[url] = (
                    ModbusTcpClient("127.0.0.1", port=port, timeout=3, retries=0)
                    if port
                    # A pseudo-terminal has no parity, and pyserial insists where it is asked for.
                    else ModbusSerialClient(url, baudrate=19200, parity="N", timeout=3, retries=0)
                )
                assert clients[url].connect()
            return clients[url]

        def work():
            try:
                talk(client_of, step, alive)
            finally:
                for client in clients.values():
                    client.close()

        try:
            alive.emulation.step()
            await asyncio.wait_for(asyncio.to_thread(work), 60)
        finally:
            await alive.stop()

    asyncio.run(main())


def number(client, words, kind, order="big"):
    return client.convert_from_registers(words, getattr(client.DATATYPE, kind), word_order=order)


def test_pymodbus_walks_the_wall():
    def talk(client_of, step, alive):
        signals = alive.emulation.plant.signals

        # SunSpec: the mark, then models by their own lengths up to the end mark.
        sun = client_of("inverter1")
        assert number(sun, sun.read_holding_registers(40000, count=2).registers, "STRING") == "SunS"
        models, at = {}, 40002
        while (head := sun.read_holding_registers(at, count=2).registers)[0] != 0xFFFF:
            models[head[0]] = sun.read_holding_registers(at + 2, count=head[1]).registers
            at += 2 + head[1]
        assert {model: len(block) for model, block in models.items()} == {1: 66, 103: 50}
        assert head[1] == 0
        texts = [models[1][a:b] for a, b in ((0, 16), (16, 32), (32, 40), (40, 48), (48, 64))]
        assert [number(sun, text, "STRING") for text in texts] == ["plantbench", "PV-60", "", "1.12", "PB60-002117"]
        inverter = models[103]

        def scaled(index, factor):
            raw, exponent = number(sun, [inverter[index]], "INT16"), number(sun, [inverter[factor]], "INT16")
            return raw * 10.0**exponent

        assert scaled(12, 13) == pytest.approx(signals["room1.sun"], abs=6)
        assert scaled(0, 4) == pytest.approx(signals["room1.sun_current"], abs=0.06)
        assert scaled(8, 11) == pytest.approx(230.9)
        assert scaled(14, 15) == pytest.approx(50.02)
        assert scaled(20, 21) == pytest.approx(100.0)  # per cent, by the model
        assert number(sun, inverter[22:24], "UINT32") == 412233100
        assert inverter[32] == 0x8000  # an int16 that is not implemented
        assert inverter[36] == 4

        # A meter's floats, big end first; settings in its other table; where its map has holes, 02.
        meter = client_of("meter1")
        assert number(meter, meter.read_input_registers(0, count=2).registers, "FLOAT32") == pytest.approx(230.4)
        power = number(meter, meter.read_input_registers(52, count=2).registers, "FLOAT32")
        assert power == pytest.approx(signals["motor1.active_power_w"], rel=0.02)
        assert number(meter, meter.read_holding_registers(64512, count=2).registers, "UINT32") == 21350077
        assert meter.read_input_registers(36, count=2).exception_code == 2
        assert meter.read_input_registers(30, count=12).exception_code == 2
        assert meter.read_holding_registers(0, count=81).exception_code == 3

        # A drive: words exchanged in its counters, a bit of the status word that follows the machine, a name.
        drive = client_of("drive1")
        assert drive.read_holding_registers(100, count=1).registers[0] == 567
        assert number(drive, drive.read_holding_registers(112, count=2).registers, "UINT32", "little") == 18221
        assert number(drive, drive.read_holding_registers(1010, count=10).registers, "STRING") == "VFD-55-400-IP54"
        speed = number(drive, drive.read_holding_registers(101, count=1).registers, "INT16") * 0.1
        assert speed == pytest.approx(signals["motor1.speed_rad_s"] * 60 / 6.283185307, rel=0.01)
        assert drive.write_register(1000, 5).exception_code == 2

        # A soft starter: date in decimals, 20 registers at most, a command that arrives at the plant.
        starter = client_of("starter1")
        assert starter.read_input_registers(21, count=2).registers == [0x2024, 0x0517]
        assert number(starter, starter.read_input_registers(10, count=2).registers, "UINT32", "little") == 4211
        assert starter.read_input_registers(0, count=21).exception_code == 3
        assert starter.read_coils(0, count=65).exception_code == 3
        assert starter.read_discrete_inputs(0, count=4).bits[:4] == [True, False, False, False]
        assert not starter.write_coil(0, True).isError()
        step()
        assert alive.emulation.plant.signals["room1.conveyor"] == 1.0
        assert starter.read_discrete_inputs(0, count=4).bits[:4] == [True, False, True, False]
        assert starter.read_coils(0, count=1).bits[0] is True

        # A station reads zero where nothing is, and an open wire by its mark.
        station = client_of("station1")
        words = station.read_input_registers(0, count=12).registers
        assert words[1:4] == [9120, 20011, 0x8000]
        assert words[8:] == [0, 0, 0, 0]
        assert station.read_discrete_inputs(0, count=8).bits == [True, False, False, True] + [False] * 4
        assert not station.write_registers(0, [100, 0xFFFE]).isError()
        assert station.read_holding_registers(0, count=2).registers == [100, 0xFFFE]

        # Three on one pair.
        pair = client_of("oven1")
        oven = pair.read_holding_registers(1, count=3, device_id=1).registers
        assert oven[0] * 0.1 == pytest.approx(signals["room1.oven"] - 273.15, abs=0.2)
        assert pair.read_coils(0, count=1, device_id=1).bits[0] is True
        assert pair.read_holding_registers(100, count=33, device_id=1).exception_code == 3
        assert not pair.write_register(2, 900, device_id=1).isError()
        velocity = number(pair, pair.read_input_registers(0, count=2, device_id=2).registers, "FLOAT32", "little")
        assert velocity == pytest.approx(1e3 * signals["room1.velocity_1"], rel=0.1)
        assert pair.read_holding_registers(0, count=2, device_id=2).registers == [45, 71]
        flow = number(pair, pair.read_holding_registers(2008, count=2, device_id=3).registers, "FLOAT32")
        assert flow == pytest.approx(3600 * signals["pump1.flow_m3_s"], rel=0.02)
        total = pair.read_holding_registers(2610, count=4, device_id=3).registers
        assert number(pair, total, "FLOAT64") == pytest.approx(918223.42)
        tag = pair.read_holding_registers(2026, count=16, device_id=3).registers
        assert number(pair, tag, "STRING") == "FIT-101"
        assert pair.read_holding_registers(2009, count=1, device_id=3).isError() is False
        assert pair.write_register(2100, 1, device_id=3).exception_code == 3
        step()
        assert alive.emulation.plant.signals["room1.oven_setpoint"] == pytest.approx(273.15 + 90.0)

        # Each says who it is.
        said = {}
        for device in alive.rig.devices:
            answer = client_of(device.id).read_device_information(
                read_code=2, object_id=0, device_id=UNITS.get(device.id, 1)
            )
            said[device.id] = tuple(answer.information[number] for number in (0, 1, 2))
        assert said == {
            "meter1": (b"plantbench", b"EM-3", b"2.1"),
            "drive1": (b"plantbench", b"VFD-55", b"4.07"),
            "inverter1": (b"plantbench", b"PV-60", b"1.12"),
            "starter1": (b"plantbench", b"SS-90", b"5.0"),
            "station1": (b"plantbench", b"RIO-8", b"1.9"),
            "oven1": (b"plantbench", b"TC-2", b"3.3"),
            "vibration1": (b"plantbench", b"VT-20", b"1.4"),
            "flow1": (b"plantbench", b"FM-100", b"2.0"),
        }

    wall(talk)


def test_mbpoll_reads_the_wall(foreign):
    mbpoll = foreign("mbpoll", "apt-get install mbpoll")
    import subprocess

    def talk(client_of, step, alive):
        def poll(name, *options, unit=1):
            url = alive.endpoints[name]
            port = urlsplit(url).port
            where = ["-m", "tcp", "-p", str(port), "127.0.0.1"] if port else ["-m", "rtu", "-P", "even", url]
            command = [mbpoll, "-0", "-1", "-q", "-o", "3", "-a", str(unit), *options, *where]
            run = subprocess.run(
                command, check=False, capture_output=True, text=True, timeout=20, env=os.environ | {"LC_ALL": "C"}
            )
            return [line.split("\t")[-1].strip() for line in run.stdout.splitlines() if line.startswith("[")] or (
                run.stderr + run.stdout
            )

        assert poll("inverter1", "-t", "4:hex", "-r", "40000", "-c", "4") == ["0x5375", "0x6E53", "0x0001", "0x0042"]
        assert poll("meter1", "-t", "3:float", "-B", "-r", "2", "-c", "2") == ["229.8", "231.1"]
        assert poll("drive1", "-t", "4:int", "-r", "114", "-c", "1") == ["402117"]
        assert "Illegal data address" in poll("drive1", "-t", "4", "-r", "50", "-c", "1")
        assert poll("station1", "-t", "1", "-r", "0", "-c", "4") == ["1", "0", "0", "1"]
        # Three units of one pair, in one go.
        assert poll("oven1", "-t", "4", "-r", "13", "-c", "2") == ["950", "600"]
        assert poll("vibration1", "-t", "3:float", "-r", "2", "-c", "2", unit=2) == ["6.1", "24.3"]
        assert poll("flow1", "-t", "4:float", "-B", "-r", "2202", "-c", "2", unit=3) == ["1", "120"]

    wall(talk)
