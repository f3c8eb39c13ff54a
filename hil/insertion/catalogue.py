"""Every fault the bench knows: the emulator's own and those of the links."""

from typing import cast

from emulator.faults.base import Fault, registry
from hil.insertion.link.base import registry as link_registry


def link_kinds() -> dict[str, type[Fault]]:
    """Return the link faults by kind; they act on devices whose protocol runs over TCP."""
    return cast("dict[str, type[Fault]]", link_registry())


def all_kinds() -> dict[str, type[Fault]]:
    """Return every fault class by kind."""
    return registry() | link_kinds()
