"""A server, a proxy in front of it and a bare client, all in one event loop, for tests of faults on messages."""

import asyncio
from contextlib import asynccontextmanager

from emulator.devices.image import DeviceImage
from emulator.devices.opcua.server import OpcUaDevice
from emulator.streams import Streams
from hil.insertion.link.base import create
from hil.insertion.link.proxy import LinkProxy
from hil.traces.opcua_client import BareClient, string_id
from hil.traces.tap import Transcript
from rigs.devices.device import Device
from tests.emulator.devices.opcua.conftest import EPOCH_NS, NAMESPACE, POINTS, Bench

FLOW, COUNT, WAVE = (string_id(f"plc1/Pump1/{name}", 2) for name in ("Flow", "Count", "Vibration"))


class Link:
    """What a test needs: the bench of the server, the proxy, what was sent."""

    def __init__(self, bench, proxy):
        self.bench, self.proxy, self.heard = bench, proxy, Transcript()
        proxy.tap = self.heard.take

    def put(self, kind, severity=1.0, **params):
        fault = create(kind, params)
        fault.apply(self.proxy, severity, 0)
        return fault

    def take_off(self):
        for fault in self.proxy.faults:
            fault.apply(self.proxy, 0.0, 0)

    def client(self, **options):
        return BareClient(*self.proxy.address, **options)


@asynccontextmanager
async def linked(**device):
    described = Device(id="plc1", protocol="opcua", namespace=NAMESPACE, title="PLC", **device)
    image = DeviceImage(described, POINTS, EPOCH_NS)
    inserted = []
    server = OpcUaDevice(described, POINTS, image, Streams(7), lambda *what: inserted.append(what))
    async with server, LinkProxy("plc1", "127.0.0.1", server.port, Streams(7)) as proxy:
        link = Link(Bench(image, server, inserted=inserted), proxy)
        link.bench.commit()
        yield link


class Shared:
    """One server and proxy for all tests of a module, on a loop of their own."""

    def __init__(self):
        self.loop = asyncio.new_event_loop()
        self._context = linked()
        self.link = self.loop.run_until_complete(self._context.__aenter__())

    def run(self, body):
        async def guarded():
            try:
                async with asyncio.timeout(10):
                    await body(self.link)
            finally:
                self.link.take_off()

        self.loop.run_until_complete(guarded())

    def close(self):
        self.loop.run_until_complete(self._context.__aexit__(None, None, None))
        self.loop.run_until_complete(asyncio.sleep(0))
        self.loop.close()
