"""Rig files: what is wrong is said with its place, its value, the rule and the way out."""

import shutil
from pathlib import Path

import pytest

from rigs.document import RigError
from rigs.load import SHIPPED, find, load_rig, load_scenario, shipped


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    target = tmp_path / "pump_skid"
    shutil.copytree(SHIPPED / "pump_skid", target)
    return target


def complaint(folder: Path, file: str, old: str, new: str) -> str:
    path = folder / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(RigError) as caught:
        load_rig(folder)
    return str(caught.value).replace(str(folder) + "/", "")


@pytest.mark.parametrize("name", shipped())
def test_every_shipped_rig_loads_with_its_scenarios(name: str, recorded_data: Path):
    assert load_rig(name).rig == name


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        ("rig.yaml", "power: 15 kW", "power: 15 m", "rig.yaml:20:12: '15 m' is not a power; the unit must convert to W (at $.assets[1].power)"),
        ("rig.yaml", "power: 15 kW", "power: 15", "rig.yaml:20:12: 15 has no unit; a power needs one, such as '15 W' (at $.assets[1].power)"),
        ("rig.yaml", "power: 15 kW", "power: .nan kW", "rig.yaml:20:12: '.nan kW' is not a power"),
        ("rig.yaml", "kind: vfd", "kind: vdf", "rig.yaml:12:11: kind = 'vdf' must be one of"),
        ("rig.yaml", "kind: vfd", "kind: vdf", "did you mean 'vfd'?"),
        ("rig.yaml", "ramp: 8 s", "ramp: -8 s", "rig.yaml:15:11: ramp = '-8 s' must be greater than 0"),
        ("rig.yaml", "[vfd1, motor1]", "[vfd1, motr1]", "rig.yaml:94:32: unknown asset 'motr1'; did you mean 'motor1'?"),
        ("rig.yaml", "pole_pairs: 2", "pole_pairs: 2\n    pole_pairs: 3", "rig.yaml:26:5: names the key 'pole_pairs' twice; keep one"),
        ("rig.yaml", "[vfd1, motor1]", "&a [vfd1, motor1]", "rig.yaml:94:25: sets the anchor &a; anchors and aliases are not read"),
        ("rig.yaml", "rig: pump_skid", "rig: !!python/object:os.system x", "uses the tag"),
        ("rig.yaml", "rig: pump_skid", "rig: " + "[" * 100_000, "is nested deeper than 24 levels"),
        ("rig.yaml", "points: points.yaml", "points: pionts.yaml", "rig.yaml:140:9: 'pionts.yaml' cannot be read: No such file or directory; check the name"),
        ("rig.yaml", "points: points.yaml", "points: ../../../etc/passwd", "leads out of the rig's folder"),
        ("rig.yaml", "poll: 1 s", "poll: soon", "rig.yaml:131:11: 'soon' is not a time; write a number and a unit"),
        ("rig.yaml", "clock: {block: 100 ms", "clock: {block: 100 m", "'100 m' is not a time"),
        ("points.yaml", "register: 5, type: i16", "register: 4, type: i16", "points.yaml:226:11: point 'vfd1.torque' overlaps 'vfd1.current' at unit 1, input 4; move one"),
        ("points.yaml", "unit: m^3/h", "unit: m^3/hh", "points.yaml:10:9: unknown unit 'm^3/hh'; did you mean 'm^3/h'?"),
        ("points.yaml", "unit: 11", "unit: 300", "unit = 300 must be less than or equal to 247"),
        ("points.yaml", "accuracy: 0.005", "accuracy: 1.5", "accuracy = 1.5 must be less than 1"),
        ("points.yaml", "node: Tank1/Level", "node: pump1/flow", "node 'pump1/flow' is already that of 'pump1.flow'; rename one"),
        ("points.yaml", "- id: tank1.level", "- id: pump1.flow", "id 'pump1.flow' is used twice in points; rename one"),
        ("points.yaml", "device: plc1", "device: plc2", "unknown device 'plc2'; did you mean 'plc1'?"),
        ("points.yaml", "range: [0, 60]", "range: [0, 700]", "does not fit u16; widen the type or the scale"),
        ("points.yaml", "range: [0, 120]", "range: [120, 0]", "range [120.0, 0.0] is empty; the first number is the lower end"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_place(folder: Path, file: str, old: str, new: str, expected: str):
    assert expected in complaint(folder, file, old, new)


def test_an_unknown_key_offers_the_nearest(folder: Path):
    text = complaint(folder, "rig.yaml", "power: 15 kW", "powr: 15 kW")
    assert "rig.yaml:20:5: unknown key 'powr'; did you mean 'power'? (at $.assets[1].powr)" in text


def test_all_mistakes_are_told_at_once(folder: Path):
    path = folder / "rig.yaml"
    path.write_text(path.read_text().replace("power: 15 kW", "power: 15 m").replace("ramp: 8 s", "ramp: 8 m"))
    with pytest.raises(RigError) as caught:
        load_rig(folder)
    assert len(caught.value.problems) == 2


def test_a_near_miss_of_a_shipped_rig_is_offered():
    with pytest.raises(RigError, match="did you mean 'pump_skid'"):
        find("pump_skd")


@pytest.mark.parametrize("name", ["/dev/null", "/nowhere/rig.yaml"])
def test_what_is_no_regular_file_is_refused(name: str):
    with pytest.raises(RigError, match=r"is not a regular file|cannot be read"):
        load_rig(name)


def test_a_huge_file_is_refused_unread(tmp_path: Path):
    path = tmp_path / "rig.yaml"
    with path.open("wb") as file:
        file.truncate(50_000_000)
    with pytest.raises(RigError, match="more than the 4194304 allowed"):
        load_rig(path)


def test_a_file_that_is_not_text_is_refused(tmp_path: Path):
    path = tmp_path / "rig.yaml"
    path.write_bytes(b"rig: \xff\xfe")
    with pytest.raises(RigError, match="is not UTF-8 text"):
        load_rig(path)


def test_an_alias_bomb_is_refused_at_its_first_anchor(tmp_path: Path):
    path = tmp_path / "rig.yaml"
    path.write_text("a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n")
    with pytest.raises(RigError, match="anchors and aliases are not read"):
        load_rig(path)


def test_the_twin_sees_no_private_part_of_the_plant():
    view = load_rig("pump_skid").twin_view()
    assert view.plant.initial == {}
    assert {point.signal for point in view.points} <= {"", None}
    assert {point.write for point in view.points} <= {"", None}


def test_a_scenario_overrides_the_plant(folder: Path):
    rig = load_rig(folder, {"initial": {"pid1.auto": False}})
    assert rig.plant.initial["pid1.auto"] is False
    assert rig.plant.initial["vfd1.run"] is True


def test_the_word_on_stays_a_word(tmp_path: Path):
    path = tmp_path / "s.yaml"
    path.write_text(
        "scenario: s\nduration: 10 s\nfaults:\n- {kind: k, on: x, onset: 1 s}\nexpect:\n- {expect: silent}\n"
    )
    scenario, _ = load_scenario(path)
    assert scenario.faults[0].on == "x"
