"""Publish requests that wait in a session, and whose turn it is when one comes: OPC 10000-4 §5.14.1.1 and §5.14.5."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from asyncua import ua

from emulator.devices.opcua.subscriptions.notification import message, publish_response, status_change
from emulator.devices.opcua.subscriptions.states import PUBLISH, State, step

if TYPE_CHECKING:
    from collections.abc import Sequence

    from emulator.devices.opcua.subscriptions.subscription import Subscription

_NOTICES: Final = 100


@dataclass(slots=True)
class Request:
    """A Publish request: how to answer it, what became of its acknowledgements, and until when it is good."""

    processor: Any
    handle: int
    seqhdr: Any
    results: list[int]
    deadline_s: float | None = None  # of the event loop's clock: it is the client who stops waiting

    def refuse(self, status: int) -> None:
        """Answer with a ServiceFault."""
        fault = ua.ServiceFault()
        fault.ResponseHeader.ServiceResult = ua.StatusCode(status)
        self.processor.send_response(self.handle, self.seqhdr, fault)

    @property
    def gone(self) -> bool:
        """Whether nobody is there any more to be answered."""
        return bool(self.processor.closing)


class Client:
    """What one session has here: its subscriptions, its waiting Publish requests, and notices it is yet to get."""

    def __init__(self, session: Any, limit: int) -> None:
        self.session = session
        self.limit = limit
        self.subscriptions: dict[int, Subscription] = {}
        self.requests: deque[Request] = deque()
        self._notices: deque[tuple[int, int, int]] = deque(maxlen=_NOTICES)

    def release(self) -> None:
        """Let go when the session ends: subscriptions live on for their lifetime, requests do not."""
        for subscription in self.subscriptions.values():
            subscription.client = None
        self.subscriptions.clear()
        while (request := self.take()) is not None:
            request.refuse(ua.StatusCodes.BadSessionClosed)

    def cancel(self, handle: int) -> int:
        """Refuse the waiting requests of one handle (§5.7.5); returns how many there were."""
        cancelled = [request for request in self.requests if request.handle == handle]
        for request in cancelled:
            self.requests.remove(request)
            request.refuse(ua.StatusCodes.BadRequestCancelledByClient)
        return len(cancelled)

    def waiting(self) -> bool:
        """Whether a Publish request waits that is still good; the others are answered with Bad_Timeout."""
        requests = self.requests
        while requests:
            first = requests[0]
            if first.gone:
                requests.popleft()
            elif first.deadline_s is not None and asyncio.get_running_loop().time() > first.deadline_s:
                requests.popleft().refuse(ua.StatusCodes.BadTimeout)
            else:
                return True
        return False

    def take(self) -> Request | None:
        """Return the oldest good request, no longer waiting; None without one."""
        return self.requests.popleft() if self.waiting() else None

    def peek(self) -> Request | None:
        """Return the oldest good request, still waiting; None without one."""
        return self.requests[0] if self.waiting() else None

    def receive(self, request: Request, now_ticks: int) -> None:
        """Take a Publish request: for a notice, for whoever waits longest at the highest priority, or for later."""
        self.requests.append(request)
        if self._notices:
            self.tell(now_ticks)
            return
        if not self.subscriptions:
            self.requests.pop()
            request.refuse(ua.StatusCodes.BadNoSubscription)
            return
        due = [s for s in self.subscriptions.values() if s.state is State.LATE or (s.more and s.enabled)]
        first = min(due, key=lambda s: (-s.priority, s.since), default=None)
        for subscription in list(self.subscriptions.values()):
            if subscription is not first:
                subscription.reset_lifetime()
        if first is not None:
            step(first, PUBLISH)
        limit = max(self.limit, len(self.subscriptions) + 1)
        while len(self.requests) > limit:
            self.requests.popleft().refuse(ua.StatusCodes.BadTooManyPublishRequests)

    def notice(self, subscription_id: int, sequence: int, status: int, now_ticks: int) -> None:
        """Have the client told of a subscription it no longer has (StatusChangeNotification)."""
        self._notices.append((subscription_id, sequence, status))
        self.tell(now_ticks)

    def tell(self, now_ticks: int) -> None:
        """Send the notices for which requests wait."""
        while self._notices and (request := self.take()) is not None:
            subscription_id, sequence, status = self._notices.popleft()
            told = message(sequence, now_ticks, [status_change(status)])
            answer(request, subscription_id, (), told, now_ticks=now_ticks)
        self.without_subscription()

    def without_subscription(self) -> None:
        """Refuse what waits when there is nothing left to wait for."""
        if not self.subscriptions and not self._notices:
            while (request := self.take()) is not None:
                request.refuse(ua.StatusCodes.BadNoSubscription)


def answer(
    request: Request,
    subscription_id: int,
    available: Sequence[int],
    encoded: bytes,
    *,
    now_ticks: int,
    more: bool = False,
) -> None:
    """Answer a Publish request with a message."""
    body = publish_response(request.handle, now_ticks, subscription_id, available, more, encoded, request.results)
    request.processor.send_encoded(request.handle, request.seqhdr, body)
