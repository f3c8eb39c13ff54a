"""The two long scenarios of the skid: fifteen minutes of health, ten of a motor that slowly warms."""

import pytest

from rigs.load import scenario_files

pytestmark = pytest.mark.scenario
LONG = ("healthy", "motor_fan_blocked")


@pytest.fixture(scope="module")
def long_run(bench_run):
    assert set(LONG) <= {path.stem for path in scenario_files("pump_skid")}
    return bench_run("pump_skid", *(word for name in LONG for word in ("--scenario", name)), "--json")


@pytest.mark.parametrize("name", LONG)
def test_the_twin_passes(long_run, name: str):
    entry = long_run.scenario(name)
    assert entry["verdict"] == "pass", entry["reasons"]
