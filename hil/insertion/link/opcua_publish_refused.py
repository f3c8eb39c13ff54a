"""opcua_publish_refused: the server has enough Publish requests and says so."""

from __future__ import annotations

from hil.insertion.opcua.refusal import Refusal


class OpcUaPublishRefused(Refusal):
    """Publish answered Bad_TooManyPublishRequests (OPC 10000-4 §5.14.5), on the share `severity` of the requests."""

    kind = "opcua_publish_refused"
    service = "Publish"
    status = "Bad_TooManyPublishRequests"
