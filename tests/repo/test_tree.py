"""The tree itself: what must not be in it, and how large a room may grow."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip("not a git checkout: nothing to list")
    return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def test_no_source_file_outgrows_its_room():
    large = {path.name: len(path.read_text().splitlines()) for path in tracked("*.py")}
    assert {name: lines for name, lines in large.items() if lines > 500} == {}


def test_nothing_is_left_undone_in_the_source():
    undone = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b|raise NotImplemented" + "Error")
    found = [path.name for path in tracked("*.py", "*.yaml", "*.toml") if undone.search(path.read_text())]
    assert found == []


def test_recorded_data_of_others_is_not_in_the_tree():
    assert [path.name for path in tracked() if path.stat().st_size > 1_000_000] == []
