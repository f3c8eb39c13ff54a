"""mosquitto and paho as clients of our broker, and mosquitto as the broker of our node: other people's MQTT."""

import asyncio
import contextlib
import socket
import ssl
import subprocess
import tempfile
from pathlib import Path
from types import SimpleNamespace

import paho.mqtt.client as paho
import pytest

from emulator.devices.certificates import TlsCertificates
from emulator.devices.faces import Setting
from emulator.devices.image import GOOD, DeviceImage, Reading
from emulator.devices.mqtt.accounts import Accounts
from emulator.devices.mqtt.broker import Broker
from emulator.devices.mqtt.face import MqttFace
from emulator.devices.mqtt.misbehaviour import Misbehaviour
from emulator.devices.mqtt.packets import Publish
from emulator.devices.mqtt.server import BrokerServer
from emulator.devices.timers import PacedTimers
from emulator.devices.tls import WHATS, Door, TlsTrouble
from emulator.streams import Streams
from hil.traces.sparkplug import describe
from rigs.devices.device import Device
from rigs.schema import Point
from tests.oracles.sparkplug import plain

pytestmark = pytest.mark.wire
ENTRY = {
    "id": "a.v",
    "device": "d1",
    "asset": "a",
    "quantity": "v",
    "signal": "x",
    "range": (0.0, 100.0),
    "write": "a.v",
}
POINT = Point.model_validate(ENTRY | {"mqtt": {"metric": "V", "device": "dev"}})


@contextlib.asynccontextmanager
async def broker(tls=None):
    made = BrokerServer(
        Broker(Accounts((), lambda: 0.0), PacedTimers(), Misbehaviour(lambda *_: 0.0, lambda *_: None)), tls=tls
    )
    url = await made.start()
    try:
        yield made, int(url.rsplit(":", 1)[1])
    finally:
        await made.stop()


