"""The alarms of one server: conditions at its points, their events to its subscribers, its clients' answers."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from asyncua import ua

from emulator.devices.opcua.alarms.condition import Condition
from emulator.devices.opcua.alarms.event import AlarmEvent, Filters, RefreshEvent
from emulator.devices.opcua.alarms.fields import Path, event_fields, refresh_fields
from emulator.devices.opcua.alarms.nodes import add_condition, make_notifiers
from emulator.devices.opcua.alarms.where import FilterError
from emulator.devices.opcua.building import own
from emulator.devices.opcua.services.call import CALLER
from emulator.devices.opcua.subscriptions.events import filter_refused

if TYPE_CHECKING:
    from asyncua.server.address_space import AddressSpace, NodeData

    from emulator.devices.opcua.nodes import ServedAttribute
    from emulator.devices.opcua.subscriptions.engine import SubscriptionEngine
    from emulator.devices.opcua.subscriptions.events import EventItem
    from emulator.devices.opcua.subscriptions.subscription import Subscription

_SUBTYPE: Final = ua.NodeId(ua.ObjectIds.HasSubtype)
_SERVER: Final = ua.NodeId(ua.ObjectIds.Server)
_MOST_CONDITIONS: Final = 10_000


@dataclass(slots=True)
class _Watched:
    """A condition, the point it watches, and who gives out its events."""

    condition: Condition
    attribute: ServedAttribute
    source: NodeData
    event_type: int
    notifiers: tuple[ua.NodeId, ...]
    node: NodeData | None = None


class AlarmDesk:
    """Conditions of one server.

    Parameters
    ----------
    space
        The address space, points and all.
    top
        The device's object.
    engine
        Its subscriptions.
    device
        The device's id: event ids are made of it.

    """

    def __init__(self, space: AddressSpace, top: NodeData, engine: SubscriptionEngine, device: str) -> None:
        self._space = space
        self._top = top
        self._engine = engine
        self._device = device
        self._watched: list[_Watched] = []
        self._refreshes = 0
        self._filters = Filters(self._is_of_type)

    @property
    def conditions(self) -> list[Condition]:
        """All conditions, in the order of their points."""
        return [watched.condition for watched in self._watched]

    def build(self, attributes: list[ServedAttribute]) -> None:
        """Add a condition at every point that has an alarm.

        Raises
        ------
        ValueError
            An alarm on a waveform, or too many alarms.

        """
        folders: dict[ua.NodeId, NodeData] = {}
        for attribute in attributes:
            point = attribute.served.point
            if point.opcua is None or point.opcua.alarm is None or attribute.part != "value":
                continue
            alarm = point.opcua.alarm
            if point.waveform is not None:
                raise ValueError(f"point {point.id}: an alarm watches a number, not a waveform; take it out")
            if len(self._watched) >= _MOST_CONDITIONS:
                raise ValueError(f"{self._device} has more than {_MOST_CONDITIONS} alarms; take some out")
            source = self._space[ua.NodeId(f"{self._device}/{point.opcua.node}", self._top.nodeid.NamespaceIndex)]
            above = self._folders(source)
            folders.update({folder.nodeid: folder for folder in above})
            kind = ua.ObjectIds.ExclusiveLevelAlarmType if alarm.limits else ua.ObjectIds.OffNormalAlarmType
            condition = Condition(f"{self._device}/{point.id}", alarm)
            notifiers = (_SERVER, self._top.nodeid, *(folder.nodeid for folder in above))
            watched = _Watched(condition, attribute, source, kind, notifiers)
            name = f"{str(source.nodeid.Identifier).rpartition('/')[2]}Alarm"
            watched.node = add_condition(
                self._space, source, name, kind, partial(self._fields, watched), self._methods(watched)
            )
            self._watched.append(watched)
        if self._watched:
            make_notifiers(self._space, self._top, folders.values())
            self._engine.check_event_item = self._check
            for method, call in (
                (ua.ObjectIds.ConditionType_ConditionRefresh, self._refresh),
                (ua.ObjectIds.ConditionType_ConditionRefresh2, self._refresh_item),
            ):
                own(self._space, ua.NodeId(method)).call = call

    def commit(self) -> None:
        """Let every condition look at its point: to be called at each commit, before subscriptions publish."""
        for watched in self._watched:
            served = watched.attribute.served
            value = served.plain()
            number = float(value) if value is not None else 0.0
            ticks = served.source_ticks or self._engine.now_ticks
            if watched.condition.look(number, served.status, ticks) is not None:
                self._tell(watched)

    # --- events -------------------------------------------------------------------------------------------

    def _fields(self, watched: _Watched) -> dict[Path, ua.Variant]:
        point = watched.attribute.served.point
        node = watched.node
        return event_fields(
            watched.condition.state, condition=ua.NodeId() if node is None else node.nodeid,
            name=f"{point.id} alarm", source=watched.source.nodeid, source_name=point.id,
            event_type=watched.event_type, limits=watched.condition.settings.limits, now=self._engine.now_ticks,
        )  # fmt: skip

    def _tell(self, watched: _Watched) -> None:
        event = AlarmEvent(self._fields(watched), self._filters)
        for notifier in watched.notifiers:
            self._engine.publish_event(notifier, event)

    def _is_of_type(self, one: Any, wanted: Any) -> bool:
        """Whether an event type is another or derived from it."""
        here = one
        for _ in range(32):
            if here == wanted:
                return True
            node = self._space.get(here)
            references = [] if node is None else node.references
            above = next((r.NodeId for r in references if not r.IsForward and r.ReferenceTypeId == _SUBTYPE), None)
            if above is None:
                return False
            here = above
        return False

    def _check(self, item: EventItem) -> None:
        try:
            self._filters.of(item.filter.WhereClause)
        except FilterError as refused:
            raise filter_refused([0] * len(item.filter.SelectClauses), refused.results) from None

    def _folders(self, source: NodeData) -> list[NodeData]:
        """Return the objects between the device's and a point, innermost first."""
        found: list[NodeData] = []
        here = source
        while True:
            above = next((r.NodeId for r in here.references if not r.IsForward), None)
            if above is None or above == self._top.nodeid:
                return found
            here = self._space[above]
            found.append(here)

    # --- methods ------------------------------------------------------------------------------------------

    def _methods(self, watched: _Watched) -> dict[str, tuple[Any, bool]]:
        condition = watched.condition
        methods: dict[str, tuple[Any, bool]] = {
            "Acknowledge": (partial(self._answer, watched, condition.acknowledge), True),
            "AddComment": (partial(self._answer, watched, condition.add_comment), True),
            "Enable": (partial(self._switch, watched, True), False),
            "Disable": (partial(self._switch, watched, False), False),
        }
        if condition.settings.confirm:
            methods["Confirm"] = (partial(self._answer, watched, condition.confirm), True)
        return methods

    def _answer(
        self, watched: _Watched, do: Any, parent: ua.NodeId, event_id: ua.Variant, comment: ua.Variant
    ) -> ua.StatusCode:
        said = comment.Value.Text if comment.Value is not None else ""
        user = str(getattr(getattr(CALLER.get(), "user", None), "name", None) or "")
        status = do(bytes(event_id.Value or b""), said or "", user, self._engine.now_ticks)
        return self._done(watched, status)

    def _switch(self, watched: _Watched, enabled: bool, parent: ua.NodeId) -> ua.StatusCode:
        return self._done(watched, watched.condition.enable(enabled, self._engine.now_ticks))

    def _done(self, watched: _Watched, status: int) -> ua.StatusCode:
        if status == 0:
            self._tell(watched)
        return ua.StatusCode(status)

    # --- refresh ------------------------------------------------------------------------------------------

    def _refresh(self, parent: ua.NodeId, subscription_id: ua.Variant) -> ua.StatusCode:
        """ConditionRefresh: every condition that is retained is told again, to that subscription (§5.5.7)."""
        found = self._subscription(subscription_id)
        if found is None:
            return ua.StatusCode(ua.StatusCodes.BadSubscriptionIdInvalid)
        return self._say_again(found, list(found.event_items.values()))

    def _refresh_item(self, parent: ua.NodeId, subscription_id: ua.Variant, item_id: ua.Variant) -> ua.StatusCode:
        """ConditionRefresh2: the same, to one item (§5.5.8)."""
        found = self._subscription(subscription_id)
        if found is None:
            return ua.StatusCode(ua.StatusCodes.BadSubscriptionIdInvalid)
        items = [item for item in found.event_items.values() if item.id == item_id.Value]
        return self._say_again(found, items) if items else ua.StatusCode(ua.StatusCodes.BadMonitoredItemIdInvalid)

    def _subscription(self, given: ua.Variant) -> Subscription | None:
        try:
            return self._engine.owned(CALLER.get(), int(given.Value))
        except (ua.UaStatusCodeError, LookupError, TypeError):
            return None

    def _say_again(self, subscription: Subscription, items: list[EventItem]) -> ua.StatusCode:
        for item in items:
            told = [
                AlarmEvent(self._fields(watched), self._filters)
                for watched in self._watched
                if watched.condition.state.retain and item.nodeid in watched.notifiers
            ]
            events = [self._mark(ua.ObjectIds.RefreshStartEventType), *told]
            events.append(self._mark(ua.ObjectIds.RefreshEndEventType))
            news = [item.offer(event, event) for event in events]
            if any(news):
                subscription.note(item)
        return ua.StatusCode()

    def _mark(self, event_type: int) -> RefreshEvent:
        self._refreshes += 1
        place = f"{self._device}/refresh/{self._refreshes}".encode()
        event_id = hashlib.blake2b(place, digest_size=16, person=b"condition event").digest()
        return RefreshEvent(refresh_fields(event_type, event_id, self._engine.now_ticks), self._filters)
