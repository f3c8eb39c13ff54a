"""Ten thousand Sparkplug metrics a second through mosquitto: an edge node of ours, paho as its host."""

import asyncio
import contextlib
import shutil
import socket
import subprocess
import time
from types import SimpleNamespace

import paho.mqtt.client as paho
import pytest

from emulator.devices.faces import Setting
from emulator.devices.image import GOOD, DeviceImage, Reading
from emulator.devices.mqtt.face import MqttFace
from emulator.devices.sparkplug.decode import decode
from emulator.devices.timers import PacedTimers
from emulator.streams import Streams
from rigs.devices.device import Device
from rigs.schema import Point

METRICS, SCANS, SCAN_S = 1_000, 50, 0.1
TARGET_PER_S = 10_000.0


def point(number):
    place = {"id": f"m{number}.v", "device": "edge1", "asset": "m", "quantity": "v", "signal": "x"}
    return Point.model_validate(
        place | {"range": (0.0, 1e6), "mqtt": {"metric": f"V{number}", "device": f"d{number % 10}"}}
    )


@contextlib.asynccontextmanager
async def mosquitto(folder):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    (folder / "conf").write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\nmax_queued_messages 0\n")
    process = await asyncio.create_subprocess_exec("mosquitto", "-c", str(folder / "conf"), stderr=subprocess.DEVNULL)
    try:
        await asyncio.sleep(0.5)
        yield port
    finally:
        process.terminate()
        await process.wait()


async def through(port):
    """Return metrics per second that arrived, CPU of the node per metric [us] and the worst age at the host [s]."""
    device = Device.model_validate({"id": "edge1", "protocol": "mqtt", "mqtt": {"broker": f"127.0.0.1:{port}"}})
    image = DeviceImage(device, tuple(point(n) for n in range(METRICS)), 0)
    face = MqttFace(Setting(image, SimpleNamespace(assets=()), Streams(1), lambda *_: None, PacedTimers(), {}))
    got, ready = [], []
    host = paho.Client(paho.CallbackAPIVersion.VERSION2, "host")
    host.on_connect = lambda c, *_: c.subscribe("spBv1.0/#", 0)
    host.on_subscribe = lambda *_: ready.append(True)
    host.on_message = lambda _c, _u, message: got.append((time.perf_counter(), message.topic, message.payload))
    host.connect("127.0.0.1", port)
    host.loop_start()
    while not ready:  # noqa: ASYNC110 - paho's thread sets it
        await asyncio.sleep(0.01)
    await face.start()
    while not face.node.link.up:  # noqa: ASYNC110 - a link has no event
        await asyncio.sleep(0.01)
    sent, busy_s, begin_s = {}, 0.0, time.perf_counter()
    for scan in range(1, SCANS + 2):
        t_ns = scan * 100_000_000
        readings = {name: Reading(float(scan * METRICS + n), GOOD, t_ns) for n, name in enumerate(image.points)}
        sent[t_ns // 1_000_000] = time.perf_counter()
        cpu_s = time.process_time()
        image.commit(readings, t_ns)
        busy_s += time.process_time() - cpu_s
        await asyncio.sleep(max(0.0, begin_s + scan * SCAN_S - time.perf_counter()))
    await asyncio.sleep(0.5)
    data = [(at_s, decode(payload)) for at_s, topic, payload in got if "/DDATA/" in topic]
    metrics = sum(len(payload.metrics) for _, payload in data)
    ages_s = sorted(at_s - sent[payload.timestamp] for at_s, payload in data)
    span_s = max(at_s for at_s, _ in data) - min(at_s for at_s, _ in data) + SCAN_S
    await face.stop()
    await asyncio.to_thread(host.disconnect)
    await asyncio.to_thread(host.loop_stop)
    return metrics, metrics / span_s, busy_s / metrics * 1e6, ages_s[int(len(ages_s) * 0.99)]


@pytest.mark.skipif(shutil.which("mosquitto") is None, reason="mosquitto is not installed (apt-get install mosquitto)")
def test_ten_thousand_metrics_a_second_through_mosquitto(tmp_path):
    async def main():
        async with mosquitto(tmp_path) as port:
            return await through(port)

    metrics, per_s, cpu_us, age_s = asyncio.run(main())
    print(f"{metrics} metrics, {per_s:.0f}/s, {cpu_us:.1f} us of CPU each at the node, p99 age {age_s * 1e3:.1f} ms")
    assert metrics == METRICS * SCANS
    assert per_s >= 0.95 * TARGET_PER_S
