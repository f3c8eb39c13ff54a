"""`plantbench analyze` as a user meets it."""

import json

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from hil.cli.analyze import analyze
from tests.oracles.bearing_signals import machine_noise, spall

pytestmark = pytest.mark.slow_without_jit

RATE, SPEED = 25600.0, 24.63


@pytest.fixture
def run():
    app = typer.Typer()
    app.command()(analyze)
    return lambda *words: CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture(scope="module")
def damaged(tmp_path_factory):
    rng = np.random.default_rng(1)
    x = spall("bearing_outer_race", (9, 0.3126, 1.537), SPEED, RATE, 3.0, rng=rng)
    x = x / x.std() + machine_noise(SPEED, RATE, x.size, rng)
    file = tmp_path_factory.mktemp("records") / "damaged.npz"
    np.savez(file, DE=x, fs=RATE, rpm=SPEED * 60)
    return file


def test_json_is_one_line_with_the_agreed_keys(run, damaged):
    result = run(damaged, "--rate", RATE, "--speed", SPEED * 60, "--bearing", "6205", "--json")
    assert result.exit_code == 0
    answer = json.loads(result.stdout)
    assert {"diagnosis", "verdict", "band_hz", "features"} <= set(answer)
    assert answer["verdict"] == "faulty"
    assert answer["diagnosis"][0]["fault"] == "bearing_outer_race"
    assert answer["diagnosis"][0]["confidence"] > 0.9
    low, high = answer["band_hz"]
    assert 0 < low < high <= RATE / 2


def test_rate_and_speed_come_from_the_file_when_it_has_them(run, damaged):
    result = run(damaged, "--bearing", "9,7.94,39.04,0", "--json")
    assert json.loads(result.stdout)["diagnosis"][0]["fault"] == "bearing_outer_race"


def test_without_json_a_person_reads_verdict_and_evidence(run, damaged):
    result = run(damaged, "--bearing", "6205")
    assert result.exit_code == 0
    assert "faulty" in result.stdout
    assert "bearing_outer_race" in result.stdout


def test_a_record_not_fit_to_judge_is_answered_not_refused(run, tmp_path):
    file = tmp_path / "dead.npz"
    np.savez(file, x=np.zeros(50000))
    result = run(file, "--rate", RATE, "--speed", 1478, "--bearing", "6205", "--json")
    assert result.exit_code == 0
    answer = json.loads(result.stdout)
    assert answer["verdict"] == "unknown"
    assert answer["diagnosis"] == []
    assert "constant" in answer["flags"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nothing.npz", "--rate", 1, "--speed", 1, "--bearing", "6205"], "nothing.npz: no such file"),
        (["{plain}", "--speed", 1478, "--bearing", "6205"], "no sample rate in the file; give --rate HZ"),
        (["{plain}", "--rate", 25600, "--bearing", "6205"], "no shaft speed in the file; give --speed RPM"),
        (
            ["{plain}", "--rate", 25600, "--speed", 1478, "--bearing", "6250"],
            "unknown bearing '6250'; did you mean '6205'?",
        ),
        (
            ["{plain}", "--rate", 25600, "--speed", 1478, "--bearing", "6205", "--channel", "FE"],
            "no channel 'FE'",
        ),
        (["{plain}", "--rate", -5, "--speed", 1478, "--bearing", "6205"], "must be positive"),
    ],
)
def test_mistakes_end_with_exit_code_2_and_a_sentence(run, tmp_path, words, message):
    plain = tmp_path / "plain.npz"
    np.savez(plain, x=np.random.default_rng(0).standard_normal(50000))
    result = run(*[str(word).format(plain=plain) for word in words])
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stdout == ""
