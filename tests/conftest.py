"""What every test may use: where recorded data lies, and whether foreign clients must be there."""

import importlib
import os
import shutil
from pathlib import Path
from types import ModuleType
from typing import NoReturn

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def recorded_data() -> Path:
    """Folder of the recorded data sets; the test is skipped, saying so, where they are not installed."""
    folder = Path(os.environ.get("PLANTBENCH_DATA", ROOT.parent / "shared" / "data"))
    if not (folder / "cwru").is_dir():
        pytest.skip(f"no recorded data at {folder}; set PLANTBENCH_DATA to the folder that holds cwru/, mfpt/, …")
    return folder


@pytest.fixture(scope="session")
def foreign():
    """Return a function that finds a foreign client's program, or skips (fails where it is required)."""

    def find(program: str, hint: str) -> str:
        path = shutil.which(program)
        return path if path is not None else _missing(program, hint)

    return find


@pytest.fixture(scope="session")
def foreign_module():
    """Return a function that imports a foreign client's module, or skips (fails where it is required)."""

    def find(module: str, hint: str) -> ModuleType:
        try:
            return importlib.import_module(module)
        except ImportError:
            _missing(module, hint)

    return find


@pytest.fixture(scope="session")
def foreign_node(foreign):
    """Return a function that finds node with one of its packages, or skips (fails where it is required)."""

    def find(package: str) -> str:
        program = foreign("node", "apt install nodejs")
        folder = Path(__file__).parent / "wire" / "node"
        if not (folder / "node_modules" / package).is_dir():
            _missing(package, f"run `npm ci` in {folder}")
        return program

    return find


def _missing(name: str, hint: str) -> NoReturn:
    message = f"{name} is not installed ({hint})"
    if os.environ.get("PLANTBENCH_REQUIRE_FOREIGN"):
        pytest.fail(message)
    pytest.skip(message)
