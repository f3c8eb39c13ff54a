"""Checks of a fault's parameters beyond their types."""

from typing import Any


def within(name: str, value: Any, low: float, high: float) -> None:
    """Refuse a number outside [low, high].

    Raises
    ------
    ValueError
        It is outside; the message says what it may be.

    """
    if not low <= float(value) <= high:
        raise ValueError(f"{name} = {value} must be in [{low:g}, {high:g}]")


def one_of(name: str, value: Any, *words: str) -> None:
    """Refuse a word that is not one of these.

    Raises
    ------
    ValueError
        It is none; the message lists them.

    """
    if value not in words:
        raise ValueError(f"{name} = {value!r} must be one of {', '.join(words)}")
