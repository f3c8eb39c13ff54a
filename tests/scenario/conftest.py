"""Runs of the bench as a user starts them."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-c", "from hil.cli import main; main()"]


@dataclass(frozen=True)
class Run:
    """A finished run: its exit code, what it said, its files."""

    code: int
    stdout: str
    stderr: str
    folder: Path

    @property
    def record(self) -> dict[str, Any]:
        return json.loads((self.folder / "record.json").read_text())

    def scenario(self, name: str) -> dict[str, Any]:
        return next(entry for entry in self.record["scenarios"] if entry["name"] == name)


def start(*arguments: str, data: Path | None = None) -> subprocess.Popen[str]:
    env = os.environ | {"PYTHONPATH": str(ROOT)} | ({"PLANTBENCH_DATA": str(data)} if data else {})
    return subprocess.Popen(
        [*COMMAND, *arguments], cwd=ROOT, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


@pytest.fixture(scope="session")
def bench_run(tmp_path_factory: pytest.TempPathFactory):
    """Return a function that runs ``plantbench run`` to its end."""

    def run(rig: str, *options: str, data: Path | None = None) -> Run:
        folder = tmp_path_factory.mktemp("run")
        process = start("run", rig, "--out", str(folder), *options, data=data)
        stdout, stderr = process.communicate(timeout=1500)
        return Run(process.returncode, stdout, stderr, folder)

    return run
