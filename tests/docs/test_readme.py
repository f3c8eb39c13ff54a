"""The first page keeps up with what is shipped."""

import re

from hil.insertion.catalogue import all_kinds
from rigs.load import scenario_files
from tests.docs.blocks import ROOT, blocks, commands

README = ROOT / "README.md"


def test_the_first_screen_is_the_one_command():
    first = commands(blocks(README, "console")[0])[0]
    assert first.line.endswith("plantbench run pump_skid")


def test_the_number_of_scenarios_is_that_of_the_skid():
    shown = commands(blocks(README, "console")[0])[0].expected
    assert shown.startswith(f"Pump skid · {len(scenario_files('pump_skid'))} scenarios")


def test_every_scenario_shown_is_shipped():
    shown = re.findall(
        r"^(?:pass|fail|inconc|error) +(\w+)",
        commands(blocks(README, "console")[0])[0].expected,
        re.MULTILINE,
    )
    assert set(shown) <= {path.stem for path in scenario_files("pump_skid")}


def test_the_exit_codes_are_those_of_the_verdicts():
    from hil.verdict.lattice import Verdict

    text = README.read_text(encoding="utf-8")
    for verdict, word in (
        (Verdict.PASS, "pass"),
        (Verdict.FAIL, "fail"),
        (Verdict.INCONC, "inconclusive"),
        (Verdict.ERROR, "the bench itself broke"),
    ):
        assert f"{verdict.exit_code} {word}" in text


def test_the_changelog_counts_the_faults():
    assert f"{len(all_kinds())} faults" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
