"""Rig and scenario files shown in the documentation are files the loader takes."""

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from emulator.desk import check_fault
from emulator.emulation import Emulation
from hil.binding import load_binding
from hil.insertion.catalogue import all_kinds
from rigs.document import parse
from rigs.load import load_rig, shipped
from rigs.profile import expand_profiles
from rigs.repeat import expand
from rigs.schema import Point, Rig, Scenario
from tests.docs.blocks import Block, blocks, every

SKID = "pump_skid"
OTHERS = tuple(name for name in shipped() if name != SKID)


@cache
def shipped_rig(name: str) -> Rig:
    return load_rig(name)


@dataclass
class Folder:
    """A page's rig folder, laid out once."""

    path: Path
    rig: str = SKID
    done: set[str] = field(default_factory=set)


def data_of(block: Block) -> Any:
    document = parse(block.text, str(block))
    expand(document)
    expand_profiles(document)
    return document.data


def complete(data: Any) -> str | None:
    return next((key for key in ("rig", "scenario", "binding") if isinstance(data, dict) and key in data), None)


def rig_of(page: Path, folder: Path) -> Rig:
    """Return the rig a page describes in full, or the shipped skid."""
    found = None
    for block in blocks(page, "yaml"):
        if block.file is not None:
            target = folder / block.file
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(block.text, encoding="utf-8")
            if complete(data_of(block)) == "rig":
                found = target
    return load_rig(str(found) if found else SKID)


@pytest.mark.parametrize("block", every("yaml"), ids=str)
def test_yaml_is_valid(block, tmp_path):
    data = data_of(block)
    match complete(data):
        case "rig":
            assert rig_of(block.page, tmp_path).rig == data["rig"]
        case "binding":
            (tmp_path / "binding.yaml").write_text(block.text, encoding="utf-8")
            load_binding(tmp_path / "binding.yaml", load_rig(SKID), plugged_in=False)
        case "scenario":
            scenario = Scenario.model_validate(data)
            assert faults_wrong(scenario.faults, rig_of(block.page, tmp_path)) == []
        case None if isinstance(data, list):
            TypeAdapter(tuple[Point, ...]).validate_python(data)
        case None:
            for key, value in data.items():
                section(key, value)


@pytest.mark.parametrize("block", [b for b in every("yaml") if complete(data_of(b)) == "rig"], ids=str)
@pytest.mark.slow_without_jit
def test_a_whole_rig_comes_to_life(block, tmp_path):
    emulation = Emulation(rig_of(block.page, tmp_path), seed=1)
    emulation.step()
    assert emulation.t_ns == emulation.rig.clock.block


def section(key: str, value: Any) -> None:
    """Check a part of a scenario or rig file that is shown alone."""
    model = Scenario if key in Scenario.model_fields and key not in ("title", "description") else Rig
    if model is Rig and key == "plant":
        assert (
            {"life", "regime"} & set(value)
            or "parameters" in value
            or "initial" in value
            or "recordings" in value
            or "start" in value
        )
    adapter = TypeAdapter(model.model_fields[key].rebuild_annotation())
    checked = adapter.validate_python(value)
    if key == "faults":
        # A page shows its fault on a machine of some shipped rig.
        wrong = {name: faults_wrong(checked, shipped_rig(name)) for name in (SKID, *OTHERS)}
        assert min(wrong.values(), key=len) == [], wrong


def faults_wrong(faults: Any, rig: Rig) -> list[str]:
    wrong = [check_fault(fault, rig, all_kinds()) for fault in faults]
    return [text for text in wrong if text]
