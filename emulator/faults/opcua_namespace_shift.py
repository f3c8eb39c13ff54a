"""The server comes back with its namespaces in another order, and a decoy where its own was (catalogue U28)."""

from typing import TYPE_CHECKING, ClassVar

from emulator.devices.opcua.changing import ServerFault

if TYPE_CHECKING:
    from emulator.devices.opcua.misbehaviour import OpcUaMisbehaviour


class OpcUaNamespaceShiftFault(ServerFault):
    """A restart after which another namespace has the index of the device's own, with the same names in it.

    Under the old index every point's node id leads to a value of another point of the same type. The end of the fault
    is a restart too, with everything in its place. There is no half of it.
    """

    kind: ClassVar[str] = "opcua_namespace_shift"

    def apply(self, target: "OpcUaMisbehaviour", severity: float, t_ns: int) -> None:
        """Restart with the decoy in front, or without it."""
        wrongs = target.wrongs
        if (severity > 0.0) == wrongs.decoy or wrongs.device is None:
            return
        wrongs.decoy = severity > 0.0
        if wrongs.decoy:
            wrongs.note(self.kind)
        wrongs.device.restart()
