"""Monitored items: one attribute watched for one client (OPC 10000-4 §5.13)."""

from typing import Any, Final, Protocol

import numpy as np

from emulator.devices.opcua.subscriptions.filters import STATUS, STATUS_VALUE_TIME, Rule
from emulator.devices.opcua.subscriptions.notification import item_notification
from emulator.devices.opcua.subscriptions.queues import ItemQueue, Sample
from emulator.devices.opcua.subscriptions.sources import LibrarySource, ServedSource

DISABLED, SAMPLING, REPORTING = range(3)
SECOND: Final = 1_000_000_000


class Item(Protocol):
    """What a subscription needs of an item, whatever it watches."""

    id: int
    mode: int
    links: dict[int, None]
    triggered: bool
    handle: int
    events: bool

    def waiting(self) -> int:
        """Return how many notifications wait."""
        ...

    def take(self, count: int) -> list[bytes]:
        """Hand over and forget at most `count` encoded notifications, oldest first."""
        ...

    def set_mode(self, mode: int) -> None:
        """Disable, sample or report."""
        ...


class Pace:
    """When to look next, on plant time: every `interval_s` from the first look on; 0 is at each commit."""

    __slots__ = ("interval_ns", "next_ns")

    def __init__(self, interval_s: float) -> None:
        self.interval_ns = round(interval_s * SECOND)
        self.next_ns: int | None = None

    def due(self, t_ns: int) -> bool:
        """Whether plant time `t_ns` is one to look at; if so the next one is set."""
        interval = self.interval_ns
        if interval <= 0 or self.next_ns is None or t_ns + interval < self.next_ns:
            self.next_ns = t_ns + interval  # the first look, or a clock put back
            return True
        if t_ns < self.next_ns:
            return False
        self.next_ns += interval * ((t_ns - self.next_ns) // interval + 1)
        return True


class DataItem:
    """An attribute sampled at its interval, filtered, and queued.

    Parameters
    ----------
    item_id, handle : int
        The server's and the client's name of it.
    source
        Where it looks.
    times : int
        Which times the client wants (`values.SOURCE` ...).
    rule : Rule
        When a sample is worth a notification.
    queue : ItemQueue
        Where those wait.
    sampling_s : float
        Sampling interval [s]; 0 at each commit.

    """

    __slots__ = (
        "_last_number", "_last_version", "grouped", "handle", "id", "last", "links", "mode", "pace", "queue", "rule",
        "source", "times", "triggered",
    )  # fmt: skip
    events = False

    def __init__(
        self,
        item_id: int,
        handle: int,
        source: ServedSource | LibrarySource,
        times: int,
        rule: Rule,
        queue: ItemQueue,
        sampling_s: float,
    ) -> None:
        self.id = item_id
        self.handle = handle
        self.source = source
        self.times = times
        self.rule = rule
        self.queue = queue
        self.pace = Pace(sampling_s)
        self.mode = DISABLED
        self.links: dict[int, None] = {}
        self.triggered = False
        self.grouped: Any = None
        self.last: Sample | None = None
        self._last_number: Any = None
        self._last_version = -1

    def sample(self, server_ticks: int) -> bool:
        """Look, and queue what is worth a notification; returns whether something was."""
        source = self.source
        if isinstance(source, ServedSource) and source.plain:
            served = source.attribute.served
            version = served.refresh()
            if version == self._last_version:
                return False
            self._last_version = version
            sample = Sample(served.variant, served.status, served.source_ticks, server_ticks)
        else:
            sample = source.look(server_ticks)
        if not self._worth(sample):
            return False
        self.last = sample
        self.queue.push(sample)
        return True

    def _worth(self, sample: Sample) -> bool:
        """Apply the filter against the sample queued last (OPC 10000-4 §7.22.2)."""
        last, rule = self.last, self.rule
        number = None
        if rule.deadband is not None and rule.trigger != STATUS:
            number = self.source.number()
        if last is not None and sample.status == last.status:
            if rule.trigger == STATUS:
                return False
            if rule.deadband is not None:
                if sample.variant == last.variant or _within(number, self._last_number, rule.deadband):
                    return False
            elif sample.variant == last.variant and (rule.trigger != STATUS_VALUE_TIME or sample.source == last.source):
                return False
        self._last_number = number
        return True

    def forget(self) -> None:
        """Report the next sample whatever it is, as the first."""
        self.last, self._last_version, self.pace.next_ns = None, -1, None

    def adopt_number(self, number: float | None) -> None:
        """Take over the last number reported, on the way out of a group."""
        self._last_number = number

    def waiting(self) -> int:
        """Return how many notifications wait."""
        return len(self.queue.samples)

    def take(self, count: int) -> list[bytes]:
        """Hand over and forget at most `count` encoded notifications, oldest first."""
        samples, handle, times = self.queue.samples, self.handle, self.times
        if count < len(samples):
            return [item_notification(handle, *samples.popleft(), times) for _ in range(count)]
        pieces = [item_notification(handle, *sample, times) for sample in samples]
        samples.clear()
        return pieces

    def set_mode(self, mode: int) -> None:
        """Disable, sample or report; a disabled item forgets all, an enabled one begins with its initial value."""
        if mode == DISABLED:
            self.queue.samples.clear()
            self.triggered = False
            self.forget()
        self.mode = mode


def _within(number: Any, last: Any, deadband: float) -> bool:
    """Whether a number, or every number of an array, stayed within the dead band."""
    if number is None or last is None:
        return False
    if isinstance(number, list):
        if not isinstance(last, list) or len(last) != len(number):
            return False
        return bool(np.all(np.abs(np.subtract(number, last)) <= deadband))
    return bool(abs(number - last) <= deadband)
