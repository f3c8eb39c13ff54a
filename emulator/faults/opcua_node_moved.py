"""A node has another name: who finds it by its path finds it no more (catalogue U30)."""

from typing import TYPE_CHECKING, Any, ClassVar

from emulator.devices.opcua.changed_nodes import ChangedNode
from emulator.devices.opcua.changing import ServerFault

if TYPE_CHECKING:
    from emulator.devices.opcua.misbehaviour import OpcUaMisbehaviour


class OpcUaNodeMovedFault(ServerFault):
    """The browse name of one point's node is `name`; its node id stays.

    There is no half of it. Parameters: `point`, which must be given; `name`.
    """

    kind: ClassVar[str] = "opcua_node_moved"
    defaults: ClassVar[dict[str, Any]] = {"point": "", "name": "Moved"}

    def __init__(self, params: dict[str, Any]) -> None:
        super().__init__(params)
        if not self.params["point"]:
            raise ValueError(f"fault {self.kind}: point = '' must name one of the device's points")
        self._node: ChangedNode | None = None

    def apply(self, target: "OpcUaMisbehaviour", severity: float, t_ns: int) -> None:
        """Rename the node, or give it its name again."""
        device = target.wrongs.device
        if severity > 0.0 and self._node is None and device is not None and device.space is not None:
            self._node = ChangedNode(device, self.params["point"])
            self._node.rename(self.params["name"])
            target.wrongs.note(self.kind, self.params["point"])
        elif severity <= 0.0 and self._node is not None:
            self._node.put_back()
            self._node = None
