"""The other shipped plants over real sockets: a healthy run of each, and one fault of each."""

import pytest

from rigs.load import scenario_files, shipped

pytestmark = pytest.mark.scenario
PLANTS = [name for name in shipped() if name not in ("pump_skid", "recorded_bearing")]


def chosen(name: str) -> list[str]:
    """The healthy scenario, where there is one, and the first other one; of the largest plant the healthy one."""
    names = [path.stem for path in scenario_files(name)]
    rest = [scenario for scenario in names if scenario != "healthy"]
    return ["healthy"] if name == "bottling_line" else [*(["healthy"] if "healthy" in names else []), rest[0]]


@pytest.mark.parametrize("name", PLANTS)
def test_a_plant_runs_and_passes(bench_run, name: str):
    wanted = chosen(name)
    run = bench_run(name, *(part for scenario in wanted for part in ("--scenario", scenario)), "--json")
    assert run.code == 0, [run.scenario(scenario)["reasons"] for scenario in wanted] or run.stderr[-2000:]
