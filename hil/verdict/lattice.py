"""The verdict lattice of TTCN-3: none < pass < inconc < fail < error, and it may only worsen.

Source: ETSI ES 201 873-1 (TTCN-3), the verdict overwriting rules. The order is the whole point: a later good
result never washes away an earlier bad one, and ``error`` (the bench itself broke) is worse than ``fail``
(what was tested misbehaved), so a broken bench is never mistaken for a broken twin.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class Verdict(enum.IntEnum):
    """One of the five verdicts, ordered from best known to worst."""

    NONE = 0
    PASS = 1
    INCONC = 2
    FAIL = 3
    ERROR = 4

    @property
    def label(self) -> str:
        """The word used in files and on screens: ``none``, ``pass``, ``inconc``, ``fail``, ``error``."""
        return self.name.lower()

    @property
    def exit_code(self) -> int:
        """Exit code of a run that ends with this verdict; a run that judged nothing is inconclusive."""
        return {Verdict.PASS: 0, Verdict.FAIL: 1, Verdict.ERROR: 4}.get(self, 3)

    @classmethod
    def parse(cls, label: str) -> Verdict:
        """Turn a word from a file back into a verdict.

        Raises
        ------
        ValueError
            If the word is none of the five; the message lists them.
        """
        try:
            return cls[label.upper()]
        except KeyError:
            known = ", ".join(v.label for v in cls)
            raise ValueError(f"verdict = {label!r} must be one of {known}") from None


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a verdict stands where it stands: the level this sentence argues for, and the sentence."""

    verdict: Verdict
    text: str

    def to_json(self) -> dict[str, str]:
        """JSON form: ``{"verdict": "fail", "text": "…"}``."""
        return {"verdict": self.verdict.label, "text": self.text}


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict with every reason that was given on the way to it."""

    verdict: Verdict = Verdict.NONE
    reasons: tuple[Reason, ...] = ()

    def add(self, verdict: Verdict, text: str) -> Judgement:
        """Argue for `verdict`; the result is the worse of the two, and the reason is kept either way."""
        return Judgement(max(self.verdict, verdict), (*self.reasons, Reason(verdict, text)))

    def merge(self, other: Judgement) -> Judgement:
        """Join two judgements: the worse verdict, both lists of reasons."""
        return Judgement(max(self.verdict, other.verdict), self.reasons + other.reasons)

    @property
    def decisive(self) -> tuple[Reason, ...]:
        """The reasons that argue for exactly the verdict reached; what a person wants to read first."""
        return tuple(r for r in self.reasons if r.verdict == self.verdict)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the worst of the parts, which is the whole's; nothing at all is ``none``."""
    return max(verdicts, default=Verdict.NONE)
