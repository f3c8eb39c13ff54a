"""A node comes back with another data type under the same id (catalogue U29)."""

import struct
from typing import TYPE_CHECKING, Any, ClassVar

from asyncua import ua

from emulator.devices.opcua import values
from emulator.devices.opcua.changed_nodes import ChangedNode
from emulator.devices.opcua.changing import ReadingFault
from emulator.devices.opcua.wrongs import Shown

if TYPE_CHECKING:
    from emulator.devices.opcua.misbehaviour import OpcUaMisbehaviour

_TYPES = ("Int32", "Float", "Double", "UInt32", "String")


class OpcUaNodeRetypedFault(ReadingFault):
    """DataType and values of one point become `type`; a String holds the number as text.

    There is no half of it. Parameters: `point`, which must be given; `type`.
    """

    kind: ClassVar[str] = "opcua_node_retyped"
    defaults: ClassVar[dict[str, Any]] = {"point": "", "type": "Int32"}
    words: ClassVar[dict[str, tuple[str, ...]]] = {"type": _TYPES}

    def __init__(self, params: dict[str, Any]) -> None:
        super().__init__(params)
        if not self.params["point"]:
            raise ValueError(f"fault {self.kind}: point = '' must name one of the device's points")
        self._node: ChangedNode | None = None

    def apply(self, target: "OpcUaMisbehaviour", severity: float, t_ns: int) -> None:
        """Give the node another type, or its own again."""
        super().apply(target, 1.0 if severity > 0.0 else 0.0, t_ns)
        device = target.wrongs.device
        if severity > 0.0 and self._node is None and device is not None and device.space is not None:
            self._node = ChangedNode(device, self.params["point"])
            number = values.TYPE_IDS.get(self.params["type"], 12)
            self._node.attribute(ua.AttributeIds.DataType, ua.NodeId(number), ua.VariantType.NodeId)
        elif severity <= 0.0 and self._node is not None:
            self._node.put_back()
            self._node = None

    def act(self, shown: Shown) -> None:
        """Show the value in the other type."""
        if shown.variant is None or shown.variant[0] & 0x80:
            return
        type_: Any = self.params["type"]
        if type_ == "String":
            said = f"{float(shown.value):g}".encode()
            shown.variant = b"\x0c" + struct.pack("<i", len(said)) + said
        else:
            shown.variant = values.scalar(type_, values.fit(type_, float(shown.value)))
