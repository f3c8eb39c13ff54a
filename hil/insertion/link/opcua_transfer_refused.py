"""opcua_transfer_refused: a client that comes back may not have its subscriptions back."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from hil.insertion.link.base import Param
from hil.insertion.opcua.refusal import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping


_STATUSES = ("Bad_ServiceUnsupported", "Bad_UserAccessDenied", "Bad_TooManySubscriptions")


class OpcUaTransferRefused(Refusal):
    """TransferSubscriptions refused (OPC 10000-4 §5.14.7), on the share `severity` of the requests."""

    kind = "opcua_transfer_refused"
    parameters: ClassVar[Mapping[str, Param]] = {
        "status": Param(_STATUSES[0], choices=_STATUSES),
    }
    service = "TransferSubscriptions"
