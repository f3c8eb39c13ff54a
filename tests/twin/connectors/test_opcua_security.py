"""What a client refuses: certificates that are no good, weaker endpoints, passwords in clear text."""

import asyncio
import datetime as dt
import ipaddress
import logging

import pytest
from asyncua import Server, ua
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from rigs.devices.device import Device
from tests.twin.connectors.test_opcua import PRESSURE, URI
from twin.connectors.opcua import OpcUaConnector
from twin.connectors.opcua_security import InsecureError, Secured, certificate_problem, check_session, secured_of

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
APP = "urn:test:server"
KEYS = {name: ec.generate_private_key(ec.SECP256R1()) for name in ("server", "ca")}


def name_of(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def certificate(subject="server", issuer=None, *, key=None, begin=NOW - DAY, end=NOW + DAY, host="127.0.0.1", uri=APP):
    key = key or KEYS[subject]
    builder = x509.CertificateBuilder(name_of(issuer or subject), name_of(subject), key.public_key(), 7, begin, end)
    alternatives = [x509.UniformResourceIdentifier(uri)]
    try:
        alternatives.append(x509.IPAddress(ipaddress.ip_address(host)))
    except ValueError:
        alternatives.append(x509.DNSName(host))
    builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=subject == "ca", path_length=None), critical=True)
    return builder.sign(KEYS["ca"] if issuer else key, hashes.SHA256())


CA = certificate("ca")
LEAF = certificate(issuer="ca")
CRL = (
    x509.CertificateRevocationListBuilder(name_of("ca"), NOW - DAY, NOW + DAY)
    .add_revoked_certificate(x509.RevokedCertificateBuilder(7, NOW - DAY).build())
    .sign(KEYS["ca"], hashes.SHA256())
)


@pytest.mark.parametrize(
    ("server", "trusted", "revoked", "host", "code"),
    [
        (certificate(), (certificate(),), (), "127.0.0.1", "Untrusted"),
        (LEAF, (LEAF,), (), "127.0.0.1", None),
        (LEAF, (CA,), (), "127.0.0.1", None),
        (certificate(issuer="ca", host="plc"), (CA,), (), "PLC", None),
        (LEAF, (certificate(),), (), "127.0.0.1", "Untrusted"),
        (certificate(issuer="ca", end=NOW - DAY / 2), (CA,), (), "127.0.0.1", "TimeInvalid"),
        (certificate(issuer="ca", begin=NOW + DAY / 2), (CA,), (), "127.0.0.1", "TimeInvalid"),
        (LEAF, (certificate("ca", end=NOW - DAY / 2),), (), "127.0.0.1", "IssuerTimeInvalid"),
        (LEAF, (CA,), (), "127.0.0.2", "HostNameInvalid"),
        (LEAF, (CA,), (), "plc", "HostNameInvalid"),
        (certificate(issuer="ca", uri="urn:other"), (CA,), (), "127.0.0.1", "UriInvalid"),
        (LEAF, (CA,), (CRL,), "127.0.0.1", "Revoked"),
    ],
)
def test_certificates_have_their_code(server, trusted, revoked, host, code):
    problem = certificate_problem(
        server.public_bytes(Encoding.DER), host, APP, Secured(trusted=trusted, revoked=revoked), NOW
    )
    if code is None:
        assert problem is None
    else:
        assert problem.startswith(f"Bad_Certificate{code}:")


def test_junk_is_no_certificate():
    assert certificate_problem(b"\x30\x03", "h", APP, Secured(), NOW).startswith("Bad_CertificateInvalid")


def test_lists_that_differ_are_found():
    one = ua.EndpointDescription(SecurityPolicyUri="a", ServerCertificate=b"1")
    two = ua.EndpointDescription(SecurityPolicyUri="a", ServerCertificate=b"2")
    check_session(None, Secured(), [one], [one])
    with pytest.raises(InsecureError, match="Bad_SecurityChecksFailed"):
        check_session(None, Secured(), [one], [one, two])


def settings(**client):
    base = {"id": "plc1", "protocol": "opcua", "timeout": "5 s", "namespace": URI}
    return Device.model_validate(base | {"opcua": {"client": client}})


def test_what_is_missing_is_named(tmp_path, monkeypatch):
    monkeypatch.delenv("PLC_PASSWORD", raising=False)
    with pytest.raises(ValueError, match="PLC_PASSWORD"):
        secured_of(settings(user="u", password_env="PLC_PASSWORD"))
    monkeypatch.setenv("PLC_PASSWORD", "s3cret")
    assert "s3cret" not in repr(secured_of(settings(user="u", password_env="PLC_PASSWORD")))
    place = str(tmp_path / "none.pem")
    with pytest.raises(ValueError, match=r"none\.pem"):
        secured_of(settings(endpoint="Basic256Sha256_Sign", certificate=place, key=place, trusted=place))


def test_a_signed_session_and_a_server_that_offers_less(tmp_path):
    logging.getLogger("asyncua").setLevel(logging.CRITICAL + 1)
    today = dt.datetime.now(dt.UTC)
    for who, uri in (("server", APP), ("client", "urn:plantbench:twin")):
        key = rsa.generate_private_key(65537, 2048)
        own = certificate(who, key=key, begin=today - DAY, end=today + DAY, uri=uri)
        (tmp_path / f"{who}.der").write_bytes(own.public_bytes(Encoding.DER))
        secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (tmp_path / f"{who}.pem").write_bytes(secret)
    files = {"certificate": str(tmp_path / "client.der"), "key": str(tmp_path / "client.pem")}

    async def main():
        server = Server()
        await server.init()
        server.set_endpoint("opc.tcp://127.0.0.1:0/")
        await server.set_application_uri(APP)
        server.set_security_policy([ua.SecurityPolicyType.Basic256Sha256_SignAndEncrypt])
        await server.load_certificate(str(tmp_path / "server.der"))
        await server.load_private_key(str(tmp_path / "server.pem"))
        index = await server.register_namespace(URI)
        top = await server.nodes.objects.add_object(index, "plc1")
        await (await top.add_object(index, "Pump1")).add_variable(index, "Pressure", 3.2)
        await server.start()
        port = server.bserver._server.sockets[0].getsockname()[1]
        try:
            for endpoint, trusted, why in (
                ("Basic256Sha256_SignAndEncrypt", "server.der", None),
                ("Basic256Sha256_SignAndEncrypt", "client.der", "Bad_CertificateUntrusted"),
                ("Aes256_Sha256_RsaPss_SignAndEncrypt", "server.der", "offers no Aes256_Sha256_RsaPss"),
            ):
                told = settings(endpoint=endpoint, trusted=str(tmp_path / trusted), **files)
                connector = OpcUaConnector(told, [PRESSURE], f"opc.tcp://127.0.0.1:{port}/")
                (batch,) = await connector.poll(int(today.timestamp() * 1e9))
                assert (batch.values.tolist() == [320_000.0]) is (why is None), connector.state
                assert why is None or why in connector.state.last_error
                await connector.close()
        finally:
            await server.stop()

    asyncio.run(main())
    logging.getLogger("asyncua").setLevel(logging.NOTSET)
