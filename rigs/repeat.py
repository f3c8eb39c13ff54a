"""Many alike in few lines: an entry with ``repeat: {n: 1..200}`` stands for 200, with ``{n}`` filled in every text.

``{n}`` may be integer arithmetic and carry a width: ``st{n:02}``, ``register: "{40 + 2*n}"``. A text that is nothing
but one such expression becomes a number. Several counters count like an odometer, the last one fastest. An entry with
``of: [...]`` stands for the entries of that list, repeated together. In a map, ``repeat`` applies to the keys (and
their values) that contain an expression. ``{{`` and ``}}`` are braces.
"""

import ast
import itertools
import operator
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from rigs.document import Document, Path_, Place, Problem, RigError

LIMIT: Final = 100_000
SECTIONS: Final = ("assets", "connections", "devices", "points")
MAPS: Final = (("plant", "initial"), ("plant", "parameters"), ("plant", "recordings"))

_FIELD = re.compile(r"\{\{|\}\}|\{([^{}]*)\}")
_RANGE = re.compile(r"^(-?\d{1,7})\.\.(-?\d{1,7})$")
_OPERATORS: Final[dict[type[ast.operator], Callable[[int, int], int]]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod,
}  # fmt: skip


class _WrongError(ValueError):
    """A repeat that cannot be carried out."""


def expand(document: Document) -> None:
    """Carry out every repeat of a rig document in place; places follow their entries.

    Raises
    ------
    RigError
        A counter that is no range or list of whole numbers, an expression that is no integer arithmetic over the
        counters, or more than 100,000 entries in a section.

    """
    if not isinstance(document.data, dict):
        return
    for section in SECTIONS:
        entries = document.data.get(section)
        if isinstance(entries, list) and any(isinstance(e, dict) and "repeat" in e for e in entries):
            _section(document, section, entries)
    for outer, inner in MAPS:
        holder = document.data.get(outer)
        if isinstance(holder, dict) and isinstance(holder.get(inner), dict) and "repeat" in holder[inner]:
            holder[inner] = _map(document, (outer, inner), holder[inner])


def _section(document: Document, section: str, entries: list[Any]) -> None:
    made: list[tuple[Path_, Any]] = []
    for index, entry in enumerate(entries):
        for source, filled in _entries(document, (section, index), entry, {}):
            made.append((source, filled))
            if len(made) > LIMIT:
                raise _problem(document, (section, index, "repeat"), f"makes more than {LIMIT} {section}; repeat less")
    document.data[section] = [filled for _, filled in made]
    for table in (document.places, document.keys):
        _move(table, section, [source for source, _ in made])


def _move(table: dict[Path_, Place], section: str, sources: list[Path_]) -> None:
    """Give every made entry the places of the one it was made from."""
    below: dict[Path_, list[tuple[Path_, Place]]] = {}
    for source in set(sources):
        depth = len(source)
        below[source] = [(path[depth:], place) for path, place in table.items() if path[:depth] == source]
    for path in [p for p in table if len(p) > 1 and p[0] == section]:
        del table[path]
    for number, source in enumerate(sources):
        for rest, place in below[source]:
            table[(section, number, *rest)] = place


def _entries(document: Document, path: Path_, entry: Any, counters: Mapping[str, int]) -> Iterator[tuple[Path_, Any]]:
    if not isinstance(entry, dict) or "repeat" not in entry:
        yield path, _fill(document, path, entry, counters) if counters else entry
        return
    rest = {key: value for key, value in entry.items() if key != "repeat"}
    group = rest.get("of")
    if group is not None and (len(rest) != 1 or not isinstance(group, list)):
        raise _problem(document, path, "an entry with 'of' has nothing but 'repeat' and the list 'of'")
    for values in _counters(document, (*path, "repeat"), entry["repeat"]):
        known = {**counters, **values}
        if group is None:
            yield path, _fill(document, path, rest, known)
        else:
            for index, inner in enumerate(group):
                yield from _entries(document, (*path, "of", index), inner, known)


