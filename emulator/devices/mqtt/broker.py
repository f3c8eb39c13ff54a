"""The broker: who is there, who wants what, what is retained, what is said for those who went without a word.

No sockets and no bytes here: connections are `Session`s with a wire, and clients in the same process.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, Protocol

from emulator.devices.mqtt.packets import Properties, Publish, Will, find
from emulator.devices.mqtt.properties import MESSAGE_EXPIRY, SUBSCRIPTION_ID, WILL_DELAY
from emulator.devices.mqtt.session import Session
from emulator.devices.mqtt.topics import TopicTree, matches

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.devices.mqtt.accounts import Accounts
    from emulator.devices.mqtt.misbehaviour import Misbehaviour, Plan
    from emulator.devices.timers import Timer, Timers

NO_LOCAL: Final = 0x04
AS_PUBLISHED: Final = 0x08
MAX_SESSIONS: Final = 1_000
MAX_RETAINED: Final = 10_000
MAX_RETAINED_BYTES: Final = 1 << 26


class Subscriber(Protocol):
    """Who can be given messages."""

    client_id: str

    def deliver(self, message: Publish, qos: int, *, retain: bool, properties: Properties = ()) -> None:
        """Take a message."""
        ...


class Neighbour(Protocol):
    """A client in the broker's own process, told when the broker goes and comes."""

    def broker_down(self) -> None:
        """Notice that the connection is gone."""
        ...

    def broker_up(self) -> None:
        """Notice that the broker can be reached again."""
        ...


@dataclass(slots=True)
class Counters:
    """What a broker did: messages in and out, and what it had to leave out."""

    published: int = 0
    delivered: int = 0
    retained_refused: int = 0
    sessions_refused: int = 0
    protocol_errors: int = 0
    named: int = 0


