"""Numeric ranges: which part of an array, a string or a byte string a client wants (OPC 10000-4 §7.27).

``first:last`` or ``index`` for each dimension, separated by commas; indexes start at 0 and `last` is included. Of an
array of strings one dimension more reaches into each string.
"""

import re
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

INVALID: Final = 0x80360000  # Bad_IndexRangeInvalid: syntax
NO_DATA: Final = 0x80370000  # Bad_IndexRangeNoData: good syntax, nothing there
_DIMENSION: Final = re.compile(r"([0-9]{1,10})(?::([0-9]{1,10}))?", re.ASCII)
_LONGEST: Final = 256  # characters; nothing has so many dimensions
_LARGEST: Final = 0xFFFF_FFFF


class RangeError(ValueError):
    """A range that cannot be answered; `status` is the StatusCode that says so."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class IndexRange:
    """A range, one slice a dimension."""

    slices: tuple[slice, ...]

    def cut(self, value: Any, dimensions: list[int] | None = None) -> tuple[Any, list[int] | None]:
        """Return the part of a value, and its dimensions when it has more than one.

        Parameters
        ----------
        value : str, bytes, list or numpy array
            The whole; a list holds a matrix in row-major order when `dimensions` says so.
        dimensions : list of int, optional
            Lengths of a matrix's dimensions.

        Raises
        ------
        RangeError
            Bad_IndexRangeNoData: the value has no such dimensions, or nothing within them.

        """
        if isinstance(value, str | bytes):
            return self._text(value, self.slices), None
        if not isinstance(value, list | np.ndarray):
            raise RangeError(NO_DATA, "a scalar has no parts")
        if dimensions and len(dimensions) > 1:
            return self._matrix(value, dimensions)
        if not self.slices:
            raise RangeError(NO_DATA, "the range is empty")
        part = value[self.slices[0]]
        if len(self.slices) > 1:
            part = [self._text(item, self.slices[1:]) for item in part]
        if len(part) == 0:
            raise RangeError(NO_DATA, f"the array ends at {len(value)}")
        return part, None

    def _matrix(self, value: Any, dimensions: list[int]) -> tuple[list[Any], list[int]]:
        order = len(dimensions)
        if len(self.slices) < order:
            raise RangeError(NO_DATA, f"the matrix has {order} dimensions, the range {len(self.slices)}")
        cells = np.empty(len(value), dtype=object)
        cells[:] = value
        part = cells.reshape(dimensions)[self.slices[:order]]
        if part.size == 0:
            raise RangeError(NO_DATA, f"the matrix has the dimensions {dimensions}")
        items = part.reshape(-1).tolist()
        if len(self.slices) > order:
            items = [self._text(item, self.slices[order:]) for item in items]
        return items, list(part.shape)

    @staticmethod
    def _text(value: Any, slices: tuple[slice, ...]) -> Any:
        if not isinstance(value, str | bytes) or len(slices) != 1:
            raise RangeError(NO_DATA, "only strings and byte strings have parts of their own")
        part = value[slices[0]]
        if not part:
            raise RangeError(NO_DATA, f"the string ends at {len(value)}")
        return part


def parse(text: str) -> IndexRange:
    """Return the range that a text means.

    Raises
    ------
    RangeError
        Bad_IndexRangeInvalid: not of the grammar, or a dimension's end not after its beginning.

    """
    slices = []
    if len(text) > _LONGEST:
        raise RangeError(INVALID, f"a range of {len(text)} characters; at most {_LONGEST} make sense")
    for part in text.split(","):
        found = _DIMENSION.fullmatch(part)
        if found is None:
            raise RangeError(INVALID, f"{part!r} is neither an index nor first:last")
        first = int(found[1])
        last = first if found[2] is None else int(found[2])
        if last > _LARGEST or first > last or (found[2] is not None and first == last):
            raise RangeError(INVALID, f"{part!r} does not end after its beginning")
        slices.append(slice(first, last + 1))
    return IndexRange(tuple(slices))
