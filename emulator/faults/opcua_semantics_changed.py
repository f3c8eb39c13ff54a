"""A point's unit and range change while everybody listens (catalogue U29; OPC 10000-8 §5.2)."""

from typing import TYPE_CHECKING, Any, ClassVar, Final

from asyncua import ua

from emulator.devices.opcua import values
from emulator.devices.opcua.changed_nodes import ChangedNode
from emulator.devices.opcua.changing import ReadingFault
from emulator.devices.opcua.units import NAMESPACE
from emulator.devices.opcua.wrongs import Shown

if TYPE_CHECKING:
    from emulator.devices.opcua.misbehaviour import OpcUaMisbehaviour

_SEMANTICS_CHANGED: Final = 0x4000


class OpcUaSemanticsChangedFault(ReadingFault):
    """Value and EURange come in a unit `factor` times as small; the first reading after it carries SemanticsChanged.

    The end of the fault is a change too, without the bit. There is no half of it. Parameters: `point`, which must be
    given; `factor`; `unit`, the symbol EngineeringUnits then shows.
    """

    kind: ClassVar[str] = "opcua_semantics_changed"
    defaults: ClassVar[dict[str, Any]] = {"point": "", "factor": 1000.0, "unit": "other"}

    def __init__(self, params: dict[str, Any]) -> None:
        super().__init__(params)
        if not self.params["point"]:
            raise ValueError(f"fault {self.kind}: point = '' must name one of the device's points")
        self._node: ChangedNode | None = None
        self._told = False

    def apply(self, target: "OpcUaMisbehaviour", severity: float, t_ns: int) -> None:
        """Change what the point means, or put it back."""
        super().apply(target, 1.0 if severity > 0.0 else 0.0, t_ns)
        device = target.wrongs.device
        if severity > 0.0 and self._node is None and device is not None and device.space is not None:
            self._node = ChangedNode(device, self.params["point"])
            span = self._node.value("/EURange")
            if span is not None:
                low, high = span.Low * self.params["factor"], span.High * self.params["factor"]
                type_ = ua.VariantType.ExtensionObject
                self._node.attribute(ua.AttributeIds.Value, ua.Range(low, high), type_, "/EURange")
                symbol = ua.LocalizedText(self.params["unit"])
                unit = ua.EUInformation(NAMESPACE, -1, symbol, symbol)
                self._node.attribute(ua.AttributeIds.Value, unit, type_, "/EngineeringUnits")
        elif severity <= 0.0 and self._node is not None:
            self._node.put_back()
            self._node = None

    def forget(self) -> None:
        """Tell it again at the next onset."""
        self._told = False

    def act(self, shown: Shown) -> None:
        """Show the value in the other unit."""
        type_: Any = shown.type_
        if shown.variant is not None and not shown.variant[0] & 0x80 and type_ != "Boolean":
            shown.variant = values.scalar(type_, values.fit(type_, float(shown.value) * self.params["factor"]))
        if not self._told:
            self._told = True
            shown.status |= _SEMANTICS_CHANGED
