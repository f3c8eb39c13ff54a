"""Compiling ahead of need."""

import subprocess
import sys

from twin.dsp import kernels as package
from twin.dsp.warmup import FOLLOWING, kernels


def test_every_kernel_is_warmed_and_none_twice():
    import importlib
    import pkgutil

    defined = set()
    for module in pkgutil.iter_modules(package.__path__):
        if module.name.startswith("_"):
            continue
        content = importlib.import_module(f"{package.__name__}.{module.name}")
        defined |= {
            name
            for name, value in vars(content).items()
            if callable(value) and getattr(value, "__module__", "") == content.__name__ and name[0] != "_"
        }
    names = [name for name, _ in kernels()]
    assert sorted(names) == sorted(defined - {"examples"})


def test_warming_up_leaves_one_specialisation_that_the_real_calls_use():
    for _, compile_one in kernels():
        compile_one()


def test_a_running_twin_warms_what_following_a_point_uses():
    code = (
        "import sys, twin.dsp.point; mark = 'twin.dsp.kernels.';"
        "print(sorted(n.removeprefix(mark) for n in sys.modules if n.startswith(mark) and not n.startswith(mark + '_')))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == str(sorted(FOLLOWING))


def test_following_a_point_imports_nothing_heavy_of_scipy():
    code = (
        "import sys, twin.dsp.point, twin.dsp.analysis;"
        "heavy = ('scipy.signal', 'scipy.fft', 'scipy.io', 'scipy.stats', 'scipy.ndimage');"
        "print([name for name in sys.modules if name in heavy])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
