"""What clients of each protocol keep saying, so that every fault of a wire finds something to act on."""

import asyncio
import struct
from urllib.parse import urlsplit

from hil.traces.opcua_binary import blob, text
from hil.traces.opcua_client import Abort, BareClient, number_id, read_body, string_id

PATIENCE_S = 0.05
LOST = (OSError, EOFError, TimeoutError, Abort, ValueError, struct.error, IndexError)


async def opened(url):
    parts = urlsplit(url)
    async with asyncio.timeout(PATIENCE_S):
        return await asyncio.open_connection(parts.hostname, parts.port)


def hung_up(client):
    """Close a bare client's socket, however far it came."""
    if client._writer is not None:
        client._writer.transport.abort()


class Modbus:
    """Reads and writes by Modbus TCP; a new connection now and then."""

    device = "meter1"
    READ = bytes.fromhex("04 0000 0002")
    PDUS = (READ, bytes.fromhex("10 0010 0002 04 4170 0000"), READ, bytes.fromhex("03 0010 0002"))

    async def talk(self, url):
        while True:
            try:
                reader, writer = await opened(url)
            except LOST:
                await asyncio.sleep(0.002)
                continue
            try:
                for pdu in self.PDUS * 2:
                    writer.write(struct.pack(">HHHB", 7, 0, len(pdu) + 1, 1) + pdu)
                    async with asyncio.timeout(PATIENCE_S):
                        if not await reader.read(300):
                            break
            except LOST:
                pass
            finally:
                writer.close()

    async def good(self, url):
        reader, writer = await opened(url)
        try:
            writer.write(struct.pack(">HHHB", 9, 0, len(self.READ) + 1, 1) + self.READ)
            async with asyncio.timeout(PATIENCE_S):
                answer = await reader.readexactly(13)
            assert answer[:9] == struct.pack(">HHHBBB", 9, 0, 7, 1, 4, 4), answer
            assert 0.0 < struct.unpack(">f", answer[9:])[0] < 100.0
        finally:
            writer.transport.abort()


class OpcUa:
    """Browses, reads, writes, calls, subscribes and asks again."""

    device = "plc1"
    NODE = string_id("plc1/Box/B", 2)

    async def talk(self, url):
        parts = urlsplit(url)
        while True:
            client = BareClient(parts.hostname, parts.port)
            try:
                async with asyncio.timeout(0.3), client:
                    await self._say(client)
            except LOST:
                await asyncio.sleep(0.002)
            finally:
                hung_up(client)

    async def _say(self, client):
        await client.read(self.NODE, self.NODE, self.NODE)
        number = await client.subscribe(self.NODE, self.NODE, interval_ms=100.0)
        for _ in range(4):
            client.publish()
        every = (
            ("Browse", _browse(number_id(85))),
            ("Write", _write(string_id("plc1/Box/Set", 2), 40.0)),
            ("GetEndpoints", text("opc.tcp://device/") + struct.pack("<ii", 0, 0)),
            ("Republish", struct.pack("<II", number, 1)),
            ("TransferSubscriptions", struct.pack("<iI?", 1, number, True)),
            ("HistoryRead", _history(self.NODE)),
            (
                "Call",
                struct.pack("<i", 1) + string_id("plc1/Box", 2) + string_id("plc1/Box/Go", 2) + struct.pack("<i", 0),
            ),
            ("Read", read_body(self.NODE)),
            ("Read", read_body(self.NODE)),
        )
        for service, body in every:
            client.ask(service, body)
        while True:
            answer = await client.answer()
            if answer.name == "BrowseResponse" and b"endless" in answer.body:
                client.ask("BrowseNext", b"\x00" + struct.pack("<i", 1) + blob(b"endless"))
            if answer.name == "PublishResponse":
                client.publish()
            client.ask("Read", read_body(self.NODE))
            await asyncio.sleep(0.004)

    async def good(self, url):
        parts = urlsplit(url)
        client = BareClient(parts.hostname, parts.port)
        try:
            async with asyncio.timeout(1.0), client:
                (value,) = await client.read(self.NODE)
            assert value.status == 0
            assert value.text.startswith("Double")
        finally:
            hung_up(client)


def _browse(node):
    view = number_id(0) + struct.pack("<qI", 0, 0)
    return (
        view + struct.pack("<Ii", 0, 1) + node + struct.pack("<i", 0) + number_id(0) + struct.pack("<?II", True, 0, 63)
    )


def _write(node, value):
    one = node + struct.pack("<I", 13) + text(None) + b"\x01" + struct.pack("<Bd", 11, value)
    return struct.pack("<i", 1) + one


def _history(node):
    details = number_id(649) + b"\x01" + blob(struct.pack("<?qqI?", False, 1, 2**62, 10, False))
    return (
        details + struct.pack("<i?i", 2, False, 1) + node + text(None) + struct.pack("<H", 0) + text(None) + blob(None)
    )


class Mqtt:
    """Subscribes to everything and asks for births; comes back under the same name."""

    device = "edge1"

    async def talk(self, url):
        while True:
            try:
                reader, writer = await opened(url)
            except LOST:
                await asyncio.sleep(0.002)
                continue
            try:
                writer.write(b"\x10\x0f\x00\x04MQTT\x04\x02\x00\x3c\x00\x03sub")
                writer.write(b"\x82\x06\x00\x01\x00\x01#\x02")
                topic = b"spBv1.0/plantbench/NCMD/edge1"
                birth = bytes.fromhex("12 1c 0a 14") + b"Node Control/Rebirth" + bytes.fromhex("20 0b 70 01")
                body = struct.pack(">H", len(topic)) + topic
                for _ in range(6):
                    writer.write(bytes((0x34, len(body) + 2 + len(birth))) + body + b"\x00\x07" + birth)
                    writer.write(b"\x62\x02\x00\x07\xc0\x00")
                    async with asyncio.timeout(PATIENCE_S):
                        if not await reader.read(65536):
                            break
                    await asyncio.sleep(0.002)
            except LOST:
                pass
            finally:
                writer.close()

    async def good(self, url):
        reader, writer = await opened(url)
        try:
            writer.write(b"\x10\x10\x00\x04MQTT\x04\x02\x00\x3c\x00\x04good\x82\x06\x00\x01\x00\x01#\x00\xc0\x00")
            heard = b""
            async with asyncio.timeout(0.5):
                while b"/edge1" not in heard:
                    data = await reader.read(65536)
                    assert data, "the broker closed the connection"
                    heard += data
            assert heard.startswith(b"\x20\x02\x00\x00\x90\x03\x00\x01\x00"), heard[:20]
        finally:
            writer.transport.abort()


TRAFFIC = {"modbus-tcp": Modbus(), "opcua": OpcUa(), "mqtt": Mqtt()}
