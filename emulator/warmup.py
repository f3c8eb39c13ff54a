"""Have every compiled kernel of the plant ready before it is needed."""

import importlib
import pkgutil
from collections.abc import Callable
from typing import Any

from rigs.schema import Rig

PACKAGES = ("emulator.physics.kernels", "emulator.sensors.kernels")


def dispatchers() -> dict[str, Any]:
    """Return every compiled function of the plant's kernel packages by name; empty where numba is switched off."""
    found = {}
    for package in PACKAGES:
        for info in pkgutil.iter_modules(importlib.import_module(package).__path__):
            module = importlib.import_module(f"{package}.{info.name}")
            for name, item in vars(module).items():
                if hasattr(item, "signatures") and item.py_func.__module__ == module.__name__:
                    found[f"{info.name}.{name}"] = item
    return found


def ready(kernels: dict[str, Any]) -> int:
    """Return how many of the kernels have been compiled or loaded so far."""
    return sum(1 for kernel in kernels.values() if kernel.signatures)


def exercise(rig: Rig) -> Callable[[], None]:
    """Return a job that runs the rig's plant and sensors for two blocks, which loads every kernel they use."""

    def job() -> None:
        from emulator.emulation import Emulation

        emulation = Emulation(rig, seed=0)
        emulation.step()
        emulation.step()

    return job
