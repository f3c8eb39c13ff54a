"""`plantbench analyze` with several channels, motor current and a healthy record."""

import json

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from hil.cli.analyze import analyze
from tests.oracles.bearing_signals import machine_noise, spall

pytestmark = pytest.mark.slow_without_jit

RATE, SPEED = 25600.0, 24.63


@pytest.fixture(scope="module")
def run():
    app = typer.Typer()
    app.command()(analyze)
    return lambda *words: CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    """A folder with a record of three channels, one healthy, one copied; and a healthy record of the same point."""
    folder = tmp_path_factory.mktemp("records")
    rng = np.random.default_rng(1)
    x = spall("bearing_outer_race", (9, 0.3126, 1.537), SPEED, RATE, 3.0, rng=rng)
    noise = machine_noise(SPEED, RATE, x.size, rng)
    hurt = x / x.std() + noise
    quiet = machine_noise(SPEED, RATE, x.size, rng)
    scale = 1e-3
    counts = np.round(hurt / scale).astype(np.int16)
    np.savez(
        folder / "three.npz",
        DE=counts, scale_DE=scale, FE=np.round(quiet / scale).astype(np.int16), scale_FE=scale,
        BA=counts, scale_BA=2 * scale, fs=RATE, rpm=SPEED * 60,
    )  # fmt: skip
    np.savez(folder / "table.npz", x=np.stack([hurt, quiet], axis=1), fs=RATE, rpm=SPEED * 60)
    np.savez(folder / "healthy.npz", DE=quiet, FE=quiet[::-1], fs=RATE, rpm=SPEED * 60)
    return folder


def phases(negative=0.0, rate=2000.0, seconds=4.0):
    """Three phase currents of a motor with a share of negative sequence."""
    t = np.arange(int(rate * seconds)) / rate
    rng = np.random.default_rng(0)
    turn = 2 * np.pi * 50.0 * t
    return [
        np.cos(turn - k * 2 * np.pi / 3)
        + negative * np.cos(turn + k * 2 * np.pi / 3 + 0.4)
        + 0.001 * rng.standard_normal(t.size)
        for k in range(3)
    ]


@pytest.fixture(scope="module")
def motor(tmp_path_factory):
    folder = tmp_path_factory.mktemp("motor")
    for name, share in (("healthy", 0.01), ("hurt", 0.15)):
        a, b, c = phases(share)
        np.savez(folder / f"{name}.npz", ia=a, ib=b, ic=c, fs=2000.0)
    return folder


@pytest.mark.parametrize("words", [["--channel", "DE,FE"], ["--channel", "DE", "--channel", "FE"]])
def test_several_channels_are_judged_each_and_keyed_by_name(run, records, words):
    result = run(records / "three.npz", "--bearing", "6205", *words, "--json")
    assert result.exit_code == 0
    answer = json.loads(result.stdout)
    assert list(answer["channels"]) == ["DE", "FE"]
    assert answer["channels"]["DE"]["verdict"] == "faulty"
    assert answer["channels"]["FE"]["verdict"] == "healthy"
    assert {"diagnosis", "verdict", "band_hz", "features", "flags"} <= set(answer["channels"]["FE"])


def test_counts_are_multiplied_by_the_scale_of_their_channel(run, records):
    result = run(records / "three.npz", "--bearing", "6205", "--channel", "DE,BA", "--json")
    channels = json.loads(result.stdout)["channels"]
    assert channels["BA"]["features"]["rms"] == pytest.approx(2 * channels["DE"]["features"]["rms"], rel=1e-9)


def test_a_copied_channel_is_flagged_even_when_only_one_of_the_two_is_judged(run, records):
    both = json.loads(run(records / "three.npz", "--bearing", "6205", "--channel", "DE,BA", "--json").stdout)
    assert both["flags"] == ["duplicated: DE, BA"]
    one = json.loads(run(records / "three.npz", "--bearing", "6205", "--channel", "DE", "--json").stdout)
    assert one["flags"] == ["duplicated"]
    other = json.loads(run(records / "three.npz", "--bearing", "6205", "--channel", "FE", "--json").stdout)
    assert other["flags"] == []
    assert "DE and BA are one signal" in run(records / "three.npz", "--bearing", "6205", "--channel", "DE").stdout


def test_a_tables_name_stands_for_all_its_columns_and_a_person_sees_them_compared(run, records):
    result = run(records / "table.npz", "--bearing", "6205", "--channel", "x")
    assert result.exit_code == 0
    assert "channel x1" in result.stdout
    assert "channel x2" in result.stdout
    assert result.stdout.splitlines()[-3].startswith("channel")


