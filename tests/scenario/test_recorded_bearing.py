"""Recorded vibration through an emulated device into the twin."""

from pathlib import Path

import pytest

from rigs.load import scenario_files

pytestmark = [pytest.mark.scenario, pytest.mark.data]
SCENARIOS = [path.stem for path in scenario_files("recorded_bearing")]


@pytest.fixture(scope="module")
def whole_run(bench_run, recorded_data: Path):
    return bench_run("recorded_bearing", data=recorded_data)


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_twin_calls_the_record_right(whole_run, name: str):
    entry = whole_run.scenario(name)
    assert entry["verdict"] == "pass", entry["reasons"]


def test_without_the_data_the_message_says_where_to_put_it(bench_run, tmp_path: Path):
    run = bench_run("recorded_bearing", "--scenario", "healthy", data=tmp_path)
    assert run.code == 2
    assert "PLANTBENCH_DATA" in run.stderr
    assert "Traceback" not in run.stderr