class Broker:
    """Routes messages.

    Parameters
    ----------
    accounts
        Who may come in.
    timers
        Plant time, for wills that wait and faults that delay.
    wrong
        What the broker does wrong.
    later
        Timers on the computer's clock, for sessions that end; plant time unless given.

    """

    def __init__(
        self, accounts: Accounts, timers: Timers, wrong: Misbehaviour, later: Callable[..., Timer] | None = None
    ) -> None:
        self._later = later or timers.later
        self._expiry: dict[Session, Timer] = {}
        self.accounts = accounts
        self.timers = timers
        self.wrong = wrong
        self.counters = Counters()
        self.down = False
        self.tree: TopicTree[Subscriber] = TopicTree()
        self.sessions: dict[str, Session] = {}
        self.neighbours: list[Neighbour] = []
        self.hang_up: list[Callable[[str | None], None]] = []
        self.retained: dict[str, Publish] = {}
        self._retained_bytes = 0
        self._wills: dict[str, tuple[Timer, Will]] = {}
        self._held: dict[Subscriber, int] = {}
        wrong.begin["mqtt_broker_restart"] = self._restart
        wrong.begin["mqtt_takeover"] = self._take_over
        wrong.begin["mqtt_odd_topic"] = self._odd_topic

    # --- sessions -----------------------------------------------------------------------------------------

    def session(self, client_id: str, *, clean: bool) -> tuple[Session, bool] | None:
        """Return a client's session and whether it was there before; None if there is no room for another."""
        found = self.sessions.get(client_id)
        if found is not None and found in self._expiry:
            self._expiry.pop(found).cancel()
        if found is not None and not clean:
            return found, True
        if found is not None:
            self.forget(found)
        elif len(self.sessions) >= MAX_SESSIONS and not self._evict():
            self.counters.sessions_refused += 1
            return None
        session = self.sessions[client_id] = Session(client_id)
        return session, False

    def _evict(self) -> bool:
        """Forget the oldest session without a connection."""
        oldest = next((session for session in self.sessions.values() if session.wire is None), None)
        if oldest is not None:
            self.forget(oldest)
        return oldest is not None

    def expire(self, session: Session, after_s: float) -> None:
        """Forget a session when it has been without a connection for so long [s of the computer's time]."""
        self._expiry[session] = self._later(after_s, partial(self._expired, session))

    def _expired(self, session: Session) -> None:
        self._expiry.pop(session, None)
        if session.wire is None:
            self.forget(session)

    def forget(self, session: Session) -> None:
        """End a session: its subscriptions and its messages."""
        for pattern in tuple(session.subscriptions):
            self.tree.remove(pattern, session)
        session.subscriptions.clear()
        if self.sessions.get(session.client_id) is session:
            del self.sessions[session.client_id]

    def subscribe(self, session: Session, pattern: str, options: int, identifier: int | None) -> None:
        """Subscribe, and send what is retained as the options say (MQTT 5.0 §3.8.3.1)."""
        known = pattern in session.subscriptions
        session.subscriptions[pattern] = options
        if identifier is None:
            session.identifiers.pop(pattern, None)
        else:
            session.identifiers[pattern] = identifier
        self.tree.add(pattern, session, options)
        handling = options >> 4 & 3
        if handling == 2 or (handling == 1 and known):
            return
        for topic, message in tuple(self.retained.items()):
            if matches(pattern, topic):
                self._give(session, message, options, retain=True)

    def attach(self, subscriber: Subscriber, pattern: str, qos: int) -> None:
        """Subscribe a client of this process."""
        self.tree.add(pattern, subscriber, qos)
        for topic, message in tuple(self.retained.items()):
            if matches(pattern, topic):
                self._give(subscriber, message, qos, retain=True)

    def unsubscribe(self, session: Session, pattern: str) -> bool:
        """Unsubscribe; False if there was no such subscription."""
        if session.subscriptions.pop(pattern, None) is None:
            return False
        session.identifiers.pop(pattern, None)
        self.tree.remove(pattern, session)
        return True

    # --- messages -----------------------------------------------------------------------------------------

    def publish(self, message: Publish, source: object = None) -> int:
        """Keep a message if it is to be retained and give it to who wants it; returns to how many."""
        self.counters.published += 1
        if message.retain:
            self.retain(message)
        found = self.tree.find(message.topic)
        for subscriber, options in found.items():
            if options & NO_LOCAL and subscriber is source:
                continue
            self._give(subscriber, message, options, retain=message.retain and bool(options & AS_PUBLISHED))
        return len(found)

    def retain(self, message: Publish) -> None:
        """Keep a message for later subscribers; an empty one takes away what is kept."""
        old = self.retained.pop(message.topic, None)
        if old is not None:
            self._retained_bytes -= len(old.payload) + len(old.topic)
        if not message.payload:
            return
        size = len(message.payload) + len(message.topic)
        if len(self.retained) >= MAX_RETAINED or self._retained_bytes + size > MAX_RETAINED_BYTES:
            self.counters.retained_refused += 1
            return
        self.retained[message.topic] = message
        self._retained_bytes += size

    def _give(self, to: Subscriber, message: Publish, options: int, *, retain: bool) -> None:
        self.counters.delivered += 1
        qos = min(message.qos, options & 3)
        props = message.properties
        if isinstance(to, Session):
            props += tuple(
                (SUBSCRIPTION_ID, number) for name, number in to.identifiers.items() if matches(name, message.topic)
            )
            if self.wrong.plans:
                self._give_wrongly(to, message, qos, options, retain=retain, properties=props)
                return
        to.deliver(message, qos, retain=retain, properties=props)

    def _give_wrongly(
        self, to: Session, message: Publish, qos: int, options: int, *, retain: bool, properties: Properties
    ) -> None:
        wrong = self.wrong
        plan = wrong.plans.get("mqtt_acl_silent_drop")
        if plan is not None and matches(str(plan["filter"]), message.topic) and wrong.hit("mqtt_acl_silent_drop"):
            return
        plan = wrong.plans.get("mqtt_keepalive_lost")
        if plan is not None and plan["silent"]:
            return
        if "mqtt_duplicate" in wrong.plans or "mqtt_qos2_broken" in wrong.plans:
            qos = options & 3  # as brokers do that raise outgoing messages to the subscription's QoS
        slow = wrong.hit("mqtt_slow_broker") if self._held.get(to, 0) < 10_000 else None
        if slow is None:
            to.deliver(message, qos, retain=retain, properties=properties)
            return
        self._held[to] = self._held.get(to, 0) + 1
        later = partial(self._late, to, message, qos, retain=retain, properties=properties)
        self.timers.later(float(slow["delay_s"]), later)

    def _late(self, to: Session, message: Publish, qos: int, *, retain: bool, properties: Properties) -> None:
        self._held[to] -= 1
        if not self._held[to]:
            del self._held[to]
        to.deliver(message, qos, retain=retain, properties=properties)

    # --- wills --------------------------------------------------------------------------------------------

    def died(self, client_id: str, will: Will | None) -> None:
        """Say a client's will, at once or after its delay."""
        if will is None:
            return
        plan = self.wrong.hit("mqtt_will_delayed", client_id)
        own_s = float(find(will.properties, WILL_DELAY, 0))
        if plan is not None:
            self.timers.later(float(plan["delay_s"]), partial(self._say, will))
        elif own_s > 0.0:
            timer = self.timers.later(own_s, partial(self._say_for, client_id))
            self._wills[client_id] = timer, will
        else:
            self._say(will)

    def returned(self, client_id: str, *, clean: bool) -> None:
        """Cancel a will that waits, for its client is back; a new session means that the old one ended: say it."""
        waiting = self._wills.pop(client_id, None)
        if waiting is not None:
            waiting[0].cancel()
            if clean:
                self._say(waiting[1])

    def _say_for(self, client_id: str) -> None:
        self._say(self._wills.pop(client_id)[1])

    def _say(self, will: Will) -> None:
        props = tuple(item for item in will.properties if item[0] != WILL_DELAY)
        self.publish(Publish(will.topic, will.payload, will.qos, will.retain, properties=props))

    # --- what it does wrong -------------------------------------------------------------------------------

    def _restart(self, plan: Plan) -> None:
        """Break off: every connection is gone without a will, and nobody gets in for a while."""
        self.wrong.inserted("mqtt_broker_restart", "down")
        self.down = True
        if plan["sessions"] != "kept":
            for session in tuple(self.sessions.values()):
                self.forget(session)
        if plan["retained"] != "kept":
            self.retained.clear()
            self._retained_bytes = 0
        for hang_up in tuple(self.hang_up):
            hang_up(None)
        for neighbour in tuple(self.neighbours):
            neighbour.broker_down()
        self.timers.later(float(plan["down_s"]), self._come_back)

    def _come_back(self) -> None:
        self.down = False
        for neighbour in tuple(self.neighbours):
            neighbour.broker_up()

    def _take_over(self, plan: Plan) -> None:
        """Have somebody else log in again and again with each client's own name."""
        now = self.wrong.plans.get("mqtt_takeover")
        if now is None:
            return
        for hang_up in tuple(self.hang_up):
            hang_up("taken over")
        self.timers.later(float(plan["period_s"]), partial(self._take_over, plan))

    def _odd_topic(self, plan: Plan) -> None:
        """Publish to topics that no careful client trips over, legal ones only."""
        deep = "/".join(("spBv1.0", *("x" * 40)))
        topics = {
            "long": "spBv1.0/" + "x" * (65_535 - 8), "deep": deep, "levels": "/" * 65_000,
            "words": "spBv1.0/Größe/NDATA/\U0001f9ea", "short": "spBv1.0/g/NDATA",
            "empty": "spBv1.0//NDATA//",
        }  # fmt: skip
        for name, topic in topics.items():
            if plan["which"] in (name, "all"):
                self.wrong.inserted("mqtt_odd_topic", name)
                self.publish(Publish(topic, b"\x18\x00"))


__all__ = ["MESSAGE_EXPIRY", "Broker", "Neighbour", "Subscriber"]
