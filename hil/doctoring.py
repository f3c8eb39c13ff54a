"""Measure this machine (timers, ports, serial lines, cores, caches); say whether its verdicts will hold."""

import importlib.metadata
import importlib.util
import json
import os
import platform
import shutil
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Literal

from rich.console import Console
from rich.table import Table

Grade = Literal["good", "limited", "bad"]
MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Result:
    """One examination: what was measured, what it allows."""

    name: str
    grade: Grade
    found: str
    means: str


def examine(*, json_lines: bool) -> int:
    """Run every examination and print it; 0 if this machine can judge, 4 if something it needs is missing."""
    console = Console(stderr=json_lines)
    with console.status("examining this machine …"):
        results = [_guarded(check) for check in CHECKS]
    if json_lines:
        for result in results:
            print(json.dumps({"event": "examination"} | asdict(result)))
    else:
        table = Table("", "examined", "found", "what it means")
        marks = {"good": "[green]good[/]", "limited": "[yellow]limited[/]", "bad": "[red]bad[/]"}
        for result in results:
            table.add_row(marks[result.grade], result.name, result.found, result.means)
        console.print(table)
    bad = [result.name for result in results if result.grade == "bad"]
    if bad:
        console.print(f"[red]This machine cannot judge yet:[/] {', '.join(bad)}.")
        return 4
    limited = any(result.grade == "limited" for result in results)
    advice = (
        "lockstep verdicts hold; read the limits above before trusting wall-clock ones."
        if limited
        else "verdicts hold."
    )
    console.print(f"[green]This machine can judge:[/] {advice} Next: plantbench run pump_skid")
    return 0


def _guarded(check: Callable[[], Result]) -> Result:
    name = check.__name__.strip("_")
    try:
        return check()
    except (OSError, ImportError) as problem:
        return Result(name, "bad", str(problem), "the operating system refused it, or has no such thing")


def _cores() -> Result:
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)
    means = (
        "plant and twin run side by side" if count > 1 else "plant and twin share one core; wall-clock runs may be late"
    )
    return Result("cores", "good" if count > 1 else "limited", f"{count} ({platform.machine()})", means)


def _memory() -> Result:
    size = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / MEBIBYTE
    grade: Grade = "good" if size > 2000 else "limited"
    return Result("memory", grade, f"{size / 1024:.1f} GiB", "plant and twin need about 0.7 GiB together")


def _timer() -> Result:
    """Lateness of a sleep, on an absolute 10 ms grid."""
    late = _lateness(period_s=0.010, ticks=60, spin_s=0.0)
    grade: Grade = "good" if late[-1] < 0.005 else "limited"
    return Result(
        "sleeping timer",
        grade,
        _spread(late),
        "paces 100 ms scans; later than 100 ms makes a run inconclusive",
    )


def _spinning() -> Result:
    """Lateness of sleep-then-spin at 1 ms, in a thread of its own."""
    late: list[float] = []
    thread = threading.Thread(target=lambda: late.extend(_lateness(period_s=0.001, ticks=300, spin_s=0.0002)))
    thread.start()
    thread.join()
    p99 = late[int(0.99 * (len(late) - 1))]
    good = p99 <= 50e-6 and late[-1] <= 500e-6
    means = "within the target of 50 µs (99 %) and 500 µs" if good else "target 50 µs (99 %) and 500 µs is not met"
    return Result("spinning timer", "good" if good else "limited", _spread(late), means)


def _lateness(period_s: float, ticks: int, spin_s: float) -> list[float]:
    origin = time.perf_counter()
    late = []
    for tick in range(1, ticks + 1):
        due = origin + tick * period_s
        left = due - time.perf_counter() - spin_s
        if left > 0:
            time.sleep(left)
        while time.perf_counter() < due:
            pass
        late.append(time.perf_counter() - due)
    return sorted(late)


def _spread(late: list[float]) -> str:
    return f"late by {late[len(late) // 2] * 1e6:.0f} µs, at most {late[-1] * 1e6:.0f} µs"


def _loopback() -> Result:
    """Round trip of a small message over loopback TCP."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        client = socket.create_connection(server.getsockname(), timeout=2.0)
        peer, _ = server.accept()
        with client, peer:
            for end in (client, peer):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            times = []
            for _ in range(200):
                begun = time.perf_counter()
                client.sendall(b"0" * 12)
                peer.sendall(peer.recv(64))
                client.recv(64)
                times.append(time.perf_counter() - begun)
    median = sorted(times)[len(times) // 2]
    return Result(
        "loopback ports",
        "good",
        f"round trip {median * 1e6:.0f} µs",
        "OPC UA and Modbus TCP devices can open",
    )


def _pty() -> Result:
    """Bytes through a pseudo terminal, for the serial line."""
    import pty
    import tty

    master, slave = pty.openpty()
    try:
        tty.setraw(slave)
        os.write(master, b"\x01\x03")
        whole = os.read(slave, 2) == b"\x01\x03"
    finally:
        os.close(master)
        os.close(slave)
    return Result(
        "pseudo terminals",
        "good" if whole else "bad",
        "8-bit clean" if whole else "bytes changed",
        "Modbus RTU can open",
    )


def _serial() -> Result:
    from serial.tools import list_ports

    ports = sorted(port.device for port in list_ports.comports())
    found = ", ".join(ports[:4]) or "none"
    return Result("serial devices", "good", found, "only needed when a binding names one")


def _disk() -> Result:
    free = shutil.disk_usage(Path.cwd()).free / MEBIBYTE
    grade: Grade = "good" if free > 500 else "limited"
    return Result("disk", grade, f"{free / 1024:.1f} GiB free here", "a run of the skid leaves about 50 MiB of capture")


def _kernels() -> Result:
    spec = importlib.util.find_spec("emulator")
    folder = Path(spec.origin or ".").parent if spec else Path()
    cached = sum(1 for _ in folder.rglob("*.nbi"))
    writable = os.access(folder, os.W_OK)
    where = "beside the package" if writable else "in the user's cache folder"
    means = "compiled once and kept " + where if not cached else "warm: the next run starts at once"
    return Result("compiled kernels", "good", f"{cached} cached", means)


def _foreign() -> Result:
    found = [name for name in ("mbpoll", "node", "mosquitto_sub") if shutil.which(name)]
    version = importlib.metadata.version("asyncua")
    return Result(
        "foreign clients",
        "good",
        ", ".join(found) or "none",
        f"second opinions for your own tests; asyncua {version}",
    )


CHECKS: Final = (_cores, _memory, _timer, _spinning, _loopback, _pty, _serial, _disk, _kernels, _foreign)
