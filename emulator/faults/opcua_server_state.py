"""The server says of itself that it is not running, or not well (catalogue U31)."""

from typing import TYPE_CHECKING, Any, ClassVar, Final

from emulator.devices.opcua.changing import ServerFault
from emulator.devices.opcua.wrongs import ServerState

if TYPE_CHECKING:
    from emulator.devices.opcua.misbehaviour import OpcUaMisbehaviour

_STATES: Final = {
    "Running": 0, "Failed": 1, "NoConfiguration": 2, "Suspended": 3, "Shutdown": 4, "Test": 5,
    "CommunicationFault": 6, "Unknown": 7,
}  # fmt: skip


class OpcUaServerStateFault(ServerFault):
    """ServerStatus.State, SecondsTillShutdown and ServiceLevel say so; values go on as they were.

    There is no half of it: any severity above 0 says it. In a shutdown the seconds count down from the onset.
    Parameters: `state`; `seconds_till_shutdown`; `service_level`, 0 to 255.
    """

    kind: ClassVar[str] = "opcua_server_state"
    defaults: ClassVar[dict[str, Any]] = {"state": "Shutdown", "seconds_till_shutdown": 30.0, "service_level": 255.0}
    words: ClassVar[dict[str, tuple[str, ...]]] = {"state": tuple(_STATES)}
    spans: ClassVar[dict[str, tuple[float, float]]] = {
        "seconds_till_shutdown": (0.0, 4e9),
        "service_level": (0.0, 255.0),
    }

    def __init__(self, params: dict[str, Any]) -> None:
        super().__init__(params)
        self._onset_ns: int | None = None

    def apply(self, target: "OpcUaMisbehaviour", severity: float, t_ns: int) -> None:
        """Say it, or at severity 0 that all is well."""
        if severity <= 0.0:
            if self._onset_ns is not None:
                target.wrongs.state = None
            self._onset_ns = None
            return
        if self._onset_ns is None:
            self._onset_ns = t_ns
            target.wrongs.note(self.kind, self.params["state"])
        left_s = self.params["seconds_till_shutdown"] - (t_ns - self._onset_ns) / 1e9
        left = max(0, round(left_s)) if self.params["state"] == "Shutdown" else 0
        target.wrongs.state = ServerState(_STATES[self.params["state"]], left, int(self.params["service_level"]))
