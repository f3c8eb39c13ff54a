"""A server without subscriptions, such as the smallest profiles are (catalogue U21)."""

from typing import TYPE_CHECKING, ClassVar, Final

from emulator.devices.opcua.changing import ServerFault
from emulator.devices.opcua.wrongs import set_or_clear

if TYPE_CHECKING:
    from emulator.devices.opcua.misbehaviour import OpcUaMisbehaviour

# Encoding ids of the Subscription and MonitoredItem service sets' requests (OPC 10000-4 §5.13 and §5.14).
_REQUESTS: Final = frozenset((751, 763, 769, 775, 781, 787, 793, 799, 826, 832, 841, 847))
_UNSUPPORTED: Final = 0x800B0000


class OpcUaSubscriptionsUnsupportedFault(ServerFault):
    """Every service of subscriptions and monitored items is answered Bad_ServiceUnsupported.

    Severity is the share of those requests.
    """

    kind: ClassVar[str] = "opcua_subscriptions_unsupported"

    def apply(self, target: "OpcUaMisbehaviour", severity: float, t_ns: int) -> None:
        """Refuse the share `severity` of the requests; none at severity 0."""
        set_or_clear(target.wrongs.refused, self.kind, (_REQUESTS, _UNSUPPORTED, severity) if severity > 0.0 else None)
