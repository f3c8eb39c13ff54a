"""What every verb shows a person: progress of first-run compilation, and nothing on stdout."""

import importlib.util
import threading
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from rigs.schema import Rig

PATIENCE_S = 1.0


def warm_up(console: Console, rig: Rig, *, twin: bool) -> None:
    """Have every kernel compiled, showing progress while the first run does so.

    Once compiled they come from the cache on disk as they are needed, and there is nothing to wait for.
    """
    plant_is_warm = _compiled("emulator.physics.kernels") and _compiled("emulator.sensors.kernels")
    twin_is_warm = not twin or _compiled("twin.dsp.kernels")
    if plant_is_warm and twin_is_warm:
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        if not plant_is_warm:
            _warm_plant(progress, rig)
        if not twin_is_warm:
            _warm_twin(progress)


def _compiled(package: str) -> bool:
    """Whether every kernel file of a package has compiled code beside it that is newer than itself."""
    spec = importlib.util.find_spec(package)
    folder = Path(next(iter(spec.submodule_search_locations or ()))) if spec else Path()
    for source in folder.glob("*.py"):
        if source.stem != "__init__":
            compiled = [path.stat().st_mtime for path in (folder / "__pycache__").glob(f"{source.stem}.*.nbi")]
            if not compiled or max(compiled) < source.stat().st_mtime:
                return False
    return True


def _warm_plant(progress: Progress, rig: Rig) -> None:
    from emulator.warmup import dispatchers, exercise, ready

    kernels = dispatchers()
    failed: list[BaseException] = []
    worker = threading.Thread(target=_caught, args=(exercise(rig), failed), daemon=True)
    begun = time.monotonic()
    task = progress.add_task("loading the plant's kernels", total=len(kernels))
    worker.start()
    while worker.is_alive():
        worker.join(0.1)
        if time.monotonic() - begun > PATIENCE_S:
            progress.update(task, description="first run: compiling the plant's kernels, once")
        progress.update(task, completed=ready(kernels))
    if failed:
        raise failed[0]
    progress.update(task, completed=len(kernels))


def _warm_twin(progress: Progress) -> None:
    from twin.dsp.warmup import kernels

    jobs = kernels()
    begun = time.monotonic()
    task = progress.add_task("loading the twin's kernels", total=len(jobs))
    for name, job in jobs:
        if time.monotonic() - begun > PATIENCE_S:
            progress.update(task, description=f"first run: compiling the twin's kernels, once · {name}")
        job()
        progress.advance(task)


def _caught(job: Callable[[], None], failed: list[BaseException]) -> None:
    try:
        job()
    except Exception as problem:  # noqa: BLE001 - handed to the caller's thread, which raises it
        failed.append(problem)
