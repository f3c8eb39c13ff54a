"""What link faults did, told to the truth log: each thing once a block, and no more than a log can bear."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_A_BLOCK: Final = 256
"""Records of one link within one block of plant time: a storm of connections must not fill a disk."""


class LinkNotes:
    """Tells of each kind and detail once as long as plant time stands.

    Parameters
    ----------
    tell
        Called with kind and detail.
    now_ns
        Plant time [ns], which moves from block to block.
    """

    def __init__(self, tell: Callable[[str, str], None], now_ns: Callable[[], int]) -> None:
        self._tell = tell
        self._now_ns = now_ns
        self._at_ns = -1
        self._told: set[tuple[str, str]] = set()

    def __call__(self, kind: str, detail: str = "") -> None:
        """Tell it, unless it was told within this block or the block's records are full."""
        now_ns = self._now_ns()
        if now_ns != self._at_ns:
            self._at_ns = now_ns
            self._told.clear()
        if (kind, detail) in self._told or len(self._told) >= MOST_A_BLOCK:
            return
        self._told.add((kind, detail))
        self._tell(kind, detail)
