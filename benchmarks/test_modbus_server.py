"""Our Modbus TCP server beside pymodbus and libmodbus, in one run, under one C load generator.

All three serve the same 200 holding registers and share one core with the load generator; rounds are
interleaved and medians compared, because absolute figures move with the machine and ratios much less. A core
that other programs use too says nothing about either server: such a run is inconclusive and skipped, with the
share of the core it got. Run: ``pytest benchmarks/test_modbus_server.py -s``.
"""

import ctypes.util
import importlib.util
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parent
ROUNDS = int(os.environ.get("PLANTBENCH_BENCH_ROUNDS", "7"))
SECONDS = 0.5
# (registers, connections, requests under way on each)
LOADS = {"125 registers, 1 connection": (125, 1, 1), "125 registers, 32 connections": (125, 32, 1)}
# Requests/s relative to the peer, by connections: the server's targets with codec and fault hooks in place.
CORE_SHARE_MIN = 0.9
# asyncio's own loop alone costs about 1.4 times libmodbus' whole request; what is left is held on a loop written in C.
BUDGETS = {
    "ours": {1: {"pymodbus": 3.5, "libmodbus": 0.7}, 32: {"pymodbus": 4.0}},
    "ours, uvloop": {1: {"pymodbus": 3.5, "libmodbus": 0.9}, 32: {"pymodbus": 4.0}},
}


def _compiled(source: str, folder: Path, *libraries: str) -> str:
    target = folder / source
    command = ["cc", "-O2", "-Wall", "-o", str(target), str(HERE / "loadgen" / f"{source}.c"), *libraries]
    subprocess.run(command, check=True)
    return str(target)


@pytest.fixture(scope="module")
def tools(tmp_path_factory):
    if shutil.which("cc") is None:
        pytest.skip("no C compiler (cc) for the load generator")
    if ctypes.util.find_library("modbus") is None or not Path("/usr/include/modbus/modbus.h").exists():
        pytest.skip("libmodbus with headers is not installed: no peer to compare with")
    folder = tmp_path_factory.mktemp("loadgen")
    return _compiled("modbus_load", folder), _compiled("libmodbus_server", folder, "-lmodbus")


@pytest.fixture
def servers(tools):
    """Return name -> (process, port) of the three servers, all on one core with the load."""
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(allowed)})
    commands = {
        "ours": [sys.executable, str(HERE / "loadgen" / "our_server.py")],
        "pymodbus": [sys.executable, str(HERE / "loadgen" / "pymodbus_server.py")],
        "libmodbus": [tools[1]],
    }
    if importlib.util.find_spec("uvloop") is not None:
        commands["ours, uvloop"] = [*commands["ours"], "uvloop"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    running = {}
    try:
        for name, command in commands.items():
            process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
            running[name] = process, 0
            running[name] = process, int(process.stdout.readline())
        yield running
    finally:
        for process, _ in running.values():
            process.kill()
            process.wait()
            process.stdout.close()
        os.sched_setaffinity(0, allowed)


def _cpu_s(process: subprocess.Popen) -> float:
    fields = Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _children_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _measure(load: str, servers, quantity: int, connections: int, depth: int):
    """Return name -> (median requests/s, p50 in µs, µs of server CPU per request), and the core share."""
    rounds = {name: [] for name in servers}
    cpu = dict.fromkeys(servers, 0.0)
    answers = dict.fromkeys(servers, 0)
    load_before = _children_s()
    for _ in range(ROUNDS):
        for name, (process, port) in servers.items():
            before = _cpu_s(process)
            command = [load, "127.0.0.1", port, 1, quantity, connections, depth, SECONDS]
            run = subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True)
            result = json.loads(run.stdout)
            assert result["wrong"] == 0
            rounds[name].append(result)
            cpu[name] += _cpu_s(process) - before
            answers[name] += result["answers"]
    share = (sum(cpu.values()) + _children_s() - load_before) / (ROUNDS * len(servers) * SECONDS)
    figures = {
        name: (
            statistics.median(result["requests_per_s"] for result in results),
            statistics.median(result["p50_us"] for result in results),
            1e6 * cpu[name] / answers[name],
        )
        for name, results in rounds.items()
    }
    return figures, share


@pytest.mark.parametrize("load", LOADS)
def test_our_server_keeps_up_with_its_peers(load, tools, servers):
    figures, share = _measure(tools[0], servers, *LOADS[load])
    print(f"\n{load}, one core shared with the load, {ROUNDS} interleaved rounds of {SECONDS} s")
    for name, (rate, p50_us, cpu_us) in figures.items():
        ratio = figures["ours"][0] / rate
        print(f"  {name:12} {rate:9.0f}/s  p50 {p50_us:.1f} µs  {cpu_us:.1f} µs CPU  ours {ratio:.2f}x")
    if share < CORE_SHARE_MIN:
        pytest.skip(f"inconclusive: server and load got {share:.0%} of their core, others the rest")
    for name, budgets in BUDGETS.items():
        for peer, budget in budgets[LOADS[load][1]].items():
            if name in figures:
                assert figures[name][0] >= budget * figures[peer][0], f"{name}: below {budget}x {peer}"
