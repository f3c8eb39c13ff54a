"""opcua_stall: the server's loop stands still: nothing is answered, and then everything at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from hil.insertion.link.base import Param
from hil.insertion.opcua.fault import OpcUaFault

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hil.insertion.opcua.layer import OpcUaMessages
    from hil.insertion.opcua.message import Message, Send

_MOST_BYTES = 16 * 1024 * 1024


class OpcUaStall(OpcUaFault):
    """On the share `severity` of the connections what the server says is held until the fault ends.

    A connection on which `at_most` messages or 16 MiB wait is let go: it takes no more memory than that.
    """

    kind = "opcua_stall"
    parameters: ClassVar[Mapping[str, Param]] = {"at_most": Param(10_000.0, 1.0, 1e6)}

    def __init__(self, params: Mapping[str, Any]) -> None:
        super().__init__(params)
        self._held: dict[int, list[Message]] = {}
        self._bytes: dict[int, int] = {}

    def release(self, connection: int) -> tuple[Message, ...]:
        """Let go of what is held."""
        self._bytes.pop(connection, None)
        return tuple(self._held.pop(connection, ()))

    def rewrite(self, message: Message, layer: OpcUaMessages) -> Sequence[Message | Send] | None:
        """Hold what comes down."""
        if message.direction != "down" or self.uniform(message.connection) >= self.severity:
            return None
        held = self._held.setdefault(message.connection, [])
        size = self._bytes.get(message.connection, 0) + sum(map(len, message.chunks))
        self._bytes[message.connection] = size
        held.append(message)
        self.hits += 1
        if len(held) < self.params["at_most"] and size < _MOST_BYTES:
            return ()
        return self.release(message.connection)
