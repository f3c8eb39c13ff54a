"""``plantbench check``: what is in a rig, for people and for scripts."""

import json
import shutil
from pathlib import Path

import pytest

from hil.checking import check_rig
from rigs.document import RigError
from rigs.load import SHIPPED, load_rig


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    target = tmp_path / "pump_skid"
    shutil.copytree(SHIPPED / "pump_skid", target)
    return target


def test_a_person_sees_devices_points_scenarios_and_the_next_step(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("COLUMNS", "200")
    assert check_rig("pump_skid", json_lines=False) == 0
    said = capsys.readouterr().out
    assert "Pump skid — 10 assets" in said
    for part in ("unit 1 input", "Pump1/Flow", "pump1.flow *", "device clock", "Scenarios", "outer_race"):
        assert part in said, part
    assert "Valid. Next: plantbench run pump_skid" in said


def test_a_script_gets_one_json_object_a_line(capsys: pytest.CaptureFixture[str]):
    assert check_rig("pump_skid", json_lines=True) == 0
    out = capsys.readouterr().out
    lines = [json.loads(line) for line in out.splitlines()]
    rig = load_rig("pump_skid")
    assert lines[0] == {"event": "rig", "rig": "pump_skid", "assets": len(rig.assets), "points": len(rig.points)}
    points = {line["id"]: line for line in lines if line["event"] == "point"}
    assert points.keys() == {point.id for point in rig.points}
    assert points["pid1.setpoint"]["access"] == "rw"
    assert points["motor1.start"]["access"] == "w"
    assert points["pump1.flow"] | {"address": "Pump1/Flow", "unit": "m^3/h", "range": [0, 120]} == points["pump1.flow"]
    assert [line["scenario"] for line in lines if line["event"] == "scenario"]


def test_a_rig_without_scenarios_is_valid(folder: Path, capsys: pytest.CaptureFixture[str]):
    shutil.rmtree(folder / "scenarios")
    assert check_rig(str(folder), json_lines=False) == 0
    assert "Scenarios" not in capsys.readouterr().out


def test_a_wrong_scenario_makes_the_check_fail_with_its_place(folder: Path):
    path = folder / "scenarios" / "imbalance.yaml"
    path.write_text(path.read_text().replace("kind: imbalance", "kind: inbalance"))
    with pytest.raises(RigError, match=r"imbalance\.yaml:\d+:\d+: unknown fault 'inbalance'; did you mean 'imbalance'"):
        check_rig(str(folder), json_lines=False)


def test_brackets_in_a_title_are_text_and_no_markup(folder: Path, capsys: pytest.CaptureFixture[str]):
    path = folder / "rig.yaml"
    path.write_text(path.read_text().replace("title: Pump skid", "title: 'Skid [/bold] [red]'"))
    assert check_rig(str(folder), json_lines=False) == 0
    assert "Skid [/bold] [red]" in capsys.readouterr().out
