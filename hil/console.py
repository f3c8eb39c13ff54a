"""What every verb shows a person: progress of first-run compilation, and nothing on stdout."""

import time

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn


def warm_up(console: Console, *, twin: bool) -> None:
    """Load every compiled kernel, showing progress while the first run compiles them.

    Once compiled they come from the cache on disk and this takes well under a second.
    """
    from emulator.warmup import kernels as plant_kernels

    jobs = list(plant_kernels())
    if twin:
        from twin.dsp.warmup import kernels as twin_kernels

        jobs += list(twin_kernels())
    begun = time.monotonic()
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("loading compiled kernels", total=len(jobs))
        for name, job in jobs:
            if time.monotonic() - begun > 1.0:
                progress.update(task, description=f"first run: compiling kernels, once · {name}")
            job()
            progress.advance(task)
