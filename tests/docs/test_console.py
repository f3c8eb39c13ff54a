"""Cheap commands shown in the documentation run, and print what it says."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.blocks import ROOT, Block, blocks, commands, every, pages, same

CHEAP = ("check", "analyze", "import", "--help")
PLANTBENCH = [
    sys.executable,
    "-c",
    "import sys; sys.argv[0] = 'plantbench'; from hil.cli import main; main()",
]
ENVIRONMENT = {
    "PYTHONPATH": str(ROOT),
    "COLUMNS": "100",
    "NO_COLOR": "1",
    "TERM": "dumb",
    "PYTHONIOENCODING": "utf-8",
}


RECORDED = "cwru/"  # commands on data that do not come with the package


def cheap(line: str) -> bool:
    words = line.split()
    return RECORDED not in line and (words[0] == "python" or (words[0] == "plantbench" and words[1] in CHEAP))


def execute(line: str, folder: Path) -> str:
    words = shlex.split(line)
    program = PLANTBENCH if words[0] == "plantbench" else [sys.executable]
    env = {name: value for name, value in os.environ.items() if name != "PLANTBENCH_DATA"} | ENVIRONMENT
    done = subprocess.run(
        [*program, *words[1:]], cwd=folder, env=env, text=True, encoding="utf-8", check=False,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300,
    )  # fmt: skip
    return done.stdout


def lay_out(page: Path, folder: Path) -> None:
    """Write the files that a page's named blocks stand for."""
    for block in blocks(page):
        if block.file is not None:
            target = folder / block.file
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(block.text, encoding="utf-8")


def shown() -> list[Block]:
    return [block for block in every("console") if any(cheap(command.line) for command in commands(block))]


@pytest.mark.parametrize("page", sorted({block.page for block in shown()}), ids=lambda page: page.name)
@pytest.mark.slow_without_jit
def test_commands_print_what_the_page_says(page, tmp_path):
    lay_out(page, tmp_path)
    for block in blocks(page, "console"):
        for command in commands(block):
            if cheap(command.line):
                printed = execute(command.line, tmp_path)
                assert same(command.expected, printed), f"{block}: $ {command.line}\n{printed}"


@pytest.mark.data
@pytest.mark.slow_without_jit
def test_recorded_data_are_judged_as_the_readme_shows(recorded_data):
    every_command = [command for block in every("console") for command in commands(block)]
    judged = [
        command
        for command in every_command
        if command.line.startswith("plantbench analyze") and RECORDED in command.line
    ]
    assert judged
    for command in judged:
        printed = execute(command.line, recorded_data)
        assert same(command.expected, printed), f"$ {command.line}\n{printed}"


@pytest.mark.scenario
def test_the_first_run_prints_what_the_guide_says(tmp_path):
    page = ROOT / "docs" / "guide" / "getting-started.md"
    shown_commands = [command for block in blocks(page, "console") for command in commands(block)]
    (first,) = [command for command in shown_commands if command.line.startswith("plantbench run")]
    printed = execute(first.line, tmp_path)
    assert same(first.expected, printed), printed


def test_console_blocks_begin_with_a_command():
    assert [str(block) for block in every("console") if not block.text.startswith("$ ")] == []


def test_only_known_verbs_are_shown():
    lines = [command.line.split() for block in every("console") for command in commands(block)]
    verbs = {words[1] for words in lines if words[0] == "plantbench"}
    known = {"run", "serve", "twin", "check", "plot", "analyze", "score", "realism", "doctor", "export-fmu"}
    assert verbs <= known | {"import", "--help"}


def test_a_wildcard_line_stands_for_any_number_of_lines():
    assert same("first\n…\nlast 3 of …", "first\nmiddle\nlast 3 of 5\n")
    assert same("first\n…\n", "first\n")
    assert not same("first\n…\nlast", "first\nmiddle\n")


def test_there_are_pages_to_test():
    assert all(page.is_file() for page in pages())
