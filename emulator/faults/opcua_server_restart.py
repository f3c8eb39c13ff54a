"""The server program starts anew while its device runs on (catalogue U27)."""

from typing import TYPE_CHECKING, Any, ClassVar

from emulator.devices.opcua.changing import ServerFault

if TYPE_CHECKING:
    from emulator.devices.opcua.misbehaviour import OpcUaMisbehaviour


class OpcUaServerRestartFault(ServerFault):
    """At onset every connection is reset and sessions and subscriptions are forgotten; values go on.

    There is no half of it, and nothing happens when it ends.
    """

    kind: ClassVar[str] = "opcua_server_restart"

    def __init__(self, params: dict[str, Any]) -> None:
        super().__init__(params)
        self._done = False

    def apply(self, target: "OpcUaMisbehaviour", severity: float, t_ns: int) -> None:
        """Restart once for each onset."""
        if severity > 0.0 and not self._done and target.wrongs.device is not None:
            target.wrongs.note(self.kind)
            target.wrongs.device.restart()
        self._done = severity > 0.0
