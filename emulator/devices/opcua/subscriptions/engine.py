"""All subscriptions of one server: who has which, sampling at each commit, transfer, and what happens at an end."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, Final

from asyncua import ua

from emulator.devices.opcua import values
from emulator.devices.opcua.nodes import as_datetime
from emulator.devices.opcua.remembered import held
from emulator.devices.opcua.subscriptions.creation import ItemMaker
from emulator.devices.opcua.subscriptions.events import EventItem, OverflowEvent
from emulator.devices.opcua.subscriptions.groups import WORTH_A_GROUP, Group, Key
from emulator.devices.opcua.subscriptions.hooks import NoHooks, Revised
from emulator.devices.opcua.subscriptions.item import REPORTING, DataItem
from emulator.devices.opcua.subscriptions.requests import Client
from emulator.devices.opcua.subscriptions.sources import ServedSource
from emulator.devices.opcua.subscriptions.subscription import Subscription, owner

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from asyncua.server.address_space import AddressSpace

    from emulator.devices.image import DeviceImage
    from emulator.devices.opcua.subscriptions.events import Event
    from emulator.devices.opcua.subscriptions.hooks import SubscriptionHooks
    from emulator.devices.opcua.subscriptions.limits import Limits
    from emulator.devices.timers import Timers

_IDS: Final = 0xFFFF_FFFE
_HELD: Final = "subscriptions"


class SubscriptionEngine:
    """The subscriptions of one server.

    Parameters
    ----------
    space : AddressSpace
        What can be watched.
    image : DeviceImage
        What the plant values are, and the device's clock.
    timers : Timers
        Plant time.
    limits : Limits
        What is granted.
    draw : callable, optional
        ``draw(index)`` in [0, 1), for subscription ids that cannot be guessed; the system's own randomness without.
    spoilt : callable, optional
        Whether the server claims anything but what the image holds.

    hooks : callable, optional
        Returns what is done wrong on purpose.

    Attributes
    ----------
    check_event_item : callable
        Called with an EventItem when it is made; whoever has events may look at its filter there and refuse it by
        raising a UaStatusCodeError.

    """

    def __init__(
        self,
        space: AddressSpace,
        image: DeviceImage,
        timers: Timers,
        limits: Limits,
        draw: Callable[[int], float] | None = None,
        spoilt: Callable[[], bool] = lambda: False,
        hooks: Callable[[], SubscriptionHooks] = NoHooks,
    ) -> None:
        self.timers = timers
        self.limits = limits
        self._hooks = hooks
        self.subscriptions: dict[int, Subscription] = {}
        self.waited = 0
        self.space = space
        self.maker = ItemMaker(self)
        self._image = image
        self._spoilt = spoilt
        self.skew_ns: Callable[[], int] = int  # how far the clock of its server times is ahead [ns]
        self._draw = draw
        self._drawn = 0
        self._events = 0
        self.check_event_item: Callable[[EventItem], None] = self._any_event_item

    @property
    def hooks(self) -> SubscriptionHooks:
        """What is done wrong on purpose."""
        return self._hooks()

    @property
    def now_ticks(self) -> int:
        """The device's clock, FILETIME."""
        return values.ticks(self._image.t_ns + self.skew_ns())

    @property
    def t_ns(self) -> int:
        """Plant time of the last commit [ns], without the device's clock offset."""
        return self._image.t_ns - self._image.clock_offset_ns

    # --- subscriptions ------------------------------------------------------------------------------------------

    def client(self, session: Any) -> Client:
        """Return what a session has here."""
        found: Client = held(session, _HELD, lambda: Client(session, self.limits.publish_requests))
        return found

    def create(self, session: Any, params: Any) -> Subscription:
        """Create a subscription (OPC 10000-4 §5.14.2).

        Raises
        ------
        UaStatusCodeError
            Bad_TooManySubscriptions.

        """
        client = self.client(session)
        if len(client.subscriptions) >= self.limits.subscriptions_per_session:
            raise ua.UaStatusCodeError(ua.StatusCodes.BadTooManySubscriptions)
        if len(self.subscriptions) >= self.limits.subscriptions:
            orphan = next((s for s in self.subscriptions.values() if s.client is None), None)
            if orphan is None:
                raise ua.UaStatusCodeError(ua.StatusCodes.BadTooManySubscriptions)
            self.forget(orphan)
        revised = self.revised(params)
        subscription = Subscription(
            self,
            self._new_id(),
            client,
            publishing_s=revised.publishing_s,
            lifetime=revised.lifetime_count,
            keep_alive=revised.keep_alive_count,
            per_message=self.limits.per_message(params.MaxNotificationsPerPublish),
            priority=params.Priority,
            enabled=bool(params.PublishingEnabled),
        )
        self.subscriptions[subscription.id] = client.subscriptions[subscription.id] = subscription
        return subscription

    def revised(self, params: Any) -> Revised:
        """Return what is granted of a CreateSubscription or ModifySubscription request."""
        lifetime, keep_alive = self.limits.counts(params.RequestedLifetimeCount, params.RequestedMaxKeepAliveCount)
        revised = Revised(self.limits.publishing_s(params.RequestedPublishingInterval), lifetime, keep_alive)
        return self.hooks.revise(revised) if self.hooks.on else revised

    def owned(self, session: Any, subscription_id: int) -> Subscription:
        """Return a session's subscription, known to be alive from now on.

        Raises
        ------
        UaStatusCodeError
            Bad_SubscriptionIdInvalid, also for somebody else's.

        """
        found = self.client(session).subscriptions.get(subscription_id)
        if found is None:
            raise ua.UaStatusCodeError(ua.StatusCodes.BadSubscriptionIdInvalid)
        found.reset_lifetime()
        return found

    def forget(self, subscription: Subscription) -> None:
        """End a subscription without a word."""
        self.subscriptions.pop(subscription.id, None)
        if subscription.client is not None:
            subscription.client.subscriptions.pop(subscription.id, None)
        subscription.close()

    def transfer(self, session: Any, subscription_id: int, *, initial: bool) -> list[int]:
        """Give a subscription to another session of the same user (§5.14.7); returns what Republish can give.

        Raises
        ------
        UaStatusCodeError
            Bad_SubscriptionIdInvalid, Bad_UserAccessDenied or Bad_TooManySubscriptions.

        """
        subscription = self.subscriptions.get(subscription_id)
        if subscription is None:
            raise ua.UaStatusCodeError(ua.StatusCodes.BadSubscriptionIdInvalid)
        if subscription.owner != owner(session):
            raise ua.UaStatusCodeError(ua.StatusCodes.BadUserAccessDenied)
        client, before = self.client(session), subscription.client
        if client is not before:
            if len(client.subscriptions) >= self.limits.subscriptions_per_session:
                raise ua.UaStatusCodeError(ua.StatusCodes.BadTooManySubscriptions)
            subscription.client, subscription.session_id = client, session.session_id
            client.subscriptions[subscription.id] = subscription
            if before is not None:
                before.subscriptions.pop(subscription.id, None)
                before.notice(
                    subscription.id, subscription.sequence, ua.StatusCodes.GoodSubscriptionTransferred, self.now_ticks
                )
        subscription.reset_lifetime()
        if initial:
            self._say_again(subscription)
        return list(subscription.kept)

    async def delete_subscriptions(self, ids: list[int]) -> None:
        """Forget subscriptions: what the library calls when a session ends and takes them along."""
        for found in [self.subscriptions[number] for number in ids if number in self.subscriptions]:
            self.forget(found)

    def close(self) -> None:
        """End all: the device lost its memory or stops."""
        for subscription in list(self.subscriptions.values()):
            self.forget(subscription)

    def _new_id(self) -> int:
        while True:
            self._drawn += 1
            found = 1 + (
                secrets.randbelow(_IDS) if self._draw is None else min(int(self._draw(self._drawn) * _IDS), _IDS - 1)
            )
            if found not in self.subscriptions:
                return found

    # --- sampling -----------------------------------------------------------------------------------------------

    def commit(self) -> None:
        """Let every item look that is due: to be called after each commit."""
        if not self.subscriptions:
            return
        t_ns, ticks, spoilt = self.t_ns, self.now_ticks, self._spoilt()
        for subscription in list(self.subscriptions.values()):
            if spoilt:  # what is claimed of a point is no longer what the columns hold
                self.single(subscription, list(subscription.items.values()))
            elif subscription.regroup:
                self._regroup(subscription)
            for group in subscription.groups:
                group.sample(self._image.columns, t_ns, ticks)
            singles = subscription.singles.values()
            fired = [item for item in singles if item.pace.due(t_ns) and item.sample(ticks)]
            for item in fired:
                subscription.note(item)

    def first_look(self, subscription: Subscription, items: Iterable[DataItem]) -> None:
        """Let items look at once: their initial values."""
        t_ns, ticks = self.t_ns, self.now_ticks
        fired = [item for item in items if item.pace.due(t_ns) and item.sample(ticks)]
        for item in fired:
            subscription.note(item)

    def single(self, subscription: Subscription, items: Iterable[Any]) -> None:
        """Take items out of their groups, to be changed; they may go back at the next commit."""
        by_group: dict[int, tuple[Group, list[DataItem]]] = {}
        for item in items:
            if item.grouped is not None:
                by_group.setdefault(id(item.grouped), (item.grouped, []))[1].append(item)
        for group, gone in by_group.values():
            group.release(gone)
            for item in gone:
                subscription.singles[item.id] = item
                if item.waiting():
                    subscription.ready[item.id] = item
        subscription.groups = [group for group in subscription.groups if group.items]
        subscription.regroup = True

    def _regroup(self, subscription: Subscription) -> None:
        """Put single items that have enough of their kind into groups."""
        subscription.regroup = False
        columns = self._image.columns
        kinds: dict[Key, list[DataItem]] = {}
        for item in subscription.singles.values():
            type_ = _suits(item, columns.index)
            if type_ is not None:
                queue = item.queue
                key = Key(item.times, item.pace.interval_ns, item.rule.trigger, queue.size, queue.discard_oldest, type_)
                kinds.setdefault(key, []).append(item)
        there = {group.key: group for group in subscription.groups}
        for key, items in kinds.items():
            group = there.get(key)
            if group is None:
                if len(items) < WORTH_A_GROUP:
                    continue
                group = Group(key, columns)
                subscription.groups.append(group)
            group.adopt(items)
            for item in items:
                del subscription.singles[item.id]
                subscription.ready.pop(item.id, None)

    def resend(self, subscription: Subscription) -> None:
        """Tell the present values again: the method ResendData (OPC 10000-5 §9.2)."""
        self._say_again(subscription)

    def _say_again(self, subscription: Subscription) -> None:
        """Queue the present value of every reporting item that has nothing waiting."""
        self.single(subscription, list(subscription.items.values()))
        quiet = [i for i in subscription.singles.values() if i.mode == REPORTING and not i.waiting()]
        for item in quiet:
            item.forget()
        self.first_look(subscription, quiet)

    # --- events -------------------------------------------------------------------------------------------------

    def publish_event(self, nodeid: ua.NodeId, event: Event) -> None:
        """Offer an event of a notifier to every item that watches it."""
        self._events += 1
        overflow = OverflowEvent(b"overflow" + self._events.to_bytes(8, "big"), as_datetime(self.now_ticks))
        for subscription in list(self.subscriptions.values()):
            for item in subscription.event_items.values():
                if item.nodeid == nodeid and item.offer(event, overflow):
                    subscription.note(item)

    @staticmethod
    def _any_event_item(item: EventItem) -> None:
        """Take a new event item as it is."""


def _suits(item: DataItem, index: dict[str, int]) -> str | None:
    """Return the type of the group an item can stand in; None if it goes on singly."""
    source = item.source
    if item.mode != REPORTING or item.links or item.triggered or not isinstance(source, ServedSource):
        return None
    served = source.attribute.served
    wire = values.WIRE.get(served.type_)
    if wire is None or not source.plain or served.point.waveform or served.point.id not in index:
        return None
    identifier, size = values.TYPE_IDS[served.type_], 1 + wire.itemsize
    held = (*item.queue.samples, *(() if item.last is None else (item.last,)))
    for sample in held:  # a fault may have shown something else
        variant = sample.variant
        if sample.source is None or (variant is not None and (variant[0] != identifier or len(variant) != size)):
            return None
    return served.type_
