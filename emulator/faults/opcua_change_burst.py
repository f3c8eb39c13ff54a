"""Every value changes at every commit, far beyond any dead band (catalogue U33)."""

from typing import Any, ClassVar

from emulator.devices.opcua import values
from emulator.devices.opcua.changing import ReadingFault
from emulator.devices.opcua.wrongs import Shown


class OpcUaChangeBurstFault(ReadingFault):
    """Adds and takes away `step` of a point's range in turn, so that every monitored item reports each time.

    Booleans change each time. Waveforms stay as they are: they change anyway. Parameters: `point`, all if empty;
    `step`, a share of the range.
    """

    kind: ClassVar[str] = "opcua_change_burst"
    defaults: ClassVar[dict[str, Any]] = {"point": "", "step": 0.05}
    spans: ClassVar[dict[str, tuple[float, float]]] = {"step": (0.0, 1.0)}

    def __init__(self, params: dict[str, Any]) -> None:
        super().__init__(params)
        self._up: dict[str, bool] = {}

    def forget(self) -> None:
        """Begin upwards at the next onset."""
        self._up.clear()

    def act(self, shown: Shown) -> None:
        """Move the value up, or down."""
        if shown.variant is None or shown.variant[0] & 0x80:
            return
        up = self._up[shown.point] = not self._up.get(shown.point, False)
        low, high = shown.span
        moved = float(shown.value) + (1 if up else -1) * self.params["step"] * (high - low)
        if shown.type_ == "Boolean":
            moved = float(up)
        type_: Any = shown.type_
        shown.variant = values.scalar(type_, values.fit(type_, moved))
