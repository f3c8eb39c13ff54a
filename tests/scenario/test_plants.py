"""The other shipped plants over real sockets: a healthy run of each, or its only scenario."""

import pytest

from rigs.load import scenario_files, shipped

pytestmark = pytest.mark.scenario
PLANTS = [name for name in shipped() if name not in ("pump_skid", "recorded_bearing")]


def chosen(name: str) -> str:
    """The healthy scenario, where there is one; what faults do to these plants is tested without a wire."""
    names = [path.stem for path in scenario_files(name)]
    return "healthy" if "healthy" in names else names[0]


@pytest.mark.parametrize("name", PLANTS)
def test_a_plant_runs_and_passes(bench_run, name: str):
    wanted = chosen(name)
    run = bench_run(name, "--scenario", wanted, "--json")
    assert run.code == 0, run.scenario(wanted)["reasons"] or run.stderr[-2000:]
