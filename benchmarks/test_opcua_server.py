"""Waveform blocks of 10,000 floats by Read: our OPC UA server beside stock asyncua's, in one run.

Both stand in a process of their own and are asked by the same raw client, which patches sequence numbers into
one prepared request and only counts the bytes that come back: so the server is what is measured. The block is
a new reading every tenth request, as when a twin reads at the scan rate. Rounds are interleaved, medians
compared. Run: ``pytest benchmarks/test_opcua_server.py -s``.
"""

import asyncio
import json
import os
import resource
import socket
import statistics
import struct
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from asyncua import Server, ua
from asyncua.common.utils import Buffer
from asyncua.ua.ua_binary import nodeid_from_binary, struct_from_binary, struct_to_binary, uatcp_to_binary

from emulator.devices.image import DeviceImage, Reading
from emulator.devices.opcua.server import OpcUaDevice
from rigs.devices.device import Device
from rigs.schema import Point

ROOT = Path(__file__).parent.parent
FLOATS = 10_000
ROUNDS = int(os.environ.get("PLANTBENCH_BENCH_ROUNDS", "5"))
SECONDS = 0.5
NEW_EVERY = 10
BLOCKS_PER_S = 5_000
TIMES_STOCK = 2.5


# --- the servers, run as a script ---------------------------------------------------------------------------


async def _serve_ours() -> None:
    point = Point(
        id="a.wave",
        device="plc1",
        asset="a",
        quantity="x",
        signal="s",
        waveform={"rate": "10 kHz", "buffer": "1 s"},
        opcua={"node": "A/Wave", "type": "Float"},
    )
    device = Device(id="plc1", protocol="opcua", namespace="urn:bench")
    image = DeviceImage(device, (point,), 0)
    async with OpcUaDevice(device, (point,), image) as server:
        await _until_told(
            server.port, "plc1/A/Wave", lambda block, t: image.commit({"a.wave": Reading(block, 0, t)}, t)
        )


async def _serve_stock() -> None:
    server = Server()
    await server.init()
    server.set_endpoint("opc.tcp://127.0.0.1:0/")
    server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
    index = await server.register_namespace("urn:bench")
    values = [0.0] * FLOATS
    node = await server.nodes.objects.add_variable(
        ua.NodeId("plc1/A/Wave", index), "Wave", values, ua.VariantType.Float
    )
    task = []

    def write(block: np.ndarray, t: int) -> None:
        value = ua.DataValue(ua.Variant(block.tolist(), ua.VariantType.Float))
        task[:] = [asyncio.ensure_future(server.write_attribute_value(node.nodeid, value))]

    async with server:
        await _until_told(server.bserver.port, "plc1/A/Wave", write)


async def _until_told(port: int, node: str, commit) -> None:
    """Commit a new block for each line on stdin; report the CPU time when it closes."""
    blocks = [np.random.default_rng(i).standard_normal(FLOATS).astype(np.float32) for i in range(4)]
    commit(blocks[0], 0)
    loop, ended, count = asyncio.get_running_loop(), asyncio.Event(), 0

    def told() -> None:
        nonlocal count
        data = os.read(0, 4096)
        if not data:
            loop.remove_reader(0)
            ended.set()
        count += 1
        commit(blocks[count % 4].copy(), count)

    loop.add_reader(0, told)
    began = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps({"port": port, "node": node}), flush=True)
    await ended.wait()
    usage = resource.getrusage(resource.RUSAGE_SELF)
    cpu_s = usage.ru_utime + usage.ru_stime - began.ru_utime - began.ru_stime
    print(json.dumps({"cpu_s": cpu_s}), flush=True)


# --- the client ---------------------------------------------------------------------------------------------


