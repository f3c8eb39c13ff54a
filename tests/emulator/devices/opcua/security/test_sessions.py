"""Sessions that outlive their connection, their limits, channels that are renewed, and what is counted."""

import asyncio

import pytest
from asyncua import Client, ua

from emulator.devices.opcua import gate
from tests.emulator.devices.opcua.security.conftest import MODES, POLICIES, URI, WORD, owner

BOTH = "Basic256Sha256_SignAndEncrypt"
OPEN = {"security": ["None", BOTH]}
CODES = ua.StatusCodes


async def _until(condition):
    async with asyncio.timeout(3):
        while not condition():  # noqa: ASYNC110 - the loop's next turns bring it
            await asyncio.sleep(0)


async def _channel(bench, who=None):
    """Return a client with a channel and no session."""
    client = Client(bench.server.url, timeout=4)
    client.application_uri = URI
    if who is not None:
        policy, _, mode = BOTH.rpartition("_")
        await client.set_security(POLICIES[policy], who.certificate, who.key, mode=MODES[mode])
    await client.connect_socket()
    await client.send_hello()
    await client.open_secure_channel()
    return client


def _sessions(bench):
    return bench.server._server.iserver._external_sessions


async def _lose(bench, client):
    """Have a client lose its connection, and the server notice."""
    token = client.uaclient.protocol.authentication_token
    client.disconnect_socket()
    await _until(lambda: token not in _sessions(bench) or _sessions(bench)[token].processor is None)
    return token


async def _again(client, old, token):
    """Activate a session of a lost connection on a new channel, as Part 4 §6.7 has it."""
    client.uaclient.protocol.authentication_token = token
    client._server_nonce = old._server_nonce
    if not client.security_policy.peer_certificate:
        client.security_policy.peer_certificate = old.security_policy.peer_certificate
    client.user_certificate = old.user_certificate
    await client.activate_session(old._username, old._password)


@pytest.mark.parametrize("kind", ["anonymous", "named", "secured"])
def test_a_client_takes_up_its_session_on_a_new_channel(served, secure, me, kind):
    users = [{"name": "op", "password": "env:PLANT_WORD", "role": "operator"}]
    security = {"endpoints": ["None", BOTH]} | ({"users": users} if kind == "named" else {})

    async def main():
        async with served(opcua={"security": security}) as bench:
            bench.commit()
            name = {"user": "op", "word": WORD} if kind == "named" else {}
            async with secure(bench, BOTH if kind == "secured" else "None", **name) as old:
                token = await _lose(bench, old)
                session = _sessions(bench)[token]
                new = await _channel(bench, me if kind == "secured" else None)
                new._policy_ids = old._policy_ids
                await _again(new, old, token)
                assert _sessions(bench)[token] is session
                assert await new.nodes.server_state.read_value() == 0
                await new.close_session()
                assert token not in _sessions(bench)
                new.disconnect_socket()

    asyncio.run(main())


def test_another_certificate_or_user_cannot_take_a_session(served, secure, me, folder, fails_with):
    thief = owner(folder, "thief")

    async def main():
        async with (
            served(opcua={"security": {"endpoints": [BOTH], "trust": "any"}}) as bench,
            secure(bench, BOTH) as old,
        ):
            token = await _lose(bench, old)
            new = await _channel(bench, thief)
            new._policy_ids = old._policy_ids
            assert await fails_with(_again(new, old, token)) == CODES.BadSecurityChecksFailed
            new.disconnect_socket()
            assert token in _sessions(bench)

    asyncio.run(main())


def test_a_session_nobody_activates_or_uses_ends(served, secure, monkeypatch):
    monkeypatch.setattr(gate, "ACTIVATION_SECONDS", 0.05)
    security = {"shortest_session": "50 ms", "longest_session": "100 ms"}

    async def main():
        async with served(opcua={"security": security}) as bench:
            client = await _channel(bench)
            await client.create_session()
            assert len(_sessions(bench)) == 1
            async with asyncio.timeout(3):
                while _sessions(bench):  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
            client.disconnect_socket()
            used = Client(bench.server.url, timeout=4)
            await used.connect_socket()
            await used.send_hello()
            await used.open_secure_channel()
            await used.create_session()
            await used.activate_session()
            counters = bench.server._server.iserver.counters
            async with asyncio.timeout(3):
                while not counters.session_timeout_count:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
            used.disconnect_socket()

    asyncio.run(main())


