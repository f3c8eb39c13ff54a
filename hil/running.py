"""A run as a person sees it (progress, verdicts, files) and as a script does (JSON lines, an exit code)."""

import asyncio
import contextlib
import importlib.metadata
import json
import os
import platform
import shutil
import signal
import sys
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from emulator.clock import clock_from, stopwatch_ns
from hil.assembling import check_plant
from hil.binding import load_binding
from hil.capture.record import write_record
from hil.cli.table import verdict_table
from hil.console import warm_up
from hil.record import RunRecord, ScenarioResult
from hil.report.page import write_report
from hil.runner import Options, run_scenario
from hil.scenario import Prepared, prepare
from hil.verdict.junit import write_junit
from hil.verdict.lattice import Verdict
from rigs.load import find, load_rig

SECOND = 1_000_000_000
SHOWN = ("plantbench", "numpy", "numba", "scipy", "asyncua", "pymodbus", "duckdb")


class _Progress:
    """Shows one scenario's advance, and findings as they come."""

    def __init__(self, progress: Progress, prepared: Prepared, *, json_lines: bool) -> None:
        self._progress = progress
        self._json = json_lines
        self._name = prepared.scenario.scenario
        self._task: TaskID = progress.add_task(self._name, total=prepared.scenario.duration / SECOND, note="starting")
        self._open: dict[str, str] = {}
        self._reached_s = 0.0

    def advanced(self, t_ns: int) -> None:
        self._reached_s = t_ns / SECOND
        note = ", ".join(self._open.values())
        self._progress.update(self._task, completed=t_ns / SECOND, note=note if len(note) < 60 else note[:57] + "…")

    def found(self, finding: dict[str, Any]) -> None:
        if finding["state"] == "open":
            self._open[finding["id"]] = f"{finding['fault']} on {finding['on']}"
        else:
            self._open.pop(finding["id"], None)
        if self._json:
            keys = ("id", "fault", "on", "state", "detected_ns", "confidence")
            print(
                json.dumps({"event": "finding", "scenario": self._name} | {k: finding[k] for k in keys}),
                flush=True,
            )

    def done(self, result: ScenarioResult) -> None:
        self._progress.remove_task(self._task)
        colour = {Verdict.PASS: "green", Verdict.INCONC: "yellow"}.get(result.verdict, "red")
        speed = self._reached_s / result.wall_s if result.wall_s else 0.0
        self._progress.console.print(
            f"[{colour}]{result.verdict.label:>6}[/] {result.name:<28} "
            f"[dim]{self._reached_s:.0f} s of plant time in {result.wall_s:.1f} s ({speed:.0f}×)[/]"
        )


def run_rig(
    name: str,
    wanted: tuple[str, ...],
    clock: str,
    seed: int,
    binding_file: Path | None,
    out: Path | None,
    *,
    json_lines: bool,
) -> int:
    """Run, judge, write, show; returns the exit code.

    Raises
    ------
    RigError
        Rig, scenario or binding file is wrong; nothing was started.

    """
    console = Console(stderr=True)
    try:
        clock_from(clock)
    except ValueError as problem:
        console.print(f"[red]{escape(str(problem))}[/]")
        return 2
    rig = load_rig(name)
    binding = load_binding(binding_file, rig)
    check_plant(name)
    scenarios = prepare(name, wanted)
    if binding and clock != "wall":
        console.print("[red]real devices keep real time: run with --clock wall[/]")
        return 2
    out = out or Path("runs") / rig.rig
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        console.print(f"[red]{escape(str(out))}: cannot be made: {problem.strerror}; choose another --out[/]")
        return 2
    title = escape(rig.title or rig.rig)
    console.print(f"[bold]{title}[/] · {len(scenarios)} scenarios · clock {clock} · seed {seed}")
    begun_ns = stopwatch_ns()
    started = datetime.now(UTC).isoformat(timespec="seconds")
    try:
        warm_up(console, scenarios[0].rig, twin=True)
    except ValueError as problem:  # a plant that cannot be built from this rig
        console.print(f"[red]{escape(str(problem))}[/]")
        return 2
    options = Options(str(find(name)), clock, seed, binding)
    results, errors = asyncio.run(_run_all(options, scenarios, out, console, json_lines=json_lines))
    record = RunRecord(
        rig=rig.rig,
        rig_digest=_digest(find(name)),
        seed=seed,
        clock=clock,
        started_utc=started,
        versions={package: importlib.metadata.version(package) for package in SHOWN if _installed(package)},
        host={
            "system": platform.platform(),
            "python": platform.python_version(),
            "cores": os.cpu_count() or 1,
        },
        results=tuple(results),
        binding=binding,
        command=("plantbench", "run", *sys.argv[2:]),
        wall_s=(stopwatch_ns() - begun_ns) / SECOND,
        errors=errors,
    )
    write_record(out, record)
    write_junit(out, record)
    report = write_report(out, record)
    if json_lines:
        for result in results:
            line = {"event": "verdict", "scenario": result.name, "verdict": result.verdict.label}
            print(json.dumps(line | {"reasons": [reason.text for reason in result.reasons]}))
        print(
            json.dumps({"event": "done", "verdict": record.verdict.label, "record": str(out / "record.json")}),
            flush=True,
        )
    console.print(verdict_table(record))
    console.print(f"Report: [bold]{report}[/] · record.json, junit.xml and capture/ beside it")
    console.print(_next_step(record, name))
    return record.verdict.exit_code


