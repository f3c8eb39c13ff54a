"""What subscriptions of an emulated server do wrong, put together from all faults that are on."""

from dataclasses import dataclass, replace

from emulator.devices.opcua.subscriptions.hooks import NoHooks, Revised, RevisedItem


@dataclass(slots=True)
class SubscriptionWrongs(NoHooks):
    """Revises what clients ask for, to worse.

    Attributes
    ----------
    on
        Whether the engine must ask.
    slower
        Factor on publishing and sampling intervals; 1 leaves them.
    lifetime_count
        Lifetime count granted at most; 0: as asked.
    queue
        Queue size granted at most; 0: as asked.
    overflowing
        Queue size granted at most, by another fault; 0: as asked.

    """

    on: bool = False
    slower: float = 1.0
    lifetime_count: int = 0
    queue: int = 0
    overflowing: int = 0

    def settle(self) -> None:
        """Have the engine ask, or not ask any more."""
        self.on = self.slower != 1.0 or bool(self.lifetime_count or self.queue or self.overflowing)

    def revise(self, wanted: Revised) -> Revised:
        """Grant a longer interval and a shorter life."""
        lifetime = min(wanted.lifetime_count, self.lifetime_count or wanted.lifetime_count)
        return replace(
            wanted,
            publishing_s=wanted.publishing_s * self.slower,
            lifetime_count=lifetime,
            keep_alive_count=max(1, min(wanted.keep_alive_count, lifetime // 3)),
        )

    def revise_item(self, wanted: RevisedItem) -> RevisedItem:
        """Grant slower sampling and a shorter queue."""
        caps = [size for size in (self.queue, self.overflowing) if size]
        queue = min(wanted.queue_size, *caps) if caps else wanted.queue_size
        return RevisedItem(wanted.sampling_s * self.slower, queue)
