"""What every link fault on OPC UA messages is: asked for each message, it says what leaves instead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from hil.insertion.link.base import LinkFault, LinkTarget, Param
from hil.insertion.opcua.layer import OpcUaMessages

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hil.insertion.link.base import Messages
    from hil.insertion.opcua.message import Message, Send


class OpcUaFault(LinkFault):
    """A fault that works on whole messages, in front of an emulated or a real server.

    Severity is the share of the messages it concerns that it strikes, drawn by their number on the link.
    """

    targets: ClassVar[tuple[str, ...]] = ("opcua",)
    messages: ClassVar[type[Messages] | None] = OpcUaMessages

    def __init__(self, params: Mapping[str, Any]) -> None:
        super().__init__(params)
        self.hits = 0
        self._asked = 0

    def start(self) -> None:
        """Count messages from nought again: the same fault twice is twice the same."""
        self.hits = self._asked = 0

    def strikes(self) -> bool:
        """Draw whether the message at hand is struck; to be asked once for each that is concerned."""
        index, self._asked = self._asked, self._asked + 1
        struck = self.severity >= 1.0 or self.uniform(index) < self.severity
        self.hits += struck
        return struck

    def release(self, connection: int) -> Sequence[Message]:
        """Return, and forget, what is held back on a connection: the fault ends."""
        return ()

    def rewrite(self, message: Message, layer: OpcUaMessages) -> Sequence[Message | Send] | None:
        """Return what leaves instead of a message, in order; None for the message itself.

        Messages go on to the next fault; what is a `Send` leaves as it is.
        """
        raise AssertionError(f"{self.kind} says nothing")


__all__ = ["LinkTarget", "OpcUaFault", "Param"]
