"""A broker of a few lines that says what it was told and does what a test wants; MQTT 3.1.1, sections 2 and 3."""

import asyncio
import contextlib


class FakeBroker:
    """Answers one client; `log` holds what came, in order."""

    def __init__(self, *, connack=0, refuse=(), silent=False):
        self.connack, self.refuse, self.silent = connack, refuse, silent
        self.log, self.will, self.writer, self.tasks = [], None, None, set()
        self.on_publish = None
        self.filters = []

    async def __aenter__(self):
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_):
        self.server.close()
        for task in list(self.tasks):
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    @property
    def url(self):
        return f"mqtt://127.0.0.1:{self.port}"

    def published(self, part=""):
        return [entry[1:] for entry in self.log if entry[0] == "publish" and part in entry[1]]

    def send(self, topic, payload, *, qos=0, retain=False, dup=False, mid=7):
        head = 0x30 | qos << 1 | (1 if retain else 0) | (8 if dup else 0)
        name = topic.encode()
        body = len(name).to_bytes(2, "big") + name + (mid.to_bytes(2, "big") if qos else b"") + payload
        self.writer.write(bytes([head]) + _length(len(body)) + body)

    async def _serve(self, reader, writer):
        self.tasks.add(asyncio.current_task())
        self.writer = writer
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                while True:
                    head = (await reader.readexactly(1))[0]
                    size, shift = 0, 0
                    while True:
                        byte = (await reader.readexactly(1))[0]
                        size |= (byte & 0x7F) << shift
                        shift += 7
                        if byte < 0x80:
                            break
                    self._packet(head, await reader.readexactly(size), writer)
        finally:
            writer.transport.abort()
            self.tasks.discard(asyncio.current_task())

    def _packet(self, head, body, writer):
        kind = head >> 4
        if kind == 1:
            self._connect(body)
            if not self.silent:
                writer.write(bytes([0x20, 2, 0, self.connack]))
        elif kind == 3:
            qos, retain = head >> 1 & 3, bool(head & 1)
            size = int.from_bytes(body[:2], "big")
            topic, rest = body[2 : 2 + size].decode(), body[2 + size :]
            if qos:
                writer.write(b"\x40\x02" + rest[:2])
                rest = rest[2:]
            self.log.append(("publish", topic, rest, qos, retain))
            if self.on_publish is not None:
                self.on_publish(topic, rest)
        elif kind == 8:
            names, at = [], 2
            while at < len(body):
                size = int.from_bytes(body[at : at + 2], "big")
                names.append((body[at + 2 : at + 2 + size].decode(), body[at + 2 + size]))
                at += 3 + size
            self.filters = [name for name, _ in names]
            self.log.append(("subscribe", *names))
            codes = bytes(0x80 if any(part in name for part in self.refuse) else qos for name, qos in names)
            writer.write(b"\x90" + _length(2 + len(codes)) + body[:2] + codes)
        elif kind == 10:
            writer.write(b"\xb0\x02" + body[:2])
        elif kind == 12:
            writer.write(b"\xd0\x00")
        elif kind == 14:
            self.log.append(("disconnect",))

    def _connect(self, body):
        flags = body[7]
        parts, at = [], 10
        while at < len(body):
            size = int.from_bytes(body[at : at + 2], "big")
            parts.append(body[at + 2 : at + 2 + size])
            at += 2 + size
        will = None
        if flags & 4:
            will = (parts[1].decode(), parts[2], flags >> 3 & 3, bool(flags & 32))
        self.log.append(("connect", parts[0].decode(), will, [part.decode() for part in parts[3 if will else 1 :]]))


def _length(size):
    out = b""
    while True:
        size, low = size >> 7, size & 0x7F
        out += bytes([low | (0x80 if size else 0)])
        if not size:
            return out
