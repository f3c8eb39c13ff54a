"""The proxy on real loopback sockets, with an echo server as the device."""

import asyncio
import contextlib

import pytest

from hil.insertion.link.base import create, registry
from hil.insertion.link.connection import Connection
from hil.insertion.link.proxy import QUEUE_BYTES, LinkProxy

pytestmark = pytest.mark.wire


@contextlib.asynccontextmanager
async def link(handler=None, draws=(0.0,)):
    """A device and a proxy before it; yields (proxy, list of the device's standing connections)."""
    tasks, gone = set(), []

    async def echo(reader, writer):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()

    async def serve(reader, writer):
        tasks.add(asyncio.current_task())
        try:
            await (handler or echo)(reader, writer)
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            gone.append(True)
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    device = await asyncio.start_server(serve, "127.0.0.1", 0)
    host, port = device.sockets[0].getsockname()
    try:
        async with LinkProxy("meter", host, port, Draws(*draws)) as proxy:
            yield proxy
    finally:
        device.close()
        await asyncio.gather(*tasks, return_exceptions=True)
        await device.wait_closed()


@contextlib.asynccontextmanager
async def client(proxy):
    reader, writer = await asyncio.open_connection(*proxy.address)
    try:
        yield reader, writer
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


def run(main):
    """Run a test and insist that it leaves no task behind."""

    async def bounded():
        async with asyncio.timeout(20):
            await main()
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(bounded())


async def until(condition):
    """Let the loop turn until the condition holds; the test's own time limit is the way out."""
    while not condition():  # noqa: ASYNC110 - what is waited for is the proxy's state, which signals nobody
        await asyncio.sleep(0)


async def exchange(reader, writer, data):
    writer.write(data)
    await writer.drain()
    return await reader.readexactly(len(data))


async def is_reset(proxy):
    """Open a connection and tell whether it dies before it delivers anything."""
    try:
        async with client(proxy) as (reader, _):
            await reader.readexactly(1)
    except ConnectionError:
        return True
    return False


class Draws:
    """A stream whose numbers the test chooses."""

    def __init__(self, *numbers):
        self.numbers = numbers

    def __call__(self, path):
        return self

    def uniform(self, n0, count):
        return [self.numbers[(n0 + i) % len(self.numbers)] for i in range(count)]


def inject(proxy, kind, severity=1.0, **params):
    fault = create(kind, params)
    fault.apply(proxy, severity, 0)
    return fault


def test_without_faults_bytes_pass_untouched_and_are_counted():
    async def main():
        async with link() as proxy, client(proxy) as (reader, writer):
            data = bytes(range(256)) * 4096
            assert await exchange(reader, writer, data) == data
            assert (proxy.counters.bytes_up, proxy.counters.bytes_down) == (len(data), len(data))
            assert (proxy.counters.connections, proxy.counters.open) == (1, 1)

    run(main)


@pytest.mark.parametrize("kind", sorted(kind for kind in registry() if kind.startswith("link_")))
def test_severity_zero_leaves_every_byte_as_it_was(kind):
    async def main():
        async with link() as proxy, client(proxy) as (reader, writer):
            inject(proxy, kind, severity=0.0)
            assert proxy.faults == ()
            data = bytes(range(256)) * 64
            assert await exchange(reader, writer, data) == data
            assert proxy.counters.resets == 0

    run(main)


def test_a_client_that_leaves_takes_its_device_connection_with_it():
    async def main():
        async with link() as proxy:
            async with client(proxy) as (reader, writer):
                await exchange(reader, writer, b"ping")
                connection = next(iter(proxy._connections.values()))
            await connection.gone.wait()
            assert proxy.counters.open == 0

    run(main)


def test_a_half_close_still_lets_the_answer_through():
    async def sum_up(reader, writer):
        writer.write(b"%d" % len(await reader.read(-1)))
        await writer.drain()

    async def main():
        async with link(sum_up) as proxy, client(proxy) as (reader, writer):
            writer.write(b"x" * 1000)
            writer.write_eof()
            assert await reader.read() == b"1000"

    run(main)


def test_latency_delays_by_at_least_what_it_says_and_keeps_order():
    async def main():
        async with link(draws=(0.9, 0.0, 0.5, 0.1)) as proxy, client(proxy) as (reader, writer):
            inject(proxy, "link_latency", latency_ms=100, jitter_ms=80)
            loop = asyncio.get_running_loop()
            start = loop.time()
            data = b"".join(b"%04d" % i for i in range(2000))
            assert await exchange(reader, writer, data) == data
            assert loop.time() - start >= 0.02

    run(main)


