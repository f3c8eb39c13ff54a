"""What an analyst gets from `from twin import dsp`."""

import importlib
import pkgutil
import subprocess
import sys

import pytest

from twin import dsp


def test_every_name_is_there_and_documented():
    for name in dsp.__all__:
        value = getattr(dsp, name)
        assert not callable(value) or (value.__doc__ or "").strip(), name


def test_no_name_is_that_of_a_file():
    # a file, once imported, would hide the function of the same name
    assert not {module.name for module in pkgutil.iter_modules(dsp.__path__)} & set(dsp.__all__)


def test_names_survive_the_import_of_every_file():
    for module in pkgutil.iter_modules(dsp.__path__):
        importlib.import_module(f"twin.dsp.{module.name}")
    assert callable(dsp.welch)
    assert callable(dsp.analyze)


def test_a_near_miss_is_told():
    with pytest.raises(AttributeError, match="no 'fast_kurtogramm'; did you mean 'fast_kurtogram'"):
        _ = dsp.fast_kurtogramm


def test_naming_the_package_loads_nothing_heavy():
    code = "import sys; from twin import dsp; print([n for n in sys.modules if n in ('numpy', 'numba', 'scipy')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
