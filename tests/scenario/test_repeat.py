"""In lockstep the same seed gives the same truth, device image, findings and verdicts, twice in a row."""

import pytest

pytestmark = pytest.mark.scenario
CHOSEN = ("--scenario", "overlapping", "--scenario", "link_blackhole")


@pytest.fixture(scope="module")
def two_runs(bench_run):
    return bench_run("pump_skid", *CHOSEN, "--seed", "5"), bench_run("pump_skid", *CHOSEN, "--seed", "5")


@pytest.mark.parametrize("part", ["verdict", "truth", "findings", "image_digest", "matches", "measurements"])
def test_two_runs_of_one_seed_agree(two_runs, part: str):
    first, second = two_runs
    for scenario in first.record["scenarios"]:
        assert scenario[part] == second.scenario(scenario["name"])[part], scenario["name"]


def test_the_truth_logs_are_the_same_bytes(two_runs):
    first, second = two_runs
    assert (first.folder / "truth.jsonl").read_bytes() == (second.folder / "truth.jsonl").read_bytes()


def test_another_seed_is_another_plant(bench_run, two_runs):
    other = bench_run("pump_skid", "--scenario", "link_blackhole", "--seed", "6")
    assert other.scenario("link_blackhole")["image_digest"] != two_runs[0].scenario("link_blackhole")["image_digest"]
