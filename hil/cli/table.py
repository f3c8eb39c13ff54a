"""The verdicts of a run as a table for the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from hil.verdict.lattice import Verdict

if TYPE_CHECKING:
    from hil.record import RunRecord, ScenarioResult

STYLE = {
    Verdict.PASS: "green",
    Verdict.INCONC: "yellow",
    Verdict.FAIL: "red",
    Verdict.ERROR: "magenta",
    Verdict.NONE: "dim",
}


def verdict_table(run: RunRecord) -> Table:
    """Return one row per scenario: verdict, name, how soon the fault was found, and why."""
    table = Table(box=None, header_style="dim", pad_edge=False)
    table.add_column("verdict")
    table.add_column("scenario", no_wrap=True)
    table.add_column("found after", justify="right")
    table.add_column("false alarms", justify="right")
    table.add_column("why", overflow="fold")
    for result in run.results:
        table.add_row(
            verdict_text(result.verdict),
            # names come from files: text, never console markup
            Text(result.name),
            _found_after(result),
            str(len(result.false_alarms)),
            Text(_why(result)),
        )
    for error in run.errors:
        table.add_row(verdict_text(Verdict.ERROR), Text("(bench)"), "", "", Text(error))
    return table


def verdict_text(verdict: Verdict) -> Text:
    """Return the word in its colour; the word alone says it all where there is no colour."""
    return Text(verdict.label, style=f"bold {STYLE[verdict]}")


def _found_after(result: ScenarioResult) -> str:
    delays = [m.delay_s for m in result.matches if m.outcome == "found" and m.delay_s is not None]
    if not result.matches:
        return "–"
    return f"{max(delays):.1f} s" if len(delays) == len(result.matches) else "not found"


def _why(result: ScenarioResult) -> str:
    if result.verdict is Verdict.PASS:
        marginal = [m.name for m in result.measurements if m.marginal]
        return f"marginal: {', '.join(marginal)}" if marginal else ""
    decisive = result.judgement.decisive
    return "; ".join(r.text for r in decisive) if decisive else "nothing was judged"
