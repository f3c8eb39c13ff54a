"""A subscription as its client has to keep it: Publish requests, acknowledgements, order, gaps and keep-alives.

Duties of OPC 10000-4, 5.14 and 6.7: a few Publish requests always wait at the server, each message is acknowledged
once, a missing number is asked for with Republish until the server has no more, and a server that says nothing for
longer than its keep-alive is given up. Requests are sent again from the answers' own callbacks: no task runs here.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from asyncua import ua
from asyncua.ua.ua_binary import struct_from_binary

from twin.clock import stopwatch_s
from twin.connectors.opcua_notifications import Changes, Publish, decode_publish, decode_republish
from twin.connectors.opcua_session import NodeId, OpcUaSession, SessionLostError
from twin.connectors.opcua_values import UndecodableError

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Sequence

PUBLISH_AHEAD = 3
"""Publish requests that wait at the server: one answer may be lost on the way and none is missed meanwhile."""
MAX_WAITING = 256
"""Messages not yet looked at; beyond it no more are asked for, and the server's queues overflow instead of ours."""
MAX_EARLY = 256
QUEUE_SIZE = 10
_TOO_MANY_PUBLISH = 0x80780000
_NO_SUBSCRIPTION = 0x80790000
_SUBSCRIPTION_ID_INVALID = 0x80280000
_TRANSFERRED = 0x002D0000


def following(sequence: int) -> int:
    """Return the number after one: it wraps to 1, never to 0 (OPC 10000-4, 7.27)."""
    return sequence % 0xFFFFFFFF + 1


