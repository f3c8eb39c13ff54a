"""Compile or load every kernel once, one at a time, so that a command line can show its progress."""

import importlib
import pkgutil
from collections.abc import Callable

from twin.dsp import kernels as package


def kernels() -> list[tuple[str, Callable[[], object]]]:
    """List kernel names with a call each that compiles it (or loads it from the cache) on tiny inputs.

    Each file of kernels tells in its `examples()` how it is called for real: one specialisation, used by all.
    """
    jobs: list[tuple[str, Callable[[], object]]] = []
    for module in pkgutil.iter_modules(package.__path__):
        jobs += importlib.import_module(f"{package.__name__}.{module.name}").examples()
    return jobs
