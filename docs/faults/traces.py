"""Writes the decoded wire traces into the fault pages: `python docs/faults/traces.py [KIND]…`.

A recipe plays a fault against a real device on loopback and returns the conversation, a line per frame, decoded by
`hil.traces`. Recipes stand in the `trace_*.py` files beside this one, each with its `RECIPES`: fault kind ->
function without arguments. The trace replaces what stands between the two marks of the fault's page; a page without
marks gets them before its last line. The documentation's tests play every recipe again and compare.
"""

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).parent
BEGIN, END = "<!-- trace -->", "<!-- /trace -->"
Recipe = Callable[[], list[str]]


def recipes() -> dict[str, Recipe]:
    """Return all recipes by fault kind."""
    found: dict[str, Recipe] = {}
    for path in sorted(HERE.glob("trace_*.py")):
        spec = importlib.util.spec_from_file_location(path.stem, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        found.update(module.RECIPES)
    return found


def block(lines: list[str]) -> str:
    """Return a trace as it stands in a page."""
    return "\n".join((BEGIN, "", "On the wire:", "", "```text", *lines, "```", "", END))


def with_trace(page: str, lines: list[str]) -> str:
    """Return the page with this trace instead of the one it has, if any."""
    if BEGIN in page:
        before, rest = page.split(BEGIN, 1)
        return before + block(lines) + rest.split(END, 1)[1]
    body, _, index = page.rstrip("\n").rpartition("\n")
    return f"{body.rstrip()}\n\n{block(lines)}\n\n{index}\n"


def main(kinds: list[str]) -> None:
    """Play the recipes of these kinds (all without any) and write their pages."""
    for kind, recipe in sorted(recipes().items()):
        if not kinds or kind in kinds:
            path = HERE / f"{kind}.md"
            path.write_text(with_trace(path.read_text(encoding="utf-8"), recipe()), encoding="utf-8")
            print(path.name)


if __name__ == "__main__":
    sys.path.insert(0, str(HERE.parents[1]))
    main(sys.argv[1:])
