"""Monitored items made, changed and removed, with everything a client may have asked wrongly (OPC 10000-4 §5.13)."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any, Final

from asyncua import ua

from emulator.devices.opcua import values
from emulator.devices.opcua.nodes import ServedAttribute
from emulator.devices.opcua.subscriptions.events import EventItem, EventQueue, event_filter
from emulator.devices.opcua.subscriptions.filters import data_rule
from emulator.devices.opcua.subscriptions.hooks import RevisedItem
from emulator.devices.opcua.subscriptions.item import DISABLED, REPORTING, DataItem, Pace
from emulator.devices.opcua.subscriptions.queues import ItemQueue
from emulator.devices.opcua.subscriptions.sources import LibrarySource, ServedSource, range_of

if TYPE_CHECKING:
    from emulator.devices.opcua.subscriptions.engine import SubscriptionEngine
    from emulator.devices.opcua.subscriptions.subscription import Subscription

_MODES: Final = (0, 1, 2)
_CURRENT_READ: Final = 1
_SUBSCRIBE_TO_EVENTS: Final = 1
_ENCODINGS: Final = (None, "", "Default Binary")
_HAS_PROPERTY: Final = ua.NodeId(ua.ObjectIds.HasProperty)


class ItemMaker:
    """Makes items for an engine; item ids are never used twice."""

    def __init__(self, engine: SubscriptionEngine) -> None:
        self._engine = engine
        self._ids = itertools.count(1)

    def create(self, subscription: Subscription, times: int, wanted: Any) -> tuple[Any, RevisedItem]:
        """Create one item in its mode; its initial value is for the caller to take.

        Raises
        ------
        UaStatusCodeError
            Why the item cannot be.

        """
        if len(subscription.items) >= self._engine.limits.items_per_subscription:
            raise ua.UaStatusCodeError(ua.StatusCodes.BadTooManyMonitoredItems)
        mode = int(wanted.MonitoringMode)
        if mode not in _MODES:
            raise ua.UaStatusCodeError(ua.StatusCodes.BadMonitoringModeInvalid)
        asked, what = wanted.RequestedParameters, wanted.ItemToMonitor
        self._check(what)
        item: Any
        if what.AttributeId == ua.AttributeIds.EventNotifier:
            chosen = event_filter(asked.Filter, self._engine.space)
            size = self._engine.limits.event_queue(asked.QueueSize)
            revised = RevisedItem(0.0, size)
            queue = EventQueue(size, bool(asked.DiscardOldest))
            item = EventItem(next(self._ids), asked.ClientHandle, what.NodeId, chosen, queue)
            self._engine.check_event_item(item)
            subscription.event_items[item.id] = item
        else:
            source = self._source(what)
            rule = data_rule(asked.Filter, what.AttributeId, *self._nature(what))
            revised = self._revised(subscription, source, asked)
            item = DataItem(
                next(self._ids),
                asked.ClientHandle,
                source,
                times,
                rule,
                ItemQueue(revised.queue_size, bool(asked.DiscardOldest)),
                revised.sampling_s,
            )
            subscription.singles[item.id] = item
            subscription.regroup = True
        item.set_mode(mode)
        subscription.items[item.id] = item
        if mode == DISABLED:
            subscription.singles.pop(item.id, None)
        return item, revised

    def modify(self, subscription: Subscription, times: int, item: Any, asked: Any) -> RevisedItem:
        """Change one item (§5.13.3); what is queued stays as far as it fits.

        Raises
        ------
        UaStatusCodeError
            Why it stays as it was.

        """
        if isinstance(item, EventItem):
            chosen, before = event_filter(asked.Filter, self._engine.space), item.filter
            size = self._engine.limits.event_queue(asked.QueueSize)
            item.filter = chosen
            try:
                self._engine.check_event_item(item)
            except ua.UaStatusCodeError:
                item.filter = before
                raise
            item.handle = asked.ClientHandle
            item.queue.resize(size, bool(asked.DiscardOldest))
            return RevisedItem(0.0, size)
        source = item.source
        if isinstance(source, ServedSource):
            nature = self._nature_of(source.attribute)
            attribute = int(ua.AttributeIds.Value)
        else:
            nature, attribute = self._library_nature(source.nodeid, source.attribute), source.attribute
        rule = data_rule(asked.Filter, attribute, *nature)
        revised = self._revised(subscription, source, asked)
        item.rule, item.handle, item.times = rule, asked.ClientHandle, times
        item.queue.resize(revised.queue_size, bool(asked.DiscardOldest))
        next_ns, pace = item.pace.next_ns, Pace(revised.sampling_s)
        if next_ns is not None:
            pace.next_ns = min(next_ns, self._engine.t_ns + pace.interval_ns)
        item.pace = pace
        if rule.deadband is not None:
            item.adopt_number(source.number() if item.last is not None and item.last.variant is not None else None)
        return revised

    def set_mode(self, subscription: Subscription, item: Any, mode: int) -> None:
        """Disable, sample or report (§5.13.4); an item that is no longer disabled looks at once."""
        before = item.mode
        item.set_mode(mode)
        if mode == REPORTING and item.waiting():
            subscription.ready[item.id] = item
        elif mode != REPORTING and not item.triggered:
            subscription.ready.pop(item.id, None)
        if not isinstance(item, DataItem):
            return
        if mode == DISABLED:
            subscription.singles.pop(item.id, None)
        else:
            subscription.singles[item.id] = item
            if before == DISABLED:
                self._engine.first_look(subscription, (item,))

    def _revised(self, subscription: Subscription, source: ServedSource | LibrarySource, asked: Any) -> RevisedItem:
        engine = self._engine
        every_s = engine.limits.block_s
        if isinstance(source, ServedSource):
            every_s = max(every_s, (source.attribute.served.point.every or 0) / 1e9)
        wanted_ms = 0.0 if math.isnan(asked.SamplingInterval) else asked.SamplingInterval
        sampling_s = engine.limits.sampling_s(wanted_ms, every_s, subscription.publishing_s)
        revised = RevisedItem(sampling_s, engine.limits.queue(asked.QueueSize))
        return engine.hooks.revise_item(revised) if engine.hooks.on else revised

    def _check(self, what: Any) -> None:
        """Refuse what is not there, not readable, or asked in a way nobody understands."""
        node = self._engine.space.get(what.NodeId)
        if node is None:
            raise ua.UaStatusCodeError(ua.StatusCodes.BadNodeIdUnknown)
        if what.AttributeId not in node.attributes:
            raise ua.UaStatusCodeError(ua.StatusCodes.BadAttributeIdInvalid)
        encoding = None if what.DataEncoding is None else what.DataEncoding.Name
        if encoding not in _ENCODINGS:
            raise ua.UaStatusCodeError(ua.StatusCodes.BadDataEncodingUnsupported)
        if encoding and what.AttributeId != ua.AttributeIds.Value:
            raise ua.UaStatusCodeError(ua.StatusCodes.BadDataEncodingInvalid)
        if what.IndexRange:
            range_of(what.IndexRange)
        if what.AttributeId == ua.AttributeIds.Value and not self._bits(node, "UserAccessLevel") & _CURRENT_READ:
            raise ua.UaStatusCodeError(ua.StatusCodes.BadNotReadable)
        notifies = self._bits(node, "EventNotifier") & _SUBSCRIBE_TO_EVENTS
        if what.AttributeId == ua.AttributeIds.EventNotifier and not notifies:
            raise ua.UaStatusCodeError(ua.StatusCodes.BadNotSupported)

    def _bits(self, node: Any, name: str) -> int:
        identifier = getattr(ua.AttributeIds, name)
        value = node.attributes[identifier].value if identifier in node.attributes else None
        return 0xFF if value is None or value.Value is None else int(value.Value.Value or 0)

    def _source(self, what: Any) -> ServedSource | LibrarySource:
        attribute = self._engine.space[what.NodeId].attributes[what.AttributeId]
        if isinstance(attribute, ServedAttribute):
            return ServedSource(attribute, what.IndexRange or None)
        return LibrarySource(self._engine.space, what.NodeId, what.AttributeId, what.IndexRange or None)

    def _nature(self, what: Any) -> tuple[int | None, tuple[float, float] | None]:
        """Return the built-in type of what is watched, and its EURange if it is analogue."""
        attribute = self._engine.space[what.NodeId].attributes[what.AttributeId]
        if isinstance(attribute, ServedAttribute):
            return self._nature_of(attribute)
        return self._library_nature(what.NodeId, what.AttributeId)

    def _nature_of(self, attribute: ServedAttribute) -> tuple[int | None, tuple[float, float] | None]:
        served = attribute.served
        type_ = {"value": served.type_, "counter": "UInt64", "rate": "Double"}.get(attribute.part, served.type_)
        analogue = attribute.part == "value" and type_ != "Boolean"
        low, high = served.point.range
        return values.TYPE_IDS.get(type_), (low, high) if analogue else None

    def _library_nature(self, nodeid: Any, attribute: int) -> tuple[int | None, tuple[float, float] | None]:
        if attribute != ua.AttributeIds.Value:
            return None, None
        node = self._engine.space[nodeid]
        described = node.attributes[ua.AttributeIds.DataType].value
        kind = None if described is None or described.Value is None else described.Value.Value
        data_type = kind.Identifier if kind is not None and kind.NamespaceIndex == 0 else None
        for reference in node.references:
            if not (reference.IsForward and reference.ReferenceTypeId == _HAS_PROPERTY):
                continue
            if reference.BrowseName.Name == "EURange":
                found = self._engine.space.read_attribute_value(reference.NodeId, ua.AttributeIds.Value).Value
                if found is not None and isinstance(found.Value, ua.Range):
                    return data_type, (found.Value.Low, found.Value.High)
        return data_type, None
