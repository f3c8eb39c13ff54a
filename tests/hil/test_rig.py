"""A rig on real sockets: links before every TCP device, emulated or real; faults injected while clients read."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator
from typing import Any, Self
from urllib.parse import urlsplit

import httpx
import pytest
from asyncua import Client

from emulator.clock import LOCKSTEP_EPOCH_NS
from emulator.control import control_app
from emulator.http import HttpService
from hil.insertion.catalogue import all_kinds
from hil.rig import LiveRig
from rigs.load import load_rig
from rigs.schema import FaultSpec

pytestmark = [pytest.mark.wire, pytest.mark.slow_without_jit]
NAMESPACE = "urn:plantbench:pump_skid:plc1"


@contextlib.asynccontextmanager
async def live(binding: dict[str, str] | None = None, seed: int = 1, rig: Any = None) -> AsyncIterator[LiveRig]:
    """A rig alive, one block old; closed without leaving a task behind."""
    alive = LiveRig(rig or load_rig("pump_skid"), seed, LOCKSTEP_EPOCH_NS, binding)
    before = asyncio.all_tasks()
    try:
        await alive.start()
        alive.emulation.step()
        yield alive
    finally:
        await alive.stop()
        await asyncio.sleep(0)
        left = [task for task in asyncio.all_tasks() - before if "asyncua/client" not in repr(task)]
        assert not left, left


class Meter:
    """A Modbus TCP client in a few lines: its bytes are what is compared."""

    def __init__(self, url: str) -> None:
        self.port = urlsplit(url).port
        self.sent = 0
        self.heard = b""

    async def __aenter__(self) -> Self:
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.writer.close()
        with contextlib.suppress(ConnectionError):
            await self.writer.wait_closed()

    async def read(self, register: int, count: int, unit: int = 1, function: int = 4) -> bytes:
        """Answer to a read request, from the function code on."""
        self.sent += 1
        self.writer.write(struct.pack(">HHHBBHH", self.sent, 0, 6, unit, function, register, count))
        head = await self.reader.readexactly(6)
        body = await self.reader.readexactly(struct.unpack(">HHH", head)[2])
        self.heard += head + body
        return body[1:]

    async def clock_ms(self) -> int:
        """The drive's own clock [ms]."""
        return int.from_bytes((await self.read(100, 4))[2:], "big")


async def bounded(work: Any) -> None:
    async with asyncio.timeout(60):
        await work


def run(work: Any) -> None:
    asyncio.run(bounded(work))


# --- endpoints ---------------------------------------------------------------------------------------------


def test_every_tcp_device_stands_behind_a_link_and_is_announced():
    async def main() -> None:
        announced: list[tuple[str, str, str]] = []
        alive = LiveRig(load_rig("pump_skid"), 1, LOCKSTEP_EPOCH_NS)
        await alive.start(lambda *line: announced.append(line))
        try:
            assert [line[:2] for line in announced] == [
                ("plc1", "opcua"),
                ("drive1", "modbus-tcp"),
                ("bus1", "modbus-rtu"),
            ]
            assert {device: url for device, _, url in announced} == alive.endpoints
            assert alive.proxies.keys() == {"plc1", "drive1"}
            for name, proxy in alive.proxies.items():
                assert urlsplit(alive.endpoints[name]).port == proxy.address[1] != proxy.upstream[1]
            alive.emulation.step()
            async with Meter(alive.endpoints["drive1"]) as meter:
                assert await meter.clock_ms() == LOCKSTEP_EPOCH_NS // 10**6 + 100
            assert alive.proxies["drive1"].counters.connections == 1
        finally:
            await alive.stop()

    run(main())


def test_a_taken_port_is_named_and_what_was_open_is_closed():
    async def main() -> None:
        rig = load_rig("pump_skid")
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            devices = tuple(d.model_copy(update={"port": port if d.id == "drive1" else 0}) for d in rig.devices)
            alive = LiveRig(rig.model_copy(update={"devices": devices}), 1, LOCKSTEP_EPOCH_NS)
            with pytest.raises(OSError, match=f"cannot open port {port} for 'drive1': .*; free it or set port: 0"):
                await alive.start()
            await alive.stop()
        await asyncio.sleep(0)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    run(main())


# --- the same rig, another binding -------------------------------------------------------------------------


def test_a_real_device_and_emulated_neighbours_make_one_rig():
    """Another plant's drive, on a port of its own, is bound as this rig's real drive: clients see no difference."""

    async def main() -> None:
        async with live(seed=2) as elsewhere:
            real = elsewhere.endpoints["drive1"]
            async with live({"drive1": real}) as here, Meter(here.endpoints["drive1"]) as meter:
                assert here.endpoints.keys() == elsewhere.endpoints.keys()
                assert here.endpoints["drive1"] != real
                assert "drive1" not in here.emulation.images
                for _ in range(9):
                    elsewhere.emulation.step()
                # the clock is the other plant's: this one has advanced one block only
                assert await meter.clock_ms() == LOCKSTEP_EPOCH_NS // 10**6 + 1000
                assert here.proxies["drive1"].counters.bytes_down > 0
                assert elsewhere.proxies["drive1"].counters.connections == 1

    run(main())


