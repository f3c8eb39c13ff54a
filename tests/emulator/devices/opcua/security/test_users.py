"""Who gets in, as what, and what each may do."""

import asyncio
import hashlib

import pytest
from asyncua import Client, ua

from emulator.devices.opcua.security import passwords
from rigs.devices.opcua_security import OpcUaSecurity
from tests.emulator.devices.opcua.security.conftest import WORD, owner

SIGNED = "Basic256Sha256_Sign"
BOTH = "Basic256Sha256_SignAndEncrypt"


def _settings(kept, **more):
    users = [
        {"name": "op", "password": "env:PLANT_WORD", "role": "operator"},
        {"name": "eng", "password": kept, "role": "engineer"},
        {"name": "look", "password": "env:PLANT_WORD"},
    ]
    return {"security": {"endpoints": ["None", SIGNED, BOTH], "users": users, "trust": "any"} | more}


async def _rights(bench, client, fails_with):
    setpoint = await bench.node(client, "Pid1/Setpoint")
    motor, start = await bench.node(client, "Motor1"), await bench.node(client, "Motor1/Start")
    level = await setpoint.read_attribute(ua.AttributeIds.UserAccessLevel)
    runs = await start.read_attribute(ua.AttributeIds.UserExecutable)
    written = await fails_with(setpoint.write_value(50.0))
    called = await fails_with(motor.call_method(start))
    return bool(level.Value.Value & 2), runs.Value.Value, written, called


DENIED = ua.StatusCodes.BadUserAccessDenied


@pytest.mark.parametrize(
    ("user", "endpoint", "may"),
    [("", "None", False), ("look", SIGNED, False), ("op", "None", True), ("op", SIGNED, True), ("eng", BOTH, True)],
)
def test_each_role_may_what_it_may_and_is_told_so(served, secure, fails_with, kept, user, endpoint, may):
    async def main():
        async with (
            served(opcua=_settings(kept)) as bench,
            secure(bench, endpoint, user=user, word=WORD if user else "") as client,
        ):
            bench.commit()
            assert await (await bench.node(client, "Pump1/Flow")).read_value() == 1.0
            status = 0 if may else DENIED
            assert await _rights(bench, client, fails_with) == (may, may, status, status)
            commands = [("pid1.setpoint", 50.0), ("motor1.start", True)] if may else []
            assert bench.image.take_writes() == commands

    asyncio.run(main())


@pytest.mark.parametrize(("user", "word"), [("op", "guess"), ("nobody", WORD), ("", "")])
def test_wrong_passwords_unknown_names_and_unwanted_strangers_stay_out(served, secure, kept, caplog, user, word):
    async def main():
        async with served(opcua=_settings(kept, anonymous="refused")) as bench:
            with pytest.raises((ua.uaerrors.BadUserAccessDenied, ua.uaerrors.BadIdentityTokenRejected)):
                async with secure(bench, BOTH, user=user, word=word):
                    pass
            counters = bench.server._server.iserver.counters
            assert counters.rejected_session_count == counters.security_rejected_session_count == 1

    asyncio.run(main())
    server = [record.getMessage() for record in caplog.records if "client" not in record.name]
    assert not any(WORD in line or "guess" in line for line in server)


def test_a_password_in_clear_is_taken_only_where_the_rig_says_so(served, fails_with, kept):
    async def activate(bench, client):
        token = ua.UserNameIdentityToken(PolicyId="username", UserName="op", Password=WORD.encode())
        request = ua.ActivateSessionRequest()
        request.Parameters.UserIdentityToken = token
        return await fails_with(client.uaclient.protocol.send_request(request))

    async def main():
        for allowed, status in ((False, ua.StatusCodes.BadIdentityTokenInvalid), (True, 0)):
            async with served(opcua=_settings(kept, allow_clear_passwords=allowed)) as bench:
                client = await bench.client()
                assert await activate(bench, client) == status
                await client.disconnect()

    asyncio.run(main())


def test_a_certificate_logs_in_who_holds_its_key_and_nobody_else(served, secure, folder, me):
    holder = owner(folder, "holder")
    thumbprint = hashlib.sha256(holder.identity.der).hexdigest()
    users = [{"name": "card", "certificate": thumbprint.upper(), "role": "operator"}]
    settings = {"security": {"endpoints": ["None", BOTH], "users": users, "anonymous": "refused"}}

    async def attempt(bench, key):
        client = Client(bench.server.url, timeout=4)
        await client.load_client_certificate(str(holder.certificate))
        await client.load_private_key(str(key))
        await client.connect()
        setpoint = await bench.node(client, "Pid1/Setpoint")
        await setpoint.write_value(40.0)
        await client.disconnect()

    async def main():
        async with served(opcua=settings) as bench:
            bench.commit()
            await attempt(bench, holder.key)
            assert bench.image.take_writes() == [("pid1.setpoint", 40.0)]
            with pytest.raises(ua.uaerrors.BadUserSignatureInvalid):
                await attempt(bench, me.key)

    asyncio.run(main())


def test_diagnostics_are_kept_to_engineers_where_the_rig_says_so(served, secure, kept):
    node = ua.NodeId(ua.ObjectIds.Server_ServerDiagnostics_ServerDiagnosticsSummary_CurrentSessionCount)

    async def main():
        async with served(opcua=_settings(kept, diagnostics="engineer")) as bench:
            async with secure(bench, BOTH, user="eng", word=WORD) as client:
                assert await client.get_node(node).read_value() == 1
            async with secure(bench, BOTH, user="op", word=WORD) as client:
                with pytest.raises(ua.uaerrors.BadUserAccessDenied):
                    await client.get_node(node).read_value()
                subscription = await client.create_subscription(500, Heard())
                with pytest.raises(ua.uaerrors.BadUserAccessDenied):
                    await subscription.subscribe_data_change(client.get_node(node))

    asyncio.run(main())


class Heard:
    def datachange_notification(self, node, value, data) -> None:
        pass


def test_a_hash_knows_its_password_and_no_other(kept, monkeypatch):
    assert passwords.is_password(kept, WORD)
    assert not passwords.is_password(kept, WORD + " ")
    assert not passwords.is_password(passwords.NOBODY, "")
    pbkdf2 = "pbkdf2:1000:c2FsdHNhbHRzYWx0c2FsdA==:" + "Q" * 43 + "="
    assert not passwords.is_password(pbkdf2, WORD)
    assert not passwords.is_password("scrypt:99999999:8:1:c2FsdHNhbHRzYWx0c2FsdA==:" + "Q" * 43 + "=", WORD)
    monkeypatch.delenv("PLANT_WORD")
    assert passwords.missing("env:PLANT_WORD") == "PLANT_WORD"
    assert not passwords.is_password("env:PLANT_WORD", "")


def test_a_password_that_is_nowhere_stops_the_device_by_name(served, kept, monkeypatch):
    monkeypatch.delenv("PLANT_WORD")

    async def main():
        with pytest.raises(ValueError, match="'op' of plc1: set the environment variable PLANT_WORD"):
            async with served(opcua=_settings(kept)):
                pass

    asyncio.run(main())


def test_a_rig_file_is_no_place_for_a_password():
    with pytest.raises(ValueError, match="env:NAME") as refusal:
        OpcUaSecurity(users=({"name": "op", "password": "hunter2", "role": "operator"},))
    assert "write env:NAME" in refusal.value.errors()[0]["msg"]
    assert "PLANT_WORD" not in repr(OpcUaSecurity(users=({"name": "op", "password": "env:PLANT_WORD"},)))
