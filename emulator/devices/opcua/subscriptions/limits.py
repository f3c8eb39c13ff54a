"""What a server grants of what a client asks for: intervals, counts and sizes, revised."""

import math
from dataclasses import dataclass
from typing import Final

FASTEST_S: Final = 0.010
SLOWEST_S: Final = 60.0
MOST_KEEP_ALIVE: Final = 10_000
MOST_LIFETIME: Final = 100_000
_LIFETIMES: Final = 3  # a lifetime is at least so many keep-alives (OPC 10000-4 §5.14.2.2)
_LONGEST_SAMPLING_S: Final = 86_400.0
_MANY: Final = 0xFFFF_FFFF


@dataclass(frozen=True, slots=True)
class Limits:
    """What one server is willing to do.

    Parameters
    ----------
    block_s : float
        How often the device takes new values [s]; 0 where nobody says.
    items_per_call, subscriptions_per_session, items_per_subscription, publish_requests, queue_size : int
        As the rig's `opcua.limits` say.
    subscriptions : int
        Of all sessions and of none.
    messages : int
        NotificationMessages kept for Republish, for each subscription.
    message_bytes : int
        Their size altogether [bytes]; the newest is kept whatever its size.
    notifications : int
        The most in one NotificationMessage.
    links : int
        Triggering links of one item.

    """

    block_s: float = 0.0
    items_per_call: int = 10_000
    subscriptions_per_session: int = 100
    items_per_subscription: int = 100_000
    publish_requests: int = 100
    queue_size: int = 1_000
    subscriptions: int = 1_000
    messages: int = 200
    message_bytes: int = 32 << 20
    notifications: int = 100_000
    links: int = 1_000

    def publishing_s(self, wanted_ms: float) -> float:
        """Return the publishing interval [s]: no faster than the device, NaN and 0 the fastest."""
        fastest = max(FASTEST_S, self.block_s)
        if not wanted_ms > 0:
            return fastest
        return min(max(wanted_ms / 1000, fastest), max(SLOWEST_S, fastest))

    def counts(self, lifetime: int, keep_alive: int) -> tuple[int, int]:
        """Return lifetime and keep-alive count [publishing intervals]; a lifetime is at least three keep-alives."""
        keep_alive = min(max(keep_alive, 1), MOST_KEEP_ALIVE)
        return min(max(lifetime, _LIFETIMES * keep_alive), MOST_LIFETIME), keep_alive

    def sampling_s(self, wanted_ms: float, every_s: float, publishing_s: float) -> float:
        """Return the sampling interval [s]: a whole number of the point's `every_s`, rounded up.

        -1 is the publishing interval; 0 and NaN are as fast as the point (OPC 10000-4 §7.21).
        """
        wanted = publishing_s if wanted_ms < 0 else wanted_ms / 1000
        wanted = min(wanted, _LONGEST_SAMPLING_S) if wanted > 0 else 0.0
        if every_s <= 0:
            return wanted
        return round(every_s * max(1, math.ceil(round(wanted / every_s, 6))), 9)

    def queue(self, wanted: int) -> int:
        """Return the queue size of a data item: at least 1 (OPC 10000-4 §7.21)."""
        return min(max(wanted, 1), self.queue_size)

    def event_queue(self, wanted: int) -> int:
        """Return the queue size of an event item: 0 is the default, 1 the smallest, the largest the limit."""
        if wanted in (0, 1):
            return min(self.queue_size, 100) if wanted == 0 else 1
        return min(wanted, self.queue_size) if wanted < _MANY else self.queue_size

    def per_message(self, wanted: int) -> int:
        """Return how many notifications one message may hold; 0 asks for no limit."""
        return min(wanted, self.notifications) if wanted else self.notifications
