"""opcua_request_id_wrong: answers name a request that nobody made."""

from hil.insertion.opcua.message import REQUEST
from hil.insertion.opcua.wrong_number import WrongNumber


class OpcUaRequestIdWrong(WrongNumber):
    """The request id in the share `severity` of the answers is off by `offset` (OPC 10000-6 §6.7.2)."""

    kind = "opcua_request_id_wrong"
    place = REQUEST
