"""Every physics fault has its fingerprint, drawn by the code and shown on its page; every shipped rig its drawing."""

import importlib.util
import sys

import pytest

from emulator.faults.base import registry
from tests.docs.blocks import ROOT

FAULTS = ROOT / "docs" / "faults"
PHYSICS = sorted(kind for kind, fault in registry().items() if fault.layer == "physics")


def script(folder, name, monkeypatch):
    monkeypatch.syspath_prepend(str(folder))
    spec = importlib.util.spec_from_file_location(f"docs_{name}", folder / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)
    spec.loader.exec_module(module)
    return module


def test_every_physics_fault_is_in_the_table(monkeypatch):
    table = script(FAULTS, "figure_table", monkeypatch).FIGURES
    assert set(PHYSICS) - set(table) == set()
    assert set(table) - set(registry()) == set()


@pytest.mark.parametrize("kind", PHYSICS)
def test_a_fault_shows_its_picture(kind):
    picture = FAULTS / "img" / f"{kind}.svg"
    assert picture.is_file()
    assert 3_000 < picture.stat().st_size <= 45_000
    assert f"{kind} on " in picture.read_text(encoding="utf-8")
    page = (FAULTS / f"{kind}.md").read_text(encoding="utf-8")
    assert page.index(f"![fingerprint](img/{kind}.svg)") < page.index("```yaml")


@pytest.mark.slow_without_jit
@pytest.mark.parametrize("kind", ["bearing_outer_race", "exchanger_bypass"])
def test_a_picture_drawn_again_is_the_same_file(kind, monkeypatch):
    figures = script(FAULTS, "figures", monkeypatch)
    text, _ = figures.picture(kind, figures.FIGURES[kind], {})
    assert text == (FAULTS / "img" / f"{kind}.svg").read_text(encoding="utf-8")


def test_the_list_of_rigs_is_what_the_rig_files_say(monkeypatch):
    index = script(ROOT / "docs" / "rigs", "index", monkeypatch)
    assert (ROOT / "docs" / "rigs" / "README.md").read_text(encoding="utf-8") == index.page()
    assert all((ROOT / "docs" / "rigs" / "img" / f"{name}.svg").is_file() for name in index.shipped())
