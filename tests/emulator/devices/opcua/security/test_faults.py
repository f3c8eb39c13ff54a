"""Security faults as a client sees them, noted when they touch the wire; off, nothing is different."""

import asyncio

import pytest
from asyncua import Client, ua
from cryptography import x509

from emulator import clock
from emulator.devices.opcua.security import trust
from emulator.devices.opcua.security.misbehaviour import WHATS
from emulator.devices.opcua.security.suites import DEPRECATED, NONE_URI
from emulator.faults.base import registry

BOTH = "Basic256Sha256_SignAndEncrypt"
OPEN = {"security": ["None", BOTH]}
CODES = ua.StatusCodes
KINDS = (
    "opcua_certificate", "opcua_endpoints_downgraded", "opcua_policy_deprecated", "opcua_endpoint_tampered",
    "opcua_channel_renewal", "opcua_token_lifetime_short", "opcua_session_timeout_short", "opcua_wrong_server_nonce",
    "opcua_wrong_server_signature", "opcua_too_many_sessions", "opcua_activate_refused",
)  # fmt: skip


def _fault(bench, kind, severity=1.0, **params):
    registry()[kind](params).apply(bench.server.misbehaviour, severity, 0)


def _noted(bench):
    return {kind for kind, _ in bench.inserted}


async def _endpoints(bench):
    client = Client(bench.server.url, timeout=4)
    return await client.connect_and_get_server_endpoints()


def _wrong(what, certificate):
    """Return whether a certificate breaks the rule it is said to break."""
    now, key = clock.calendar(), certificate.public_key()
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return {
        "expired": certificate.not_valid_after_utc < now,
        "not_yet_valid": certificate.not_valid_before_utc > now,
        "wrong_host": "localhost" not in names.get_values_for_type(x509.DNSName),
        "wrong_application_uri": trust.application_uris(certificate) != ["urn:plantbench:device:plc1"],
        "weak_key": key.key_size < 2048,
        "revoked": certificate.issuer != certificate.subject,
        "chain_loop": certificate.issuer != certificate.subject,
        "untrusted": certificate.issuer == certificate.subject,
    }


@pytest.mark.parametrize("what", WHATS)
def test_a_bad_certificate_breaks_its_rule_and_no_other_and_the_channel_works_for_the_careless(
    served, secure, folder, what
):
    async def main():
        async with served(opcua=OPEN) as bench:
            sound = (await _endpoints(bench))[1].ServerCertificate
            _fault(bench, "opcua_certificate", what=what)
            shown = (await _endpoints(bench))[1].ServerCertificate
            leaf = trust.split_chain(shown)[0] if what != "weak_key" else x509.load_der_x509_certificate(shown)
            broken = {rule for rule, is_broken in _wrong(what, leaf).items() if is_broken}
            assert what in broken
            assert broken <= {
                what,
                "untrusted",
                *(("revoked", "chain_loop") if what in {"revoked", "chain_loop"} else ()),
            }
            assert ("opcua_certificate", what) in bench.inserted
            if what == "revoked":
                crl = x509.load_der_x509_crl((folder / "faults" / "authority.crl").read_bytes())
                assert crl.get_revoked_certificate_by_serial_number(leaf.serial_number) is not None
            if what != "weak_key":
                async with secure(bench, BOTH) as client:
                    assert await client.nodes.server_state.read_value() == 0
            _fault(bench, "opcua_certificate", 0.0, what=what)
            assert (await _endpoints(bench))[1].ServerCertificate == sound

    asyncio.run(main())


def test_endpoint_lists_are_downgraded_deprecated_and_tampered_with(served, secure):
    async def main():
        async with served(opcua=OPEN) as bench:
            true = await _endpoints(bench)
            _fault(bench, "opcua_endpoints_downgraded")
            assert [one.SecurityPolicyUri for one in await _endpoints(bench)] == [NONE_URI]
            _fault(bench, "opcua_endpoints_downgraded", 0.0)
            _fault(bench, "opcua_endpoint_tampered")
            assert [one.SecurityLevel for one in await _endpoints(bench)] == [200, 0]
            client = Client(bench.server.url, timeout=4)
            await client.connect_socket()
            await client.send_hello()
            await client.open_secure_channel()
            created = await client.create_session()
            assert [one.SecurityLevel for one in created.ServerEndpoints] == [one.SecurityLevel for one in true]
            client.disconnect_socket()
            _fault(bench, "opcua_endpoint_tampered", 0.0)
            _fault(bench, "opcua_policy_deprecated")
            assert [one.SecurityPolicyUri for one in await _endpoints(bench)] == [NONE_URI, DEPRECATED]
            async with secure(bench, "Basic128Rsa15_SignAndEncrypt") as old:
                assert await old.nodes.server_state.read_value() == 0
            _fault(bench, "opcua_policy_deprecated", 0.0)
            assert await _endpoints(bench) == true
            assert _noted(bench) == {
                "opcua_endpoints_downgraded", "opcua_endpoint_tampered", "opcua_policy_deprecated"
            }  # fmt: skip

    asyncio.run(main())