def test_removing_latency_releases_what_still_waited():
    async def main():
        async with link() as proxy, client(proxy) as (reader, writer):
            fault = inject(proxy, "link_latency", latency_ms=500_000)
            writer.write(b"late")
            await until(lambda: proxy.counters.bytes_down == 4)
            fault.apply(proxy, 0.0, 1)
            assert await reader.readexactly(4) == b"late"

    run(main)


def test_a_reset_is_seen_as_a_reset_by_a_standing_connection():
    async def main():
        async with link() as proxy, client(proxy) as (reader, writer):
            await exchange(reader, writer, b"ping")
            inject(proxy, "link_reset")
            with pytest.raises(ConnectionResetError):
                await reader.readexactly(1)
            assert proxy.counters.resets == 1

    run(main)


def test_new_connections_are_reset_while_the_fault_lasts_and_served_after():
    async def main():
        async with link() as proxy:
            fault = inject(proxy, "link_reset")
            assert await is_reset(proxy)
            fault.apply(proxy, 0.0, 1)
            async with client(proxy) as (reader, writer):
                assert await exchange(reader, writer, b"ping") == b"ping"

    run(main)


def test_a_blackhole_swallows_bytes_and_keeps_the_connection_until_it_ends():
    async def main():
        async with link() as proxy, client(proxy) as (reader, writer):
            await exchange(reader, writer, b"ping")
            fault = inject(proxy, "link_blackhole", direction="down")
            writer.write(b"lost")
            await until(lambda: proxy.counters.swallowed_down == 4)
            assert proxy.counters.open == 1
            assert not reader.at_eof()
            fault.apply(proxy, 0.0, 1)
            with pytest.raises(ConnectionResetError):
                await reader.readexactly(1)

    run(main)


def test_a_connection_that_lost_nothing_outlives_the_blackhole():
    async def main():
        async with link() as proxy, client(proxy) as (reader, writer):
            await exchange(reader, writer, b"ping")
            inject(proxy, "link_blackhole").apply(proxy, 0.0, 1)
            assert await exchange(reader, writer, b"pong") == b"pong"

    run(main)


def test_bandwidth_holds_the_rate_over_a_transfer():
    async def main():
        async with link() as proxy, client(proxy) as (reader, writer):
            inject(proxy, "link_bandwidth", rate_kb_s=100)
            loop = asyncio.get_running_loop()
            start = loop.time()
            await exchange(reader, writer, bytes(10_000))
            assert loop.time() - start >= 0.1  # 10 kB up at 100 kB/s, then the last piece down

    run(main)


def test_a_slow_link_pushes_back_instead_of_hoarding():
    async def main():
        async with link() as proxy, client(proxy) as (_, writer):
            inject(proxy, "link_bandwidth", rate_kb_s=0.1)
            writer.write(bytes(16 * 1024 * 1024))
            await until(lambda: any("queue" in c.client._pauses for c in proxy._connections.values()))
            assert proxy.counters.bytes_up <= QUEUE_BYTES + 1024 * 1024
            writer.transport.abort()

    run(main)


def test_a_device_that_is_not_there_is_a_reset_and_counted():
    async def main():
        placeholder = await asyncio.start_server(lambda r, w: None, "127.0.0.1", 0)
        port = placeholder.sockets[0].getsockname()[1]
        placeholder.close()
        await placeholder.wait_closed()
        async with LinkProxy("meter", "127.0.0.1", port, Draws(0.0)) as proxy:
            assert await is_reset(proxy)
            assert proxy.counters.unreachable == 1
            assert proxy.counters.resets == 0

    run(main)


def test_stopping_closes_every_connection_and_the_port():
    async def main():
        async with link() as proxy:
            async with client(proxy) as (reader, writer):
                await exchange(reader, writer, b"ping")
                address = proxy.address
                await proxy.stop()
                with pytest.raises(ConnectionError):
                    await reader.readexactly(1)
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection(*address)
            assert proxy.counters.open == 0

    run(main)


def test_asking_a_closed_link_for_its_address_says_what_to_do():
    with pytest.raises(RuntimeError, match=r"link 'meter' is not open; start\(\) it first"):
        _ = LinkProxy("meter", "127.0.0.1", 1, Draws(0.0)).address


