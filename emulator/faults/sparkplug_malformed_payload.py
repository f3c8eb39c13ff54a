"""Payloads that are no protobuf (catalogue Q14)."""

from typing import TYPE_CHECKING, Any, ClassVar

from emulator.devices.mqtt.misbehaviour import Plan
from emulator.faults.base import parameters
from emulator.faults.checks import one_of

if TYPE_CHECKING:
    from emulator.devices.mqtt.misbehaviour import FaceMisbehaviour


class SparkplugMalformedPayloadFault:
    """Sends payloads that are no protobuf.

    A data message is cut in half (`how: truncate`), has every byte changed (`garbage`), or is `empty`. The
    number it carried is lost with it.

    Severity is the share of messages hit. Parameters: `how`, truncate, garbage or empty.
    """

    kind: ClassVar[str] = "sparkplug_malformed_payload"
    layer: ClassVar[str] = "protocol"
    targets: ClassVar[tuple[str, ...]] = ("mqtt",)

    def __init__(self, params: dict[str, Any]) -> None:
        given = parameters(self.kind, params, how="truncate")
        one_of("how", given["how"], "truncate", "garbage", "empty")
        self._params = tuple(given.items())

    def apply(self, target: "FaceMisbehaviour", severity: float, t_ns: int) -> None:
        """Do it with this severity; not at all at severity 0."""
        target.set(self.kind, Plan(severity, self._params) if severity > 0.0 else None)
