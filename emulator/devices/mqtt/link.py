"""How a device reaches its broker: the same face for a broker in this process and one far away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from emulator.devices.mqtt.packets import Properties, Publish, Will

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.devices.mqtt.broker import Broker


class User(Protocol):
    """Who uses a link."""

    def link_up(self) -> None:
        """Take note that the broker is there: subscribe, and begin."""
        ...

    def link_down(self) -> None:
        """Take note that it is gone."""
        ...

    def message(self, message: Publish) -> None:
        """Take a message."""
        ...


class Link(Protocol):
    """A device's connection to its broker."""

    user: User | None
    up: bool

    def open(self, will: Callable[[], Will]) -> None:
        """Connect, and connect again whenever the connection breaks; `will()` is asked for at each try."""
        ...

    def drop(self) -> None:
        """Lose power: the connection breaks off and the broker says the will."""
        ...

    def leave(self) -> None:
        """Say goodbye; no will is said."""
        ...

    async def close(self) -> None:
        """Say goodbye and wait until everything is gone."""
        ...

    def publish(self, topic: str, payload: bytes, qos: int = 0, *, retain: bool = False) -> bool:
        """Publish; False if it could not be, because the link is down or full."""
        ...

    def subscribe(self, *patterns: tuple[str, int]) -> None:
        """Subscribe to filters with their QoS."""
        ...

    def retain(self, topic: str, payload: bytes) -> None:
        """Leave a message for later subscribers, quietly where the broker can; empty takes it away."""
        ...

    def bounce(self) -> None:
        """Have the broker's other clients lose their connections, if the broker is ours."""
        ...


class LocalLink:
    """A link to a broker of this process: no bytes, no waiting, the same order every time."""

    def __init__(self, broker: Broker, client_id: str) -> None:
        self.client_id = client_id
        self.user: User | None = None
        self.up = False
        self._broker = broker
        self._will: Callable[[], Will] | None = None
        self._said: Will | None = None
        self._filters: set[str] = set()

    def open(self, will: Callable[[], Will]) -> None:
        """Connect, and connect again whenever the broker comes back."""
        if self._will is None:
            self._broker.neighbours.append(self)
        self._will = will
        if not self._broker.down:
            self._begin()

    def _begin(self) -> None:
        assert self._will is not None
        self._said = self._will()
        self.up = True
        if self.user is not None:
            self.user.link_up()

    def _end(self) -> None:
        self.up = False
        for pattern in self._filters:
            self._broker.tree.remove(pattern, self)
        self._filters.clear()

    def broker_down(self) -> None:
        """Lose the connection; a broker that crashes says no will."""
        if self.up:
            self._end()
            if self.user is not None:
                self.user.link_down()

    def broker_up(self) -> None:
        """Connect again."""
        if not self.up and self._will is not None:
            self._begin()

    def drop(self) -> None:
        """Lose power: the broker says the will."""
        was_up = self.up
        self.leave()
        if was_up:
            self._broker.died(self.client_id, self._said)

    def leave(self) -> None:
        """Say goodbye."""
        if self._will is not None:
            self._will = None
            self._broker.neighbours.remove(self)
        if self.up:
            self._end()

    async def close(self) -> None:
        """Say goodbye."""
        self.leave()

    def publish(self, topic: str, payload: bytes, qos: int = 0, *, retain: bool = False) -> bool:
        """Publish; False while the broker is down."""
        if self.up:
            self._broker.publish(Publish(topic, payload, qos, retain), self)
        return self.up

    def subscribe(self, *patterns: tuple[str, int]) -> None:
        """Subscribe; what is retained comes at once."""
        for pattern, qos in patterns:
            self._filters.add(pattern)
            self._broker.attach(self, pattern, qos)

    def retain(self, topic: str, payload: bytes) -> None:
        """Put a message among the retained without giving it to anybody now."""
        self._broker.retain(Publish(topic, payload, retain=True))

    def bounce(self) -> None:
        """Have every network client lose its connection."""
        for hang_up in tuple(self._broker.hang_up):
            hang_up(None)

    def deliver(self, message: Publish, qos: int, *, retain: bool, properties: Properties = ()) -> None:
        """Pass a message on to the user."""
        if self.user is not None:
            self.user.message(Publish(message.topic, message.payload, qos, retain))
