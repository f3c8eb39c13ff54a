"""Every fault the bench knows: the emulator's own and those of the links, under one face."""

from collections.abc import Mapping
from functools import cache
from typing import Any, cast

from emulator.faults.base import Fault, registry
from emulator.streams import Streams
from hil.insertion.link.base import LinkFault, drawn_from
from hil.insertion.link.base import registry as link_registry

TCP_PROTOCOLS = ("modbus-tcp", "opcua")


@cache
def link_kinds(seed: int) -> Mapping[str, type[Fault]]:
    """Return link faults by kind, drawing their randomness from `seed`, in the shape the fault desk takes."""
    streams = Streams(seed)
    return {kind: _adapted(fault, streams) for kind, fault in link_registry().items()}


def all_kinds(seed: int = 0) -> dict[str, type[Fault]]:
    """Return every fault class by kind."""
    return registry() | dict(link_kinds(seed))


def _adapted(fault: type[LinkFault], streams: Streams) -> type[Fault]:
    """Give a link fault the constructor every fault has; `targets` are the protocols that run over TCP."""

    def make(self: Any, params: dict[str, Any]) -> None:
        fault.__init__(self, params, drawn_from(streams(f"link/{fault.kind}")))

    members = {"__init__": make, "__doc__": fault.__doc__, "targets": TCP_PROTOCOLS, "__module__": fault.__module__}
    # LinkFault finds its kinds among its subclasses: the adapted class must not be one of the direct ones.
    return cast("type[Fault]", type(fault.__name__, (fault,), members))
