"""Which certificates a server takes, and what becomes of those it does not."""

import asyncio
import datetime as dt
import stat
import subprocess

import pytest
from asyncua import Client, ua
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from emulator import clock
from emulator.devices.opcua.security import certificates, trust
from emulator.devices.opcua.security.pki import Pki
from emulator.devices.opcua.security.suites import PREFIX, SUITES
from tests.emulator.devices.opcua.security.conftest import URI, owner

BOTH = "Basic256Sha256_SignAndEncrypt"
NOW = clock.calendar()
CODES = ua.StatusCodes
SUITE = SUITES[PREFIX + "Basic256Sha256"]


@pytest.fixture(scope="module")
def key():
    return certificates.new_key()


@pytest.fixture(scope="module")
def authority(key):
    return certificates.authority("Authority", certificates.new_key(), NOW)


def _app(key, **more):
    return certificates.application("client", URI, ("localhost",), key, NOW, **more)


def _status(chain, pki, *, anyone=False):
    try:
        trust.check([one.certificate if hasattr(one, "certificate") else one for one in chain], pki, NOW, anyone=anyone)
    except trust.NotTrusted as refusal:
        return refusal.status, refusal.wire
    return 0, 0


def _crl(pki, issuer, serials):
    made = certificates.revocations(issuer, serials, NOW)
    folder = pki.folder / "issuers"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "a.crl").write_bytes(made.public_bytes(serialization.Encoding.DER))


def test_a_stranger_is_told_only_that_checks_failed_and_kept_for_a_person_to_see(served, secure, folder):
    stranger = owner(folder, "stranger")

    async def main():
        async with served(opcua={"security": [BOTH]}) as bench:
            with pytest.raises(ua.uaerrors.BadSecurityChecksFailed):
                async with secure(bench, BOTH, who=stranger):
                    pass
            kept = [path.read_bytes() for path in (folder / "rejected").glob("*.der")]
            assert stranger.identity.der in kept
            Pki(folder).trust(stranger.identity.certificate)
            async with secure(bench, BOTH, who=stranger) as client:
                assert await client.nodes.server_state.read_value() == 0

    asyncio.run(main())


def test_a_certificate_must_name_the_application_that_shows_it(served, secure):
    async def main():
        async with served(opcua={"security": [BOTH]}) as bench:
            with pytest.raises(ua.uaerrors.BadCertificateUriInvalid):
                async with secure(bench, BOTH, uri="urn:somebody:else"):
                    pass

    asyncio.run(main())


def test_self_signed_certificates_are_taken_from_the_list_or_all(key, tmp_path):
    pki, made = Pki(tmp_path), _app(key)
    untrusted = (CODES.BadCertificateUntrusted, CODES.BadSecurityChecksFailed)
    assert _status([made], pki) == untrusted
    assert _status([made], pki, anyone=True) == (0, 0)
    pki.trust(made.certificate)
    assert _status([made], pki) == (0, 0)


@pytest.mark.parametrize("days", [(-10.0, -1.0), (1.0, 10.0)])
def test_time_counts_whoever_is_trusted(key, tmp_path, days):
    made = _app(key, days=days)
    assert _status([made], Pki(tmp_path), anyone=True)[1] == CODES.BadCertificateTimeInvalid


def test_below_an_authority_its_list_must_be_there_and_counts(key, authority, tmp_path):
    pki, made = Pki(tmp_path), _app(key, issuer=authority)
    assert _status([made], pki)[0] == CODES.BadCertificateChainIncomplete
    pki.trust(authority.certificate)
    assert _status([made], pki)[1] == CODES.BadCertificateRevocationUnknown
    _crl(pki, authority, [])
    assert _status([made], pki) == (0, 0)
    assert _status([made, authority], pki) == (0, 0)
    _crl(pki, authority, [made.certificate.serial_number])
    assert _status([made], pki)[1] == CODES.BadCertificateRevoked


