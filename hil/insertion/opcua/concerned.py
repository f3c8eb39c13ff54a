"""Which messages a fault on answers concerns."""

from hil.insertion.opcua.message import Message


def answers(message: Message, service: str) -> bool:
    """Tell whether a message answers that service; "any" is all, and all there is where nothing can be read.

    A ServiceFault answers no service by name: which one it refuses stands in the request alone.
    """
    if message.direction != "down" or message.kind != "MSG":
        return False
    return service == "any" or message.name == f"{service}Response"
