"""Queues of monitored items that are too short for what is sampled into them (catalogue U4)."""

from typing import TYPE_CHECKING, Any, ClassVar

from emulator.devices.opcua.changing import ServerFault
from emulator.devices.opcua.subscribing import SubscriptionWrongs

if TYPE_CHECKING:
    from emulator.devices.opcua.misbehaviour import OpcUaMisbehaviour


class OpcUaQueueOverflowFault(ServerFault):
    """New or modified items get a queue of `queue` samples at most; what does not fit is lost and flagged Overflow.

    There is no half of it. Parameters: `queue`.
    """

    kind: ClassVar[str] = "opcua_queue_overflow"
    defaults: ClassVar[dict[str, Any]] = {"queue": 2.0}
    spans: ClassVar[dict[str, tuple[float, float]]] = {"queue": (1.0, 1e6)}

    def apply(self, target: "OpcUaMisbehaviour", severity: float, t_ns: int) -> None:
        """Shorten queues from now on; none at severity 0."""
        wrongs = target.subscriptions
        if not isinstance(wrongs, SubscriptionWrongs):
            if severity <= 0.0:
                return
            wrongs = target.subscriptions = SubscriptionWrongs()
        if severity > 0.0 and not wrongs.overflowing:
            target.wrongs.note(self.kind)
        wrongs.overflowing = int(self.params["queue"]) if severity > 0.0 else 0
        wrongs.settle()
