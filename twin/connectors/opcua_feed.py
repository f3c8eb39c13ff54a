"""The points of a server that come by subscription: making it, carrying it over a lost connection, and its changes."""

from collections.abc import Sequence

from twin.connectors.opcua_notifications import changes_in_order
from twin.connectors.opcua_session import NodeId, OpcUaSession, ServiceRefusedError
from twin.connectors.opcua_subscription import Subscription
from twin.connectors.opcua_values import DataValue

SECOND_NS = 1_000_000_000
AGAIN_NS = 60 * SECOND_NS
"""How long a server that refuses a subscription is read instead before it is asked once more."""
OVERFLOW = 0x0480
SEMANTICS_CHANGED = 0x4000
_DATA_VALUE_INFO = 0x0400


class Feed:
    """Values as a server reports them.

    Attributes
    ----------
    reread : every value must be read once: messages are lost, or the subscription is new to us
    overflows : values that the server says follow lost ones
    warning : what is wrong with the feed, None while all is well
    """

    def __init__(self, publishing_s: float, stale_s: float, timeout_s: float) -> None:
        self._publishing_s, self._stale_s, self._timeout_s = publishing_s, stale_s, timeout_s
        self._subscription: Subscription | None = None
        self._session: OpcUaSession | None = None
        self._nodes: list[NodeId] = []
        self._refused_until_ns = 0
        self.reread = False
        self.semantics_changed = False
        self.overflows = self.rebuilt = 0
        self.warning: str | None = None

    @property
    def subscription(self) -> Subscription | None:
        """The subscription, if there is one."""
        return self._subscription

    async def ready(self, session: OpcUaSession, nodes: Sequence[NodeId], now_ns: int, per_call: int) -> bool:
        """Have the nodes reported in a session; False where the server has to be read instead.

        Raises
        ------
        SessionLostError : the session is gone
        """
        if now_ns < self._refused_until_ns:
            return False
        held = self._subscription
        try:
            if held is not None and session is not self._session:
                self._session = session
                if list(nodes) != self._nodes or not await held.move(session, same=session.resumed):
                    held = None
            if held is not None and (held.gone is not None or list(nodes) != self._nodes):
                self.warning = f"the subscription is gone: {held.gone or 'its nodes have changed'}"
                held = None
            if held is None:
                self.rebuilt += self._subscription is not None
                self._subscription = None
                held = await Subscription.create(session, self._publishing_s, self._stale_s, self._timeout_s)
                await held.monitor(nodes, self._publishing_s, per_call)
                self._session, self._nodes, self._subscription = session, list(nodes), held
        except ServiceRefusedError as refusal:
            self._subscription = None
            self._refused_until_ns = now_ns + AGAIN_NS
            self.warning = f"no subscription, so values are read: {refusal}"
            return False
        held.pump()
        return True

    async def changes(self) -> list[tuple[int, DataValue]]:
        """Return what was reported since the last call, in order: place among the nodes, and value.

        Raises
        ------
        SessionLostError : the server is silent, or its connection is gone
        """
        held = self._subscription
        if held is None:
            return []
        held.check()
        await held.heal()
        found = [change for changes in held.take() for change in changes_in_order(changes)]
        self.reread, held.gap = held.gap, False
        self.warning = "messages of the subscription are lost; all values were read again" if self.reread else None
        for _, value in found:
            if value.status & _DATA_VALUE_INFO:
                self.overflows += value.status & OVERFLOW == OVERFLOW
                self.semantics_changed = self.semantics_changed or bool(value.status & SEMANTICS_CHANGED)
            elif value.status & SEMANTICS_CHANGED:
                self.semantics_changed = True
        held.pump()
        return [change for change in found if 0 <= change[0] < len(self._nodes)]
