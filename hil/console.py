"""What every verb shows a person: progress of first-run compilation, and nothing on stdout."""

import contextlib
import importlib.metadata
import importlib.util
import sys
import threading
import time
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from rigs.schema import Rig

PATIENCE_S = 1.0
PLANT_KERNELS = ("emulator.physics.kernels", "emulator.sensors.kernels")
TWIN_KERNELS = ("twin.dsp.kernels",)


def warm_up(console: Console, rig: Rig, *, twin: bool) -> None:
    """Have every kernel compiled, showing progress while the first run does so.

    Once compiled they come from the cache on disk as they are needed, and there is nothing to wait for.
    """
    plant_is_warm = all(_compiled(package) for package in PLANT_KERNELS)
    twin_is_warm = not twin or all(_compiled(package) for package in TWIN_KERNELS)
    if plant_is_warm and twin_is_warm:
        return
    with _progress(console) as progress:
        if not plant_is_warm:
            _warm_plant(progress, rig)
            _note_compiled(*PLANT_KERNELS)
        if not twin_is_warm:
            _warm_twin(progress)
            _note_compiled(*TWIN_KERNELS)


def warm_up_twin(console: Console) -> None:
    """Have the twin's kernels compiled, showing progress while the first run does so.

    Where nobody watches, only those that are needed are compiled, when they are: it is quicker.
    """
    if not console.is_terminal or all(_compiled(package) for package in TWIN_KERNELS):
        return
    with _progress(console) as progress:
        _warm_twin(progress)
    _note_compiled(*TWIN_KERNELS)


def _progress(console: Console) -> Progress:
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    return Progress(*columns, console=console, transient=True)


def _compiled(package: str) -> bool:
    """Whether this version of the kernels has been compiled by this numba before, as noted beside them."""
    stamp, note = _stamp(package)
    with contextlib.suppress(OSError):
        return note.read_text(encoding="utf-8") == stamp
    return False


def _note_compiled(*packages: str) -> None:
    for package in packages:
        stamp, note = _stamp(package)
        # Where the package lies in a folder one may not write to, the next run looks again: slower, never wrong.
        with contextlib.suppress(OSError):
            note.parent.mkdir(exist_ok=True)
            note.write_text(stamp, encoding="utf-8")


def _stamp(package: str) -> tuple[str, Path]:
    """Return what identifies the kernels and their compiler, and the file in which it is noted."""
    spec = importlib.util.find_spec(package)
    folder = Path(next(iter(spec.submodule_search_locations or ()))) if spec else Path()
    digest = blake2b(f"{importlib.metadata.version('numba')} {sys.version}".encode(), digest_size=16)
    for source in sorted(folder.glob("*.py")):
        digest.update(source.read_bytes())
    return digest.hexdigest(), folder / "__pycache__" / "compiled"


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
    from twin.dsp.warmup import FOLLOWING, kernels

    jobs = kernels(FOLLOWING)
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
