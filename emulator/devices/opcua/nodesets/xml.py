"""A small reader of XML that keeps line numbers and takes nothing dangerous: no DTD, so no entities; bounded depth."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from xml.parsers import expat

LARGEST: Final = 50 * 1024 * 1024  # bytes of one file
_DEEPEST: Final = 64


class NodesetError(ValueError):
    """A nodeset that cannot be loaded: file, line, rule and way out are in the message."""

    def __init__(self, file: str, line: int, message: str) -> None:
        super().__init__(f"{file}:{line}: {message}")


@dataclass(slots=True)
class Element:
    """An element: its name without namespace, its attributes, text and children, and the line it begins at."""

    name: str
    attributes: dict[str, str]
    line: int
    text: str = ""
    children: list["Element"] = field(default_factory=list)

    def first(self, name: str) -> "Element | None":
        """Return the first child of that name."""
        return next((child for child in self.children if child.name == name), None)

    def all(self, name: str) -> list["Element"]:
        """Return all children of that name."""
        return [child for child in self.children if child.name == name]

    def text_of(self, name: str, otherwise: str = "") -> str:
        """Return the text of the first child of that name."""
        found = self.first(name)
        return otherwise if found is None else found.text.strip()


class _Builder:
    def __init__(self, file: str) -> None:
        self.file = file
        self.root: Element | None = None
        self._open: list[Element] = []
        self._parser = expat.ParserCreate(namespace_separator="}")
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._text
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._parser.buffer_text = True

    def read(self, data: bytes) -> Element:
        try:
            self._parser.Parse(data, True)
        except expat.ExpatError as broken:
            why = expat.errors.messages.get(broken.code, "broken")
            raise NodesetError(self.file, broken.lineno, f"not well-formed XML: {why}; load a whole file") from None
        assert self.root is not None  # expat refuses a document without an element
        return self.root

    @property
    def _line(self) -> int:
        return int(self._parser.CurrentLineNumber)

    def _doctype(self, *_: object) -> None:
        raise NodesetError(self.file, self._line, "a DTD can hide entity bombs; remove the DOCTYPE line")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._open) >= _DEEPEST:
            raise NodesetError(self.file, self._line, f"elements nest deeper than {_DEEPEST}; this is no nodeset")
        plain = {key.rpartition("}")[2]: value for key, value in attributes.items()}
        element = Element(name.rpartition("}")[2], plain, self._line)
        if self._open:
            self._open[-1].children.append(element)
        else:
            self.root = element
        self._open.append(element)

    def _end(self, _: str) -> None:
        self._open.pop()

    def _text(self, text: str) -> None:
        self._open[-1].text += text


def read_xml(path: Path) -> Element:
    """Return the root element of an XML file.

    Raises
    ------
    NodesetError
        The file is missing, no regular file, larger than 50 MB, broken, or has a DTD.

    """
    name = str(path)
    if not path.is_file():
        raise NodesetError(name, 1, "is not a regular file; nodesets are paths relative to the rig file")
    size = path.stat().st_size
    if size > LARGEST:
        raise NodesetError(name, 1, f"has {size} bytes, more than {LARGEST}; load the models you need as files each")
    return _Builder(name).read(path.read_bytes())
