"""Which events a client wants: a ContentFilter (OPC 10000-4 §7.4) checked once and then asked for every event.

The filter is a list of operators, each over operands that are literals, fields of the event, or other operators
further down the list: no cycle is possible, and a filter that tries is refused.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

MOST_ELEMENTS: Final = 100
BAD_FILTER_OPERATOR_INVALID: Final = 0x80C10000
BAD_FILTER_OPERATOR_UNSUPPORTED: Final = 0x80C20000
BAD_FILTER_OPERAND_COUNT_MISMATCH: Final = 0x80C30000
BAD_FILTER_OPERAND_INVALID: Final = 0x80480000
BAD_FILTER_ELEMENT_INVALID: Final = 0x80C40000
BAD_CONTENT_FILTER_INVALID: Final = 0x80480000

# FilterOperator: number -> how many operands it has (least, most).
_COUNTS: Final = {
    0: (2, 2), 1: (1, 1), 2: (2, 2), 3: (2, 2), 4: (2, 2), 5: (2, 2), 6: (2, 2), 7: (1, 1), 8: (3, 3), 9: (2, 100),
    10: (2, 2), 11: (2, 2), 14: (1, 1), 16: (2, 2), 17: (2, 2),
}  # fmt: skip
_UNSUPPORTED: Final = {12, 13, 15}  # Cast, InView, RelatedTo

Field = tuple[str, ...]
Operand = tuple[str, Any]  # ("literal", value), ("field", browse path), ("element", index)


class FilterError(Exception):
    """A filter that is refused: `results` holds a StatusCode for each element, 0 for those that are fine."""

    def __init__(self, results: Sequence[int]) -> None:
        super().__init__(f"filter refused: {[hex(status) for status in results]}")
        self.results = tuple(results)


class Where:
    """A checked filter; empty lets everything pass.

    Parameters
    ----------
    elements
        (operator, operands) in the order of the request.
    is_of_type
        Tells whether an event type is another or derived from it: `is_of_type(event_type, wanted)`.

    Raises
    ------
    FilterError
        An operator that is unknown or not supported, a wrong number of operands, an operand that points nowhere or
        backwards.

    """

    def __init__(
        self, elements: Sequence[tuple[int, Sequence[Operand]]], is_of_type: Callable[[Any, Any], bool]
    ) -> None:
        results = [_check(index, len(elements), operator, operands) for index, (operator, operands) in
                   enumerate(elements[:MOST_ELEMENTS])]  # fmt: skip
        if len(elements) > MOST_ELEMENTS:
            results.append(BAD_CONTENT_FILTER_INVALID)
        if any(results):
            raise FilterError(results)
        self._elements = tuple((operator, tuple(operands)) for operator, operands in elements)
        self._is_of_type = is_of_type

    def __call__(self, fields: Mapping[Field, Any]) -> bool:
        """Whether an event with these fields passes; unknown (null) does not."""
        if not self._elements:
            return True
        known: dict[int, Any] = {}
        for index in range(len(self._elements) - 1, -1, -1):  # operands only point further down
            known[index] = self._evaluate(index, fields, known)
        return known[0] is True

    def _evaluate(self, index: int, fields: Mapping[Field, Any], known: Mapping[int, Any]) -> Any:
        operator, operands = self._elements[index]
        values = [
            known[content] if kind == "element" else fields.get(content) if kind == "field" else content
            for kind, content in operands
        ]
        if operator == 14:
            event_type = fields.get(("EventType",))
            return event_type is not None and self._is_of_type(event_type, values[0])
        return _apply(operator, values)


def _check(index: int, count: int, operator: int, operands: Sequence[Operand]) -> int:
    if operator in _UNSUPPORTED:
        return BAD_FILTER_OPERATOR_UNSUPPORTED
    if operator not in _COUNTS:
        return BAD_FILTER_OPERATOR_INVALID
    low, high = _COUNTS[operator]
    if not low <= len(operands) <= high:
        return BAD_FILTER_OPERAND_COUNT_MISMATCH
    if any(kind == "element" and not index < content < count for kind, content in operands):
        return BAD_FILTER_OPERAND_INVALID
    return 0


def _apply(operator: int, values: list[Any]) -> Any:
    match operator:
        case 1:
            return values[0] is None
        case 7:
            return None if not isinstance(values[0], bool) else not values[0]
        case 10 | 11:
            return _logic(operator, values)
        case 9:
            return any(_compare(0, values[0], other) is True for other in values[1:])
        case 8:
            return _logic(10, [_compare(4, values[0], values[1]), _compare(5, values[0], values[2])])
        case 6:
            return isinstance(values[0], str) and isinstance(values[1], str) and like(values[0], values[1])
        case 16 | 17:
            whole = all(isinstance(value, int) and not isinstance(value, bool) for value in values)
            return None if not whole else values[0] & values[1] if operator == 16 else values[0] | values[1]
        case _:
            return _compare(operator, values[0], values[1])


def _logic(operator: int, values: list[Any]) -> bool | None:
    """AND and OR of three-valued logic (OPC 10000-4 table 120 and 121)."""
    decisive = operator == 11
    if any(value is decisive for value in values):
        return decisive
    return None if any(not isinstance(value, bool) for value in values) else not decisive


def _compare(operator: int, one: Any, other: Any) -> bool | None:
    if one is None or other is None:
        return None
    try:
        match operator:
            case 0:
                return bool(one == other)
            case 2:
                return bool(one > other)
            case 3:
                return bool(one < other)
            case 4:
                return bool(one >= other)
            case _:
                return bool(one <= other)
    except TypeError:
        return None


def like(text: str, pattern: str) -> bool:
    r"""Match the pattern of operator Like (OPC 10000-4 table 117): % any text, _ one, [] a set, \ escapes."""
    made, place = "", 0
    while place < len(pattern):
        mark = pattern[place]
        if mark == "\\" and place + 1 < len(pattern):
            place += 1
            made += re.escape(pattern[place])
        elif mark == "[" and (end := pattern.find("]", place + 2)) > 0:
            inside = pattern[place + 1 : end]
            lead = "^" if inside[0] == "^" else ""
            made += f"[{lead}{''.join('-' if c == '-' else re.escape(c) for c in inside[len(lead) :])}]"
            place = end
        else:
            made += {"%": ".*", "_": "."}.get(mark, re.escape(mark))
        place += 1
    try:
        return re.fullmatch(made, text[:10_000], re.DOTALL) is not None
    except re.error:
        return False
