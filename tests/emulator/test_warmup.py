"""Loading every kernel before the first run needs it."""

import importlib
import os
import pkgutil

import pytest

import emulator
from emulator.warmup import dispatchers, exercise, ready
from rigs.load import load_rig

COMPILED = os.environ.get("NUMBA_DISABLE_JIT", "0") == "0"


def test_every_kernel_package_is_looked_through():
    modules = {name.partition(".")[0] for name in dispatchers()}
    expected = {"motor", "hydraulics", "philox", "vibration", "impacts", "scalar", "waveform"}
    assert expected <= modules if COMPILED else modules == set()


def test_without_the_compiler_nothing_needs_to_be_loaded(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("emulator.warmup.PACKAGES", ("rigs",))
    assert dispatchers() == {}
    assert ready({}) == 0


SKID = {"motor", "motor_asymmetric", "hydraulics", "vibration", "impacts", "support", "scalar", "waveform"}


def called_from_above() -> set[str]:
    """Kernels that some module outside the kernel packages imports by name; only kernels call the others."""
    above = set()
    for info in pkgutil.walk_packages(emulator.__path__, "emulator."):
        if ".kernels" not in info.name and "devices" not in info.name:
            for item in vars(importlib.import_module(info.name)).values():
                if hasattr(item, "signatures"):
                    above.add(f"{item.py_func.__module__.rpartition('.')[2]}.{item.__name__}")
    return above


@pytest.mark.slow_without_jit
def test_exercising_a_rig_loads_every_kernel_that_is_called_from_outside_a_kernel():
    exercise(load_rig("pump_skid"))()
    kernels = dispatchers()
    cold = {name for name, kernel in kernels.items() if not kernel.signatures}
    # the bubbles of a cavitating pump among them, which no healthy plant has
    assert not COMPILED or "impacts.collapses" in called_from_above()
    # a module of which one kernel is needed is needed whole; machines that are not in the rig stay cold
    used = {name.partition(".")[0] for name in kernels if name not in cold} & SKID
    assert not COMPILED or used == SKID
    above = {name for name in cold & called_from_above() if name.partition(".")[0] in SKID}
    assert not above
    assert ready(kernels) == len(kernels) - len(cold)
