"""What goes over the wires of a rig repeats: byte for byte in lockstep; at ten times real time everything keeps step.

OPC UA draws nonces and session tokens afresh each time, as it must; its conversation is compared in words, which show
neither. All else is compared in bytes.
"""

import asyncio
import json
import struct
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from emulator.clock import LOCKSTEP_EPOCH_NS
from hil.rig import LiveRig
from hil.traces.opcua import Decoder
from hil.traces.opcua_client import BareClient, string_id
from hil.traces.tap import Transcript
from rigs.load import load_rig
from rigs.schema import FaultSpec

RIG = """\
rig: three_wires
clock: {block: 100 ms}
assets:
  - id: box1
    kind: stand_in
    holds:
      a: {value: 10, wander: 1, settle: 5}
      b: {value: 20, wander: 1, settle: 5}
      c: {value: 30, wander: 1, settle: 5}
devices:
  - {id: meter1, protocol: modbus-tcp}
  - {id: plc1, protocol: opcua}
  - {id: edge1, protocol: mqtt, mqtt: {refresh: 500 ms}}
points:
  - {id: box1.a, device: meter1, asset: box1, quantity: a, range: [0, 100], signal: box1.a, modbus: {unit: 1, table: input, register: 0, type: f32}}
  - {id: box1.b, device: plc1, asset: box1, quantity: b, range: [0, 100], signal: box1.b, opcua: {node: Box/B}}
  - {id: box1.c, device: edge1, asset: box1, quantity: c, range: [0, 100], signal: box1.c, mqtt: {metric: Box/C}}
"""
FAULTS = (
    FaultSpec(kind="modbus_wrong_transaction_id", on="meter1", onset="0.5 s", severity=0.5),
    FaultSpec(kind="modbus_late_answer", on="meter1", onset="1 s", severity=0.5, params={"delay_s": 0.2}),
    FaultSpec(kind="opcua_status", on="plc1", onset="0.5 s", severity=0.5),
    FaultSpec(kind="link_corrupt", on="meter1", onset="1 s", params={"per_byte": 0.02}),
)
READ = struct.pack(">HHHBBHH", 7, 0, 6, 1, 4, 0, 2)
STEPS = 12


