"""Traces of the OPC UA security faults: a client that takes what it gets, and a device with security on loopback."""

import asyncio
import contextlib
import functools
import os
import struct
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

from emulator.devices.image import DeviceImage
from emulator.devices.opcua.server import OpcUaDevice
from emulator.faults.base import registry
from hil.traces.opcua import decode
from hil.traces.opcua_binary import Reader, text
from hil.traces.opcua_client import Abort, Answer, BareClient
from hil.traces.opcua_security import created, endpoints
from hil.traces.tap import Transcript
from rigs.devices.device import Device

NOBODY = text("urn:trace") + text(None) + b"\x00" + b"\x01\x00\x00\x00" + text(None) + text(None) + b"\x00" * 4
ENDPOINTS = ["None", "Basic256Sha256_SignAndEncrypt"]


@functools.cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    """Return a folder for keys, made once for all recipes and gone with the process."""
    return tempfile.TemporaryDirectory(prefix="plantbench-trace-")


class Scene(BareClient):
    """A bare client whose conversation is kept, with what it says of security put in words."""

    def __init__(self, device: OpcUaDevice) -> None:
        super().__init__("127.0.0.1", device.port, connect=False)
        self.told: list[str] = []
        self._transcript = Transcript()

    def send(self, data: bytes) -> None:
        """Send bytes and keep them."""
        self._transcript.take(1, "up", data)
        super().send(data)

    async def chunk(self) -> bytes:
        """Return the next chunk and keep it."""
        data = await super().chunk()
        self._transcript.take(1, "down", data)
        return data

    def skip(self) -> None:
        """Leave out what was said so far."""
        self._transcript.pieces.clear()

    def hear(self, more: Callable[[Reader], list[str]] | None = None, answer: Answer | None = None) -> None:
        """Put what was said since into lines."""
        lines = decode(self._transcript.pieces)
        self._transcript.pieces.clear()
        self.told += lines
        if more is not None and answer is not None and answer.good:
            self.told += more(Reader(answer.body, answer.reader.position))

    async def list_endpoints(self) -> None:
        """Ask which endpoints there are."""
        asked = text("opc.tcp://device/") + b"\x00" * 8
        answer = await self.call("GetEndpoints", asked)
        self.hear(endpoints, answer)

    async def create(self, *, activate: bool = False) -> None:
        """Ask for a session, and perhaps activate it."""
        wanted = (
            NOBODY + text(None) + text("opc.tcp://device/") + text("trace") + b"\x20\x00\x00\x00" + bytes(range(32))
        )
        answer = await self.call("CreateSession", wanted + text(None) + struct.pack("<dI", 3_600_000.0, 0))
        self.hear(created, answer)
        if activate and answer.good:
            reader = Reader(answer.body, answer.reader.position)
            reader.nodeid()
            begin = reader.position
            reader.nodeid()
            self.session = answer.body[begin : reader.position]
            await self.activate()
            self.hear()

    async def last_words(self) -> None:
        """Hear how the connection ends."""
        with contextlib.suppress(Abort, ConnectionError):
            await self.answer()
        self.hear()


@contextlib.asynccontextmanager
async def _device() -> AsyncIterator[OpcUaDevice]:
    device = Device(id="plc1", protocol="opcua", opcua={"security": ENDPOINTS})
    before = os.environ.get("PLANTBENCH_PKI")
    os.environ["PLANTBENCH_PKI"] = str(Path(_folder().name))
    try:
        async with OpcUaDevice(device, (), DeviceImage(device, (), 1_735_689_600_000_000_000)) as served:
            yield served
    finally:
        del os.environ["PLANTBENCH_PKI"]
        if before is not None:
            os.environ["PLANTBENCH_PKI"] = before


def _recipe(kind: str, talk: Callable[[Scene], Awaitable[None]], **params: Any) -> Callable[[], list[str]]:
    async def play() -> list[str]:
        async with _device() as device, Scene(device) as scene:
            registry()[kind](params).apply(device.misbehaviour, 1.0, 0)
            await scene.hello()
            await scene.open(lifetime_ms=3_600_000)
            await talk(scene)
            return scene.told

    return lambda: asyncio.run(play())


async def _look(scene: Scene) -> None:
    scene.skip()
    await scene.list_endpoints()


async def _look_twice(scene: Scene) -> None:
    await _look(scene)
    await scene.create()


async def _session(scene: Scene) -> None:
    scene.skip()
    await scene.create(activate=True)


async def _renew(scene: Scene) -> None:
    with contextlib.suppress(Abort, ConnectionError):
        await scene.open(renew=True)
    await scene.last_words()


async def _wait(scene: Scene) -> None:
    await scene.last_words()


RECIPES = {
    "opcua_certificate": _recipe("opcua_certificate", _look, what="expired"),
    "opcua_endpoints_downgraded": _recipe("opcua_endpoints_downgraded", _look),
    "opcua_policy_deprecated": _recipe("opcua_policy_deprecated", _look),
    "opcua_endpoint_tampered": _recipe("opcua_endpoint_tampered", _look_twice),
    "opcua_channel_renewal": _recipe("opcua_channel_renewal", _renew),
    "opcua_token_lifetime_short": _recipe("opcua_token_lifetime_short", _wait, lifetime_s=0.1),
    "opcua_session_timeout_short": _recipe("opcua_session_timeout_short", _session),
    "opcua_wrong_server_nonce": _recipe("opcua_wrong_server_nonce", _session),
    "opcua_too_many_sessions": _recipe("opcua_too_many_sessions", _session),
    "opcua_activate_refused": _recipe("opcua_activate_refused", _session),
}