def test_an_authority_among_the_issuers_is_not_trusted_by_that(key, authority, tmp_path):
    pki, made = Pki(tmp_path), _app(key, issuer=authority)
    pki.trust(authority.certificate, "issuers")
    _crl(pki, authority, [])
    assert _status([made], pki)[0] == CODES.BadCertificateUntrusted
    pki.trust(made.certificate)
    assert _status([made], pki) == (0, 0)


def test_a_loop_of_authorities_ends(key, tmp_path):
    first_key = certificates.new_key()
    first = certificates.authority("one", first_key, NOW)
    second = certificates.authority("two", certificates.new_key(), NOW, signed_by=first)
    again = certificates.authority("one", first_key, NOW, signed_by=second)
    made = _app(key, issuer=again)
    assert _status([made, again, second], Pki(tmp_path), anyone=True)[0] == CODES.BadCertificateChainIncomplete


def test_an_application_is_no_authority(key, tmp_path):
    pki, false_authority = Pki(tmp_path), _app(certificates.new_key())
    made = certificates.application("child", URI, (), key, NOW, issuer=false_authority)
    pki.trust(false_authority.certificate)
    assert _status([made, false_authority], pki)[0] == CODES.BadCertificateChainIncomplete


def test_weak_keys_are_not_taken():
    made = _app(certificates.new_key(1024))
    with pytest.raises(trust.NotTrusted) as refusal:
        trust.public_key(made.certificate, SUITE)
    assert refusal.value.status == CODES.BadCertificatePolicyCheckFailed


@pytest.mark.parametrize(
    "garbage", [b"", b"\x30", b"\x30\x82\xff\xff" + b"x" * 100, b"\x30\x80" * 30, b"x" * 20_000, bytes(5000)]
)
def test_what_is_no_certificate_is_none(garbage):
    with pytest.raises(trust.NotTrusted):
        trust.split_chain(garbage)


def test_every_truncated_and_every_flipped_certificate_is_refused_or_still_one(key):
    der = _app(key).der
    for at in range(0, len(der), 7):
        for bad in (der[:at], der[:at] + bytes((der[at] ^ 0x55,)) + der[at + 1 :]):
            try:
                chain = trust.split_chain(bad)
                trust.public_key(chain[0], SUITE)
                trust.check(chain, Pki(), NOW, anyone=True)
            except trust.NotTrusted:
                continue
            assert bad == der


def test_the_servers_own_certificate_is_made_once_for_its_owner_alone_and_is_sound(tmp_path, foreign):
    pki = Pki(tmp_path)
    first = pki.own("plc1", "urn:plantbench:device:plc1", NOW)
    again = pki.own("plc1", "urn:plantbench:device:plc1", NOW)
    assert first.der == again.der
    private = next((tmp_path / "private").glob("*.pem"))
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    later = NOW + dt.timedelta(days=366 * certificates.YEARS)
    names = first.certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert trust.application_uris(first.certificate) == ["urn:plantbench:device:plc1"]
    assert "localhost" in names.get_values_for_type(x509.DNSName)
    assert {str(one) for one in names.get_values_for_type(x509.IPAddress)} == {"127.0.0.1", "::1"}
    assert pki.own("plc1", "urn:plantbench:device:plc1", later).der != first.der
    pem = tmp_path / "own.pem"
    pem.write_bytes(first.certificate.public_bytes(serialization.Encoding.PEM))
    openssl = [foreign("openssl", "apt install openssl"), "verify", "-x509_strict", "-CAfile", str(pem), str(pem)]
    said = subprocess.run(openssl, check=False, capture_output=True, text=True)
    assert said.returncode == 0, said.stderr


def test_a_lying_policy_or_thumbprint_opens_nothing(served, secure, me):
    async def main():
        async with served(opcua={"security": [BOTH]}) as bench:
            client = Client(bench.server.url, timeout=4)
            with pytest.raises((ua.UaError, ConnectionError)):
                await client.connect()  # None is not offered
            for endpoint in ("Basic256Sha256_Sign", "Aes256_Sha256_RsaPss_SignAndEncrypt"):
                with pytest.raises((ua.UaError, ConnectionError)):
                    async with secure(bench, endpoint):
                        pass

    asyncio.run(main())
