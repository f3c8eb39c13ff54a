"""A secured rig on all three wires: the twin reads it, refuses what it must, and nobody's password shows."""

import asyncio
import json
import logging
import re
import signal
import sys
from asyncio.subprocess import PIPE
from urllib.parse import urlsplit

import pytest
from typer.testing import CliRunner

from hil.cli import app
from hil.serving import open_to_others
from hil.traces.opcua import Decoder
from hil.traces.tap import Transcript
from rigs.document import RigError
from rigs.load import load_rig
from tests.hil.secured import DEVICES, HASH, RIG, TRUE, WORDS, as_client, play, rig_in
from twin.connectors.registry import make_connector


@pytest.fixture(scope="module")
def pki(tmp_path_factory):
    return tmp_path_factory.mktemp("pki")


@pytest.fixture
def rig(tmp_path, pki, monkeypatch):
    monkeypatch.setenv("PLANTBENCH_PKI", str(pki))
    for name, word in WORDS.items():
        monkeypatch.setenv(name, word)
    return rig_in(tmp_path)


def sent(tap):
    """Return what clients sent, by connection."""
    up = {}
    for piece in tap.pieces:
        if piece.direction == "up":
            up[piece.connection] = up.get(piece.connection, b"") + piece.data
    return up


def test_the_twin_reads_all_three_with_what_it_finds_on_this_machine(rig, pki):
    async def talk(bench):
        tap = Transcript()
        for device, point in DEVICES.items():
            bench.live.proxies[device].tap = tap.take
            bench.connect(device)
            assert await bench.read(device) == {point: pytest.approx(TRUE[point], abs=5.0)}
        assert bench.live.endpoints["meter1"].endswith("/tls")
        assert bench.live.endpoints["edge1"].startswith("mqtts://")
        wire = b"".join(piece.data for piece in tap.pieces)
        assert not [word for word in (*WORDS.values(), "Box/C") if word.encode() in wire]

    play(rig, talk)
    assert [path for path in pki.rglob("*.key") if path.stat().st_mode & 0o077] == []


def test_files_named_in_the_rig_are_taken_and_what_is_missing_is_named(rig, pki, monkeypatch):
    folder = pki / "tls"
    named = {
        "meter1": {"ca": "authority.pem", "certificate": "operator.pem", "key": "operator.key"},
        "edge1": {"ca": "authority.pem"},
    }

    async def talk(bench):
        monkeypatch.setenv("PLANTBENCH_PKI", str(pki / "elsewhere"))
        for device, files in named.items():
            told = rig.device(device)
            paths = {name: str(folder / device / file) for name, file in files.items()}
            if device == "meter1":
                settings = told.modbus.model_copy(update={"tls": told.modbus.tls.model_copy(update=paths)})
                with pytest.raises(ValueError, match=r"meter1: tls needs a file authority\.pem: name it as tls\.ca"):
                    bench.connect(device)
                bench.connect(device, modbus=settings)
            else:
                bench.connect(device)
                assert await bench.read(device) == {}
                assert "the server's certificate is refused" in bench.connectors[device].state.last_error
                await bench.connectors[device].close()
                bench.connect(device, mqtt=told.mqtt.model_copy(update=paths))
            assert await bench.read(device) != {}

    play(rig, talk)


def test_the_name_on_the_certificate_may_be_another_than_the_one_dialled_but_then_it_must_be_that_one(rig):
    async def talk(bench):
        for device in DEVICES:
            for name, right in (("localhost", True), ("plc.elsewhere.example", False)):
                connector = bench.connect(device, **as_client(rig.device(device), server_name=name))
                assert (await bench.read(device) != {}) is right, connector.state
                assert right or re.search("Hostname mismatch|HostNameInvalid", connector.state.last_error)
                await connector.close()

    play(rig, talk)


TLS_FAULTS = [
    ("tls_certificate", {"what": "expired"}, "is refused: certificate has expired"),
    ("tls_certificate", {"what": "not_yet_valid"}, "is refused: certificate is not yet valid"),
    ("tls_certificate", {"what": "wrong_host"}, "is refused: IP address mismatch"),
    ("tls_certificate", {"what": "unknown_authority"}, "is refused: (unable to get|certificate signature)"),
    ("tls_certificate", {"what": "self_signed"}, "is refused: self-signed certificate"),
    ("tls_certificate", {"what": "weak_key"}, "is refused: EE certificate key too weak"),
    ("tls_version_old", {"version": "1.1"}, "alert protocol version"),
    ("tls_version_old", {"version": "1.0"}, "alert protocol version"),
    ("tls_handshake_stalls", {}, "no secure connection to .* within 0.5 s"),
    ("tls_refused_client", {}, "alert (unknown ca|certificate required)|certificate required"),
]