async def _run_all(
    options: Options, scenarios: list[Prepared], out: Path, console: Console, *, json_lines: bool
) -> tuple[list[ScenarioResult], tuple[str, ...]]:
    """Run scenario after scenario; a signal ends the current one in order and skips the rest."""
    results: list[ScenarioResult] = []
    loop = asyncio.get_running_loop()
    interrupted = False
    current: asyncio.Task[ScenarioResult] | None = None

    def interrupt() -> None:
        nonlocal interrupted
        interrupted = True
        if current is not None:
            current.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, interrupt)
    columns = (
        TextColumn("       {task.description:<28}"), BarColumn(bar_width=30),
        TextColumn("{task.completed:.0f} s"), TimeElapsedColumn(), TextColumn("[dim]{task.fields[note]}"),
    )  # fmt: skip
    with Progress(*columns, console=console, transient=True) as progress:
        for prepared in scenarios:
            if interrupted:
                break
            folder = out / "capture" / prepared.scenario.scenario
            with contextlib.suppress(FileNotFoundError):
                shutil.rmtree(folder)
            shown = _Progress(progress, prepared, json_lines=json_lines)
            current = asyncio.create_task(run_scenario(options, prepared, folder, shown))
            result = await current
            results.append(result)
            shown.done(result)
    errors = ("interrupted: the scenarios after the last one shown did not run",) if interrupted else ()
    _join_truth(out, [prepared.scenario.scenario for prepared in scenarios])
    return results, errors


def _join_truth(out: Path, names: list[str]) -> None:
    """Put the scenarios' truth logs into one `truth.jsonl`, each line naming its scenario."""
    with (out / "truth.jsonl").open("w", encoding="utf-8") as whole:
        for name in names:
            part = out / "capture" / name / "truth.jsonl"
            if part.is_file():
                with part.open(encoding="utf-8") as lines:
                    for line in lines:
                        whole.write(json.dumps({"scenario": name} | json.loads(line)) + "\n")


def _next_step(record: RunRecord, name: str) -> str:
    failing = [result.name for result in record.results if result.verdict is not Verdict.PASS]
    if failing:
        return f"Next: open the report at {failing[0]}, then plantbench run {name} --scenario {failing[0]}"
    return f"Next: open the report; plantbench serve {name} lets your own client read the same plant"


def _digest(rig_file: Path) -> str:
    """Hash of the rig folder's YAML files: which rig exactly was judged."""
    digest = blake2b(digest_size=16)
    for path in sorted(rig_file.parent.rglob("*.yaml")):
        digest.update(str(path.relative_to(rig_file.parent)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _installed(package: str) -> bool:
    try:
        importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True
