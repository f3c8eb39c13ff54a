"""Whatever ends a run early: a clear message, everything stopped, the partial record kept and marked as an error."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.scenario
ROOT = Path(__file__).parents[2]


def start(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", "from hil.cli import main; main()", *arguments],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def twins_of(folder: Path) -> list[int]:
    """Process ids of twins that work on `folder`."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = entry.read_bytes().replace(b"\0", b" ")
        except OSError:
            continue
        if b"-m twin" in command and str(folder).encode() in command:
            found.append(int(entry.parent.name))
    return found


def long_run(folder: Path) -> subprocess.Popen[str]:
    """Start a long scenario and return once its twin is at work (it has reported a truth state)."""
    process = start("run", "pump_skid", "--scenario", "healthy", "--scenario", "imbalance", "--out", str(folder))
    log = folder / "capture" / "healthy" / "truth.jsonl"
    history = folder / "capture" / "healthy" / "history.duckdb"
    while not (log.is_file() and history.is_file() and twins_of(folder)):
        assert process.poll() is None, process.communicate()
        os.sched_yield()
    return process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_keeps_the_partial_record_and_leaves_nothing_behind(tmp_path: Path, number: signal.Signals):
    process = long_run(tmp_path)
    process.send_signal(number)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 4
    assert "interrupted" in stderr
    record = json.loads((tmp_path / "record.json").read_text())
    assert record["verdict"] == "error"
    assert [entry["name"] for entry in record["scenarios"]] == ["healthy"]
    assert twins_of(tmp_path) == []


def test_a_twin_that_dies_is_an_error_with_its_last_words(tmp_path: Path):
    process = long_run(tmp_path)
    (twin,) = twins_of(tmp_path)
    os.kill(twin, signal.SIGKILL)
    while not (tmp_path / "capture" / "imbalance").is_dir():
        assert process.poll() is None
        os.sched_yield()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    record = json.loads((tmp_path / "record.json").read_text())
    healthy = record["scenarios"][0]
    assert healthy["verdict"] == "error"
    assert any("the twin ended with code -9" in reason["text"] for reason in healthy["reasons"])
    assert twins_of(tmp_path) == []


def test_a_bench_that_is_killed_takes_its_twin_with_it(tmp_path: Path):
    process = long_run(tmp_path)
    process.kill()
    process.communicate(timeout=60)
    # The kernel tells the twin; it stops in its own time, and the test waits for that without a clock.
    while twins_of(tmp_path):
        os.sched_yield()


def test_a_busy_port_is_named_and_nothing_is_started():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = start("serve", "pump_skid", "--port-base", str(port - 1))
        _, stderr = process.communicate(timeout=60)
    assert process.returncode == 2
    assert f"cannot open port {port} for 'plc1'" in stderr.replace("\n", " ")


def test_a_missing_serial_device_is_named(tmp_path: Path):
    binding = tmp_path / "binding.yaml"
    binding.write_text("binding:\n  bus1: /dev/ttyNOTHERE\n")
    process = start(
        "run",
        "pump_skid",
        "--scenario",
        "imbalance",
        "--clock",
        "wall",
        "--binding",
        str(binding),
        "--out",
        str(tmp_path / "o"),
    )
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "binding.yaml:2:9: there is no serial device /dev/ttyNOTHERE" in stderr.replace("\n", " ")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("run", "pump_skd"), "did you mean 'pump_skid'?"),
        (("run", "pump_skid", "--scenario", "outer_rac"), "did you mean 'outer_race'?"),
        (("run", "pump_skid", "--clock", "fast"), "must be lockstep, wall or xN"),
        (("check", "/nowhere/rig.yaml"), "cannot be read"),
        (("serve", "pump_skd"), "did you mean 'pump_skid'?"),
    ],
)
def test_a_mistake_on_the_command_line_ends_with_code_2_and_one_line(arguments: tuple[str, ...], expected: str):
    process = start(*arguments)
    stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 2
    assert expected in stderr
    assert "Traceback" not in stderr
    assert stdout == ""
