"""Items that watch a node's events: the queue and its bytes; what an event is, its source knows.

Whoever raises events (alarms and conditions, audits) hands an `Event` to `SubscriptionEngine.publish_event`; the
select clauses and the where clause of each item's filter are put to it.
"""

import struct
from collections import deque
from collections.abc import Sequence
from typing import Any, Final, Protocol

from asyncua import ua
from asyncua.ua.ua_binary import variant_to_binary

from emulator.devices.opcua.subscriptions.item import DISABLED
from emulator.devices.opcua.subscriptions.sources import range_of

_CLAUSES: Final = 500
_FIRST_ATTRIBUTE, _LAST_ATTRIBUTE = int(ua.AttributeIds.NodeId), int(ua.AttributeIds.AccessLevelEx)


class Event(Protocol):
    """Something that happened."""

    def fields(self, clauses: Sequence[Any]) -> Sequence[ua.Variant]:
        """Return the value of each SimpleAttributeOperand; a Null variant for what the event does not have."""
        ...

    def passes(self, where: Any) -> bool:
        """Whether the event fulfils a ContentFilter; an empty one it always does."""
        ...


class OverflowEvent:
    """EventQueueOverflowEventType: what stands in a queue for the events it lost (OPC 10000-4 §5.13.1.5)."""

    def __init__(self, identifier: bytes, now: Any) -> None:
        nodeid = ua.NodeId(ua.ObjectIds.EventQueueOverflowEventType)
        server = ua.NodeId(ua.ObjectIds.Server)
        kind = ua.VariantType
        self._known = {
            "EventId": ua.Variant(identifier, kind.ByteString),
            "EventType": ua.Variant(nodeid, kind.NodeId),
            "SourceNode": ua.Variant(server, kind.NodeId),
            "SourceName": ua.Variant("Internal/EventQueueOverflow", kind.String),
            "Time": ua.Variant(now, kind.DateTime),
            "ReceiveTime": ua.Variant(now, kind.DateTime),
            "Message": ua.Variant(ua.LocalizedText("events were lost"), kind.LocalizedText),
            "Severity": ua.Variant(1, kind.UInt16),
        }

    def fields(self, clauses: Sequence[Any]) -> list[ua.Variant]:
        """Return its fields, of those every event has."""
        paths = [clause.BrowsePath for clause in clauses]
        names = [path[0].Name if len(path) == 1 else "" for path in paths]
        return [self._known.get(name, ua.Variant(None, ua.VariantType.Null)) for name in names]

    def passes(self, where: Any) -> bool:
        """Return True: it is sent whatever the filter says."""
        return True


class EventQueue:
    """Encoded EventFieldLists that wait; a full queue loses one and says so once, at the end where it was lost."""

    def __init__(self, size: int, discard_oldest: bool) -> None:
        self.size = size
        self.discard_oldest = discard_oldest
        self.events: deque[bytes] = deque()
        self._told = False

    def push(self, encoded: bytes, overflow: bytes) -> None:
        """Take an event; `overflow` is the one that stands for what is lost, beyond the queue's size."""
        room = self.size + self._told
        if len(self.events) < room:
            self.events.append(encoded)
        elif self.discard_oldest:
            if self._told:
                del self.events[1]
            else:
                self.events[0] = overflow
                self._told = True
            self.events.append(encoded)
        elif not self._told:
            self.events[-1] = encoded
            self.events.append(overflow)
            self._told = True
        else:
            self.events[-2] = encoded

    def resize(self, size: int, discard_oldest: bool) -> None:
        """Be another queue, with what fits kept."""
        self.size, self.discard_oldest = size, discard_oldest
        while len(self.events) > size:
            if discard_oldest:
                self.events.popleft()
            else:
                self.events.pop()
        self._told = False

    def popleft(self) -> bytes:
        """Hand over the oldest."""
        event = self.events.popleft()
        if not self.events:
            self._told = False
        return event


