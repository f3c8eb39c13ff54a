"""opcua_token_id_wrong: answers name a security token that was never issued."""

from hil.insertion.opcua.message import TOKEN
from hil.insertion.opcua.wrong_number import WrongNumber


class OpcUaTokenIdWrong(WrongNumber):
    """The token id in the share `severity` of the answers is off by `offset` (OPC 10000-6 §6.7.2)."""

    kind = "opcua_token_id_wrong"
    place = TOKEN
