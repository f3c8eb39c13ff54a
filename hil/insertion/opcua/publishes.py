"""Which Publish requests a client waits on, so that one more notification than the device sent finds a request."""

from collections import deque
from collections.abc import Callable
from typing import Final

from hil.insertion.opcua.message import Message

_MOST: Final = 1_000  # a client that has more requests or answers outstanding is not kept track of


class Publishes:
    """The outstanding Publish requests of one connection.

    A notification that a fault adds answers a request the device still means to answer. When it does, its answer goes
    to the client's oldest request instead, which the device will then answer in turn: nothing is lost, all moves up.

    Parameters
    ----------
    deliver
        Sends an answer that had to wait for a request.
    """

    def __init__(self, deliver: Callable[[Message], None]) -> None:
        self._deliver = deliver
        self._waiting: dict[int, int] = {}
        self._answered: set[int] = set()
        self._homeless: deque[Message] = deque(maxlen=_MOST)

    @property
    def even(self) -> bool:
        """Whether the device and the client agree about who is answered."""
        return not self._answered and not self._homeless

    def asked(self, message: Message) -> None:
        """Note a Publish request that goes to the device."""
        if len(self._waiting) >= _MOST:
            self._waiting.clear()
        self._waiting[message.request] = message.handle
        if self._homeless:
            self._deliver(self.borrow_for(self._homeless.popleft()) or message)

    def borrow_for(self, message: Message) -> Message | None:
        """Return the answer as one to the client's oldest waiting request; None if there is none."""
        if not self._waiting:
            return None
        request = next(iter(self._waiting))
        handle = self._waiting.pop(request)
        self._answered.add(request)
        return message.for_request(request, handle)

    def settle(self, message: Message) -> Message | None:
        """Return the device's answer to a Publish as it must leave; None while no request is there for it."""
        if message.request not in self._answered:
            self._waiting.pop(message.request, None)
            return message
        self._answered.discard(message.request)
        found = self.borrow_for(message)
        if found is None:
            self._homeless.append(message)
        return found
