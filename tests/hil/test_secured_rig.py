"""A secured rig on all three wires: the twin reads it, refuses what it must, and nobody's password shows."""

import re

import pytest

from hil.traces.tap import Transcript
from tests.hil.secured import DEVICES, TRUE, WORDS, play, rig_in


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
