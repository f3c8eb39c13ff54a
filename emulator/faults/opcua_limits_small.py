"""A server that takes only a few nodes in one request (catalogue U21)."""

from typing import TYPE_CHECKING, Any, ClassVar

from emulator.devices.opcua.changing import ServerFault

if TYPE_CHECKING:
    from emulator.devices.opcua.misbehaviour import OpcUaMisbehaviour


class OpcUaLimitsSmallFault(ServerFault):
    """A Read, Write or Call that names more than `nodes` is answered Bad_TooManyOperations.

    The OperationLimits nodes go on saying what they said. There is no half of it. Parameters: `nodes`.
    """

    kind: ClassVar[str] = "opcua_limits_small"
    defaults: ClassVar[dict[str, Any]] = {"nodes": 10.0}
    spans: ClassVar[dict[str, tuple[float, float]]] = {"nodes": (1.0, 1e6)}

    def apply(self, target: "OpcUaMisbehaviour", severity: float, t_ns: int) -> None:
        """Enforce the limit; the device's own at severity 0."""
        nodes = int(self.params["nodes"])
        if severity > 0.0:
            target.wrongs.most_nodes = nodes
        elif target.wrongs.most_nodes == nodes:
            target.wrongs.most_nodes = 0
