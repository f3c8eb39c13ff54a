"""Markup that cannot be injected into: every text is escaped unless it was built here.

Names in a report come from rig files, devices and a system under test, and any of them may be hostile.
"""

from __future__ import annotations

import html
import re

_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")


class Markup(str):
    """Text that is markup already, made by `tag` and nobody else."""

    __slots__ = ()


def text(value: object) -> Markup:
    """Escape a value for text or attribute; control and direction-override characters become �."""
    if isinstance(value, Markup):
        return value
    return Markup(html.escape(_UNWRITABLE.sub("\N{REPLACEMENT CHARACTER}", str(value)), quote=True))


def tag(name: str, /, *children: object, **attributes: object) -> Markup:
    """Build an element. Children are escaped unless they are markup; `class_` is class, `_` becomes ``-``.

    Attributes that are None are left out; floats are written with two decimals, which is plenty for SVG.
    """
    written = "".join(f' {_attribute(k)}="{_value(v)}"' for k, v in attributes.items() if v is not None)
    if name in ("meta", "br"):
        return Markup(f"<{name}{written}>")
    return Markup(f"<{name}{written}>{join(children)}</{name}>")


def join(children: object) -> Markup:
    """Put children one after the other, each escaped unless it is markup; nested lists are flattened."""
    if isinstance(children, (list, tuple)):
        return Markup("".join(join(c) for c in children))
    return Markup("") if children is None else text(children)


def _attribute(name: str) -> str:
    # SVG's own attributes are camel case and must not be touched
    return name.rstrip("_").replace("_", "-")


def _value(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.2f}".rstrip("0").rstrip(".")
    return text(value)
