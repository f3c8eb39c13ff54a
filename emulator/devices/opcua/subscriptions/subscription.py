"""One subscription: its timer, its states, its messages and those kept for Republish (OPC 10000-4 §5.14)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from asyncua import ua

from emulator.devices.opcua.subscriptions.item import REPORTING
from emulator.devices.opcua.subscriptions.notification import data_change, event_list, message
from emulator.devices.opcua.subscriptions.requests import answer
from emulator.devices.opcua.subscriptions.states import TIMER, State, step

if TYPE_CHECKING:
    from emulator.devices.opcua.subscriptions.engine import SubscriptionEngine
    from emulator.devices.opcua.subscriptions.events import EventItem
    from emulator.devices.opcua.subscriptions.groups import Group
    from emulator.devices.opcua.subscriptions.item import DataItem, Item
    from emulator.devices.opcua.subscriptions.requests import Client
    from emulator.devices.timers import Timer

_LAST_SEQUENCE: Final = 0xFFFF_FFFF
_OVERHEAD: Final = 4_096  # of a Publish response beside its notifications, generously [bytes]
_SMALLEST: Final = 34  # the most bytes of a notification of a group


class Subscription:
    """What one client is told of a set of items, at one interval.

    Parameters
    ----------
    engine
        Clock, timers, limits and hooks.
    subscription_id
        The server's name of it.
    client
        The session it belongs to; None once that is gone.
    publishing_s, lifetime, keep_alive, per_message, priority, enabled
        As revised.

    """

    def __init__(
        self,
        engine: SubscriptionEngine,
        subscription_id: int,
        client: Client,
        *,
        publishing_s: float,
        lifetime: int,
        keep_alive: int,
        per_message: int,
        priority: int,
        enabled: bool,
    ) -> None:
        self.engine = engine
        self.id = subscription_id
        self.client: Client | None = client
        self.session_id = client.session.session_id  # stays when the session is gone
        self.owner = owner(client.session)
        self.publishing_s = publishing_s
        self.lifetime = self.lifetime_left = lifetime
        self.keep_alive = self.keep_alive_left = keep_alive
        self.per_message = per_message
        self.priority = priority
        self.enabled = enabled
        self.state = State.NORMAL
        self.more = False
        self.sent = False
        self.since = 0  # since when it waits for a Publish request, in the engine's counting
        self.items: dict[int, Item] = {}
        self.singles: dict[int, DataItem] = {}  # data items that are sampled one by one
        self.event_items: dict[int, EventItem] = {}
        self.ready: dict[int, Item] = {}
        self.groups: list[Group] = []
        self.regroup = False
        self.kept: dict[int, bytes] = {}
        self._kept_bytes = 0
        self._sequence = 1
        self._again: bytes | None = None
        self._groups_first = False
        self._due_s = engine.timers.now_s() + publishing_s
        self._timer: Timer | None = engine.timers.later(publishing_s, self._expired)

    # --- what the states look at --------------------------------------------------------------------------------

    @property
    def queued(self) -> bool:
        """Whether a Publish request waits in the session."""
        return self.client is not None and self.client.waiting()

    @property
    def available(self) -> bool:
        """Whether a reporting or triggered item has something waiting."""
        return bool(self.ready) or self._again is not None or any(group.count for group in self.groups)

    # --- what the states do -------------------------------------------------------------------------------------

    @property
    def sequence(self) -> int:
        """The number of the next message."""
        return self._sequence

    def reset_lifetime(self) -> None:
        """Note that the client is alive."""
        self.lifetime_left = self.lifetime

    def reset_keep_alive(self) -> None:
        """Begin to count quiet intervals."""
        self.keep_alive_left = self.keep_alive

    def count_keep_alive(self) -> None:
        """Count a quiet interval."""
        self.keep_alive_left -= 1

    def return_notifications(self) -> None:
        """Send what waits: a message for each Publish request, while both last."""
        engine = self.engine
        self.more = False
        while self.client is not None and (request := self.client.peek()) is not None:
            encoded, self._again = self._again, None
            if encoded is None:
                fate = engine.hooks.notification(self.id, self._sequence) if engine.hooks.on else "send"
                peer = request.processor.peer_message_size
                encoded = self._compose(peer - _OVERHEAD if peer else None)
                self._next_sequence()
                if fate == "skip_number":
                    self._next_sequence()
                if fate == "drop":
                    return
                if fate == "duplicate":
                    self._again = encoded
            self.client.requests.popleft()
            self.more = self.available
            self.sent = True
            answer(request, self.id, list(self.kept), encoded, now_ticks=engine.now_ticks, more=self.more)
            if not self.more:
                return
        self._wait()

    def return_keep_alive(self) -> None:
        """Send a message without notifications; it carries the next sequence number and does not use it up."""
        self.reset_keep_alive()
        engine = self.engine
        if engine.hooks.on and not engine.hooks.keep_alive(self.id):
            return
        request = None if self.client is None else self.client.take()
        if request is not None:
            self.sent = True
            encoded = message(self._sequence, engine.now_ticks, ())
            answer(request, self.id, list(self.kept), encoded, now_ticks=engine.now_ticks)

    # --- time ---------------------------------------------------------------------------------------------------

    def _expired(self) -> None:
        """Let the publishing timer expire: count the lifetime, act by the table, start again."""
        engine = self.engine
        if engine.hooks.on and not engine.hooks.publishing(self.id):
            engine.forget(self)
            return
        self.lifetime_left -= 1
        if self.lifetime_left <= 0:  # row 27
            client = self.client
            engine.forget(self)
            if client is not None:
                client.notice(self.id, self.sequence, ua.StatusCodes.BadTimeout, engine.now_ticks)
            return
        self.start_timer()
        before = self.state
        step(self, TIMER)
        if self.state is State.LATE and before is not State.LATE:
            self._wait()

    def start_timer(self) -> None:
        """Start the publishing timer for the next whole interval still to come."""
        timers = self.engine.timers
        now_s = timers.now_s()
        self._due_s += self.publishing_s
        if self._due_s <= now_s:
            self._due_s = now_s + self.publishing_s
        self._timer = timers.later(self._due_s - now_s, self._expired)

    def restart(self, publishing_s: float) -> None:
        """Take a new publishing interval [s], counted from now."""
        if self._timer is not None:
            self._timer.cancel()
        self.publishing_s = publishing_s
        self._due_s = self.engine.timers.now_s()
        self.start_timer()

    def close(self) -> None:
        """End: no timer, no items, nothing kept."""
        self.state = State.CLOSED
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self.items.clear()
        self.singles.clear()
        self.event_items.clear()
        self.ready.clear()
        self.groups.clear()
        self.kept.clear()

    def _wait(self) -> None:
        self.engine.waited += 1
        self.since = self.engine.waited

    # --- messages -----------------------------------------------------------------------------------------------

    def acknowledge(self, sequence: int) -> int:
        """Forget a message; returns Good or Bad_SequenceNumberUnknown."""
        kept = self.kept.pop(sequence, None)
        if kept is None:
            return int(ua.StatusCodes.BadSequenceNumberUnknown)
        self._kept_bytes -= len(kept)
        return int(ua.StatusCodes.Good)

    def note(self, item: Item) -> None:
        """Note that an item queued something; if it triggers others, theirs is to be reported too."""
        if item.mode == REPORTING or item.triggered:
            self.ready[item.id] = item
        for linked_id in item.links:
            linked = self.items.get(linked_id)
            if linked is not None and linked.mode and linked.mode != REPORTING and linked.waiting():
                linked.triggered = True
                self.ready[linked_id] = linked

    def remove(self, item: Item) -> None:
        """Forget an item, already out of its group, and what it has waiting."""
        for known in (self.items, self.singles, self.event_items, self.ready):
            known.pop(item.id, None)

    def _compose(self, room: int | None) -> bytes:
        """Make the next message out of what waits and keep it for Republish."""
        left = self.per_message
        changes: list[bytes] = []
        events: list[bytes] = []
        count = 0
        for part in (
            (self._from_groups, self._from_items) if self._groups_first else (self._from_items, self._from_groups)
        ):
            number, size = part(left - count - len(events), room, changes, events)
            count += number
            room = None if room is None else room - size
        self._groups_first = not self._groups_first
        data: list[list[bytes]] = []
        if changes:
            data.append(data_change(count, changes))
        if events:
            data.append(event_list(len(events), events))
        encoded = message(self._sequence, self.engine.now_ticks, data)
        self._keep(encoded)
        return encoded

    def _from_items(self, left: int, room: int | None, changes: list[bytes], events: list[bytes]) -> tuple[int, int]:
        """Take notifications of single items; returns the number of data changes and the size of all [bytes]."""
        done, number, size, before = [], 0, 0, len(events)
        for item in self.ready.values():
            into = events if item.events else changes
            while left > 0 and item.waiting():
                pieces = item.take(left if room is None else 1)
                into += pieces
                left -= len(pieces)
                number += len(pieces)
                if room is not None:
                    size += len(pieces[0])
                    left = left if size < room else 0
            if not item.waiting():
                done.append(item)
            if left <= 0:
                break
        for item in done:
            del self.ready[item.id]
            item.triggered = False
        return number - (len(events) - before), size

    def _from_groups(self, left: int, room: int | None, changes: list[bytes], _events: list[bytes]) -> tuple[int, int]:
        """Take notifications of groups; returns their number and size [bytes]."""
        total, size = 0, 0
        for group in self.groups:
            most = left - total if room is None else min(left - total, (room - size) // _SMALLEST)
            if group.count and most > 0:
                number, piece = group.take(most)
                changes.append(piece)
                total += number
                size += len(piece)
        return total, size

    def _keep(self, encoded: bytes) -> None:
        limits = self.engine.limits
        self.kept[self._sequence] = encoded
        self._kept_bytes += len(encoded)
        while len(self.kept) > 1 and (len(self.kept) > limits.messages or self._kept_bytes > limits.message_bytes):
            oldest = next(iter(self.kept))
            self._kept_bytes -= len(self.kept.pop(oldest))

    def _next_sequence(self) -> None:
        self._sequence = self._sequence + 1 if self._sequence < _LAST_SEQUENCE else 1


def owner(session: Any) -> tuple[Any, ...]:
    """Return what tells one session's user from another's; an anonymous one is known by its application."""
    described = getattr(session, "described", None)
    application = getattr(described, "ApplicationUri", None)
    name = getattr(session.user, "name", None)
    return (name,) if name else (None, application)
