"""Fenced code blocks of the documentation, as the tests here run and check them.

A block belongs to a file when the line before it ends with that file's name in backquotes and a colon.
In expected output ``…`` stands for anything within a line; a line that is nothing else stands for any number
of lines.
"""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
FENCE = re.compile(r"^(?P<mark>`{3,})(?P<language>\w*)[ \t]*\n(?P<text>.*?)^(?P=mark)[ \t]*$", re.DOTALL | re.MULTILINE)
FILE_NAME = re.compile(r"`(?P<name>[\w./-]+)`:\s*$")


@dataclass(frozen=True)
class Block:
    page: Path
    line: int
    language: str
    text: str
    file: str | None

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


@dataclass(frozen=True)
class Command:
    line: str
    expected: str


def pages() -> list[Path]:
    named = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md")]
    return named + sorted((ROOT / "docs").rglob("*.md"))


def blocks(page: Path, language: str = "") -> list[Block]:
    text = page.read_text(encoding="utf-8")
    found = []
    for match in FENCE.finditer(text):
        before = text[: match.start()].rstrip()
        named = FILE_NAME.search(before.rsplit("\n", 1)[-1])
        line = text.count("\n", 0, match.start()) + 1
        found.append(Block(page, line, match["language"], match["text"], named["name"] if named else None))
    return [block for block in found if language in ("", block.language)]


def every(language: str) -> list[Block]:
    return [block for page in pages() for block in blocks(page, language)]


def commands(block: Block) -> list[Command]:
    parts = re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]
    return [Command(*part.partition("\n")[::2]) for part in parts]


def same(expected: str, printed: str) -> bool:
    """Whether `printed` is what the documentation promises, trailing blanks apart."""
    lines = [line.rstrip() for line in expected.strip("\n").splitlines()]
    parts = [r"(?:.*\n)*?" if line.strip() == "…" else _line(line) + "\n" for line in lines]
    shown = "".join(line.rstrip() + "\n" for line in printed.strip("\n").splitlines())
    return re.fullmatch("".join(parts), shown) is not None


def _line(line: str) -> str:
    return ".*".join(re.escape(part) for part in line.split("…"))
