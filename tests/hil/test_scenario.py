"""Scenario files are checked against their rig before anything starts."""

import shutil
from pathlib import Path

import pytest

from hil.scenario import prepare, timeline
from rigs.document import RigError
from rigs.load import SHIPPED

GOOD = """
scenario: s
duration: 100 s
faults:
- {kind: imbalance, on: pump1, onset: 10 s}
steps:
- {at: 50 s, write: pid1.setpoint, value: 60}
- {at: 20 s, write: pid1.setpoint, value: 70}
- {at: 70 s, repair: pump1, mode: imbalance, quality: 0.3}
expect:
- {expect: silent}
show: [pump1.flow]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    target = tmp_path / "pump_skid"
    shutil.copytree(SHIPPED / "pump_skid", target)
    shutil.rmtree(target / "scenarios")
    (target / "scenarios").mkdir()
    (target / "scenarios" / "s.yaml").write_text(GOOD)
    return target


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("imbalance", "inbalance", "s.yaml:5:3: unknown fault 'inbalance'; did you mean 'imbalance'?"),
        ("on: pump1", "on: pump2", "s.yaml:5:3: fault 'imbalance' is on unknown 'pump2'; did you mean 'pump1'?"),
        ("onset: 10 s", "onset: 100 s", "onset lies at or after the scenario's end"),
        ("onset: 10 s", "onset: 10 s, severity: 1.4", "severity = 1.4 must be less than or equal to 1"),
        ("write: pid1.setpoint, value: 60", "write: pid1.setpiont, value: 60", "unknown point 'pid1.setpiont'; did you mean 'pid1.setpoint'?"),
        ("write: pid1.setpoint, value: 60", "write: pump1.flow, value: 60", "point 'pump1.flow' cannot be written; writable: pid1.setpoint"),
        ("value: 60", "value: 600", "s.yaml:7:43: value = 600.0 must be in [0, 110] m^3/h"),
        ("at: 50 s", "at: 500 s", "lies at or after the scenario's end"),
        ("repair: pump1,", "repair: pmp1,", "s.yaml:9:22: repair of unknown 'pmp1'; did you mean 'pump1'?"),
        ("mode: imbalance", "mode: inbalance", "repair of unknown mode 'inbalance'; did you mean 'imbalance'?"),
        ("quality: 0.3", "quality: 3", "quality = 3 must be less than or equal to 1"),
        ("at: 70 s", "at: 700 s", "lies at or after the scenario's end"),
        ("show: [pump1.flow]", "show: [pump1.flo]", "unknown point 'pump1.flo'; did you mean 'pump1.flow'?"),
        ("- {expect: silent}", "- {expect: stale, device: plc2, within: 1 s}", "unknown device 'plc2'; did you mean 'plc1'?"),
        ("- {expect: silent}", "- {expect: quiet}", "expect = 'quiet' must be one of"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_place(folder: Path, old: str, new: str, expected: str):
    path = folder / "scenarios" / "s.yaml"
    path.write_text(GOOD.replace(old, new, 1))
    with pytest.raises(RigError) as caught:
        prepare(str(folder))
    assert expected in str(caught.value)


def test_an_unknown_scenario_offers_the_nearest(folder: Path):
    (folder / "scenarios" / "s.yaml").rename(folder / "scenarios" / "outer_race.yaml")
    with pytest.raises(RigError, match="did you mean 'outer_race'"):
        prepare(str(folder), ("outer_rac",))


def test_a_rig_without_scenarios_says_so(folder: Path):
    (folder / "scenarios" / "s.yaml").unlink()
    with pytest.raises(RigError, match="holds no scenario"):
        prepare(str(folder))


def test_two_scenarios_of_one_name_are_refused(folder: Path):
    (folder / "scenarios" / "t.yaml").write_text(GOOD)
    with pytest.raises(RigError, match="is already in"):
        prepare(str(folder))


def test_commands_and_repairs_come_in_time_order(folder: Path):
    (prepared,) = prepare(str(folder))
    steps = list(timeline(prepared.scenario))
    assert [step.at // 10**9 for step in steps] == [20, 50, 70]
    assert steps[-1].repair == "pump1"


def test_every_shipped_scenario_of_the_skid_is_valid():
    assert len(prepare("pump_skid")) >= 12