class EventItem:
    """A node's events, chosen and cut to measure by an EventFilter."""

    __slots__ = ("filter", "grouped", "handle", "id", "links", "mode", "nodeid", "queue", "triggered")
    events = True

    def __init__(self, item_id: int, handle: int, nodeid: ua.NodeId, event_filter: Any, queue: EventQueue) -> None:
        self.id = item_id
        self.handle = handle
        self.nodeid = nodeid
        self.filter = event_filter
        self.queue = queue
        self.mode = DISABLED
        self.links: dict[int, None] = {}
        self.triggered = False
        self.grouped: Any = None

    def offer(self, event: Event, overflow: Event) -> bool:
        """Queue an event if it passes the filter; returns whether it did."""
        if self.mode == DISABLED or not event.passes(self.filter.WhereClause):
            return False
        self.queue.push(self._encode(event), self._encode(overflow))
        return True

    def _encode(self, event: Event) -> bytes:
        """Return an EventFieldList (OPC 10000-4 §7.25.3)."""
        fields = [variant_to_binary(field) for field in event.fields(self.filter.SelectClauses)]
        return b"".join((struct.pack("<Ii", self.handle, len(fields)), *fields))

    def waiting(self) -> int:
        """Return how many events wait."""
        return len(self.queue.events)

    def take(self, count: int) -> list[bytes]:
        """Hand over and forget at most `count` encoded events, oldest first."""
        return [self.queue.popleft() for _ in range(min(count, len(self.queue.events)))]

    def set_mode(self, mode: int) -> None:
        """Disable, sample or report; a disabled item forgets what waits."""
        if mode == DISABLED:
            self.queue = EventQueue(self.queue.size, self.queue.discard_oldest)
            self.triggered = False
        self.mode = mode


def event_filter(given: Any, space: Any) -> Any:
    """Check an event item's filter and return it; its where clause is checked by whoever has events.

    Raises
    ------
    UaStatusCodeError
        Bad_EventFilterInvalid, Bad_FilterNotAllowed or Bad_MonitoredItemFilterUnsupported. Where a select clause is
        at fault, the error's `filter_result` tells which and why.

    """
    if isinstance(given, ua.EventFilter):
        clauses = given.SelectClauses
        if not clauses or len(clauses) > _CLAUSES:
            raise ua.UaStatusCodeError(ua.StatusCodes.BadEventFilterInvalid)
        results = [_select_result(clause, space) for clause in clauses]
        if any(results):
            raise filter_refused(results, ())
        return given
    if isinstance(given, ua.uaprotocol_auto.DataChangeFilter):
        raise ua.UaStatusCodeError(ua.StatusCodes.BadFilterNotAllowed)
    empty = given is None or (isinstance(given, ua.ExtensionObject) and given.TypeId.is_null())
    raise ua.UaStatusCodeError(
        ua.StatusCodes.BadEventFilterInvalid if empty else ua.StatusCodes.BadMonitoredItemFilterUnsupported
    )


def filter_refused(selects: Sequence[int], elements: Sequence[int]) -> ua.UaStatusCodeError:
    """Return the error that refuses an EventFilter and carries its EventFilterResult (OPC 10000-4 §7.22.3).

    Parameters
    ----------
    selects
        A StatusCode for each select clause.
    elements
        A StatusCode for each element of the where clause; none where that was not looked at.

    """
    result = ua.EventFilterResult()
    result.SelectClauseResults = [ua.StatusCode(status) for status in selects]
    result.WhereClauseResult.ElementResults = [
        ua.ContentFilterElementResult(ua.StatusCode(status)) for status in elements
    ]
    error = ua.UaStatusCodeError(ua.StatusCodes.BadEventFilterInvalid)
    error.filter_result = result
    return error


def _select_result(clause: Any, space: Any) -> int:
    """Return what is wrong with a SimpleAttributeOperand, or Good; an unknown field is no error, its value is Null."""
    if not _FIRST_ATTRIBUTE <= clause.AttributeId <= _LAST_ATTRIBUTE:
        return int(ua.StatusCodes.BadAttributeIdInvalid)
    kind = clause.TypeDefinitionId
    if not kind.is_null() and kind not in space:
        return int(ua.StatusCodes.BadNodeIdUnknown)
    try:
        _ = range_of(clause.IndexRange) if clause.IndexRange else None
    except ua.UaStatusCodeError as invalid:
        return int(invalid.code)
    return 0