async def run(*command):
    process = await asyncio.create_subprocess_exec(*map(str, command), stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    out, _ = await asyncio.wait_for(process.communicate(), 10)
    return process.returncode, out.decode()


async def until(true):
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110 - other threads make it true
            await asyncio.sleep(0.005)


@pytest.fixture
def mosquitto_sub(foreign):
    return foreign("mosquitto_sub", "apt-get install mosquitto-clients")


@pytest.fixture
def mosquitto_pub(foreign):
    return foreign("mosquitto_pub", "apt-get install mosquitto-clients")


@pytest.mark.parametrize("version", ["mqttv311", "mqttv5"])
@pytest.mark.parametrize("qos", ["0", "1", "2"])
def test_mosquittos_clients_hear_each_other_through_our_broker(mosquitto_sub, mosquitto_pub, version, qos):
    async def main():
        async with broker() as (server, port):
            where = ("-h", "127.0.0.1", "-p", port, "-V", version, "-q", qos)
            reading = asyncio.create_task(run(mosquitto_sub, *where, "-t", "a/+", "-C", "2", "-F", "%t %q %r %p"))
            await until(lambda: any(session.subscriptions for session in server.broker.sessions.values()))
            for word in ("one", "two"):
                code, out = await run(mosquitto_pub, *where, "-t", f"a/{word}", "-m", word)
                assert code == 0, out
            assert await reading == (0, f"a/one {qos} 0 one\na/two {qos} 0 two\n")

    asyncio.run(main())


def test_mosquitto_verifies_our_certificate(mosquitto_sub, tmp_path):
    async def main():
        certificates, trouble = TlsCertificates(tmp_path), TlsTrouble()
        certificates.make()
        async with broker(Door(certificates, trouble)) as (server, port):
            server.broker.publish(Publish("t", b"kept", 1, retain=True))
            where = (mosquitto_sub, "-h", "127.0.0.1", "-p", port, "-t", "t", "-C", "1")
            ours = ("--cafile", certificates.authority)
            system = ssl.get_default_verify_paths().cafile or "/etc/ssl/certs/ca-certificates.crt"
            assert await run(*where, *ours) == (0, "kept\n")
            assert (await run(*where, "--cafile", system))[0]
            for kind, what in (*(("tls_certificate", what) for what in WHATS[:5]), ("tls_version_old", "1.1")):
                trouble.set(kind, 1.0, what)
                assert (await run(*where, *ours))[0], what
                trouble.set(kind, 0.0, what)
            assert await run(*where, *ours) == (0, "kept\n")

    asyncio.run(main())


def test_paho_reads_a_node_and_writes_to_it():
    async def main():
        bench = Node()
        port = int((await bench.face.start()).rsplit(":", 1)[1])
        got, client = [], paho.Client(paho.CallbackAPIVersion.VERSION2, "host")
        client.on_message = lambda _c, _u, message: got.append((message.topic, message.payload))
        client.on_connect = lambda c, *_: c.subscribe("spBv1.0/#", 1)
        client.connect("127.0.0.1", port)
        client.loop_start()
        broker = bench.face.server.broker
        await until(lambda: "host" in broker.sessions and broker.sessions["host"].subscriptions)
        bench.scan(2)
        await until(lambda: len(got) == 3)
        assert [topic.split("/")[2] for topic, _ in got] == ["NBIRTH", "DBIRTH", "DDATA"]
        assert plain(got[2][1])["metrics"][0]["value"] == 2.0
        assert describe(got[2][1])[0] == "seq 2 · alias 10 = 2"
        command = bytes.fromhex("12 0e 0a 01 56 20 0a 69") + b"\0" * 6 + b"\x45\x40"  # V, Double, 42.0
        client.publish("spBv1.0/g/DCMD/d1/dev", bytes((0x12, 14)) + command[2:])
        await until(lambda: bench.image.take_writes() == [("a.v", 42.0)])
        await asyncio.to_thread(client.disconnect)
        await asyncio.to_thread(client.loop_stop)
        await bench.face.stop()

    asyncio.run(main())


def test_our_node_through_mosquitto(foreign):
    program = foreign("mosquitto", "apt-get install mosquitto")

    async def main(folder):
        async with mosquitto(program, folder) as port:
            bench = Node(broker=f"127.0.0.1:{port}")
            said, ready, host = [], [], paho.Client(paho.CallbackAPIVersion.VERSION2, "host")
            host.on_message = lambda _c, _u, message: said.append((message.topic.split("/")[2], message.payload))
            host.on_connect = lambda c, *_: c.subscribe("spBv1.0/#", 1)
            host.on_subscribe = lambda *_: ready.append(True)
            host.connect("127.0.0.1", port)
            host.loop_start()
            await until(lambda: ready)
            assert await bench.face.start() == f"mqtt://127.0.0.1:{port}"
            await until(lambda: bench.node.link.up)
            bench.scan(2)
            await until(lambda: len(said) == 3)
            bench.node.link.drop()  # power lost: the will is mosquitto's to say
            await until(lambda: len(said) == 4)
            assert [kind for kind, _ in said] == ["NBIRTH", "DBIRTH", "DDATA", "NDEATH"]
            birth, death = (plain(data)["metrics"][0]["value"] for _, data in (said[0], said[3]))
            assert birth == death
            await asyncio.to_thread(host.disconnect)
            await asyncio.to_thread(host.loop_stop)
            await bench.face.stop()

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(main(Path(folder)))


class Node:
    """A node of one point."""

    def __init__(self, **mqtt):
        device = Device.model_validate({"id": "d1", "protocol": "mqtt", "mqtt": {"group": "g"} | mqtt})
        self.image, self.scans = DeviceImage(device, (POINT,), 0), 0
        rig = SimpleNamespace(assets=())
        self.face = MqttFace(Setting(self.image, rig, Streams(1), lambda *_: None, PacedTimers(), {}))
        self.node = self.face.node

    def scan(self, count):
        for _ in range(count):
            self.scans += 1
            t_ns = self.scans * 100_000_000
            self.image.commit({"a.v": Reading(float(self.scans), GOOD, t_ns)}, t_ns)


@contextlib.asynccontextmanager
async def mosquitto(program, folder):
    """Run mosquitto on a port of loopback that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (folder / "conf").write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\n")
    process = await asyncio.create_subprocess_exec(program, "-c", str(folder / "conf"), stderr=subprocess.DEVNULL)
    try:
        async with asyncio.timeout(10):
            while True:
                with contextlib.suppress(OSError):
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                    writer.close()
                    await writer.wait_closed()
                    break
                await asyncio.sleep(0.02)
        yield port
    finally:
        process.terminate()
        await process.wait()
