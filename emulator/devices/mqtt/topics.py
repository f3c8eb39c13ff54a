"""Topic names, topic filters, and who subscribes to what (MQTT 5.0 §4.7)."""

from __future__ import annotations

from typing import Final, Generic, TypeVar

DEEPEST: Final = 200
T = TypeVar("T")


def is_topic(name: str) -> bool:
    """Whether something can be published there: not empty, no wildcard, no U+0000."""
    return bool(name) and "+" not in name and "#" not in name and "\0" not in name


def is_filter(name: str) -> bool:
    """Whether something can be subscribed to: wildcards fill whole levels, ``#`` only the last."""
    if not name or "\0" in name:
        return False
    if "+" not in name and "#" not in name:
        return True
    levels = name.split("/")
    return all(level in ("+", "#") or not ("+" in level or "#" in level) for level in levels) and (
        "#" not in levels[:-1]
    )


def matches(pattern: str, topic: str) -> bool:
    """Whether a filter takes a topic; wildcards at the front do not take topics that begin with ``$``."""
    if topic.startswith("$") and pattern[:1] in ("+", "#"):
        return False
    levels, wanted = topic.split("/"), pattern.split("/")
    for index, level in enumerate(wanted):
        if level == "#":
            return True
        if index >= len(levels) or level not in ("+", levels[index]):
            return False
    return len(levels) == len(wanted)


class _Node(Generic[T]):
    __slots__ = ("below", "here")

    def __init__(self) -> None:
        self.below: dict[str, _Node[T]] = {}
        self.here: dict[T, int] = {}


class TopicTree(Generic[T]):
    """Subscribers by filter: found by walking a topic's levels, not by asking every filter.

    Topics and filters deeper than 200 levels are refused by whoever fills the tree; the walk is as deep as the
    deepest filter, however many levels a topic has.
    """

    def __init__(self) -> None:
        self._root: _Node[T] = _Node()

    def add(self, pattern: str, subscriber: T, options: int) -> None:
        """Subscribe, or change the options of a subscription."""
        node = self._root
        for level in pattern.split("/"):
            node = node.below.setdefault(level, _Node())
        node.here[subscriber] = options

    def remove(self, pattern: str, subscriber: T) -> None:
        """Unsubscribe; branches that end nowhere are cut off."""
        node, path = self._root, []
        for level in pattern.split("/"):
            if level not in node.below:
                return
            path.append((node, level))
            node = node.below[level]
        node.here.pop(subscriber, None)
        for parent, level in reversed(path):
            child = parent.below[level]
            if child.here or child.below:
                break
            del parent.below[level]

    def find(self, topic: str) -> dict[T, int]:
        """Return who takes a topic, with the options of the matching subscription of highest QoS."""
        levels = topic.split("/", DEEPEST + 1)
        found: dict[T, int] = {}
        nodes = [self._root]
        for index, level in enumerate(levels):
            wild = index > 0 or not topic.startswith("$")
            following: list[_Node[T]] = []
            for node in nodes:
                below = node.below
                if wild:
                    if "#" in below:
                        _take(found, below["#"].here)
                    if "+" in below:
                        following.append(below["+"])
                if level in below:
                    following.append(below[level])
            nodes = following
            if not nodes:
                return found
        for node in nodes:
            _take(found, node.here)
            if "#" in node.below:
                _take(found, node.below["#"].here)
        return found


def _take(found: dict[T, int], here: dict[T, int]) -> None:
    for subscriber, options in here.items():
        if options & 3 >= found.get(subscriber, 0) & 3:
            found[subscriber] = options
