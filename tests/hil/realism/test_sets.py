"""Comparisons on tiny sets made here, and the command that shows them."""

import csv
import gzip
import itertools
import json
import xml.etree.ElementTree as ET

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from hil.cli.realism import realism
from hil.realism import hydraulic_uci, motor_itsc, pictures, races, signs, skab
from hil.realism.features import Seen
from hil.realism.report import SETS, folder_of, known
from hil.scoring.base import DataError, Score

pytestmark = pytest.mark.slow_without_jit
MISSED, USAGE_ERROR = 1, 2


def bearing(truth, strong, seed):
    rng = np.random.default_rng(seed)
    lines = {"BPFO dB": 2.0, "BPFI dB": 2.0, "2BSF dB": 1.0}
    lines[races.OWN_LINE[truth]] = strong
    other = {"kurtosis": 6.0, "crest": 7.0, "FTF dB": 0.0, "shaft modulation": 0.3, "inner sidebands dB": 5.0}
    values = {name: value + 0.3 * float(rng.standard_normal()) for name, value in (other | lines).items()}
    return Seen(f"{truth}{seed}", truth, values)


def sets(strong=14.0, count=8):
    return [bearing(truth, strong, i) for truth in (races.OUTER, races.INNER) for i in range(count)]


def test_a_classifier_goes_across_and_counts_its_errors():
    result = races.cross("a → b", sets(), sets(12.0))
    assert (result.right, result.count, result.wrong) == (16, 16, ())
    swapped = [Seen(s.record, races.INNER if s.truth == races.OUTER else races.OUTER, s.values) for s in sets()]
    assert races.cross("a → b", sets(), swapped).right == 0
    row = races.crossed_table([result]).rows[0]
    assert row[1:4] == ("16 of 16", "100.0 %", "81 … 100 %")
    assert races.crossed_bar(result).met
    assert not races.crossed_bar(races.cross("x", sets(), swapped)).met


def test_records_in_which_nothing_stands_out_teach_nothing():
    faint = [Seen(s.record, races.INNER if s.truth == races.OUTER else races.OUTER, s.values) for s in sets(5.0, 30)]
    assert races.visible(faint) == []
    assert races.cross("a", sets() + faint, sets()).right == 16


def test_ranges_that_do_not_overlap_miss_their_bar():
    _, bars = races.ranges(sets(14.0), sets(14.0), (races.OUTER, races.INNER))
    assert all(bar.met for bar in bars)
    assert len(bars) == 4
    _, bars = races.ranges(sets(14.0), sets(30.0), (races.OUTER, races.INNER))
    assert [bar.met for bar in bars] == [True, False, True, False]


def test_signs_count_only_where_the_records_are_clear():
    real = {"leak": {"flow": signs.Moved(-3.0, True), "noise": signs.Moved(0.1, False)}}
    for change, met in ((-0.1, True), (0.1, False)):
        own = {"leak": {"flow": signs.Moved(change, True), "noise": signs.Moved(9.0, True)}}
        shown, bar = signs.table("", real, own)
        assert bar.met is met
        assert bar.shown.endswith("of 1")
    assert "not clear" in shown.rows[1][4]


