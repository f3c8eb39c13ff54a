"""Every fault that can be injected has a page that names it, its layer and each of its parameters."""

import re

import pytest

from hil.insertion.catalogue import all_kinds, link_kinds
from tests.docs.blocks import ROOT

FOLDER = ROOT / "docs" / "faults"
KINDS = sorted(all_kinds())


def parameters_of(kind: str) -> list[str]:
    if kind in link_kinds():
        return list(link_kinds()[kind].parameters)
    with pytest.raises(ValueError, match="it takes") as refused:
        all_kinds()[kind]({"no such parameter": 0})
    listed = re.search(r"it takes (.*)$", str(refused.value))
    assert listed is not None
    return [name for name in listed[1].split(", ") if name != "none"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_fault_has_its_page(kind):
    page = (FOLDER / f"{kind}.md").read_text(encoding="utf-8")
    assert page.startswith(f"# {kind}\n")
    assert f"Layer {all_kinds()[kind].layer}" in page
    assert [name for name in parameters_of(kind) if f"| `{name}` |" not in page] == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_page_names_no_parameter_its_fault_does_not_take(kind):
    page = (FOLDER / f"{kind}.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE)) == set(parameters_of(kind))


@pytest.mark.parametrize("kind", KINDS)
def test_the_index_lists_the_fault_with_its_layer(kind):
    index = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert re.search(rf"^\| \[{kind}\]\({kind}\.md\) \| {all_kinds()[kind].layer} \|", index, re.MULTILINE)


def test_no_page_describes_a_fault_that_is_not_there():
    assert {page.stem for page in FOLDER.glob("*.md")} - {"README"} == set(KINDS)
