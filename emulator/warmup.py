"""Have every compiled kernel of the plant ready before it is needed."""

import contextlib
import importlib
import pkgutil
from collections.abc import Callable
from typing import Any

from rigs.schema import FaultSpec, Rig

PACKAGES = ("emulator.physics.kernels", "emulator.sensors.kernels")
BLOCKS, GROUPS = 3, 5


def dispatchers() -> dict[str, Any]:
    """Return every compiled function of the plant's kernel packages by name; none where numba is off."""
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
    """Return a job that runs the rig's plant and sensors for a few blocks, which loads every kernel they use.

    Every fault has its turn, on one target of each kind that it fits and on as many waveforms: some kernels
    (cavitation bubbles) run in no healthy plant, and compiling one in the middle of a run would make that run late.
    They come in a few groups, since some faults leave no room for others: what turns backwards does not cavitate.
    """

    def job() -> None:
        from emulator.desk import UnknownFault, fitting_targets
        from emulator.emulation import Emulation

        emulation = Emulation(rig, seed=0)
        waves = {point.id for point in rig.points if point.waveform is not None}
        kinds = [(k, fault) for k, fault in emulation.desk.kinds.items() if fault.layer in ("physics", "sensor")]
        for group in range(GROUPS):
            added = []
            for kind, fault in kinds[group::GROUPS]:
                one_each: dict[tuple[str, bool], str] = {}
                for on, what in fitting_targets(fault, rig).items():
                    one_each.setdefault((what, on in waves), on)
                for on in one_each.values():
                    with contextlib.suppress(UnknownFault):
                        added.append(emulation.desk.add(FaultSpec(kind=kind, on=on)))
            for _ in range(BLOCKS):
                emulation.step()
            for number in added:
                emulation.desk.clear(number, emulation.t_ns)

    return job