async def connect(url: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    parts = urlsplit(url)
    return await asyncio.open_connection(parts.hostname, parts.port)


class Subscriber:
    """An MQTT 3.1.1 client in bytes; a ping brings everything that was sent before its answer."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.published: list[bytes] = []

    async def begin(self) -> None:
        self.writer.write(b"\x10\x0f\x00\x04MQTT\x04\x02\x00\x00\x00\x03sub")
        self.writer.write(b"\x82\x06\x00\x01\x00\x01#\x00")
        await self.until_pong()

    async def until_pong(self) -> None:
        self.writer.write(b"\xc0\x00")
        while True:
            (first,) = await self.reader.readexactly(1)
            length, shift = 0, 0
            while True:
                (digit,) = await self.reader.readexactly(1)
                length |= (digit & 0x7F) << shift
                shift += 7
                if digit < 0x80:
                    break
            body = await self.reader.readexactly(length)
            if first == 0xD0:
                return
            self.published.append(bytes((first,)) + body)


@pytest.fixture
def rig(tmp_path) -> Any:
    (tmp_path / "rig.yaml").write_text(RIG)
    return load_rig(tmp_path / "rig.yaml")


async def conversation(rig: Any, seed: int, truth: Path) -> dict[str, Any]:
    """Play a rig in lockstep before a client on each wire; returns what went over each."""
    live = LiveRig(rig, seed, LOCKSTEP_EPOCH_NS, truth_path=truth, rate=None)
    await live.start()
    taps = {name: Transcript() for name in live.proxies}
    for name, proxy in live.proxies.items():
        proxy.tap = taps[name].take
    for fault in FAULTS:
        live.emulation.desk.add(fault)
    live.emulation.step()
    meter = await connect(live.endpoints["meter1"])
    subscriber = Subscriber(*await connect(live.endpoints["edge1"]))
    await subscriber.begin()
    plc = urlsplit(live.endpoints["plc1"])
    async with BareClient(plc.hostname, plc.port) as client:
        await client.subscribe(string_id("plc1/Box/B", 2), interval_ms=200.0)
        requests = [client.publish() for _ in range(STEPS)]
        for _ in range(STEPS):
            meter[1].write(READ)
            await client.read(string_id("plc1/Box/B", 2))  # by now the meter has its request too
            live.emulation.step()
            await subscriber.until_pong()
        answers = [await client.answer(request) for request in requests[: STEPS // 2 - 1]]
        assert all(answer.good for answer in answers)
    meter[1].close()
    subscriber.writer.close()
    await live.stop()
    decoder = Decoder()
    words = [line for piece in taps["plc1"].pieces for line in decoder.lines(piece.direction, piece.data)]
    return {
        "meter1": [piece for piece in taps["meter1"].pieces if piece.direction == "down"],
        "plc1": words,
        "edge1": subscriber.published,
    }


def test_in_lockstep_a_seed_gives_the_same_bytes_again(rig, tmp_path):
    logs = [tmp_path / f"truth{k}.jsonl" for k in range(3)]
    first, second = (asyncio.run(conversation(rig, 5, log)) for log in logs[:2])
    assert first["edge1"] == second["edge1"]
    assert len(first["edge1"]) > STEPS // 2
    assert b"".join(piece.data for piece in first["meter1"]) == b"".join(piece.data for piece in second["meter1"])
    assert first["plc1"] == second["plc1"]
    assert logs[0].read_bytes() == logs[1].read_bytes()
    assert {json.loads(line).get("kind") for line in logs[0].read_text().splitlines()} >= {
        fault.kind for fault in FAULTS
    }
    other = asyncio.run(conversation(rig, 6, logs[2]))
    assert other["edge1"] != first["edge1"]


async def faster(rig: Any, rate: float) -> dict[str, list[float]]:
    """Play 6 s of plant at `rate`; returns the plant times [s] at which each wire brought something new."""
    live = LiveRig(rig, 1, LOCKSTEP_EPOCH_NS, rate=rate)
    await live.start()
    loop = asyncio.get_running_loop()
    live.emulation.desk.add(FaultSpec(kind="modbus_late_answer", on="meter1", params={"delay_s": 2.0}))
    live.emulation.step()
    begin = loop.time()
    plc = urlsplit(live.endpoints["plc1"])
    heard: dict[str, list[float]] = {"late": [], "sources": [], "at": []}

    def now_s() -> float:
        return (loop.time() - begin) * rate

    async def pace() -> None:
        for block in range(1, 60):
            await asyncio.sleep(max(0.0, begin + block * 0.1 / rate - loop.time()))
            live.emulation.step()

    async def ask_meter() -> None:
        reader, writer = await connect(live.endpoints["meter1"])
        asked = now_s()
        writer.write(READ)
        await reader.readexactly(13)
        heard["late"].append(now_s() - asked)
        writer.close()

    async def listen(client: BareClient) -> None:
        await client.subscribe(string_id("plc1/Box/B", 2), interval_ms=1000.0)
        for _ in range(5):
            answer = await client.answer(client.publish())
            heard["at"].append(now_s())
            assert answer.name == "PublishResponse"

    async with BareClient(plc.hostname, plc.port) as client:
        await asyncio.gather(pace(), ask_meter(), listen(client))
    await live.stop()
    return heard


def test_at_ten_times_real_time_every_timer_runs_ten_times_as_fast(rig):
    heard = asyncio.run(faster(rig, 10.0))
    # The host may be late by some ten milliseconds, which are some tenths of plant seconds.
    assert heard["late"][0] == pytest.approx(2.0, abs=0.8)
    gaps = [b - a for a, b in zip(heard["at"], heard["at"][1:], strict=False)]
    assert sum(gaps) / len(gaps) == pytest.approx(1.0, abs=0.3)