class Subscription:
    """One subscription of a session.

    Attributes
    ----------
    gone : why the subscription is no more, in words; it must be made anew
    gap : messages are lost for good: every value must be read again
    refused : per monitored item, the status with which it was refused, or None
    """

    def __init__(self, session: OpcUaSession, subscription: int, keep_alive_s: float, timeout_s: float) -> None:
        self._session = session
        self.id = subscription
        self._keep_alive_s = keep_alive_s
        self._timeout_s = timeout_s
        self._limit = PUBLISH_AHEAD
        self._outstanding: set[asyncio.Future[bytes]] = set()
        self._acks: list[int] = []
        self._expected = 1
        self._early: dict[int, Publish] = {}
        self._announced: int | None = None
        self._messages: deque[Changes] = deque()
        self._heard_s = stopwatch_s()
        self.gone: str | None = None
        self.lost: str | None = None
        self.gap = False
        self.refused: list[int | None] = []
        self.duplicates = self.republished = self.gaps = 0

    # --- life -----------------------------------------------------------------------------------------------

    @classmethod
    async def create(cls, session: OpcUaSession, publishing_s: float, stale_s: float, timeout_s: float) -> Subscription:
        """Make an empty subscription; its revised numbers are the ones that hold.

        Raises
        ------
        SessionLostError, ServiceRefusedError : there is none
        """
        request = ua.CreateSubscriptionRequest()
        wanted = request.Parameters
        wanted.RequestedPublishingInterval = 1000.0 * publishing_s
        # A keep-alive must come before the values are stale, or silence and calm would look alike.
        wanted.RequestedMaxKeepAliveCount = max(1, int(stale_s / publishing_s / 2))
        wanted.RequestedLifetimeCount = max(30, 10 * wanted.RequestedMaxKeepAliveCount)
        wanted.PublishingEnabled = True
        answer = struct_from_binary(ua.CreateSubscriptionResponse, await session.request(request)).Parameters
        interval_s = max(0.0, answer.RevisedPublishingInterval) / 1000.0
        return cls(session, answer.SubscriptionId, interval_s * max(1, answer.RevisedMaxKeepAliveCount), timeout_s)

    async def monitor(self, nodes: Sequence[NodeId], sampling_s: float, per_call: int) -> None:
        """Monitor the values of nodes; the client handle of each is its place. Refused items are noted."""
        self.refused = []
        for start in range(0, len(nodes), per_call or 1000):
            request = ua.CreateMonitoredItemsRequest()
            request.Parameters.SubscriptionId = self.id
            request.Parameters.TimestampsToReturn = ua.TimestampsToReturn.Both
            request.Parameters.ItemsToCreate = [
                _item(node, handle, sampling_s)
                for handle, node in enumerate(nodes[start : start + (per_call or 1000)], start)
            ]
            results = struct_from_binary(ua.CreateMonitoredItemsResponse, await self._session.request(request)).Results
            if len(results) != len(request.Parameters.ItemsToCreate):
                raise SessionLostError(f"{len(results)} answers to {len(request.Parameters.ItemsToCreate)} items")
            codes = [result.StatusCode.value for result in results]
            self.refused += [code if code & 0x80000000 else None for code in codes]

    async def move(self, session: OpcUaSession, *, same: bool) -> bool:
        """Carry on in another connection, or another session; fetch what was missed. False: it must be made anew."""
        self._outstanding.clear()
        self._acks.clear()
        self._session, self.lost, self._limit = session, None, PUBLISH_AHEAD
        if not same:
            request = ua.TransferSubscriptionsRequest()
            request.Parameters.SubscriptionIds = [self.id]
            request.Parameters.SendInitialValues = True
            answer = struct_from_binary(ua.TransferSubscriptionsResponse, await session.request(request))
            results = answer.Parameters.Results if hasattr(answer, "Parameters") else answer.Results
            if len(results) != 1 or results[0].StatusCode.value & 0x80000000:
                return False
        self._heard_s = stopwatch_s()
        while await self._republish():
            pass
        return self.gone is None

    # --- publishing -----------------------------------------------------------------------------------------

    def pump(self) -> None:
        """Keep as many Publish requests at the server as it may have."""
        while self.lost is None and self.gone is None and len(self._outstanding) < self._limit:
            if len(self._messages) >= MAX_WAITING:
                return
            request = ua.PublishRequest()
            request.Parameters.SubscriptionAcknowledgements = [
                ua.SubscriptionAcknowledgement(self.id, sequence) for sequence in self._acks
            ]
            try:
                future = self._session.post(request, 10.0 * self._keep_alive_s + self._timeout_s)
            except (OSError, ua.UaError) as error:
                self.lost = str(error) or type(error).__name__
                return
            self._acks = []
            self._outstanding.add(future)
            future.add_done_callback(self._answered)

    def take(self) -> list[Changes]:
        """Return the changes that have come, in order."""
        found, self._messages = list(self._messages), deque()
        return found

    def check(self) -> None:
        """Raise SessionLostError when the connection is gone or the server has been silent for too long."""
        if self.lost is not None:
            raise SessionLostError(self.lost)
        silent_s = stopwatch_s() - self._heard_s
        if silent_s > 1.5 * self._keep_alive_s + self._timeout_s:
            raise SessionLostError(f"no keep-alive for {silent_s:.1f} s; one is due every {self._keep_alive_s:g} s")

    async def heal(self) -> None:
        """Ask for the messages that are missing; what the server no longer has is a gap."""
        while (self._early or self._announced is not None) and self.gone is None:
            if await self._republish():
                continue
            # Given up: go on with the oldest that is here.
            ahead = [*self._early, *([] if self._announced is None else [self._announced])]
            self._expected = min(ahead, key=lambda sequence: (sequence - self._expected) & 0xFFFFFFFF)
            self.gap, self.gaps = True, self.gaps + 1
            self._catch_up()

    # --- messages -------------------------------------------------------------------------------------------

    def _answered(self, future: asyncio.Future[bytes]) -> None:
        if future not in self._outstanding:
            if not future.cancelled():
                future.exception()
            return
        self._outstanding.discard(future)
        if future.cancelled():
            return
        problem = future.exception()
        if problem is not None:
            self.lost = self.lost or str(problem) or type(problem).__name__
            return
        try:
            found = decode_publish(bytes(future.result()))
        except UndecodableError as error:
            self.lost = str(error)
            return
        self._heard_s = stopwatch_s()
        if found.result & 0x80000000:
            self._refused(found.result)
            return
        if found.subscription == self.id:
            self._arrived(found)
        self.pump()

    def _refused(self, status: int) -> None:
        if status == _TOO_MANY_PUBLISH:
            # Not another one before one of those that wait has come back.
            self._limit = max(1, len(self._outstanding))
        elif status == _NO_SUBSCRIPTION:
            self.gone = "Bad_NoSubscription"
        else:
            self.lost = ua.status_codes.get_name_and_doc(status)[0]

    def _arrived(self, found: Publish) -> None:
        if found.status is not None:
            self.gone = ua.status_codes.get_name_and_doc(found.status)[0]
            if found.status == _TRANSFERRED:
                self.gone = "another session has taken the subscription"
            return
        ahead = (found.sequence - self._expected) & 0xFFFFFFFF
        if found.changes is None:
            # A keep-alive names the number that comes next.
            self._announced = found.sequence if 0 < ahead < 0x80000000 else None
            return
        if ahead == 0:
            self._deliver(found)
            self._catch_up()
        elif ahead < 0x80000000 and len(self._early) < MAX_EARLY:
            self._early[found.sequence] = found
        else:
            self.duplicates += 1

    def _deliver(self, found: Publish) -> None:
        self._acks.append(found.sequence)
        self._expected = following(found.sequence)
        if found.changes is not None:
            self._messages.append(found.changes)

    def _catch_up(self) -> None:
        while (found := self._early.pop(self._expected, None)) is not None:
            self._deliver(found)
        if self._announced == self._expected:
            self._announced = None

    async def _republish(self) -> bool:
        """Ask for the next expected message once more; False when the server has it no longer."""
        request = ua.RepublishRequest()
        request.Parameters.SubscriptionId = self.id
        request.Parameters.RetransmitSequenceNumber = self._expected
        try:
            found = decode_republish(await self._session.raw(request))
        except UndecodableError as error:
            raise SessionLostError(str(error)) from None
        if found.result in (_NO_SUBSCRIPTION, _SUBSCRIPTION_ID_INVALID):
            self.gone = ua.status_codes.get_name_and_doc(found.result)[0]
            return False
        if found.result & 0x80000000 or found.sequence != self._expected:
            return False
        self.republished += 1
        self._deliver(found)
        self._catch_up()
        return True


def _item(node: NodeId, handle: int, sampling_s: float) -> ua.MonitoredItemCreateRequest:
    item = ua.MonitoredItemCreateRequest()
    item.ItemToMonitor = ua.ReadValueId(NodeId=node, AttributeId=ua.AttributeIds.Value)
    item.MonitoringMode = ua.MonitoringMode.Reporting
    item.RequestedParameters.ClientHandle = handle
    item.RequestedParameters.SamplingInterval = 1000.0 * sampling_s
    item.RequestedParameters.QueueSize = QUEUE_SIZE
    item.RequestedParameters.DiscardOldest = True
    return item
