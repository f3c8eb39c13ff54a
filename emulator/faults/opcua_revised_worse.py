"""The server grants less than was asked for, as the standard lets it (catalogue U20)."""

from typing import TYPE_CHECKING, Any, ClassVar

from emulator.devices.opcua.changing import ServerFault
from emulator.devices.opcua.subscribing import SubscriptionWrongs

if TYPE_CHECKING:
    from emulator.devices.opcua.misbehaviour import OpcUaMisbehaviour


class OpcUaRevisedWorseFault(ServerFault):
    """New or modified subscriptions and items get longer intervals, a shorter life and a shorter queue.

    There is no half of it. Parameters: `slower`, a factor on publishing and sampling intervals; `lifetime_count` and
    `queue`, granted at most.
    """

    kind: ClassVar[str] = "opcua_revised_worse"
    defaults: ClassVar[dict[str, Any]] = {"slower": 5.0, "lifetime_count": 30.0, "queue": 1.0}
    spans: ClassVar[dict[str, tuple[float, float]]] = {
        "slower": (1.0, 1000.0),
        "lifetime_count": (3.0, 1e6),
        "queue": (1.0, 1e6),
    }

    def apply(self, target: "OpcUaMisbehaviour", severity: float, t_ns: int) -> None:
        """Revise what is asked for from now on; nothing at severity 0."""
        wrongs = target.subscriptions
        if not isinstance(wrongs, SubscriptionWrongs):
            if severity <= 0.0:
                return
            wrongs = target.subscriptions = SubscriptionWrongs()
        if severity > 0.0:
            if wrongs.slower == 1.0 and not wrongs.queue:
                target.wrongs.note(self.kind)
            wrongs.slower = self.params["slower"]
            wrongs.lifetime_count, wrongs.queue = int(self.params["lifetime_count"]), int(self.params["queue"])
        else:
            wrongs.slower, wrongs.lifetime_count, wrongs.queue = 1.0, 0, 0
        wrongs.settle()
