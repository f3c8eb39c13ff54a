"""What the server does with peers that do not play by the rules. The bytes are OPC 10000-6 §7.1, by hand."""

import asyncio
import logging
import struct

import pytest
from asyncua import Client, ua
from asyncua.ua.ua_binary import struct_from_binary

from emulator.devices.opcua.logs import RateLimit

HELLO = struct.pack("<5I", 0, 65535, 65535, 0, 0)
URL = b"opc.tcp://x/"


def _frame(kind: bytes, body: bytes, size: int | None = None) -> bytes:
    return kind + struct.pack("<I", 8 + len(body) if size is None else size) + body


def _hello(url: bytes = URL, sizes: bytes = HELLO) -> bytes:
    return _frame(b"HELF", sizes + struct.pack("<i", len(url)) + url)


def _answers(served, *frames: bytes) -> bytes:
    """Return everything the server says to these frames until it closes or falls silent."""

    async def main():
        async with served() as bench:
            reader, writer = await asyncio.open_connection("127.0.0.1", bench.server.port)
            said = b""
            try:
                for frame in frames:
                    writer.write(frame)
                    await writer.drain()
                async with asyncio.timeout(2):
                    while data := await reader.read(65536):
                        said += data
            except TimeoutError:
                pytest.fail("neither an answer nor a close")
            finally:
                writer.close()
            return said

    return asyncio.run(main())


def _error(said: bytes) -> int:
    assert said[:4] == b"ERRF"
    return struct.unpack_from("<I", said, 8)[0]


@pytest.mark.parametrize(
    ("frame", "status"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", ua.StatusCodes.BadTcpMessageTypeInvalid),
        (_frame(b"MSGF", b"\0" * 20), ua.StatusCodes.BadTcpSecureChannelUnknown),
        (_frame(b"OPNF", b"\0" * 20), ua.StatusCodes.BadTcpSecureChannelUnknown),
        (_frame(b"HELC", HELLO), ua.StatusCodes.BadTcpMessageTypeInvalid),
        (_frame(b"HELF", b"", size=2**31), ua.StatusCodes.BadTcpEndpointUrlInvalid),
        (_frame(b"HELF", b"", size=0), ua.StatusCodes.BadTcpEndpointUrlInvalid),
        (_hello(b"x" * 60_000), ua.StatusCodes.BadTcpEndpointUrlInvalid),
        (_hello(sizes=struct.pack("<5I", 0, 100, 100, 0, 0)), ua.StatusCodes.BadConnectionRejected),
        (_frame(b"HELF", HELLO + struct.pack("<i", 1000) + b"x"), ua.StatusCodes.BadDecodingError),
    ],
)
def test_an_opening_that_is_not_one_gets_an_error_and_a_close(served, frame, status):
    assert _error(_answers(served, frame)) == status


@pytest.mark.parametrize(
    ("frame", "status"),
    [
        (_frame(b"MSGF", b"\0" * 20), ua.StatusCodes.BadTcpMessageTypeInvalid),
        (_frame(b"OPNF", b"", size=2**31), ua.StatusCodes.BadTcpMessageTooLarge),
        (_frame(b"OPNF", b"\xff" * 40), ua.StatusCodes.BadSecurityPolicyRejected),
        (_frame(b"OPNF", b"\x7f" * 40), ua.StatusCodes.BadDecodingError),
        (_hello(), ua.StatusCodes.BadTcpMessageTypeInvalid),
    ],
)
def test_after_hello_only_a_secure_channel_can_follow(served, frame, status):
    said = _answers(served, _hello(), frame)
    if said[:4] == b"ACKF":
        said = said[struct.unpack_from("<I", said, 4)[0] :]
    assert _error(said) in (status, ua.StatusCodes.BadTcpSecureChannelUnknown)


def test_a_declared_two_gigabytes_are_not_waited_for(served):
    async def main():
        async with served() as bench:
            reader, writer = await asyncio.open_connection("127.0.0.1", bench.server.port)
            writer.write(_hello())
            await reader.read(100)
            writer.write(_frame(b"OPNF", b"\0" * 100, size=2**31))
            async with asyncio.timeout(2):
                said = await reader.read()
            assert _error(said) == ua.StatusCodes.BadTcpMessageTooLarge
            writer.close()

    asyncio.run(main())