def test_sessions_are_refused_shortened_and_not_activated(served, secure, fails_with):
    async def attempt(bench):
        client = Client(bench.server.url, timeout=4)
        status = await fails_with(client.connect())
        if not status:
            await client.disconnect()
        return status

    async def main():
        async with served(opcua=OPEN) as bench:
            _fault(bench, "opcua_too_many_sessions")
            assert await attempt(bench) == CODES.BadTooManySessions
            _fault(bench, "opcua_too_many_sessions", 0.0)
            _fault(bench, "opcua_activate_refused", status="Bad_IdentityTokenRejected")
            assert await attempt(bench) == CODES.BadIdentityTokenRejected
            _fault(bench, "opcua_activate_refused", 0.0)
            _fault(bench, "opcua_session_timeout_short", timeout_s=2.0)
            async with secure(bench, "None"):
                (session,) = bench.server._server.iserver.sessions
                assert session.session_timeout == 2.0
            _fault(bench, "opcua_session_timeout_short", 0.0)
            assert await attempt(bench) == 0
            assert _noted(bench) == {
                "opcua_too_many_sessions", "opcua_activate_refused", "opcua_session_timeout_short"
            }  # fmt: skip

    asyncio.run(main())


def test_signature_and_nonce_can_be_wrong(served, secure):
    async def main():
        async with served(opcua=OPEN) as bench:
            _fault(bench, "opcua_wrong_server_signature")
            with pytest.raises(Exception, match=r".*") as refusal:
                async with secure(bench, BOTH):
                    pass
            assert "ignature" in type(refusal.value).__name__
            _fault(bench, "opcua_wrong_server_signature", 0.0)
            for what, nonce in (("reused", bytes(32)), ("empty", b"")):
                _fault(bench, "opcua_wrong_server_nonce", what=what)
                async with secure(bench, "None") as client:
                    assert client._server_nonce in {nonce, None}
            _fault(bench, "opcua_wrong_server_nonce", 0.0)
            async with secure(bench, BOTH) as client:
                assert len(client._server_nonce) == 32

    asyncio.run(main())


def test_a_renewal_is_refused_or_late_and_tokens_end_early(served, secure):
    async def main():
        async with served(opcua=OPEN) as bench:
            _fault(bench, "opcua_channel_renewal")
            async with secure(bench, BOTH) as client:
                with pytest.raises((ua.UaError, ConnectionError, asyncio.CancelledError)):
                    await client.open_secure_channel(renew=True)
            late = []
            bench.server.misbehaviour.security.later = lambda delay_s, call: late.append((delay_s, call))
            _fault(bench, "opcua_channel_renewal", delay_s=5.0)
            async with secure(bench, BOTH) as client:
                renewal = asyncio.create_task(client.open_secure_channel(renew=True))
                async with asyncio.timeout(3):
                    while not late:  # noqa: ASYNC110
                        await asyncio.sleep(0)
                assert late[0][0] == 5.0
                late[0][1]()
                await renewal
                assert await client.nodes.server_state.read_value() == 0
            _fault(bench, "opcua_channel_renewal", 0.0)
            _fault(bench, "opcua_token_lifetime_short", lifetime_s=0.2)
            client = Client(bench.server.url, timeout=4)
            await client.connect_socket()
            await client.send_hello()
            await client.open_secure_channel()
            async with asyncio.timeout(3):
                while bench.server._server.bserver.connections:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
            client.disconnect_socket()
            assert _noted(bench) == {"opcua_channel_renewal", "opcua_token_lifetime_short"}

    asyncio.run(main())


@pytest.mark.parametrize("kind", KINDS)
def test_severity_nought_leaves_everything_as_it_was(served, kind):
    async def main():
        async with served(opcua=OPEN) as bench:
            before = repr(bench.server.misbehaviour.security)
            _fault(bench, kind)
            _fault(bench, kind, 0.0)
            after = repr(bench.server.misbehaviour.security)
            assert after.replace("renewal_share=0.0", "renewal_share=1.0") == before

    asyncio.run(main())
