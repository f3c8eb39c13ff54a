"""Where a fault may put its hand into subscriptions: each place has a name, and by default nobody is there.

The engine asks `engine.hooks` at these places only while `hooks.on` is true, so that a server which behaves pays
nothing for them and its bytes are what they were.
"""

from dataclasses import dataclass
from typing import Final, Literal, Protocol

GOOD: Final = 0
Delivery = Literal["send", "drop", "duplicate", "skip_number"]


@dataclass(slots=True)
class Revised:
    """What a server makes of a client's wishes for a subscription, before the answer goes out.

    Parameters
    ----------
    publishing_s : float
        Publishing interval [s].
    lifetime_count, keep_alive_count : int
        In publishing intervals.

    """

    publishing_s: float
    lifetime_count: int
    keep_alive_count: int


@dataclass(slots=True)
class RevisedItem:
    """What a server makes of a client's wishes for a monitored item: sampling interval [s] and queue size."""

    sampling_s: float
    queue_size: int


class SubscriptionHooks(Protocol):
    """What the engine asks before it does the right thing."""

    on: bool

    def notification(self, subscription_id: int, sequence: int) -> Delivery:
        """Say what becomes of a NotificationMessage that holds notifications.

        ``drop``: it is kept for Republish and its number counts, but nothing is sent; the Publish request waits on.
        ``duplicate``: it is sent, and once more with the next Publish request.
        ``skip_number``: the number after it is left out.
        """
        ...

    def keep_alive(self, subscription_id: int) -> bool:
        """Say whether a due keep-alive is sent; withheld, the Publish request waits on."""
        ...

    def republish(self, subscription_id: int, sequence: int) -> int:
        """Return the StatusCode that refuses a Republish; Good (0) lets it be answered."""
        ...

    def publish(self) -> int:
        """Return the StatusCode that refuses a Publish request on arrival; Good (0) takes it."""
        ...

    def publishing(self, subscription_id: int) -> bool:
        """Say at each publishing interval whether the subscription lives; if not it is forgotten without a word."""
        ...

    def revise(self, wanted: Revised) -> Revised:
        """Return what a new or modified subscription is given, from what it would be given."""
        ...

    def revise_item(self, wanted: RevisedItem) -> RevisedItem:
        """Return what a new or modified monitored item is given, from what it would be given."""
        ...


class NoHooks:
    """A server that behaves; what does not misbehave in one way derives from it."""

    on = False

    def notification(self, subscription_id: int, sequence: int) -> Delivery:
        """Send it."""
        return "send"

    def keep_alive(self, subscription_id: int) -> bool:
        """Send it."""
        return True

    def republish(self, subscription_id: int, sequence: int) -> int:
        """Answer it."""
        return GOOD

    def publish(self) -> int:
        """Take it."""
        return GOOD

    def publishing(self, subscription_id: int) -> bool:
        """Keep it."""
        return True

    def revise(self, wanted: Revised) -> Revised:
        """Give what would be given."""
        return wanted

    def revise_item(self, wanted: RevisedItem) -> RevisedItem:
        """Give what would be given."""
        return wanted