@pytest.mark.parametrize("device", ["meter1", "edge1"])
def test_the_twin_refuses_bad_tls_with_one_clear_error_and_comes_back(rig, device, caplog):
    async def talk(bench):
        noted = []
        bench.live.emulation.truth.insertion = lambda kind, on, t_ns, detail="": noted.append((kind, on, detail))
        for kind, params, why in TLS_FAULTS:
            fault = bench.fault(kind, device, **params)
            tap = Transcript()
            bench.live.proxies[device].tap = tap.take
            connector = bench.connect(device)
            assert await bench.read(device) == {}
            state = connector.state
            assert state.errors == 1
            assert re.search(why, state.last_error), state.last_error
            # One connection, which began as TLS: nothing plainer was tried.
            assert [data[0] for data in sent(tap).values()] == [0x16]
            assert noted == [(kind, device, *params.values())] or noted == [(kind, device, "")]
            noted.clear()
            bench.heal(fault)
            assert await bench.read(device) != {}
            await connector.close()
        assert noted == []

    play(rig, talk)
    assert [record for record in caplog.records if record.levelname in ("WARNING", "ERROR")] == []


OPCUA_CASES = [
    ("expired", True, "Bad_CertificateTimeInvalid"),
    ("not_yet_valid", True, "Bad_CertificateTimeInvalid"),
    ("revoked", True, "Bad_CertificateRevoked"),
    ("wrong_host", True, "Bad_CertificateHostNameInvalid"),
    ("wrong_application_uri", True, "Bad_CertificateUriInvalid"),
    ("untrusted", False, "Bad_CertificateUntrusted"),  # another self-signed one, as after a restart without its files
    ("weak_key", True, "Bad_CertificatePolicyCheckFailed"),
    ("chain_loop", False, "Bad_CertificateChainIncomplete"),
]


def test_the_twin_refuses_each_bad_opcua_certificate_by_its_code_and_sends_no_secret(rig, pki, tmp_path, caplog):
    """Even a certificate that stands in the trust list is refused when it breaks another rule."""

    async def talk(bench):
        guard = bench.live.emulation.faces["plc1"]._server.iserver.guard
        client = rig.device("plc1").opcua.client
        for what, trusted, code in OPCUA_CASES:
            fault = bench.fault("opcua_certificate", "plc1", what=what)
            shown = guard.shown()
            trust = tmp_path / what
            trust.mkdir()
            (trust / "good.der").write_bytes(guard.identity.der)
            if what == "revoked":
                for name in ("authority.der", "authority.crl"):
                    (trust / name).write_bytes((pki / "faults" / name).read_bytes())
            elif trusted:
                (trust / "bad.der").write_bytes(shown.der)
            files = {"certificate": str(pki / "client" / "client.der"), "key": str(pki / "client" / "client.pem")}
            told = client.model_copy(update=files | {"trusted": str(trust)})
            tap = Transcript()
            bench.live.proxies["plc1"].tap = tap.take
            connector = bench.connect("plc1", opcua=rig.device("plc1").opcua.model_copy(update={"client": told}))
            assert await bench.read("plc1") == {}
            assert code in connector.state.last_error, (what, connector.state.last_error)
            assert connector.state.errors == 1
            decoder = Decoder()
            said = [line for piece in tap.pieces for line in decoder.lines(piece.direction, piece.data)]
            assert [line for line in said if "GetEndpoints" in line]
            assert [line for line in said if "Session" in line] == []
            up = b"".join(sent(tap).values())
            assert b"#None" in up
            assert b"#Basic256Sha256" not in up  # no secured channel was opened, so nothing could follow
            bench.heal(fault)
            assert await bench.read("plc1") != {}
            await connector.close()

    play(rig, talk)
    assert [record for record in caplog.records if record.levelname in ("WARNING", "ERROR")] == []


@pytest.mark.parametrize(
    ("kind", "params", "why"),
    [
        ("opcua_wrong_server_nonce", {"what": "reused"}, "Bad_NonceInvalid"),
        ("opcua_wrong_server_nonce", {"what": "short"}, "Bad_NonceInvalid: .* 8 bytes"),
        ("opcua_wrong_server_nonce", {"what": "empty"}, "Bad_NonceInvalid: .* 0 bytes"),
        ("opcua_wrong_server_signature", {}, "InvalidSignature"),
        ("opcua_endpoint_tampered", {}, "Bad_SecurityChecksFailed"),
        ("opcua_endpoints_downgraded", {}, "offers no Basic256Sha256 SignAndEncrypt, only None"),
        ("opcua_policy_deprecated", {}, "offers no Basic256Sha256 SignAndEncrypt, only Basic128Rsa15"),
    ],
)
def test_an_opcua_server_whose_security_is_not_in_order_is_refused(rig, kind, params, why):
    async def talk(bench):
        bench.fault(kind, "plc1", **params)
        connector = bench.connect("plc1")
        assert await bench.read("plc1") == {}
        assert re.search(why, connector.state.last_error), connector.state.last_error

    play(rig, talk)