def test_motor_current_of_three_phases_needs_no_bearing_and_no_speed(run, motor):
    result = run(motor / "hurt.npz", "--poles", 4, "--supply-hz", 50, "--json")
    assert result.exit_code == 0
    answer = json.loads(result.stdout)
    assert {"diagnosis", "verdict", "band_hz", "features", "flags"} <= set(answer)
    assert answer["features"]["negative_share_percent"] == pytest.approx(15.0, rel=0.02)


def test_a_healthy_record_of_the_same_motor_is_taken_into_account(run, motor):
    result = run(motor / "hurt.npz", "--poles", 4, "--supply-hz", 50, "--reference", motor / "healthy.npz", "--json")
    answer = json.loads(result.stdout)
    assert answer["reference"]["files"] == ["healthy.npz"]
    assert answer["features"]["negative_excess_percent"] == pytest.approx(14.0, rel=0.1)


def test_one_phase_alone_is_judged_and_says_so(run, motor):
    answer = json.loads(run(motor / "hurt.npz", "--poles", 4, "--channel", "ib", "--json").stdout)
    assert "single_phase" in answer["flags"]


def test_a_person_reads_the_evidence_of_a_current(run, motor):
    result = run(motor / "hurt.npz", "--poles", 4, "--supply-hz", 50)
    assert result.exit_code == 0
    assert "current ia, ib, ic, 2000 Hz, 4 poles, speed not given" in result.stdout
    assert "stator_turns" in result.stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "nothing to look for; give --bearing NAME or n,d,D,angle for vibration, or --poles N"),
        (["--bearing", "6205", "--poles", 4], "judge them one after the other"),
        (["--bearing", "6205", "--supply-hz", 50], "--supply-hz 50 is for motor current; add --poles N"),
        (["--bearing", "6205", "--bars", 28], "--bars 28 is for motor current; add --poles N"),
        (["--poles", 4, "--unit", "g"], "--unit g is for vibration"),
        (["--poles", 3], "poles"),
        (["--poles", 4, "--channel", "ia,ib"], "2 channels (ia, ib) are neither one phase nor three"),
        (["--poles", 4, "--channel", "ia,id"], "no channel 'id'; the file has ia, ib, ic"),
        (["--poles", 4, "--channel", "ia,ia"], "channel 'ia' is named twice"),
        (["--poles", 4, "--supply-hz", -50], "supply frequency -50 Hz"),
        (["--poles", 4, "--reference", "nothing.npz"], "nothing.npz: no such file"),
    ],
)
def test_options_that_do_not_go_together_are_refused_with_the_way_out(run, motor, words, message):
    result = run(motor / "hurt.npz", *words)
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stdout == ""


def test_a_vibration_record_is_set_beside_the_same_channel_of_a_healthy_one(run, records):
    words = ("--bearing", "6205", "--reference", records / "healthy.npz")
    hurt = json.loads(run(records / "three.npz", *words, "--channel", "DE", "--json").stdout)
    assert hurt["reference"]["files"] == ["healthy.npz"]
    assert hurt["reference"]["outcome"] == "changed"
    assert hurt["reference"]["changes"]
    quiet = json.loads(run(records / "three.npz", *words, "--channel", "FE", "--json").stdout)
    assert quiet["reference"]["outcome"] == "same"
    assert "beside healthy.npz: changed" in run(records / "three.npz", *words, "--channel", "DE").stdout


def test_without_a_reference_the_answer_has_the_keys_it_always_had(run, records):
    answer = json.loads(run(records / "three.npz", "--bearing", "6205", "--channel", "FE", "--json").stdout)
    assert {"diagnosis", "verdict", "reason", "band_hz", "features", "flags"} <= set(answer)
    assert "reference" not in answer


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"DE": np.zeros(99), "FE": np.zeros(99), "fs": 12000.0}, "sampled at 12000 Hz, three.npz at 25600 Hz"),
        ({"BA": np.zeros(99), "FE": np.zeros(99), "fs": RATE}, "no channel 'DE'; the file has BA, FE"),
        ({"DE": np.zeros(99), "FE": np.zeros(99)}, "no sample rate in the file; give --rate HZ"),
    ],
)
def test_a_reference_that_does_not_fit_is_named(run, records, tmp_path, content, message):
    np.savez(tmp_path / "other.npz", **content)
    result = run(records / "three.npz", "--bearing", "6205", "--reference", tmp_path / "other.npz")
    assert result.exit_code == 2
    assert "other.npz" in result.stderr
    assert message in result.stderr
