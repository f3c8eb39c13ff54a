"""The twin as users start it: a process of its own, observed by what it prints, its API and its exit code."""

import json
import os
import signal
import subprocess
import sys
import urllib.request

import pytest

from rigs.load import SHIPPED

BLOCKER = """
import sys

class Wall:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"emulator", "hil"}:
            raise ImportError(f"the twin imports {name}")

sys.meta_path.insert(0, Wall())
"""


@pytest.fixture
def walled(tmp_path):
    """An environment in which importing the plant or the bench raises."""
    (tmp_path / "sitecustomize.py").write_text(BLOCKER)
    root = str(SHIPPED.parent)
    return os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path), root]), "PYTHONUNBUFFERED": "1"}


@pytest.fixture
def endpoints(tmp_path):
    path = tmp_path / "endpoints.json"
    path.write_text(json.dumps({"drive1": "modbus-tcp://127.0.0.1:1"}))
    return path


def start(arguments, environment):
    return subprocess.Popen(
        [sys.executable, "-m", "twin", *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_runs_without_plant_or_bench_and_goes_when_asked(walled, endpoints, tmp_path, number):
    history = tmp_path / "h.duckdb"
    arguments = [
        "pump_skid",
        "--endpoints",
        str(endpoints),
        "--clock",
        "lockstep",
        "--history",
        str(history),
        "--json",
    ]
    process = start(arguments, walled)
    try:
        endpoint = json.loads(process.stdout.readline())
        assert (endpoint["event"], endpoint["device"], endpoint["protocol"]) == ("endpoint", "twin", "http")
        assert json.loads(process.stdout.readline()) == {"event": "ready"}
        request = urllib.request.Request(
            f"{endpoint['url']}/clock/tick",
            json.dumps({"t_ns": 1_735_689_600_000_000_000}).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request) as answer:
            assert json.load(answer)["watermark_ns"] == 1_735_689_600_000_000_000
        process.send_signal(number)
        _, errors = process.communicate(timeout=30)
    finally:
        process.kill()
        process.wait()
    assert (process.returncode, errors) == (0, "")
    assert history.is_file()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["pumpskid"], "pump_skid"),
        (["pump_skid", "--endpoints", "/nonexistent"], "is no file"),
        (["pump_skid"], "--endpoints FILE"),
    ],
)
def test_a_mistake_ends_it_with_two_and_one_line(walled, arguments, words):
    process = start(arguments, walled)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 2
    assert words in errors
    assert "Traceback" not in errors
