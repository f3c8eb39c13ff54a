"""What every fault is: a kind, a layer, and how severity changes one physical or technical parameter."""

import importlib
import math
import pkgutil
from typing import Any, ClassVar, Final, Protocol, runtime_checkable

LARGEST: Final = 1e9  # beyond any sensible parameter, and safe to turn into nanoseconds


@runtime_checkable
class Fault(Protocol):
    """A change with severity, acting on one target.

    `kind` is its name in scenario files, `layer` where it acts, `targets` the asset kinds, sensor kinds or
    protocols it fits (empty: any of its layer). `apply` is called at every block edge while the fault is
    configured and must be idempotent; severity 0 leaves, or makes, everything exactly as it was without the
    fault.
    """

    kind: ClassVar[str]
    layer: ClassVar[str]
    targets: ClassVar[tuple[str, ...]]

    def __init__(self, params: dict[str, Any]) -> None: ...

    def apply(self, target: Any, severity: float, t_ns: int) -> None:
        """Set the target's condition for `severity` in [0, 1] at plant time `t_ns` [ns]."""
        ...


def parameters(kind: str, given: dict[str, Any], **defaults: Any) -> dict[str, Any]:
    """Return `defaults` overridden by `given`.

    A parameter is of its default's type: a word, yes or no, or else a finite number.

    Raises
    ------
    ValueError
        A parameter the fault does not have, or a value of another type; the message says what it takes.

    """
    unknown = sorted(set(given) - set(defaults))
    if unknown:
        raise ValueError(f"fault {kind} has no parameter {unknown[0]!r}; it takes {', '.join(defaults) or 'none'}")
    for name, value in given.items():
        rule = _mismatch(value, defaults[name])
        if rule:
            raise ValueError(f"fault {kind}: {name} = {value!r} must be {rule}")
    return defaults | given


def _mismatch(value: Any, default: Any) -> str | None:
    """Return what `value` should have been, None if it is of the type of `default` (None: a number)."""
    if isinstance(default, bool):
        return None if isinstance(value, bool) else "true or false"
    if isinstance(default, str):
        return None if isinstance(value, str) else f"a word such as {default!r}"
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if number and math.isfinite(value) and abs(value) <= LARGEST:
        return None
    return f"a number in [{-LARGEST:g}, {LARGEST:g}]"


def registry() -> dict[str, type[Fault]]:
    """Return every fault class of this package by kind: one file each, found by looking."""
    package = importlib.import_module("emulator.faults")
    found: dict[str, type[Fault]] = {}
    for module in sorted(info.name for info in pkgutil.iter_modules(package.__path__)):
        for item in vars(importlib.import_module(f"emulator.faults.{module}")).values():
            if isinstance(item, type) and item.__module__ == f"emulator.faults.{module}" and hasattr(item, "kind"):
                if item.kind in found:
                    raise RuntimeError(f"two faults call themselves {item.kind}")
                found[item.kind] = item
    found.pop("", None)
    return found
