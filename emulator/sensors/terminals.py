"""The terminal strip of a device: which sensors stand side by side, and whose wires sit in whose place."""

from collections.abc import Mapping
from typing import Any


def beside(target: Any, wanted: str, kind: str) -> str:
    """Return the point beside `target` in its device: `wanted`, or the next one of the same sort if that is empty.

    Of the same sort are scalars among scalars and waveforms of one rate.

    Raises
    ------
    ValueError
        No such neighbour, or none at all.

    """
    fitting: list[str] = [
        name for name, other in target.neighbours.items() if other is not target and same_sort(target, other)
    ]
    if wanted in fitting:
        return wanted
    if wanted:
        known = ", ".join(fitting[:12]) or "nothing"
        raise ValueError(f"fault {kind}: {wanted!r} is no neighbour of {target.name!r}; its device has {known}")
    if not fitting:
        raise ValueError(f"fault {kind}: {target.name!r} has no neighbour of its sort in its device")
    after: list[str] = [name for name in target.neighbours if name in fitting or name == target.name]
    return after[(after.index(target.name) + 1) % len(after)]


def same_sort(one: Any, other: Any) -> bool:
    """Whether two chains could change places: both scalars, or both waveforms of one rate."""
    return type(one) is type(other) and getattr(one, "rate_hz", 0.0) == getattr(other, "rate_hz", 0.0)


def listeners_last(names: list[str], chains: Mapping[str, Any]) -> list[str]:
    """Return `names` with those that need a neighbour's signal of this block behind all others."""
    late = [name for name in names if name in chains and chains[name].condition.heard]
    return [name for name in names if name not in late] + late if late else names


def exchanged(chains: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the pairs of points whose wires have changed places, each pair once."""
    pairs = {
        tuple(sorted((name, chain.condition.swapped_with)))
        for name, chain in chains.items()
        if chain.condition.swapped_with
    }
    return [(one, other) for one, other in sorted(pairs)]
