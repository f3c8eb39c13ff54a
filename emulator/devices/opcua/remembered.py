"""What services remember for one session: continuation points, registered nodes. It goes when the session goes."""

from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

_HELD: "WeakKeyDictionary[Any, dict[str, Any]]" = WeakKeyDictionary()


def held(session: Any, what: str, make: Callable[[], Any]) -> Any:
    """Return what a session holds under a name, made when it is first asked for."""
    memory = _HELD.setdefault(session, {})
    if what not in memory:
        memory[what] = make()
    return memory[what]


def forget(session: Any) -> None:
    """Let go of all that a session held; what has a `release` is told."""
    for thing in _HELD.pop(session, {}).values():
        release = getattr(thing, "release", None)
        if release is not None:
            release()
