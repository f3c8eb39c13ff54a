"""A payload much larger than any before (catalogue Q14)."""

from typing import TYPE_CHECKING, Any, ClassVar

from emulator.devices.mqtt.misbehaviour import Plan
from emulator.faults.base import parameters
from emulator.faults.checks import within

if TYPE_CHECKING:
    from emulator.devices.mqtt.misbehaviour import FaceMisbehaviour


class MqttHugePayloadFault:
    """Sends a payload of a megabyte.

    A data message carries a body of `size` zero bytes.

    Severity is the share of messages hit. Parameters: `size`, bytes, at most 16 million.
    """

    kind: ClassVar[str] = "mqtt_huge_payload"
    layer: ClassVar[str] = "protocol"
    targets: ClassVar[tuple[str, ...]] = ("mqtt",)

    def __init__(self, params: dict[str, Any]) -> None:
        given = parameters(self.kind, params, size=1000000)
        within("size", given["size"], 0, 16000000)
        self._params = tuple(given.items())

    def apply(self, target: "FaceMisbehaviour", severity: float, t_ns: int) -> None:
        """Do it with this severity; not at all at severity 0."""
        target.set(self.kind, Plan(severity, self._params) if severity > 0.0 else None)