class RawClient:
    """Opens a session the ordinary way, then sends one request over and over."""

    def __init__(self, port: int, node: str) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sequence, self.channel, self.token = 0, 0, 0
        hello = ua.Hello(EndpointUrl="opc.tcp://127.0.0.1/", ReceiveBufferSize=65535, SendBufferSize=65535)
        self.socket.sendall(uatcp_to_binary(ua.MessageType.Hello, hello))
        self._message()
        opened = ua.OpenSecureChannelRequest()
        opened.Parameters.RequestedLifetime = 3_600_000
        opened.Parameters.SecurityMode = ua.MessageSecurityMode.None_
        security = struct.pack("<i", 47) + b"http://opcfoundation.org/UA/SecurityPolicy#None" + b"\xff" * 8
        answer = self._ask(b"OPN", security, opened)
        result = struct_from_binary(ua.OpenSecureChannelResponse, answer).Parameters.SecurityToken
        self.channel, self.token = result.ChannelId, result.TokenId
        created = ua.CreateSessionRequest()
        created.Parameters.RequestedSessionTimeout = 60_000
        session = struct_from_binary(ua.CreateSessionResponse, self._service(created)).Parameters
        activate = ua.ActivateSessionRequest()
        activate.Parameters.UserIdentityToken = ua.AnonymousIdentityToken(PolicyId="anonymous")
        activate.RequestHeader.AuthenticationToken = session.AuthenticationToken
        self._service(activate)
        read = ua.ReadRequest()
        read.RequestHeader.AuthenticationToken = session.AuthenticationToken
        read.Parameters.NodesToRead = [ua.ReadValueId(ua.NodeId(node, 2), ua.AttributeIds.Value)]
        self.read = struct_to_binary(read)

    def block(self) -> int:
        """Read the block once; returns the size of the answer in bytes."""
        self.socket.sendall(self._frame(b"MSG", struct.pack("<I", self.token), self.read))
        return len(self._message())

    def _service(self, request) -> Buffer:
        return self._ask(b"MSG", struct.pack("<I", self.token), request)

    def _ask(self, kind: bytes, security: bytes, request) -> Buffer:
        self.socket.sendall(self._frame(kind, security, struct_to_binary(request)))
        answer = self._message()
        skip = 12 + len(security) + 8 if kind == b"OPN" else 24
        type_ = nodeid_from_binary(Buffer(answer[skip:]))
        assert type_.Identifier != ua.ObjectIds.ServiceFault_Encoding_DefaultBinary
        return Buffer(answer[skip:])

    def _frame(self, kind: bytes, security: bytes, body: bytes) -> bytes:
        self.sequence += 1
        size = 12 + len(security) + 8 + len(body)
        head = struct.pack("<3scII", kind, b"F", size, self.channel)
        return head + security + struct.pack("<II", self.sequence, self.sequence) + body

    def _message(self) -> bytes:
        data = self._exactly(8)
        (size,) = struct.unpack_from("<I", data, 4)
        return data + self._exactly(size - 8)

    def _exactly(self, count: int) -> bytes:
        buffer = bytearray(count)
        view, got = memoryview(buffer), 0
        while got < count:
            got += self.socket.recv_into(view[got:])
        return bytes(buffer)


def _round(process: subprocess.Popen, client: RawClient) -> tuple[int, float]:
    count, began = 0, time.perf_counter()
    while (elapsed := time.perf_counter() - began) < SECONDS:
        if count % NEW_EVERY == 0:
            process.stdin.write(b"\n")
            process.stdin.flush()
        assert client.block() > 4 * FLOATS
        count += 1
    return count, elapsed


def test_waveform_blocks_leave_the_server_at_memory_speed():
    processes, clients = {}, {}
    for name in ("ours", "stock"):
        process = subprocess.Popen(
            [sys.executable, __file__, name],
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        processes[name] = process
        ready = json.loads(process.stdout.readline())
        clients[name] = RawClient(ready["port"], ready["node"])
    rates = {name: [] for name in processes}
    counts = dict.fromkeys(processes, 0)
    for _ in range(ROUNDS):
        for name, process in processes.items():
            count, elapsed = _round(process, clients[name])
            rates[name].append(count / elapsed)
            counts[name] += count
    cost_us = {}
    for name, count in counts.items():
        clients[name].socket.close()
        said = json.loads(processes[name].communicate()[0])
        cost_us[name] = 1e6 * said["cpu_s"] / count
    for name, measured in rates.items():
        rate = statistics.median(measured)
        print(f"\n{name}: {rate:,.0f} blocks of {FLOATS} floats/s, {cost_us[name]:.0f} µs of server CPU each")
    # CPU time, not the rate: the client shares the machine, and on two cores the rate is as much its own.
    assert cost_us["ours"] * TIMES_STOCK <= cost_us["stock"]
    if "PLANTBENCH_BENCH_ABSOLUTE" in os.environ:
        assert statistics.median(rates["ours"]) >= BLOCKS_PER_S


if __name__ == "__main__":
    asyncio.run({"ours": _serve_ours, "stock": _serve_stock}[sys.argv[1]]())