def test_the_same_conversation_runs_on_either_binding():
    async def heard(binding: dict[str, str] | None) -> bytes:
        async with live(binding) as alive, Meter(alive.endpoints["drive1"]) as meter:
            for register in (0, 100, 9000):
                await meter.read(register, 4)
            return meter.heard

    async def main() -> None:
        async with live() as elsewhere:
            assert await heard({"drive1": elsewhere.endpoints["drive1"]}) == await heard(None)

    run(main())


def test_a_link_fault_acts_on_a_real_device_too():
    async def main() -> None:
        async with live(seed=2) as elsewhere, live({"drive1": elsewhere.endpoints["drive1"]}) as here:
            async with Meter(here.endpoints["drive1"]) as meter:
                await meter.clock_ms()
                here.emulation.desk.add(FaultSpec(kind="link_reset", on="drive1"))
                here.emulation.step()
                with pytest.raises(ConnectionError):
                    await meter.reader.readexactly(1)
            (fault,) = here.emulation.truth.faults
            assert (fault.kind, fault.on) == ("link_reset", "drive1")

    run(main())


# --- severity 0 on the wire --------------------------------------------------------------------------------

QUIET = sorted(kind for kind, fault in all_kinds().items() if fault.layer in ("protocol", "link"))


async def modbus_conversation(*kinds: str) -> bytes:
    async with live() as alive, Meter(alive.endpoints["drive1"]) as meter:
        for kind in kinds:
            configured(alive, kind, "drive1")
        for _ in range(3):
            alive.emulation.step()
            for register, function in ((0, 4), (100, 4), (0, 3), (9000, 4)):
                await meter.read(register, 4, function=function)
        return meter.heard


def configured(alive: LiveRig, kind: str, on: str) -> None:
    """Configure the fault at severity 0, and apply it at 0 by hand as well: the desk leaves such a fault alone."""
    fault = all_kinds()[kind]
    params: dict[str, Any] = {}
    try:
        fault(params)
    except ValueError:  # it is on a point, and must be told which
        params = {"point": "pump1.flow"}
    alive.emulation.desk.add(FaultSpec(kind=kind, on=on, severity=0.0, params=params))
    target = alive.emulation._target(fault.layer, on)
    fault(params).apply(target, 0.0, alive.emulation.t_ns)


async def nobody_changes(conversation: Any, kinds: list[str]) -> None:
    """Compare a conversation with all kinds at once with a plain one; if they differ, find out whose doing it is."""
    plain = await conversation()
    assert len(plain) >= 12
    if await conversation(*kinds) != plain:
        guilty = [kind for kind in kinds if await conversation(kind) != plain]
        pytest.fail(f"severity 0 of {', '.join(guilty) or 'several kinds together'} changed the wire")


def test_severity_0_of_all_faults_changes_no_byte_of_a_modbus_conversation():
    kinds = [kind for kind in QUIET if "modbus-tcp" in all_kinds()[kind].targets]
    assert len(kinds) > 20

    run(nobody_changes(modbus_conversation, kinds))


async def opcua_conversation(*kinds: str) -> list[bytes]:
    """Read results as they were on the wire: everything of an answer behind its header's wall-clock stamp."""
    taps: list[bytes] = []
    async with live() as alive:
        for kind in kinds:
            configured(alive, kind, "plc1")
        url = alive.endpoints["plc1"]
        client = Client(url, timeout=20)
        await client.connect()
        try:
            index = await client.get_namespace_index(NAMESPACE)
            paths = ("Pump1/Flow", "Tank1/Level", "Pid1/Auto", "Motor1/WindingTemperature")
            nodes = [
                await client.nodes.objects.get_child(
                    [f"{index}:plc1", *(f"{index}:{part}" for part in path.split("/"))]
                )
                for path in paths
            ]
            received = client.uaclient.protocol.data_received

            def tapped(data: bytes) -> None:
                taps.append(bytes(data))
                received(data)

            client.uaclient.protocol.data_received = tapped
            transport = client.uaclient.protocol.transport
            transport.set_protocol(client.uaclient.protocol)
            for _ in range(3):
                alive.emulation.step()
                for node in nodes:
                    await node.read_data_value(raise_on_bad_status=False)
        finally:
            await client.disconnect()
    return [results(message) for message in messages(b"".join(taps)) if message[24:28] == b"\x01\x00\x7a\x02"]


def messages(stream: bytes) -> list[bytes]:
    found = []
    while len(stream) >= 8:
        size = int.from_bytes(stream[4:8], "little")
        found.append(stream[:size])
        stream = stream[size:]
    return found


def results(message: bytes) -> bytes:
    """A ReadResponse (i=634) without secure channel and sequence numbers (24 bytes), stamp and request handle (12)."""
    return message[28 + 12 :]


def test_severity_0_of_all_faults_changes_no_byte_of_what_an_opc_ua_client_reads():
    kinds = [kind for kind in QUIET if "opcua" in all_kinds()[kind].targets]
    assert len(kinds) > 20

    run(nobody_changes(opcua_conversation, kinds))