def test_only_the_connection_asked_for_is_hit():
    async def main():
        async with link() as proxy, client(proxy) as (one, out), client(proxy) as (other, out2):
            await exchange(one, out, b"ping")
            await exchange(other, out2, b"ping")
            inject(proxy, "link_reset", connection=2)
            with pytest.raises(ConnectionResetError):
                await other.readexactly(1)
            assert await exchange(one, out, b"pong") == b"pong"
            assert not await is_reset_third(proxy)

    run(main)


async def is_reset_third(proxy):
    async with client(proxy) as (reader, writer):
        return await exchange(reader, writer, b"x") != b"x"


def test_link_delays_are_plant_time():
    async def main():
        async with link() as proxy, client(proxy) as (reader, writer):
            await exchange(reader, writer, b"ping")
            proxy.rate = 1000.0
            inject(proxy, "link_latency", latency_ms=20_000)
            async with asyncio.timeout(5):  # 20 s of plant time are 20 ms here
                assert await exchange(reader, writer, b"pong") == b"pong"

    run(main)


def test_a_peer_that_never_reads_costs_bounded_memory_and_is_read_again_after():
    async def main():
        async with link() as proxy, client(proxy) as (reader, writer):
            await exchange(reader, writer, b"ping")
            fault = inject(proxy, "link_zero_window")
            writer.write(bytes(32 * 1024 * 1024))
            await asyncio.sleep(0)
            await until(lambda: writer.transport.get_write_buffer_size() > 1024 * 1024)
            assert proxy.counters.bytes_up == 4
            fault.apply(proxy, 0.0, 1)
            await until(lambda: proxy.counters.bytes_up > 1024 * 1024)
            writer.transport.abort()

    run(main)


def test_a_partition_holds_everything_and_gives_it_back_though_another_fault_stays():
    async def main():
        async with link() as proxy, client(proxy) as (reader, writer):
            await exchange(reader, writer, b"ping")
            inject(proxy, "link_latency", latency_ms=1)
            fault = inject(proxy, "link_partition")
            writer.write(b"held")
            async with client(proxy) as (late, out):
                out.write(b"new")
                await until(lambda: proxy.counters.bytes_up == 8 and proxy.counters.connections == 2)
                assert not late._buffer
                fault.apply(proxy, 0.0, 1)
                assert await reader.readexactly(4) == b"held"
                assert await late.readexactly(3) == b"new"

    run(main)


def test_a_shut_port_stays_ours_and_opens_again():
    async def main():
        async with link() as proxy:
            address = proxy.address
            fault = inject(proxy, "link_refuse")
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection(*address)
            with pytest.raises(OSError, match="in use"):
                await asyncio.start_server(lambda r, w: None, *address, reuse_address=False)
            fault.apply(proxy, 0.0, 1)
            assert proxy.address == address
            async with client(proxy) as (reader, writer):
                assert await exchange(reader, writer, b"ping") == b"ping"

    run(main)


def test_stopping_while_the_port_is_moved_leaves_nothing():
    async def main():
        async with link() as proxy:
            old = proxy.address
            inject(proxy, "link_port_moved")
            assert proxy.address != old
            async with client(proxy) as (reader, writer):
                assert await exchange(reader, writer, b"ping") == b"ping"
            await proxy.stop()
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection(*old)

    run(main)


def test_half_open_connections_are_silent_until_the_fault_ends():
    async def main():
        async with link() as proxy, client(proxy) as (reader, writer):
            await exchange(reader, writer, b"ping")
            fault = inject(proxy, "link_half_open")
            writer.write(b"lost")
            await until(lambda: proxy.counters.swallowed_up == 4)
            assert not reader.at_eof()
            fault.apply(proxy, 0.0, 1)
            with pytest.raises(ConnectionResetError):
                await reader.readexactly(1)

    run(main)


def test_a_connection_that_ends_before_its_dialling_has_begun_is_forgotten(monkeypatch):
    """Its task is cancelled before the first step; the proxy must not wait for it for ever."""
    dial = Connection.dial

    def dial_and_end(connection, after_s=0.0):
        dial(connection, after_s)
        connection.finish()

    async def main():
        async with link() as proxy:
            monkeypatch.setattr(Connection, "dial", dial_and_end)
            async with client(proxy) as (reader, _):
                assert await reader.read() == b""
            async with asyncio.timeout(2):
                await proxy.stop()
            assert proxy.counters.open == 0

    run(main)
