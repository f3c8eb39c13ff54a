"""Compile or load every kernel once, so that no first block of data waits for the compiler.

Compiled code is kept on disk beside the sources; only the first run after an installation compiles. To compile the
whole core ahead of need, on two cores, with a bar that shows it: `python -m twin.dsp.warmup`.
"""

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Sequence

from twin.dsp import kernels as package

Job = tuple[str, Callable[[], object]]

FOLLOWING = ("biquad", "comb", "moments", "orders")
"""Files of kernels that following a point (`twin.dsp.point`) uses; a running twin warms these."""


def files() -> list[str]:
    """Names of all files of kernels."""
    return [module.name for module in pkgutil.iter_modules(package.__path__) if not module.name.startswith("_")]


def kernels(names: Sequence[str] | None = None) -> list[Job]:
    """List kernel names with a call each that compiles it (or loads it from the cache) on tiny inputs.

    Each file of kernels tells in its `examples()` how it is called for real: one specialisation, used by all.

    Parameters
    ----------
    names : files of kernels; all of them when None
    """
    jobs: list[Job] = []
    for name in files() if names is None else names:
        jobs += importlib.import_module(f"{package.__name__}.{name}").examples()
    return jobs


def _compile(name: str) -> tuple[str, int]:
    jobs = kernels([name])
    for _, job in jobs:
        job()
    return name, len(jobs)


def compile_all(processes: int = 2) -> Iterator[tuple[str, int, int]]:
    """Compile every file of kernels, several at once; gives (file, files done, files in all) as they are done.

    One process cannot compile two kernels at a time, so each has its own; what they compile is on disk for all.
    """
    import multiprocessing

    names = files()
    # long ones first: the last to finish decides
    names.sort(key=lambda name: name not in ("pipeline", "solo", "kurtogram", "blocks", "lanes"))
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        for done, (name, _) in enumerate(pool.imap_unordered(_compile, names), start=1):
            yield name, done, len(names)


def main() -> None:
    """Compile the whole core, showing how far it is."""
    from rich.progress import Progress

    with Progress() as progress:
        task = progress.add_task("compiling kernels", total=len(files()))
        for name, done, _ in compile_all():
            progress.update(task, completed=done, description=f"compiling kernels · {name}")


if __name__ == "__main__":
    main()
