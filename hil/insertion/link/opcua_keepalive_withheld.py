"""opcua_keepalive_withheld: a subscription says nothing where it should say that it lives."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from hil.insertion.link.base import Param
from hil.insertion.opcua.fault import OpcUaFault
from hil.insertion.opcua.publishing import published

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hil.insertion.opcua.layer import OpcUaMessages
    from hil.insertion.opcua.message import Message, Send


class OpcUaKeepaliveWithheld(OpcUaFault):
    """Swallows the share `severity` of the keep-alives, or of all answers to Publish."""

    kind = "opcua_keepalive_withheld"
    parameters: ClassVar[Mapping[str, Param]] = {
        "what": Param("keep_alives", choices=("keep_alives", "everything")),
    }

    def rewrite(self, message: Message, layer: OpcUaMessages) -> Sequence[Message | Send] | None:
        """Lose a PublishResponse."""
        what = published(message)
        if what is None or not (what.keep_alive or self.params["what"] == "everything"):
            return None
        return () if self.strikes() else None
