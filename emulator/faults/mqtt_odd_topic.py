"""Messages on topics that nobody expects (catalogue Q26)."""

from typing import TYPE_CHECKING, Any, ClassVar

from emulator.devices.mqtt.misbehaviour import Plan
from emulator.faults.base import parameters
from emulator.faults.checks import one_of

if TYPE_CHECKING:
    from emulator.devices.mqtt.misbehaviour import FaceMisbehaviour


class MqttOddTopicFault:
    """Messages on odd topics.

    Once, at the onset, messages on legal and odd topics: 65,535 bytes long, 65,000 levels, empty levels, too
    few levels, letters from everywhere. `which` picks one of long, deep, levels, words, short and empty, or
    all.

    Any severity above 0 is the whole fault. Parameters: `which`, long, deep, levels, words, short, empty or
    all.
    """

    kind: ClassVar[str] = "mqtt_odd_topic"
    layer: ClassVar[str] = "protocol"
    targets: ClassVar[tuple[str, ...]] = ("mqtt",)

    def __init__(self, params: dict[str, Any]) -> None:
        given = parameters(self.kind, params, which="all")
        one_of("which", given["which"], "all", "long", "deep", "levels", "words", "short", "empty")
        self._params = tuple(given.items())

    def apply(self, target: "FaceMisbehaviour", severity: float, t_ns: int) -> None:
        """Do it with this severity; not at all at severity 0."""
        target.set(self.kind, Plan(severity, self._params) if severity > 0.0 else None)
