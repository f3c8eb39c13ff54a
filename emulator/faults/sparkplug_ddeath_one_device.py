"""One device behind the node is gone (catalogue Q1)."""

from typing import TYPE_CHECKING, Any, ClassVar

from emulator.devices.mqtt.misbehaviour import Plan
from emulator.faults.base import parameters

if TYPE_CHECKING:
    from emulator.devices.mqtt.misbehaviour import FaceMisbehaviour


class SparkplugDdeathOneDeviceFault:
    """One device of the node dies.

    The node sends DDEATH for one of its devices and no more data of it; when the fault ends, a DBIRTH.

    Any severity above 0 is the whole fault. Parameters: `device`, Sparkplug device that dies; the node's last
    one if empty.
    """

    kind: ClassVar[str] = "sparkplug_ddeath_one_device"
    layer: ClassVar[str] = "protocol"
    targets: ClassVar[tuple[str, ...]] = ("mqtt",)

    def __init__(self, params: dict[str, Any]) -> None:
        given = parameters(self.kind, params, device="")
        self._params = tuple(given.items())

    def apply(self, target: "FaceMisbehaviour", severity: float, t_ns: int) -> None:
        """Do it with this severity; not at all at severity 0."""
        target.set(self.kind, Plan(severity, self._params) if severity > 0.0 else None)