def test_the_motors_ladder_rises_in_every_phase_the_same_way():
    rungs = motor_itsc.ladder(1)
    for phase in motor_itsc.PHASES:
        values = [motor_itsc.shares(rungs, phase, turns)[0] for turns in motor_itsc.LADDER]
        assert all(low < high for low, high in itertools.pairwise(values[1:]))
        assert motor_itsc.rank(rungs, phase) > 0.85
        assert values[0] < 0.05 < 0.2 < values[-1]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A SKAB with one file of a closing valve, and cycles in which a bad cooler warms and a bad pump gives less."""
    folder = tmp_path_factory.mktemp("sets")
    (folder / "skab" / "valve1").mkdir(parents=True)
    rng = np.random.default_rng(1)
    with gzip.open(folder / "skab" / "valve1" / "0.csv.gz", "wt", encoding="utf-8") as handle:
        out = csv.writer(handle, delimiter=";")
        out.writerow([*skab.COLUMNS.values(), "anomaly"])
        for i in range(200):
            hurt = float(i >= 100)
            out.writerow([*rng.standard_normal(4), 70.0 + rng.standard_normal() - 5.0 * hurt, hurt])
    (folder / "hydraulic_uci").mkdir()
    grades = [(c, 100, p, 130, 0) for c in (3, 20, 100) for p in (0, 1, 2) for _ in range(10)]
    profile = np.array(grades, np.int16)
    cycles = {name: rng.standard_normal((len(grades), 60)) + 300.0 for name in hydraulic_uci.COLUMNS}
    cycles["TS1"] += np.where(profile[:, 0] == 3, 20.0, 0.0)[:, None]
    cycles["FS1"] -= 5.0 * profile[:, 2][:, None]
    np.savez(folder / "hydraulic_uci" / "cycles.npz", profile=profile, **cycles)
    return folder


def test_the_records_say_what_moved(data):
    valve = skab.recorded(data / "skab")["inlet valve closing"]
    assert valve["flow"].sign == "−"
    assert valve["flow"].change == pytest.approx(-5.0, rel=0.2)
    assert valve["current"].sign == signs.NONE
    slopes = hydraulic_uci.recorded(data / "hydraulic_uci")
    assert slopes["cooler"]["TS1"].sign == "+"
    assert slopes["pump"]["FS1"].sign == "−"
    assert slopes["pump"]["TS1"].sign == slopes["valve"]["TS1"].sign == signs.NONE


def test_a_folder_without_records_says_what_to_give(tmp_path):
    with pytest.raises(DataError, match="give the folder of the SKAB records"):
        skab.recorded(tmp_path)
    with pytest.raises(DataError, match=r"cycles\.npz"):
        hydraulic_uci.recorded(tmp_path)
    with pytest.raises(DataError, match="holds no folder skab"):
        folder_of("skab", tmp_path)
    with pytest.raises(DataError, match="did you mean 'cwru'"):
        known(["cwr"])
    assert known([]) == list(SETS)


@pytest.fixture(scope="module")
def run():
    app = typer.Typer()
    app.command()(realism)
    return lambda *words: CliRunner().invoke(app, [str(word) for word in words])


def test_the_command_prints_lines_and_draws(run, data, tmp_path):
    result = run("skab", "--data", data, "--json", "--figures", tmp_path)
    assert result.exit_code == 0, result.output
    events = [json.loads(line) for line in result.stdout.splitlines()]
    assert [event["event"] for event in events] == ["table", "bar", "score"]
    assert events[0]["rows"][4][2:] == [events[0]["rows"][4][2], events[0]["rows"][4][3], "same"]
    root = ET.parse(tmp_path / "realism_skab.svg").getroot()
    assert root.tag.endswith("svg")
    words = " ".join(element.text or "" for element in root.iter() if element.tag.endswith("text"))
    assert "inlet valve closing" in words
    assert "flow" in words


def test_the_command_refuses_what_it_cannot_do(run, data, tmp_path):
    for words in (
        ("cwr", "--data", data),
        ("skab", "--data", tmp_path),
        ("skab", "--data", data, "--json", "--markdown"),
    ):
        result = run(*words)
        assert result.exit_code == USAGE_ERROR
        assert result.stderr.startswith("plantbench realism: ")


def test_ranges_and_ladder_are_drawn():
    sides = {"recorded": [{"truth": s.truth} | s.values for s in sets()],
             "synthetic": [{"truth": s.truth} | s.values for s in sets(10.0)]}  # fmt: skip
    rungs = [{"phase": p, "turns": t, "share": 0.006 * t} for p in "ABC" for t in (0, 10, 40)]
    for name, extra in (("cwru", sides), ("motor_itsc", {"recorded": rungs, "synthetic": rungs})):
        drawn = pictures.draw(Score(name, (), (), (), "", extra))
        assert "NaN" not in drawn
        assert len(list(ET.fromstring(drawn).iter("{http://www.w3.org/2000/svg}circle"))) >= 18
