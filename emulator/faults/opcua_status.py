"""The server doubts its own values: a Bad or Uncertain status on sound readings (catalogue U1 to U3)."""

import difflib
from typing import TYPE_CHECKING, Any, ClassVar

from emulator.devices.opcua.misbehaviour import EVERY_POINT, STATUS_CODES, StatusOverride
from emulator.faults.base import parameters

if TYPE_CHECKING:
    from emulator.devices.opcua.misbehaviour import OpcUaMisbehaviour


class OpcUaStatusFault:
    """A status code claimed for one point, or for all.

    Severity is the share of readings struck. Parameters: `status`, a name of OPC 10000-4 or -8; `point`, all
    if empty; `keep_value`, to send the number along with a Bad status, which the standard forbids and some
    servers do.
    """

    kind: ClassVar[str] = "opcua_status"
    layer: ClassVar[str] = "protocol"
    targets: ClassVar[tuple[str, ...]] = ("opcua",)

    def __init__(self, params: dict[str, Any]) -> None:
        given = parameters(self.kind, params, status="Bad_SensorFailure", point="", keep_value=False)
        name = str(given["status"])
        if name not in STATUS_CODES:
            near = difflib.get_close_matches(name, STATUS_CODES, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"it is one of {', '.join(STATUS_CODES)}"
            raise ValueError(f"fault {self.kind}: unknown status {name!r}; {hint}")
        self._status = STATUS_CODES[name]
        self._point = str(given["point"])
        self._keep_value = bool(given["keep_value"])

    def apply(self, target: "OpcUaMisbehaviour", severity: float, t_ns: int) -> None:
        """Strike the share `severity` of readings from the next commit on; none at severity 0."""
        key = (self._point or EVERY_POINT, self._status)
        if severity > 0.0:
            target.statuses[key] = StatusOverride(self._status, severity, self._keep_value)
        else:
            target.statuses.pop(key, None)
