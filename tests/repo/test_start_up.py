"""What starting costs, and what a start must not drag in."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
HEAVY = ("numba", "numpy", "scipy", "asyncua", "fastapi", "duckdb", "pyarrow", "pint", "pymodbus", "httpx", "uvicorn")


def python(code: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.strip()


def test_the_command_line_imports_nothing_heavy():
    loaded = python("import sys, hil.cli; print(' '.join(sys.modules))").split()
    assert not set(HEAVY) & set(loaded)


def test_the_twin_runs_where_the_plant_and_the_bench_cannot_be_imported():
    code = """
import sys
class Wall:
    def find_spec(self, name, path=None, target=None):
        if name.split('.')[0] in ('emulator', 'hil'):
            raise ImportError('the twin reached for ' + name)
sys.meta_path.insert(0, Wall())
import pkgutil, importlib, twin
for module in pkgutil.walk_packages(twin.__path__, 'twin.'):
    if not module.name.endswith('__main__'):
        importlib.import_module(module.name)
print('whole')
"""
    assert python(code) == "whole"


def test_the_plant_runs_where_the_twin_cannot_be_imported():
    code = """
import sys
class Wall:
    def find_spec(self, name, path=None, target=None):
        if name.split('.')[0] in ('twin', 'hil'):
            raise ImportError('the plant reached for ' + name)
sys.meta_path.insert(0, Wall())
import pkgutil, importlib, emulator
for module in pkgutil.walk_packages(emulator.__path__, 'emulator.'):
    importlib.import_module(module.name)
print('whole')
"""
    assert python(code) == "whole"
