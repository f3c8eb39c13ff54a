"""The verdict table in the terminal."""

import io

from rich.console import Console

from hil.cli.table import verdict_table
from hil.record import MatchRow, RunRecord, ScenarioResult
from hil.verdict.lattice import Judgement, Verdict


def shown(*results, errors=()):
    run = RunRecord("rig", "", 1, "wall", "", {}, {}, results, errors=errors)
    out = io.StringIO()
    Console(file=out, width=120, color_system=None).print(verdict_table(run))
    return out.getvalue()


def result(verdict, why, **more):
    return ScenarioResult("case", "Case", 1, "wall", 0, 10.0, Judgement().add(verdict, why), **more)


def test_each_row_says_verdict_delay_and_reason_without_needing_colour():
    table = shown(result(Verdict.FAIL, "too late", matches=(MatchRow("x", "y", "found", "id", 12.34),)))
    assert all(words in table for words in ("fail", "case", "12.3 s", "too late"))


def test_a_fault_that_was_missed_is_not_found():
    assert "not found" in shown(result(Verdict.FAIL, "missed", matches=(MatchRow("x", "y", "missed"),)))


def test_console_markup_in_a_reason_is_only_text():
    assert "[red]boo[/red]" in shown(result(Verdict.FAIL, "[red]boo[/red]"))


def test_errors_of_the_bench_have_a_row():
    assert "interrupted" in shown(errors=("interrupted",))
