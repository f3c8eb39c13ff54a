"""The small HTTP service: it takes the port it is told, says which, and goes without a trace."""

import asyncio
import contextlib
import socket

import pytest

from emulator.http import HttpService

pytestmark = pytest.mark.wire


async def hello(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
    await send({"type": "http.response.body", "body": b"hello"})


async def request(url: str) -> bytes:
    port = int(url.rsplit(":", 1)[1])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


def test_it_serves_on_a_free_port_and_frees_it_again():
    async def main() -> None:
        service = HttpService(hello)
        url = await service.start()
        assert (await request(url)).endswith(b"hello")
        await service.stop()
        with pytest.raises(ConnectionRefusedError):
            await request(url)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(main())


def test_two_services_live_side_by_side():
    async def main() -> None:
        first, second = HttpService(hello), HttpService(hello)
        urls = [await first.start(), await second.start()]
        assert urls[0] != urls[1]
        await first.stop()
        assert (await request(urls[1])).endswith(b"hello")
        await second.stop()

    asyncio.run(main())


def test_a_taken_port_is_named_with_the_way_out():
    async def main() -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            service = HttpService(hello, port)
            with pytest.raises(OSError, match=f"cannot open port {port} for the control API: .*; free it"):
                await service.start()
            await service.stop()

    asyncio.run(main())


def test_stopping_does_not_wait_for_a_client_that_says_nothing():
    async def main() -> None:
        service = HttpService(hello)
        url = await service.start()
        reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rsplit(":", 1)[1]))
        async with asyncio.timeout(5):
            await service.stop()
            with contextlib.suppress(ConnectionError):
                assert await reader.read() == b""
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    asyncio.run(main())


def test_stopping_twice_or_before_the_start_does_nothing():
    async def main() -> None:
        service = HttpService(hello)
        await service.stop()
        await service.start()
        await service.stop()
        await service.stop()

    asyncio.run(main())