# --- one fault per layer, over the control API, while a client reads ---------------------------------------


class Api:
    """The control API of a live rig, stepping it on request."""

    def __init__(self, alive: LiveRig) -> None:
        self.alive, self.paused = alive, True
        self.service = HttpService(control_app(alive.emulation, self, alive.endpoints))

    async def step(self, blocks: int) -> None:
        for _ in range(blocks):
            self.alive.emulation.step()
            await asyncio.sleep(0)

    async def __aenter__(self) -> Self:
        self.client = httpx.AsyncClient(base_url=await self.service.start(), trust_env=False)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.client.aclose()
        await self.service.stop()

    async def advance(self, blocks: int = 1) -> None:
        assert (await self.client.post("/clock/step", json={"blocks": blocks})).status_code == 200

    async def inject(self, kind: str, on: str, **more: Any) -> int:
        answer = await self.client.post("/faults", json={"kind": kind, "on": on} | more)
        assert answer.status_code == 201, answer.text
        await self.advance()
        return int(answer.json()["id"])

    async def clear(self, number: int) -> None:
        assert (await self.client.delete(f"/faults/{number}")).status_code == 204
        await self.advance()

    async def truth(self) -> list[tuple[str, str, str, bool]]:
        faults = (await self.client.get("/truth")).json()["faults"]
        return [(f["layer"], f["kind"], f["on"], f["cleared_ns"] is not None) for f in faults]


def test_faults_of_the_device_its_protocol_and_its_link_reach_a_client_that_reads_and_leave_it():
    async def main() -> None:
        async with live() as alive, Api(alive) as api:
            async with Meter(alive.endpoints["drive1"]) as meter:
                before = await meter.clock_ms()
                number = await api.inject("device_freeze", "drive1")
                assert await meter.clock_ms() == before
                await api.clear(number)
                assert await meter.clock_ms() > before

                number = await api.inject("modbus_exception", "drive1", params={"code": 6})
                assert await meter.read(100, 4) == b"\x84\x06"
                await api.clear(number)
                assert (await meter.read(100, 4))[0] == 4

                number = await api.inject("link_blackhole", "drive1", params={"direction": "down"})
                reading = asyncio.create_task(meter.read(100, 4))
                swallowed = alive.proxies["drive1"].counters
                while not swallowed.swallowed_down:  # noqa: ASYNC110 - the counter is all there is to see
                    await asyncio.sleep(0)
                assert not reading.done()
                await api.clear(number)
                with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
                    await reading
            async with Meter(alive.endpoints["drive1"]) as meter:
                number = await api.inject("link_latency", "drive1", params={"latency_ms": 600_000})
                reading = asyncio.create_task(meter.read(100, 4))
                counters = alive.proxies["drive1"].counters
                heard = counters.bytes_down
                while counters.bytes_down == heard:  # noqa: ASYNC110 - as above
                    await asyncio.sleep(0)
                assert not reading.done()
                await api.clear(number)
                assert (await reading)[0] == 4
            assert await api.truth() == [
                ("device", "device_freeze", "drive1", True),
                ("protocol", "modbus_exception", "drive1", True),
                ("link", "link_blackhole", "drive1", True),
                ("link", "link_latency", "drive1", True),
            ]
            counted = (await api.client.get("/truth")).json()["faults"][1]["inserted"]
            assert counted == 1

    run(main())


def test_a_restart_drops_the_client_and_the_device_is_back_after_its_boot_time():
    async def main() -> None:
        async with live() as alive, Api(alive) as api:
            async with Meter(alive.endpoints["drive1"]) as meter:
                await meter.clock_ms()
                await api.inject("device_restart", "drive1", params={"boot_s": 1.0}, duration_s=2.0)
                with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
                    await meter.clock_ms()
            await api.advance(25)
            async with Meter(alive.endpoints["drive1"]) as meter:
                assert await meter.clock_ms() > LOCKSTEP_EPOCH_NS // 10**6

    run(main())


def test_faults_of_machine_and_sensor_reach_an_opc_ua_client_that_reads():
    async def main() -> None:
        async with live() as alive, Api(alive) as api:
            client = Client(alive.endpoints["plc1"], timeout=20)
            await client.connect()
            try:
                index = await client.get_namespace_index(NAMESPACE)
                flow = await client.nodes.objects.get_child([f"{index}:plc1", f"{index}:Pump1", f"{index}:Flow"])
                number = await api.inject("sensor_stuck", "pump1.flow")
                held = {(await flow.read_value(), await api.advance())[0] for _ in range(5)}
                assert len(held) == 1
                await api.clear(number)
                free = {(await flow.read_value(), await api.advance())[0] for _ in range(5)}
                assert len(free) > 1

                healthy = await flow.read_value()
                await api.inject("suction_clogging", "suction1")
                await api.advance(50)
                assert await flow.read_value() < healthy - 1.0
            finally:
                await client.disconnect()
            assert [(layer, kind) for layer, kind, *_ in await api.truth()] == [
                ("sensor", "sensor_stuck"),
                ("physics", "suction_clogging"),
            ]

    run(main())
