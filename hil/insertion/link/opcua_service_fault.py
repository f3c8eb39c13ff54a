"""opcua_service_fault: requests of one service are refused as a whole, with a status of one's choice."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from hil.insertion.link.base import Param
from hil.insertion.opcua.refusal import ASKED, BAD, Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping


class OpcUaServiceFault(Refusal):
    """The share `severity` of the service's requests gets a ServiceFault; the device sees none of these."""

    kind = "opcua_service_fault"
    parameters: ClassVar[Mapping[str, Param]] = {
        "service": Param("Read", choices=ASKED),
        "status": Param("Bad_SessionIdInvalid", choices=BAD),
    }
