"""What every verb shows a person: progress of first-run compilation, and nothing on stdout."""

import threading
import time
from collections.abc import Callable

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from rigs.schema import Rig

PATIENCE_S = 1.0


def warm_up(console: Console, rig: Rig, *, twin: bool) -> None:
    """Load every compiled kernel, showing progress while the first run compiles them.

    Once compiled they come from the cache on disk and this takes well under a second.
    """
    from emulator.warmup import dispatchers, exercise, ready

    kernels = dispatchers()
    failed: list[BaseException] = []
    worker = threading.Thread(target=_caught, args=(exercise(rig), failed), daemon=True)
    begun = time.monotonic()
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        plant = progress.add_task("loading the plant's kernels", total=len(kernels))
        worker.start()
        while worker.is_alive():
            worker.join(0.1)
            if time.monotonic() - begun > PATIENCE_S:
                progress.update(plant, description="first run: compiling the plant's kernels, once")
            progress.update(plant, completed=ready(kernels))
        if failed:
            raise failed[0]
        progress.update(plant, completed=len(kernels))
        if twin:
            _warm_twin(progress)


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
