"""The client and the broker on real sockets: what is sent again, who is thrown out, who gets in, who reads too slowly.

The event loop runs fifty times as fast as the computer's clock, so that seconds of patience cost little.
"""

import asyncio
import contextlib
import selectors
import time

import pytest

from emulator.devices.mqtt.accounts import Accounts
from emulator.devices.mqtt.broker import Broker
from emulator.devices.mqtt.client import RemoteLink
from emulator.devices.mqtt.decode import Decoder
from emulator.devices.mqtt.encode import encode
from emulator.devices.mqtt.misbehaviour import Misbehaviour
from emulator.devices.mqtt.packets import Ack, Connack, Connect, Ping, Publish, Subscribe, Will
from emulator.devices.mqtt.server import BrokerServer
from emulator.devices.timers import PacedTimers
from rigs.devices.mqtt import MqttAccount, MqttSettings

RATE = 50
PEERS = []


class Hasty(selectors.DefaultSelector):
    def select(self, timeout=None):
        return super().select(None if timeout is None else timeout / RATE)


class HastyLoop(asyncio.SelectorEventLoop):
    def __init__(self):
        super().__init__(Hasty())

    def time(self):
        return time.monotonic() * RATE


def play(scenario):
    async def main():
        try:
            async with asyncio.timeout(10 * RATE):
                await scenario
        finally:
            while PEERS:
                peer = PEERS.pop()
                peer.writer.transport.abort()
                with contextlib.suppress(OSError):
                    await peer.writer.wait_closed()

    with asyncio.Runner(loop_factory=HastyLoop) as runner:
        runner.run(main())


class Peer:
    """A socket in packets."""

    def __init__(self, reader, writer, *, at_broker):
        self.reader, self.writer = reader, writer
        self._decoder, self._got = Decoder(at_broker=at_broker), []
        PEERS.append(self)

    async def next(self):
        """The next packet but pings, None at the end."""
        while True:
            while self._got:
                packet = self._got.pop(0)
                if not isinstance(packet, Ping):
                    return packet
            data = await self.reader.read(1 << 16)
            if not data:
                return None
            self._got += self._decoder.feed(data)

    def send(self, *packets):
        self.writer.write(b"".join(map(encode, packets)))


class Scripted:
    """A broker that does what a test says, one connection after the other."""

    async def __aenter__(self):
        self.peers = asyncio.Queue()
        self._server = await asyncio.start_server(
            lambda r, w: self.peers.put_nowait(Peer(r, w, at_broker=True)), "127.0.0.1", 0
        )
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_):
        self._server.close()

    async def greet(self, *, present=False):
        peer = await self.peers.get()
        hello = await peer.next()
        peer.send(Connack(present))
        return peer, hello


class User:
    def __init__(self, link):
        self.link, self.messages, self.changed = link, [], asyncio.Event()
        link.user = self

    def link_up(self):
        self.changed.set()

    def link_down(self):
        self.changed.set()

    def message(self, message):
        self.messages.append(message)

    async def change(self):
        self.changed.clear()
        await self.changed.wait()


def link(port, *, clean=True, **settings):
    made = RemoteLink("127.0.0.1", port, MqttSettings.model_validate(settings), "d1", clean=clean)
    return made, User(made)


@contextlib.asynccontextmanager
async def broker(*accounts):
    made = tuple(MqttAccount.model_validate(account) for account in accounts)
    wrong = Misbehaviour(lambda *_: 0.0, lambda *_: None)
    clock = asyncio.get_running_loop().time
    server = BrokerServer(Broker(Accounts(made, clock), PacedTimers(), wrong))
    port = int((await server.start()).rsplit(":", 1)[1])
    try:
        yield server, port
    finally:
        await server.stop()


async def client(port, connect, *filters):
    peer = Peer(*await asyncio.open_connection("127.0.0.1", port), at_broker=False)
    peer.send(connect)
    assert (await peer.next()).code == 0
    if filters:
        peer.send(Subscribe(1, tuple((name, 1) for name in filters)))
        await peer.next()
    return peer


def no_will():
    return Will("t/gone", b"", 0)