def _map(document: Document, path: Path_, given: dict[str, Any]) -> dict[str, Any]:
    made = {key: value for key, value in given.items() if key != "repeat" and "{" not in str(key)}
    for counters in _counters(document, (*path, "repeat"), given["repeat"]):
        for key, value in given.items():
            if key != "repeat" and "{" in str(key):
                place = (*path, key)
                name = str(_text(document, place, key, counters))
                made[name] = _fill(document, place, value, counters)
                document.places.setdefault((*path, name), document.place(place))
                document.keys.setdefault((*path, name), document.place(place, key=True))
    return made


def _counters(document: Document, path: Path_, declared: Any) -> Iterator[dict[str, int]]:
    if not isinstance(declared, dict) or not declared:
        raise _problem(document, path, "repeat must be a map of counters, such as {n: 1..200}")
    ranges = [_values(document, (*path, name), values) for name, values in declared.items()]
    count = 1
    for values in ranges:
        count *= len(values)
    if count > LIMIT:
        raise _problem(document, path, f"repeats {count} times, more than {LIMIT}; repeat less")
    for row in itertools.product(*ranges):
        yield dict(zip(declared, row, strict=True))


def _values(document: Document, path: Path_, given: Any) -> range | list[int]:
    found = _RANGE.match(given) if isinstance(given, str) else None
    if found and int(found[1]) <= int(found[2]):
        return range(int(found[1]), int(found[2]) + 1)
    if isinstance(given, list) and given and all(isinstance(v, int) and not isinstance(v, bool) for v in given):
        return given
    raise _problem(document, path, f"{given!r} must be a range such as 1..200 or a list of whole numbers")


def _fill(document: Document, path: Path_, value: Any, counters: Mapping[str, int]) -> Any:
    if isinstance(value, dict):
        return {
            (_text(document, (*path, key), key, counters) if isinstance(key, str) and "{" in key else key): _fill(
                document, (*path, key), inner, counters
            )
            for key, inner in value.items()
        }
    if isinstance(value, list):
        return [_fill(document, (*path, index), inner, counters) for index, inner in enumerate(value)]
    return _text(document, path, value, counters) if isinstance(value, str) and "{" in value else value


def _text(document: Document, path: Path_, text: str, counters: Mapping[str, int]) -> str | int:
    def one(found: re.Match[str]) -> str:
        if found[0] in ("{{", "}}"):
            return found[0][0]
        body, _, width = found[1].partition(":")
        number = _evaluate(body, counters)
        if width and not re.fullmatch(r"0?\d{1,2}", width):
            raise _WrongError(f"width {width!r} must be digits, such as 03")
        return format(number, f"{width}d")

    try:
        whole = _FIELD.fullmatch(text)
        if whole and whole[1] is not None and ":" not in whole[1]:
            return _evaluate(whole[1], counters)
        return _FIELD.sub(one, text)
    except _WrongError as problem:
        raise _problem(document, path, f"{text!r}: {problem}") from None


def _evaluate(body: str, counters: Mapping[str, int]) -> int:
    try:
        tree = ast.parse(body.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise _WrongError(f"{body!r} is no integer arithmetic; write such as {{2*n + 40}}") from None
    return _number(tree, counters)


def _number(node: ast.expr, counters: Mapping[str, int]) -> int:
    if isinstance(node, ast.Constant) and type(node.value) is int and abs(node.value) <= LIMIT**2:
        return node.value
    if isinstance(node, ast.Name):
        if node.id in counters:
            return counters[node.id]
        raise _WrongError(f"unknown counter {node.id!r}; there are: {', '.join(counters)}")
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_number(node.operand, counters)
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        left, right = _number(node.left, counters), _number(node.right, counters)
        if right == 0 and isinstance(node.op, (ast.FloorDiv, ast.Mod)):
            raise _WrongError("division by nothing")
        return _OPERATORS[type(node.op)](left, right)
    raise _WrongError("only whole numbers, counters, +, -, *, // and % can stand in braces")


def _problem(document: Document, path: Path_, message: str) -> RigError:
    return RigError(Problem(document.place(path), message, path))
