"""FMUs that fail, in every way: the plant goes on, and says so."""

import json
import math
import os
import shutil
import zipfile
from pathlib import Path

import pytest

from emulator.emulation import Emulation
from emulator.joining import AssemblyError
from emulator.physics.ports import Port
from emulator.plant import Plant
from hil.assembling import check_plant
from rigs.document import RigError
from tests.emulator.fmus import rig_in

ASSET = """
assets:
  - id: unit1
    kind: fmu
    file: Zoo.fmu
    timeout: {timeout}
    {more}
    parameters: {{mode: {mode}}}
"""


def zoo_rig(zoo, folder, mode, timeout="2 s", more="restarts: 0"):
    shutil.copy(zoo, folder)
    return rig_in(folder, ASSET.format(mode=mode, timeout=timeout, more=more))


def gone(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.mark.parametrize(
    ("mode", "timeout", "said"),
    [
        (1, "2 s", "crashed with SIGABRT"),
        (2, "2 s", "crashed with SIGSEGV"),
        (3, "0.3 s", "did not answer within 0.3 s"),
        (4, "2 s", "output y = nan: must be finite"),
        (5, "2 s", "out of oil"),
        (6, "2 s", "ended with code 0"),
        (7, "2 s", "output y = inf: must be finite"),
    ],
)
def test_a_unit_that_fails_in_a_step_holds_its_last_values_and_the_plant_goes_on(zoo, tmp_path, mode, timeout, said):
    truth = tmp_path / "truth.jsonl"
    emulation = Emulation(zoo_rig(zoo, tmp_path, mode, timeout), seed=1, truth_path=truth)
    pid = emulation.plant.assets["unit1"].pid
    emulation.step()
    assert emulation.plant.signals["unit1.alive"] == 1.0
    good = emulation.plant.signals["unit1.y"]
    assert good == pytest.approx(0.05)
    for _ in range(3):
        emulation.step()
    signals = emulation.plant.signals
    assert (signals["unit1.alive"], signals["unit1.failures"]) == (0.0, 1.0)
    assert signals["unit1.y"] == good
    assert all(math.isfinite(value) for value in signals.values())
    assert emulation.plant.t_ns == 200_000_000
    assert gone(pid)
    emulation.truth.close()
    events = [json.loads(line) for line in truth.read_text().splitlines()]
    incidents = [e for e in events if e["event"] == "incident"]
    assert len(incidents) == 1
    assert incidents[0]["on"] == "unit1"
    assert said in incidents[0]["what"]


@pytest.mark.parametrize("mode", [11, 15])
def test_a_unit_that_fails_at_the_start_leaves_the_plant_finite(zoo, tmp_path, mode):
    plant = Plant(zoo_rig(zoo, tmp_path, mode), 1)
    plant.step()
    assert (plant.signals["unit1.alive"], plant.signals["unit1.y"]) == (0.0, 0.0)


def test_a_failed_unit_starts_again_as_often_as_it_may_and_at_plant_times_that_repeat(zoo, tmp_path):
    rig = zoo_rig(zoo, tmp_path, 1, more="restarts: 2\n    restart_after: 40 ms")
    told = []
    for _ in range(2):
        plant = Plant(rig, 1)
        row = []
        for _ in range(12):
            plant.step()
            row.append((plant.signals["unit1.alive"], plant.signals["unit1.failures"], plant.signals["unit1.y"]))
        told.append((row, plant.assets["unit1"].incidents()))
    assert told[0] == told[1]
    assert told[0][0][-1][:2] == (0.0, 3.0)
    assert sum("started again" in what for what in told[0][1]) == 2
    assert told[0][1][1] == "started again at 0.1 s of plant time"


def test_what_a_port_cannot_stand_is_a_failure(zoo, tmp_path):
    more = "ports: {air: {medium: gas, gives: potential}}\n    outputs: {port.air.potential: y, y: y}"
    plant = Plant(zoo_rig(zoo, tmp_path, 0, more=more), 1)
    unit = plant.assets["unit1"]
    assert not unit.alive  # it starts at 0 Pa
    assert "absolute pressure in [1, 1e9] Pa" in unit.incidents()[0]
    assert unit.ports["air"] == Port("gas", "potential", 101_325.0)


def test_the_process_ends_with_the_plant(zoo, tmp_path):
    plant = Plant(zoo_rig(zoo, tmp_path, 0), 1)
    unit = plant.assets["unit1"]
    pid, folder = unit.pid, unit._folder.name
    assert Path(folder).is_dir()
    del unit, plant
    import gc

    gc.collect()
    assert gone(pid)
    assert not Path(folder).exists()


# --- refused before anything starts -------------------------------------------------------------------------


def refused(folder, text, match):
    rig_in(folder, text)
    with pytest.raises(RigError, match=match) as caught:
        check_plant(str(folder / "rig.yaml"))
    return str(caught.value)


def test_a_missing_file_is_refused_with_its_place(tmp_path):
    text = "assets:\n  - {id: unit1, kind: fmu, file: none.fmu}\n"
    assert "rig.yaml:4:5" in refused(tmp_path, text, r"unit1\.file = .*none\.fmu: no such file")


@pytest.mark.parametrize("file", ["../Zoo.fmu", "/tmp/Zoo.fmu", "a/../../Zoo.fmu", ""])
def test_a_file_outside_the_rigs_folder_is_refused(tmp_path, file):
    with pytest.raises(RigError, match=r"leads out of the rig's folder|relative to the rig's folder"):
        rig_in(tmp_path, f"assets:\n  - {{id: unit1, kind: fmu, file: '{file}'}}\n")


def test_a_link_that_leads_out_of_the_rigs_folder_is_refused(zoo, tmp_path):
    (tmp_path / "link.fmu").symlink_to(zoo)
    with pytest.raises(RigError, match="leads out of the rig's folder"):
        rig_in(tmp_path, "assets:\n  - {id: unit1, kind: fmu, file: link.fmu}\n")


def test_a_unit_for_another_platform_is_refused(zoo, tmp_path):
    with zipfile.ZipFile(zoo) as old, zipfile.ZipFile(tmp_path / "Zoo.fmu", "w") as new:
        for name in old.namelist():
            if not name.endswith(".so"):
                new.writestr(name, old.read(name))
    text = ASSET.format(mode=0, timeout="1 s", more="restarts: 0")
    refused(tmp_path, text, r"has no binary for linux64; there are: win64")


def test_a_binary_that_is_none_is_refused(zoo, tmp_path):
    with zipfile.ZipFile(zoo) as old, zipfile.ZipFile(tmp_path / "Zoo.fmu", "w") as new:
        for name in old.namelist():
            new.writestr(name, b"nonsense" if name.endswith(".so") else old.read(name))
    refused(tmp_path, ASSET.format(mode=0, timeout="1 s", more="restarts: 0"), r"the FMU Zoo\.fmu cannot be used")


def test_an_archive_that_leads_out_is_refused(zoo, tmp_path):
    shutil.copy(zoo, tmp_path)
    with zipfile.ZipFile(tmp_path / "Zoo.fmu", "a") as file:
        file.writestr("../evil.txt", "evil")
    refused(tmp_path, ASSET.format(mode=0, timeout="1 s", more="restarts: 0"), "leads out of the archive's folder")
    assert not (tmp_path / "evil.txt").exists()


@pytest.mark.parametrize(
    ("more", "match"),
    [
        ("inputs: {v: command.v}", r"has no input 'v' that is a number; there are: u"),
        ("outputs: {y: yy}", r"has no output 'yy' that is a number; did you mean 'y'\?"),
        ("inputs: {u: site.ambient}", r"no 'site\.ambient'; the site has ambient_k"),
        ("inputs: {u: motor9.speed_rad_s}", r"no asset 'motor9'; there are: unit1"),
        ("inputs: {u: unit1.speed}", r"unit1 has no 'speed'; there are: alive, failures, y"),
        ("inputs: {u: port.air.flow}", r"no port 'air'; there are: none"),
        ("outputs: {port.air.flow: y}", r"no port 'air'; there are: none"),
        ("ports: {air: {medium: gas, gives: flow}}\n    outputs: {port.air.potential: y}", "of a port that gives flow, one"),
        ("outputs: {alive: y}", "are the asset's own"),
        ("step: 15 ms", "must be a multiple of the plant's tick"),
    ],
)  # fmt: skip
def test_names_that_do_not_exist_are_refused(zoo, tmp_path, more, match):
    shutil.copy(zoo, tmp_path)
    with pytest.raises((RigError, AssemblyError), match=match):
        Plant(rig_in(tmp_path, ASSET.format(mode=0, timeout="1 s", more=more)), 1)


def test_without_the_extra_the_rig_is_refused_with_place_and_way_out(zoo, tmp_path, monkeypatch):
    shutil.copy(zoo, tmp_path)
    import importlib.util

    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None)
    text = refused(tmp_path, ASSET.format(mode=0, timeout="1 s", more="restarts: 0"), r"pip install plantbench\[fmi\]")
    assert "rig.yaml:" in text


def test_the_plants_parameters_are_the_units(zoo, tmp_path):
    shutil.copy(zoo, tmp_path)
    text = ASSET.format(mode=0, timeout="9 s", more="step: 20 ms") + "plant: {parameters: {unit1: {gain: 3.0}}}\n"
    plant = Plant(rig_in(tmp_path, text), 1)
    plant.command("unit1.u", 2.0)
    plant.step()
    assert plant.signals["unit1.y"] == pytest.approx(3.0 * 2.0 * 0.04)  # the block ends in the middle of a step
    with pytest.raises(AssemblyError, match=r"has no parameter 'gian'; did you mean 'gain'\?"):
        Plant(rig_in(tmp_path, text.replace("gain", "gian")), 1)