@pytest.mark.parametrize("present", [True, False])
def test_what_was_not_acknowledged_comes_again(present):
    async def scenario():
        async with Scripted() as fake:
            made, user = link(fake.port, clean=False)
            made.open(no_will)
            peer, hello = await fake.greet()
            assert not hello.clean
            await user.change()
            made.publish("t", b"one", 1)
            made.publish("t", b"two", 2)
            made.publish("t", b"three", 1)
            one, two, three = [await peer.next() for _ in range(3)]
            peer.send(Ack("pubrec", two.packet_id), Ack("puback", three.packet_id))
            assert await peer.next() == Ack("pubrel", two.packet_id)
            peer.writer.transport.abort()
            peer, _ = await fake.greet(present=present)
            again = await peer.next()
            assert (again.payload, again.packet_id, again.dup) == (b"one", one.packet_id, True)
            if present:
                assert await peer.next() == Ack("pubrel", two.packet_id)
                peer.send(Ack("pubcomp", two.packet_id))
            made.publish("t", b"four", 1)
            four = await peer.next()
            assert not four.dup
            assert four.packet_id not in (one.packet_id, two.packet_id)
            peer.send(Ack("puback", one.packet_id), Ack("puback", four.packet_id))
            peer.send(Publish("t/set", b"x", 1, packet_id=9))
            assert await peer.next() == Ack("puback", 9)
            assert not made.outbox.sent
            await made.close()

    play(scenario())


def test_a_clean_session_begins_with_nothing():
    async def scenario():
        async with Scripted() as fake:
            made, user = link(fake.port)
            made.open(no_will)
            peer, hello = await fake.greet()
            assert hello.clean
            await user.change()
            made.publish("t", b"one", 1)
            await peer.next()
            peer.writer.transport.abort()
            peer, _ = await fake.greet()
            await user.change()
            made.publish("t", b"two", 1)
            assert (await peer.next()).payload == b"two"
            await made.close()

    play(scenario())


def test_a_will_is_asked_for_with_each_connect_that_is_sent_and_for_no_other_try():
    async def scenario():
        asked = []
        async with Scripted() as fake:
            made, _ = link(fake.port)
            made.open(lambda: asked.append(1) or no_will())
            peer, _ = await fake.greet()
        peer.writer.transport.abort()
        await asyncio.sleep(8.0)  # of a loop in haste: nobody listens any more, and it has tried four times
        assert len(asked) == 1
        assert not made.up
        await made.close()

    play(scenario())


def test_who_keeps_silent_is_thrown_out_and_its_will_is_said():
    async def scenario():
        async with broker() as (_, port):
            hears = await client(port, Connect("s"), "will/#")
            silent = await client(port, Connect("c", keep_alive=2, will=Will("will/c", b"gone", 1)))
            begin = asyncio.get_running_loop().time()
            assert (await hears.next()).payload == b"gone"
            assert asyncio.get_running_loop().time() - begin >= 2.9
            assert await silent.next() is None

    play(scenario())


def test_our_link_keeps_itself_alive_and_notices_a_broker_that_is_not():
    async def scenario():
        async with Scripted() as fake, broker() as (server, port):
            made, user = link(port, keep_alive=8)
            made.open(no_will)
            await user.change()
            await asyncio.sleep(15.0)
            assert made.up
            assert len(server.clients) == 1
            await made.close()
            made, user = link(fake.port, keep_alive=4)
            made.open(no_will)
            await fake.greet()  # and never a word again
            await user.change()
            begin = asyncio.get_running_loop().time()
            await user.change()
            assert not made.up
            assert asyncio.get_running_loop().time() - begin >= 1.9
            await made.close()

    play(scenario())


def test_a_password_opens_the_door_over_a_socket(monkeypatch):
    monkeypatch.setenv("BROKER_PW", "right")
    monkeypatch.setenv("MY_PW", "wrong")

    async def scenario():
        async with broker({"user": "u", "password_env": "BROKER_PW"}) as (_, port):
            made, user = link(port, user="u", password_env="MY_PW")
            made.open(no_will)
            while not made.refused:  # noqa: ASYNC110 - a socket makes it true
                await asyncio.sleep(0.1)
            assert (made.refused, made.up) == (4, False)
            monkeypatch.setenv("MY_PW", "right")
            await user.change()
            assert made.up
            await made.close()

    play(scenario())


def test_who_does_not_read_loses_messages_and_nobody_else_does():
    async def scenario():
        async with broker() as (server, port):
            slow = await client(port, Connect("slow"), "t")
            quick = await client(port, Connect("quick"), "t")
            slow.reader._transport.pause_reading()
            block = bytes(100_000)
            for count in range(200):
                server.broker.publish(Publish("t", block))
                assert len((await quick.next()).payload) == len(block), count
            session = server.broker.sessions["slow"]
            assert session.dropped > 0
            assert session.wire.backlog() < 8_000_000
            assert server.broker.sessions["quick"].dropped == 0
            slow.writer.transport.abort()

    play(scenario())
