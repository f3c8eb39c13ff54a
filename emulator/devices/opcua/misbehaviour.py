"""What an emulated OPC UA server can be told to do wrong, and the status codes it may then claim."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from emulator.devices.opcua.security.misbehaviour import SecurityMisbehaviour
from emulator.devices.opcua.subscriptions.hooks import NoHooks, SubscriptionHooks
from emulator.devices.opcua.wrongs import Wrongs

EVERY_POINT: Final = "*"

# OPC 10000-4 §7.39 and OPC 10000-8 §5.8: what a server says of a value it does not trust.
STATUS_CODES: Final = {
    "Bad_ConfigurationError": 0x80890000,
    "Bad_NotConnected": 0x808A0000,
    "Bad_DeviceFailure": 0x808B0000,
    "Bad_SensorFailure": 0x808C0000,
    "Bad_OutOfService": 0x808D0000,
    "Bad_NoCommunication": 0x80310000,
    "Bad_WaitingForInitialData": 0x80320000,
    "Bad_OutOfRange": 0x803C0000,
    "Uncertain_NoCommunicationLastUsableValue": 0x408F0000,
    "Uncertain_LastUsableValue": 0x40900000,
    "Uncertain_SubstituteValue": 0x40910000,
    "Uncertain_InitialValue": 0x40920000,
    "Uncertain_SensorNotAccurate": 0x40930000,
    "Uncertain_EngineeringUnitsExceeded": 0x40940000,
    "Uncertain_SubNormal": 0x40950000,
    "Good_LocalOverride": 0x00960000,
}


def is_bad(status: int) -> bool:
    """Whether a status code is Bad; the reserved fourth severity counts as Bad (OPC 10000-4 §7.39)."""
    return bool(status & 0x80000000)


@dataclass(frozen=True, slots=True)
class StatusOverride:
    """A status claimed instead of the true one, on a share of the readings.

    Parameters
    ----------
    status
        The StatusCode to claim.
    share
        Part of the commits it strikes, in [0, 1].
    keep_value
        Whether a Bad status keeps its value. OPC 10000-4 §7.11 says a server shall then set it to null;
        some do not, and a reader that trusts the number is to be found out.

    """

    status: int
    share: float = 1.0
    keep_value: bool = False


@dataclass(slots=True)
class OpcUaMisbehaviour:
    """Protocol faults of one server, keyed by point id or `EVERY_POINT`; empty means it behaves.

    A change takes effect at the next commit, so that everybody who reads between two commits reads the same.
    """

    statuses: dict[tuple[str, int], StatusOverride] = field(default_factory=dict)
    frozen_source_times: set[str] = field(default_factory=set)
    subscriptions: SubscriptionHooks = field(default_factory=NoHooks, compare=False)
    security: SecurityMisbehaviour = field(default_factory=SecurityMisbehaviour)
    wrongs: Wrongs = field(default_factory=Wrongs)

    @property
    def on(self) -> bool:
        """Whether anything is wrong at all."""
        return bool(self.statuses or self.frozen_source_times or self.wrongs.changes)

    def overrides(self, point: str) -> Iterator[StatusOverride]:
        """Yield the status overrides that concern a point, in the order they were set."""
        for (target, _), override in self.statuses.items():
            if target in (point, EVERY_POINT):
                yield override

    def source_time_frozen(self, point: str) -> bool:
        """Whether a point's source time stands still."""
        return point in self.frozen_source_times or EVERY_POINT in self.frozen_source_times
