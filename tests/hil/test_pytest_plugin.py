"""The plug-in in the hands of a stranger: fixtures, options, and what a failing test says."""

import os
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.slow_without_jit
ROOT = Path(__file__).parents[2]

CLIENT = """
def test_a_blocking_client_reads_while_plant_time_stands_still(bench):
    import socket
    from urllib.parse import urlsplit

    bench.advance(1)
    with socket.create_connection(("127.0.0.1", urlsplit(bench.endpoints["drive1"]).port), timeout=10) as client:
        client.sendall(bytes.fromhex("000100000006010400640004"))
        answer = client.recv(64)
    assert answer[7] == 4
    assert bench.t_s == 1.0
"""

STRANGER = (
    """
import pytest
from emulator.desk import UnknownFault

def test_the_rig_is_read_and_nothing_started(rig):
    assert rig.point("pump1.flow").critical

def test_time_commands_and_faults(bench):
    bench.advance(2)
    assert bench.t_s == 2.0
    assert bench.endpoints.keys() == {"plc1", "drive1", "bus1"}
    assert bench.read("pump1.flow")["good"]
    bench.write("pid1.setpoint", 60)
    with pytest.raises(UnknownFault, match="did you mean 'imbalance'"):
        bench.inject("inbalance", on="pump1")
    with pytest.raises(UnknownFault, match="did you mean 'pump1.flow'"):
        bench.inject("sensor_bias", on="pump1.flo")
    number = bench.inject("word_swap", on="pump1.suction_pressure")
    found = bench.expect("word_swap", on="pump1.suction_pressure", within_s=30)
    assert found["on"] == "pump1.suction_pressure"
    bench.clear(number)

def test_a_hope_that_is_not_fulfilled(bench):
    bench.inject("device_freeze", on="plc1")
    bench.expect("imbalance", on="pump1", within_s=12)

def test_a_silence_that_is_broken(bench):
    bench.inject("device_freeze", on="plc1")
    bench.expect_silence(for_s=12)
"""
    + CLIENT
)


@pytest.fixture
def stranger(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A folder of a user's own, with plantbench on the path and its plug-in loaded as an installation would."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    pytester.makeini("[pytest]\nfilterwarnings = error\n")
    return pytester


def run(stranger: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    entry = ("-p", "no:plantbench", "-p", "hil.pytest_plugin")
    return stranger.runpytest_subprocess(*entry, "-p", "no:cacheprovider", *arguments, timeout=240)


@pytest.mark.wire
def test_a_strangers_test_file_runs_on_a_live_rig(stranger: pytest.Pytester):
    stranger.makepyfile(STRANGER)
    result = run(stranger, "--rig", "pump_skid")
    result.assert_outcomes(passed=3, failed=2)
    result.stdout.fnmatch_lines([
        "*imbalance on pump1 was not found within 12 s; the twin found * on plc1*",
        "*the twin should have stayed silent; it found * on plc1*",
    ])  # fmt: skip
    # a test's expectation failed: where in our code it was noticed is no help
    assert "hil/pytest_plugin.py" not in result.stdout.str()


def test_without_a_rig_the_message_says_how_to_name_one(stranger: pytest.Pytester):
    stranger.makepyfile("def test_it(rig): pass")
    result = run(stranger)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*name a rig: pytest --rig pump_skid, or rig_name = 'pump_skid' in the test file*"])


def test_a_misspelt_rig_offers_the_nearest(stranger: pytest.Pytester):
    stranger.makepyfile("def test_it(rig): pass")
    result = run(stranger, "--rig", "pump_skd")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*did you mean 'pump_skid'?*"])
    assert "Traceback" not in result.stdout.str()


@pytest.mark.parametrize(
    "naming",
    [
        "rig_name = 'pump_skid'",
        "import pytest\n@pytest.fixture\ndef rig_name(): return 'pump_skid'",
        "import pytest\n@pytest.fixture(scope='module')\ndef rig_name(): return 'pump_skid'",
    ],
)
def test_a_test_file_may_name_its_rig_itself(stranger: pytest.Pytester, naming: str):
    stranger.makepyfile(naming + "\ndef test_it(rig): assert rig.rig == 'pump_skid'")
    run(stranger).assert_outcomes(passed=1)


def test_the_command_line_outranks_the_test_file(stranger: pytest.Pytester):
    stranger.makepyfile("rig_name = 'nothing'\ndef test_it(rig): assert rig.rig == 'pump_skid'")
    run(stranger, "--rig", "pump_skid").assert_outcomes(passed=1)


def test_the_fixtures_and_options_describe_themselves(stranger: pytest.Pytester):
    stranger.makepyfile("")
    assert "--rig-seed" in run(stranger, "--help").stdout.str()
    result = run(stranger, "--fixtures")
    result.stdout.fnmatch_lines(["rig*", "bench*"])
