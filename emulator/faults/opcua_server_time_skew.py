"""The server's own clock goes wrong, while source times stay true (catalogue U12)."""

from typing import TYPE_CHECKING, Any, ClassVar

from emulator.devices.opcua.changing import ServerFault

if TYPE_CHECKING:
    from emulator.devices.opcua.misbehaviour import OpcUaMisbehaviour


class OpcUaServerTimeSkewFault(ServerFault):
    """Server times, CurrentTime and the times in response headers are ahead, and ever more so with a drift.

    Severity is the share of `offset_s`. Parameters: `offset_s`; `drift_ppm`, from the onset on.
    """

    kind: ClassVar[str] = "opcua_server_time_skew"
    defaults: ClassVar[dict[str, Any]] = {"offset_s": 60.0, "drift_ppm": 0.0}
    spans: ClassVar[dict[str, tuple[float, float]]] = {"offset_s": (-1e8, 1e8), "drift_ppm": (-1e6, 1e6)}

    def __init__(self, params: dict[str, Any]) -> None:
        super().__init__(params)
        self._onset_ns: int | None = None

    def apply(self, target: "OpcUaMisbehaviour", severity: float, t_ns: int) -> None:
        """Set the clock ahead; right again at severity 0."""
        wrongs = target.wrongs
        if severity <= 0.0:
            if self._onset_ns is not None:
                wrongs.skew_ns = 0
            self._onset_ns = None
            return
        if self._onset_ns is None:
            self._onset_ns = t_ns
            wrongs.note(self.kind, f"{self.params['offset_s']:g} s")
        drift_ns = self.params["drift_ppm"] * 1e-6 * (t_ns - self._onset_ns)
        wrongs.skew_ns = round(severity * (self.params["offset_s"] * 1e9 + drift_ns))
