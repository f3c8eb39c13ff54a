"""opcua_channel_id_wrong: answers name a secure channel that is not the client's."""

from hil.insertion.opcua.message import CHANNEL
from hil.insertion.opcua.wrong_number import WrongNumber


class OpcUaChannelIdWrong(WrongNumber):
    """The channel id in the share `severity` of the answers is off by `offset` (OPC 10000-6 §6.7.2)."""

    kind = "opcua_channel_id_wrong"
    place = CHANNEL