def test_unactivated_sessions_give_way_and_owned_ones_do_not(served, fails_with):
    async def main():
        async with served(opcua={"limits": {"sessions": 2}}) as bench:
            flood = [await _channel(bench) for _ in range(5)]
            for client in flood:
                await client.create_session()
            assert len(_sessions(bench)) == 2
            owners = [await bench.client(), await bench.client()]
            assert await fails_with(flood[0].create_session()) == CODES.BadTooManySessions
            assert await owners[0].nodes.server_state.read_value() == 0
            for client in owners:
                await client.disconnect()
            for client in flood:
                client.disconnect_socket()

    asyncio.run(main())


def test_asking_before_activation_ends_the_session(served, fails_with):
    async def main():
        async with served() as bench:
            client = await _channel(bench)
            await client.create_session()
            assert await fails_with(client.nodes.server_state.read_value()) == CODES.BadSessionNotActivated
            assert not _sessions(bench)
            client.disconnect_socket()

    asyncio.run(main())


@pytest.mark.parametrize("endpoint", ["None", BOTH])
def test_a_channel_is_renewed_without_losing_a_request(served, secure, endpoint):
    async def main():
        async with served(opcua=OPEN) as bench, secure(bench, endpoint) as client:
            bench.commit()
            flow = await bench.node(client, "Pump1/Flow")
            processor = next(iter(_sessions(bench).values())).processor
            for renewal in range(1, 4):
                await client.open_secure_channel(renew=True)
                assert await flow.read_value() == 1.0
                assert processor.channel._current.id == renewal + 1
            assert len(processor.channel._tokens) == 2

    asyncio.run(main())


def test_an_expired_token_is_refused_and_ends_the_channel(served, secure):
    async def main():
        async with served(opcua=OPEN) as bench, secure(bench, BOTH) as client:
            session = next(iter(_sessions(bench).values()))
            channel = session.processor.channel
            channel._tokens[1].until = 0.0
            with pytest.raises((ua.UaError, ConnectionError)):
                await client.nodes.server_state.read_value()
            await _until(lambda: session.processor is None)

    asyncio.run(main())


def test_two_servers_in_one_process_share_nothing(served, fails_with):
    users = [{"name": "op", "password": "env:PLANT_WORD", "role": "operator"}]
    strict = {"limits": {"sessions": 1}, "security": {"users": users}}

    async def main():
        async with served(opcua=strict) as first, served() as second:
            a, b, c = await first.client(), await second.client(), await second.client()
            assert await fails_with(first.client()) == CODES.BadTooManySessions
            assert (
                await fails_with((await first.node(a, "Pid1/Setpoint")).write_value(5.0)) == CODES.BadUserAccessDenied
            )
            await (await second.node(b, "Pid1/Setpoint")).write_value(5.0)
            assert (len(_sessions(first)), len(_sessions(second))) == (1, 2)
            ids = [sorted(s.session_id.Identifier for s in _sessions(one).values()) for one in (first, second)]
            assert ids[0][0] == ids[1][0]  # each counts for itself
            await first.server.stop()
            assert await c.nodes.server_state.read_value() == 0
            await b.disconnect()
            await c.disconnect()
            a.disconnect_socket()

    asyncio.run(main())


def test_the_server_counts_its_sessions_and_refusals(served, secure, fails_with):
    base = "Server_ServerDiagnostics_"

    async def read(client, name):
        return await client.get_node(ua.NodeId(getattr(ua.ObjectIds, base + name))).read_value()

    async def main():
        async with served(opcua=OPEN) as bench, secure(bench, BOTH) as client:
            other = await bench.client()
            assert await fails_with(other.uaclient.protocol.send_request(ua.RegisterServerRequest())) != 0
            await other.disconnect()
            summary = await read(client, "ServerDiagnosticsSummary")
            assert (summary.CurrentSessionCount, summary.CumulatedSessionCount) == (1, 2)
            assert summary.RejectedRequestsCount == 1
            assert await read(client, "ServerDiagnosticsSummary_CumulatedSessionCount") == 2
            assert await read(client, "EnabledFlag")
            (session,) = await read(client, "SessionsDiagnosticsSummary_SessionDiagnosticsArray")
            assert session.ClientDescription.ApplicationUri == URI
            assert session.TotalRequestCount.TotalCount >= 4
            (security,) = await read(client, "SessionsDiagnosticsSummary_SessionSecurityDiagnosticsArray")
            assert security.SecurityPolicyUri.endswith("#Basic256Sha256")
            await client.create_subscription(500, None)
            (subscription,) = await read(client, "SubscriptionDiagnosticsArray")
            assert subscription.PublishingInterval == 500.0
            assert subscription.SessionId == session.SessionId
            assert await read(client, "ServerDiagnosticsSummary_CurrentSubscriptionCount") == 1

    asyncio.run(main())
