"""opcua_republish_refused: what a client missed is not kept any more."""

from __future__ import annotations

from hil.insertion.opcua.refusal import Refusal


class OpcUaRepublishRefused(Refusal):
    """Republish answered Bad_MessageNotAvailable (OPC 10000-4 §5.14.6), on the share `severity` of the requests."""

    kind = "opcua_republish_refused"
    service = "Republish"
    status = "Bad_MessageNotAvailable"
