"""Signs of change: what a fault moves up or down, in records and in the plant, side by side."""

from dataclasses import dataclass

from hil.scoring.base import Bar, Table

NONE = "·"
LEAST_AGREEMENT = 0.8


@dataclass(frozen=True, slots=True)
class Moved:
    """How a fault moves a column: change in the column's own unit of scatter, and whether it is clear."""

    change: float
    clear: bool

    @property
    def sign(self) -> str:
        """Plus or minus, a dot when nothing clear happened."""
        return ("+" if self.change > 0.0 else "−") if self.clear else NONE


def table(
    title: str,
    recorded: dict[str, dict[str, Moved]],
    synthetic: dict[str, dict[str, Moved]],
    unit: str = "σ",
) -> tuple[Table, Bar]:
    """Set signs side by side; the bar counts cells where the records are clear."""
    rows, same, count = [], 0, 0
    for fault, columns in recorded.items():
        for column, real in columns.items():
            own = synthetic[fault][column]
            verdict = "not clear in the records"
            if real.clear:
                count += 1
                same += own.sign == real.sign
                verdict = "same" if own.sign == real.sign else "**other**"
            rows.append(
                (fault, column, f"{real.sign} ({real.change:+.2g} {unit})", f"{own.sign} ({own.change:+.2g})", verdict)
            )
    columns_shown = ("fault", "column", "recorded", "synthetic", "verdict")
    share = same / count if count else 0.0
    bar = Bar(
        "sign of change the same where the records are clear",
        f"{same} of {count}",
        f"at least {100 * LEAST_AGREEMENT:.0f} %",
        share >= LEAST_AGREEMENT,
    )
    return Table(title, columns_shown, tuple(rows)), bar