def test_a_hello_byte_by_byte_is_answered(served):
    async def main():
        async with served() as bench:
            reader, writer = await asyncio.open_connection("127.0.0.1", bench.server.port)
            for byte in _hello():
                writer.write(bytes((byte,)))
                await writer.drain()
            async with asyncio.timeout(2):
                assert (await reader.readexactly(28))[:4] == b"ACKF"
            writer.close()

    asyncio.run(main())


def test_session_tokens_are_random_and_long(on_bench):
    async def body(bench, client):
        other = await bench.client()
        core = bench.server._server.iserver
        tokens = [token.Identifier for token in core._external_sessions]
        await other.disconnect()
        assert len(tokens) == len(set(tokens)) == 2
        assert all(isinstance(token, bytes) and len(token) == 32 for token in tokens)

    on_bench(body)


def test_a_session_cannot_be_activated_from_another_channel(on_bench, fails_with):
    async def body(bench, client):
        token = next(iter(bench.server._server.iserver._external_sessions))
        thief = Client(bench.server.url, timeout=4)
        await thief.connect_socket()
        await thief.send_hello()
        await thief.open_secure_channel()
        thief.uaclient.protocol.authentication_token = token
        request = ua.ActivateSessionRequest()
        request.RequestHeader.AuthenticationToken = token
        refused = await fails_with(thief.uaclient.protocol.send_request(request))
        assert refused == ua.StatusCodes.BadSessionIdInvalid
        thief.disconnect_socket()
        assert await client.nodes.server_state.read_value() == 0  # its owner still has it

    on_bench(body)


def test_strangers_cannot_register_servers_or_change_the_address_space(on_bench, fails_with):
    async def body(bench, client):
        objects = client.nodes.objects
        assert await fails_with(objects.add_variable(2, "Mine", 1.0)) == ua.StatusCodes.BadUserAccessDenied
        request = ua.RegisterServerRequest(Server=ua.RegisteredServer())
        assert await fails_with(client.uaclient.protocol.send_request(request)) == ua.StatusCodes.BadServiceUnsupported

    on_bench(body)


def test_an_administrators_name_opens_nothing(served):
    async def main():
        async with served() as bench:
            client = Client(bench.server.url, timeout=4)
            client.set_user("admin")
            with pytest.raises(ua.UaError):
                await client.connect()
            await asyncio.sleep(0)

    asyncio.run(main())


def test_a_session_ends_with_its_connection_where_nobody_can_prove_it_is_his(on_bench):
    async def body(bench, client):
        other = await bench.client()
        core = bench.server._server.iserver
        other.disconnect_socket()
        while len(core._external_sessions) > 1:  # noqa: ASYNC110 - the loop's next turns bring it
            await asyncio.sleep(0)
        assert await client.nodes.server_state.read_value() == 0
        await other.disconnect()

    on_bench(body, opcua={"security": {"reactivate_anonymous": False}})


def test_more_connections_than_the_device_has_are_closed(on_bench):
    async def body(bench, client):
        reader, writer = await asyncio.open_connection("127.0.0.1", bench.server.port)
        async with asyncio.timeout(2):
            assert await reader.read() == b""
        writer.close()

    on_bench(body, connections=1)


def test_a_publishing_interval_of_nothing_is_revised(on_bench):
    async def body(bench, client):
        for wanted in (0.0, float("nan"), -5.0):
            request = ua.CreateSubscriptionRequest()
            request.Parameters.RequestedPublishingInterval = wanted
            answer = await client.uaclient.protocol.send_request(request)
            revised = struct_from_binary(ua.CreateSubscriptionResponse, answer).Parameters
            assert revised.RevisedPublishingInterval >= 10.0  # no number, and none too short

    on_bench(body)


def test_a_talkative_peer_cannot_fill_the_log():
    limit = RateLimit(per_second=2)
    records = [logging.makeLogRecord({"msg": "x", "created": second}) for second in [1.0] * 10 + [2.0]]
    passed = [record for record in records if limit.filter(record)]
    assert len(passed) == 3
    assert passed[-1].getMessage() == "x (8 like lines kept back)"
