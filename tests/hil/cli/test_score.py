"""`plantbench score` as a user meets it."""

import json
import re

import pytest
import typer
from typer.testing import CliRunner

from hil.cli.score import score
from hil.scoring.report import DATASETS, known
from tests.hil.scoring.conftest import femto_folder  # noqa: F401 - a fixture

MET, MISSED, USAGE_ERROR = 0, 1, 2


@pytest.fixture(scope="module")
def run():
    app = typer.Typer()
    app.command()(score)
    return lambda *words: CliRunner().invoke(app, [str(word) for word in words])


def test_a_person_reads_calls_tables_bars_split_and_what_to_do_next(run, femto_folder):  # noqa: F811
    result = run("femto", "--data", femto_folder)
    assert result.exit_code == MET, result.output
    for words in (
        "Bearing1_1",
        "onset and lead time",
        "onset told before the end",
        "Split.",
        "All 2 bars met",
        "Next:",
    ):
        assert words in result.stdout
    assert result.stderr == ""


def test_json_lines_are_calls_tables_bars_and_the_score_and_stdout_holds_nothing_else(run, femto_folder):  # noqa: F811
    result = run("femto", "--data", femto_folder, "--json")
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [line["event"] for line in lines] == ["call", "call", "table", "bar", "bar", "score"]
    assert lines[0]["record"] == "Bearing1_1"
    assert lines[-1]["met"] is True
    assert lines[-1]["bars_met"] == lines[-1]["bars"] == 2
    assert lines[-1]["split"]
    assert "All 2 bars met" in result.stderr


def test_markdown_is_what_a_page_takes(run, femto_folder):  # noqa: F811
    result = run("femto", "--data", femto_folder, "--markdown")
    tables = re.findall(r"^\|---", result.stdout, re.MULTILINE)
    assert len(tables) == 2
    assert "| bar | found | limit | met |" in result.stdout
    assert all(line == "" or line.startswith("|") or line.endswith(":") for line in result.stdout.splitlines())


def test_the_folder_that_holds_the_set_will_do(run, femto_folder):  # noqa: F811
    assert run("femto", "--data", femto_folder.parent).exit_code == MET


def test_a_missed_bar_ends_with_exit_code_1_and_is_named(run, tmp_path):
    import numpy as np

    rng = np.random.default_rng(0)
    np.savez(tmp_path / "features_10s.npz", names=np.array(["rms_h"]), B1_1=10 ** (0.02 * rng.random((300, 1))))
    result = run("femto", "--data", tmp_path)
    assert result.exit_code == MISSED
    assert "1 of 2 bars not met: onset told before the end" in result.stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["cwu", "--data", "."], "unknown data set 'cwu'; did you mean 'cwru'? Known: cwru, mfpt"),
        (["xyzzy", "--data", "."], "unknown data set 'xyzzy'; Known: cwru"),
        (["femto", "--data", "nowhere"], "--data nowhere: no such folder; give the folder of the femto records"),
        (["femto", "--data", "{file}"], "is a file; give the folder"),
        (["femto", "--data", "{folder}"], "features_10s.npz: no such file"),
        (["femto", "--data", "{folder}", "--json", "--markdown"], "give one of them"),
    ],
)
def test_mistakes_end_with_exit_code_2_and_a_sentence(run, tmp_path, words, message):
    file = tmp_path / "a.txt"
    file.write_text("x", encoding="utf-8")
    folder = tmp_path / "folder"
    folder.mkdir()
    result = run(*[word.format(file=file, folder=folder) for word in words])
    assert result.exit_code == USAGE_ERROR
    assert message in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize("name", DATASETS)
def test_every_data_set_has_its_scorer_and_is_known_however_it_is_written(name):
    import importlib

    assert callable(importlib.import_module(f"hil.scoring.{name}").score)
    assert known(name.upper().replace("_", "-")) == name
