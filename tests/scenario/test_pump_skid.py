"""The main job: the shipped scenarios of the skid, over real sockets, judged against the truth."""

import html
import xml.etree.ElementTree as ET

import pytest

from rigs.load import scenario_files

pytestmark = pytest.mark.scenario
LONG = ("healthy", "motor_fan_blocked")  # in a file of their own, so that two processes share the work
SCENARIOS = [path.stem for path in scenario_files("pump_skid") if path.stem not in LONG]


@pytest.fixture(scope="module")
def whole_run(bench_run):
    chosen = [word for name in SCENARIOS for word in ("--scenario", name)]
    return bench_run("pump_skid", *chosen, "--json")


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_twin_passes(whole_run, name: str):
    entry = whole_run.scenario(name)
    assert entry["verdict"] == "pass", entry["reasons"]


def test_the_exit_code_says_pass(whole_run):
    assert whole_run.code == 0, whole_run.stderr[-2000:]


def test_every_file_a_run_promises_is_there(whole_run):
    for name in ("record.json", "report.html", "junit.xml", "truth.jsonl"):
        assert (whole_run.folder / name).stat().st_size > 0
    for scenario in SCENARIOS:
        captured = {path.name for path in (whole_run.folder / "capture" / scenario).iterdir()}
        assert {"offered.parquet", "received.parquet", "findings.parquet", "truth.parquet"} <= captured


def test_the_report_stands_alone(whole_run):
    page = html.unescape((whole_run.folder / "report.html").read_text())
    assert "default-src 'none'" in page
    assert "http://" not in page.replace("http://www.w3.org/", "")
    assert "<script" not in page


def test_junit_counts_every_scenario(whole_run):
    root = ET.parse(whole_run.folder / "junit.xml").getroot()
    assert len(root.findall(".//testcase")) == len(SCENARIOS)


def test_standard_output_holds_nothing_but_json_lines(whole_run):
    import json

    events = [json.loads(line)["event"] for line in whole_run.stdout.splitlines()]
    assert events[-1] == "done"
    assert events.count("verdict") == len(SCENARIOS)


def test_the_two_pressure_traces_of_drift_and_wear_look_the_same_on_the_wire(whole_run):
    import numpy as np
    import pyarrow.parquet as pq

    def trace(scenario: str) -> np.ndarray:
        table = pq.read_table(whole_run.folder / "capture" / scenario / "received.parquet").to_pydict()
        rows = [v for p, v in zip(table["point"], table["value"], strict=True) if p == "pump1.discharge_pressure"]
        return np.array(rows[:200])

    drift, wear = trace("pressure_drift"), trace("wear_same_trace")
    fallen = wear[:50].mean() - wear[190:].mean()
    assert fallen > 10_000.0
    assert np.abs(drift - wear).max() < 0.25 * fallen
