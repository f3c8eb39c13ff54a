"""The example test file of the guide passes as it stands."""

import os
import subprocess
import sys

import pytest

from tests.docs.blocks import ROOT, blocks

PAGE = ROOT / "docs" / "guide" / "testing-with-pytest.md"


@pytest.mark.scenario
def test_the_example_passes_on_the_shipped_skid(tmp_path):
    (example,) = blocks(PAGE, "python")
    assert example.file is not None
    (tmp_path / example.file).write_text(example.text, encoding="utf-8")
    # Installed or not, the plug-in is loaded once: by its module, not by its entry point.
    plugin = ["-p", "no:plantbench", "-p", "hil.pytest_plugin", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *plugin, "--rig", "pump_skid", example.file],
        cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)}, text=True, check=False,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert f"{example.text.count('def test_')} passed" in done.stdout


def test_every_member_of_the_bench_fixture_is_described():
    from hil.pytest_plugin import BenchFixture

    text = PAGE.read_text(encoding="utf-8")
    members = [name for name in vars(BenchFixture) if not name.startswith("_")]
    assert [name for name in members if f"`{name}" not in text] == []
