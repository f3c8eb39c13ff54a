"""opcua_half_hello: the handshake of a connection stops in the middle of a message."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from hil.insertion.link.base import Param
from hil.insertion.opcua.fault import OpcUaFault
from hil.insertion.opcua.message import Send

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hil.insertion.opcua.layer import OpcUaMessages
    from hil.insertion.opcua.message import Message


class OpcUaHalfHello(OpcUaFault):
    """On the share `severity` of new connections only the first bytes of Hello or Acknowledge arrive."""

    kind = "opcua_half_hello"
    parameters: ClassVar[Mapping[str, Param]] = {
        "direction": Param("down", choices=("up", "down")),
        "bytes": Param(6.0, 0.0, 27.0),
    }

    def __init__(self, params: Mapping[str, Any]) -> None:
        super().__init__(params)
        self._stuck: set[int] = set()

    def start(self) -> None:
        """Begin with no connection stuck."""
        super().start()
        self._stuck.clear()

    def maims(self, connection: int) -> bool:
        """Tell whether the connection stands with half a handshake: it is reset when the fault ends."""
        return connection in self._stuck

    def rewrite(self, message: Message, layer: OpcUaMessages) -> Sequence[Message | Send] | None:
        """Send the beginning of a handshake message, and nothing behind it."""
        if message.direction != self.params["direction"]:
            return None
        if message.kind in ("HEL", "ACK") and self.uniform(message.connection) < self.severity:
            self.hits += 1
            self._stuck.add(message.connection)
            return (Send(message.chunks[0][: int(self.params["bytes"])], message.direction),)
        return () if message.connection in self._stuck else None
