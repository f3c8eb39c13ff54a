"""Read one YAML document safely, remembering where every value stood.

The reader refuses what configuration never needs and attackers do: aliases, tags, several documents, deep nesting,
huge files, duplicate keys, anything that is not a regular file. Booleans are only ``true`` and ``false``, so that a
key named ``on`` stays a word (YAML 1.2 core schema).
"""

import re
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

MAX_BYTES: Final = 4 * 1024 * 1024
MAX_DEPTH: Final = 24
MAX_NODES: Final = 200_000

Path_ = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """A position in a file, 1-based, as editors count."""

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a file: where, what, and the path of the value inside the document."""

    place: Place
    message: str
    path: Path_ = ()

    def __str__(self) -> str:
        inside = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in self.path)
        return f"{self.place}: {self.message}" + (f" (at ${inside})" if inside else "")


class RigError(Exception):
    """A rig or scenario file cannot be used; `problems` lists every reason found."""

    def __init__(self, *problems: Problem) -> None:
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))


@dataclass(slots=True)
class Document:
    """Plain data and the place of each value in it."""

    file: str
    data: Any
    places: dict[Path_, Place] = field(default_factory=dict)
    keys: dict[Path_, Place] = field(default_factory=dict)

    def place(self, path: Path_, *, key: bool = False) -> Place:
        """Return the place of the value (or of its key) at `path`, or of its nearest parent that is in the file."""
        table = self.keys if key else self.places
        if path in table:
            return table[path]
        while path not in self.places and path:
            path = path[:-1]
        return self.places.get(path, Place(self.file))

    def graft(self, path: Path_, other: "Document") -> None:
        """Put another document's data and places under `path` (for a part kept in a file of its own)."""
        self.places.update({path + inner: place for inner, place in other.places.items()})
        self.keys.update({path + inner: place for inner, place in other.keys.items()})


class _Loader(yaml.SafeLoader):
    """SafeLoader with YAML 1.2 scalars; nothing but maps, lists, text, numbers, true, false and null."""

    yaml_implicit_resolvers: dict[str, list[Any]] = {}  # noqa: RUF012 - PyYAML's own class-level table


_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf"))
_Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^(?:null|~|)$"), ["n", "~", ""])
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:int", re.compile(r"^[-+]?(?:0|[1-9][0-9]{0,17})$"), list("-+0123456789")
)
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+)(?:[eE][-+]?[0-9]{1,3})?$"),
    list("-+.0123456789"),
)


def read(path: Path) -> Document:
    """Read a YAML file into a `Document`.

    Raises
    ------
    RigError
        The file is missing, no regular file, too large, not UTF-8, or uses YAML that configuration may not use.

    """
    name = _shown(path)

    def refuse(message: str, mark: Any = None) -> RigError:
        place = Place(name) if mark is None else Place(name, mark.line + 1, mark.column + 1)
        return RigError(Problem(place, message))

    try:
        info = path.stat()
    except OSError as problem:
        raise refuse(f"cannot be read: {problem.strerror or problem}; check the name") from None
    if not stat.S_ISREG(info.st_mode):
        raise refuse("is not a regular file; name a YAML file")
    if info.st_size > MAX_BYTES:
        raise refuse(f"has {info.st_size} bytes, more than the {MAX_BYTES} allowed; split it")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as problem:
        raise refuse(f"is not UTF-8 text (byte {problem.start}); save it as UTF-8") from None
    except OSError as problem:
        raise refuse(f"cannot be read: {problem.strerror or problem}") from None
    return parse(text, name)


def parse(text: str, name: str) -> Document:
    """Read YAML text; `name` is what errors call it.

    Raises
    ------
    RigError
        As for `read`.

    """
    document = Document(name, None)
    loader: Any = None
    try:
        loader = _Loader(text)
        document.data = _Builder(loader, document).build()
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark or problem.context_mark
        place = Place(name) if mark is None else Place(name, mark.line + 1, mark.column + 1)
        raise RigError(Problem(place, f"is not valid YAML: {problem.problem or problem.context}")) from None
    except yaml.YAMLError as problem:
        raise RigError(Problem(Place(name), f"is not valid YAML: {str(problem).splitlines()[0]}")) from None
    finally:
        if loader is not None:
            loader.dispose()
    return document


