"""The traces in the fault pages are what happens on the wire today."""

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
spec = importlib.util.spec_from_file_location("traces", ROOT / "docs" / "faults" / "traces.py")
traces = importlib.util.module_from_spec(spec)
spec.loader.exec_module(traces)
RECIPES = traces.recipes()


@pytest.mark.parametrize("kind", sorted(RECIPES))
def test_a_pages_trace_is_what_its_recipe_plays(kind):
    page = (ROOT / "docs" / "faults" / f"{kind}.md").read_text(encoding="utf-8")
    assert traces.block(RECIPES[kind]()) in page, f"run python docs/faults/traces.py {kind} and read what changed"
