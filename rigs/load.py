"""Find, read and check rig and scenario files."""

import difflib
from pathlib import Path
from typing import Any, Final, TypeVar, cast

from pydantic import BaseModel, ValidationError

from rigs import life, regime, schema
from rigs.assets import nameplates
from rigs.crosscheck import crosscheck
from rigs.document import Document, Path_, Place, Problem, RigError, read
from rigs.profile import expand_profiles
from rigs.repeat import expand
from rigs.schema import Rig, Scenario

Model = TypeVar("Model", bound=BaseModel)
SHIPPED = Path(__file__).parent


def shipped() -> list[str]:
    """Names of the rigs that come with the package."""
    return sorted(folder.parent.name for folder in SHIPPED.glob("*/rig.yaml"))


def find(name: str) -> Path:
    """Return the rig file for a path or a shipped rig's name.

    Raises
    ------
    RigError
        Nothing of that name; the message offers the nearest.

    """
    path = Path(name)
    if path.is_dir():
        path = path / "rig.yaml"
    if path.suffix in (".yaml", ".yml") or path.exists():
        return path
    candidate = SHIPPED / name / "rig.yaml"
    if "/" not in name and "\\" not in name and candidate.is_file():
        return candidate
    known = shipped()
    near = difflib.get_close_matches(name, known, 1)
    hint = f"did you mean {near[0]!r}?" if near else f"shipped rigs: {', '.join(known)}"
    raise RigError(Problem(Place(name), f"is neither a rig file nor a shipped rig; {hint}"))


def load_rig(name: str | Path, plant: dict[str, Any] | None = None) -> Rig:
    """Read and check a rig.

    Parameters
    ----------
    name : str or Path
        Path of a rig file or folder, or the name of a shipped rig.
    plant : dict, optional
        Overrides merged into the rig's `plant` section (a scenario's).

    Raises
    ------
    RigError
        With every problem found: file, line, column, value, rule and way out.

    """
    return load_with_document(name, plant)[0]


def load_with_document(name: str | Path, plant: dict[str, Any] | None = None) -> tuple[Rig, Document]:
    """Read and check a rig as `load_rig` does; its document tells where things stand."""
    path = find(str(name))
    document = read(path)
    if isinstance(document.data, dict):
        for key in ("points", "assets"):
            part = document.data.get(key)
            if isinstance(part, str):
                _include(document, path, key, part)
        expand(document)
        expand_profiles(document)
        if plant:
            document.data["plant"] = _merged(document.data.get("plant") or {}, plant)
    rig = _validated(Rig, document)
    problems = crosscheck(rig, document)
    if problems:
        raise RigError(*problems)
    return rig, document


def load_scenario(path: Path) -> tuple[Scenario, Document]:
    """Read a scenario file; its document tells where things stand.

    Raises
    ------
    RigError
        As for `load_rig`.

    """
    document = read(path)
    return _validated(Scenario, document), document


def scenario_files(name: str | Path) -> list[Path]:
    """Scenario files beside a rig, in name order."""
    return sorted((find(str(name)).parent / "scenarios").glob("*.yaml"))


def _include(document: Document, path: Path, key: str, part: str) -> None:
    """Read a list kept in a file of its own; it must lie beside or below the rig file."""
    folder = path.parent.resolve()
    target = (folder / part).resolve()
    if not target.is_relative_to(folder):
        raise RigError(Problem(document.place((key,)), f"{part!r} leads out of the rig's folder; keep parts beside it"))
    try:
        other = read(folder / part)
    except RigError as problem:
        first = problem.problems[0]
        where = Problem(document.place((key,)), f"{part!r} {first.message}") if first.place.line == 1 else first
        raise RigError(where) from None
    document.data[key] = other.data
    document.graft((key,), other)


def _merged(base: Any, over: Any) -> Any:
    """Lay `over` on `base`, map by map."""
    if isinstance(base, dict) and isinstance(over, dict):
        return base | {key: _merged(base.get(key), value) for key, value in over.items()}
    return over


def _validated(model: type[Model], document: Document) -> Model:
    if not isinstance(document.data, dict):
        raise RigError(Problem(document.place(()), f"must be a map of keys, found {_kind(document.data)}"))
    try:
        return model.model_validate(document.data, context={"folder": Path(document.file).parent})
    except ValidationError as failure:
        errors = failure.errors(include_url=False)
        # A list that lost its wrong entries is then called too short; the wrong entries are the news.
        told = [e for e in errors if e["type"] != "too_short" or not _inside(e["loc"], errors)]
        raise RigError(*(_problem(error, document) for error in told)) from None


def _inside(loc: tuple[str | int, ...], errors: Any) -> bool:
    return any(len(other["loc"]) > len(loc) and other["loc"][: len(loc)] == loc for other in errors)


_SECRET: Final = ("password", "password_hash", "password_env")  # never repeated, however wrong


def _problem(error: Any, document: Document) -> Problem:
    path = _in_file(error["loc"], document)
    value = _written(document.data, path, error.get("input"))
    name = str(path[-1]) if path else "the file"
    shown = "(not shown)" if name in _SECRET else _shown(value)
    match error["type"]:
        case "extra_forbidden":
            key = str(error["loc"][-1])
            near = difflib.get_close_matches(key, _keys(), 1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            return Problem(document.place((*path[:-1], key), key=True), f"unknown key {key!r}{hint}", (*path[:-1], key))
        case "missing":
            return Problem(document.place(path), f"the key {error['loc'][-1]!r} is missing; add it", path)
        case "value_error":
            message = str(error["ctx"]["error"])
            lead = "" if shown in message or isinstance(value, (dict, list)) else f"{name} = {shown}: "
            return Problem(document.place(path), lead + message, path)
        case "literal_error" | "union_tag_invalid":
            if error["type"] == "union_tag_invalid":
                name = str(error["ctx"]["discriminator"]).strip("'")
                path = (*path, name)
            expected = error["ctx"].get("expected") or error["ctx"].get("expected_tags")
            given = error["ctx"].get("tag", value)
            near = difflib.get_close_matches(
                str(given), str(expected).replace("'", "").replace(" or ", ", ").split(", "), 1
            )
            hint = f"; did you mean {near[0]!r}?" if near else ""
            return Problem(document.place(path), f"{name} = {_shown(given)} must be one of {expected}{hint}", path)
        case _:
            rule = error["msg"].removeprefix("Input ").removeprefix("should ")
            return Problem(document.place(path), f"{name} = {shown} must {rule}", path)


def _in_file(loc: tuple[str | int, ...], document: Document) -> Path_:
    """Drop the union tags that pydantic puts into a location; keep what stands in the file."""
    path: Path_ = ()
    here: Any = document.data
    for part in loc:
        if isinstance(here, (dict, list)):
            try:
                here = cast("Any", here)[part]
            except (KeyError, IndexError, TypeError):
                continue
            path = (*path, part)
    return path


def _written(here: Any, path: Path_, otherwise: Any) -> Any:
    """Return the value as it stands in the file (an error holds it converted to SI), if it is a plain one."""
    for part in path:
        here = here[part]
    return otherwise if isinstance(here, (dict, list)) else here


def _keys() -> list[str]:
    """Every key any model knows, for near-miss suggestions."""
    items = [item for module in (schema, life, regime) for item in vars(module).values()]
    models = [item for item in items if isinstance(item, type) and issubclass(item, BaseModel)]
    models += nameplates().values()
    return sorted({field.alias or name for model in models for name, field in model.model_fields.items()})


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _kind(value: Any) -> str:
    return {list: "a list", str: "text", type(None): "nothing"}.get(type(value), type(value).__name__)