class _Builder:
    """Turns parser events into data with a stack of its own, so that hostile nesting cannot exhaust Python's."""

    def __init__(self, loader: Any, document: Document) -> None:
        self.loader = loader
        self.document = document
        self.nodes = 0

    def build(self) -> Any:
        """Consume the single document of the stream."""
        documents = 0
        root: Any = None
        stack: list[tuple[Any, Path_, Any]] = []  # container, path, pending key
        while self.loader.check_event():
            event = self.loader.get_event()
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise self._refuse(event, "holds several YAML documents; keep one per file")
            elif isinstance(event, yaml.AliasEvent):
                raise self._refuse(event, f"uses the alias *{event.anchor}; write the value out, aliases are not read")
            elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
                stack.pop()
            elif isinstance(event, (yaml.ScalarEvent, yaml.MappingStartEvent, yaml.SequenceStartEvent)):
                self._check(event, len(stack))
                value: Any
                if isinstance(event, yaml.ScalarEvent):
                    value = self._scalar(event)
                else:
                    value = {} if isinstance(event, yaml.MappingStartEvent) else []
                path = self._attach(stack, event, value)
                if not stack and path == ():
                    root = value
                if not isinstance(event, yaml.ScalarEvent):
                    if path is None:
                        raise self._refuse(event, "uses a list or map as a key; keys are words")
                    stack.append((value, path, _NO_KEY))
        return root

    def _check(self, event: Any, depth: int) -> None:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise self._refuse(event, f"holds more than {MAX_NODES} values; split it")
        if depth > MAX_DEPTH:
            raise self._refuse(event, f"is nested deeper than {MAX_DEPTH} levels")
        if event.anchor is not None:
            raise self._refuse(event, f"sets the anchor &{event.anchor}; anchors and aliases are not read")
        if event.tag is not None:
            raise self._refuse(event, f"uses the tag {event.tag}; only plain values are read")

    def _attach(self, stack: list[tuple[Any, Path_, Any]], event: Any, value: Any) -> Path_ | None:
        """Put `value` where it belongs; None when it was taken as a key."""
        place = Place(self.document.file, event.start_mark.line + 1, event.start_mark.column + 1)
        if not stack:
            self.document.places[()] = place
            return ()
        container, path, key = stack[-1]
        if isinstance(container, list):
            container.append(value)
            here: Path_ = (*path, len(container) - 1)
        elif key is _NO_KEY:
            if not isinstance(event, yaml.ScalarEvent):
                return None
            name = str(event.value)
            if name in container:
                raise self._refuse(event, f"names the key {name!r} twice; keep one")
            self.document.keys[(*path, name)] = place
            stack[-1] = (container, path, name)
            return None
        else:
            container[key] = value
            here = (*path, key)
            stack[-1] = (container, path, _NO_KEY)
        self.document.places[here] = place
        return here

    def _scalar(self, event: Any) -> Any:
        tag = self.loader.resolve(yaml.ScalarNode, event.value, event.implicit)
        match tag.rsplit(":", 1)[-1]:
            case "bool":
                return event.value == "true"
            case "null":
                return None
            case "int":
                return int(event.value)
            case "float":
                return float(event.value)
            case _:
                return event.value

    def _refuse(self, event: Any, message: str) -> RigError:
        place = Place(self.document.file, event.start_mark.line + 1, event.start_mark.column + 1)
        return RigError(Problem(place, message))


_NO_KEY: Final = object()


def _shown(path: Path) -> str:
    """Return the path as a person would write it: relative when it lies below the working folder."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except (ValueError, OSError):
        return str(path)