def test_no_password_shows_in_logs_output_or_records(rig, tmp_path, monkeypatch, caplog, capfd):
    """With every logger at DEBUG, right passwords and wrong ones, `check`, and a run's record."""
    caplog.set_level(logging.DEBUG)
    for name in list(logging.root.manager.loggerDict):
        monkeypatch.setattr(logging.getLogger(name), "level", logging.DEBUG)
        monkeypatch.setattr(logging.getLogger(name), "propagate", True)
    wrong = "crooked-violet-harbour"

    async def talk(bench):
        for word in (None, wrong):
            for device, name in (("plc1", "PLC_WORD"), ("edge1", "BROKER_WORD")):
                if word is not None:
                    monkeypatch.setenv("TWIN_WORD", word)
                    told = rig.device(device)
                    if device == "plc1":
                        client = told.opcua.client.model_copy(update={"password_env": "TWIN_WORD"})
                        more = {"opcua": told.opcua.model_copy(update={"client": client})}
                    else:
                        more = {"mqtt": told.mqtt.model_copy(update={"password_env": "TWIN_WORD"})}
                    connector = bench.connect(device, **more)
                else:
                    connector = bench.connect(device)
                assert (await bench.read(device) == {}) is (word is not None), name
                print(connector.state, vars(connector), bench.live.emulation.faces[device])
                await connector.close()

    play(rig, talk, truth_path=tmp_path / "truth.jsonl")
    place = str(tmp_path / "rig.yaml")
    checked = CliRunner().invoke(app, ["check", place, "--json"])
    assert checked.exit_code == 0, checked.output
    ran = CliRunner().invoke(app, ["check", place])
    assert ran.exit_code == 0
    shown = [caplog.text, *capfd.readouterr(), checked.output, ran.output, rig.model_dump_json(exclude={"devices"})]
    shown += [
        path.read_text(errors="replace") for path in tmp_path.rglob("*") if path.is_file() and path.name != "rig.yaml"
    ]
    assert len(caplog.records) > 10
    for word in (*WORDS.values(), wrong, HASH, HASH.split("$")[2]):
        assert [text[max(0, text.find(word) - 200) :][:300] for text in shown if word in text] == []


def test_a_password_in_a_rig_file_is_refused_and_not_repeated(tmp_path):
    words = ("plain-hazel", "plain-otter!", "plain#hash")
    text = RIG.replace("env:PLC_WORD", words[0]).replace(
        "user: twin\n      password_env: BROKER_WORD", f"password_env: {words[1]}"
    )
    (tmp_path / "rig.yaml").write_text(text.replace(HASH, words[2]))
    with pytest.raises(RigError) as refused:
        load_rig(tmp_path / "rig.yaml")
    assert str(refused.value).count("(not shown)") == 3
    assert [word for word in words if word in str(refused.value)] == []


@pytest.mark.parametrize(
    ("host", "others"),
    [("127.0.0.1", False), ("127.8.0.1", False), ("::1", False), ("localhost", False), ("0.0.0.0", True), ("::", True),
     ("192.168.1.7", True), ("plant.example", True)],
)  # fmt: skip
def test_only_loopback_is_nobody_elses(host, others):
    assert open_to_others(host) is others


def test_serve_says_who_can_reach_the_devices_and_its_lines_tell_no_secret(rig, tmp_path, pki):
    """`serve --host` as a process: every loopback address is this machine's; the certificates name it."""

    async def main():
        command = [
            sys.executable,
            "-m",
            "hil.cli",
            "serve",
            str(tmp_path / "rig.yaml"),
            "--json",
            "--host",
            "127.0.0.3",
        ]
        process = await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=PIPE)
        lines = []
        async with asyncio.timeout(20):
            while not lines or lines[-1]["event"] != "ready":
                lines.append(json.loads(await process.stdout.readline()))
        urls = {line["device"]: line["url"] for line in lines if line["event"] == "endpoint"}
        assert {urlsplit(urls[device]).hostname for device in DEVICES} == {"127.0.0.3"}
        assert urlsplit(urls["control"]).hostname == "127.0.0.1"
        for device in DEVICES:
            connector = make_connector(rig.device(device), rig.points_of(device), urls[device], None, 1)
            await connector.poll(1)
            assert connector.state.status == "connected", connector.state
            await connector.close()
        process.send_signal(signal.SIGINT)
        out, error = await process.communicate()
        text = json.dumps(lines) + (out + error).decode()
        assert [word for word in (*WORDS.values(), HASH) if word in text] == []
        assert "Devices listen on" not in text  # loopback is nobody else's

    asyncio.run(main())
