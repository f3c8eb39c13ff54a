"""A method call is never answered (catalogue U40)."""

from typing import TYPE_CHECKING, ClassVar, Final

from emulator.devices.opcua.changing import ServerFault
from emulator.devices.opcua.wrongs import set_or_clear

if TYPE_CHECKING:
    from emulator.devices.opcua.misbehaviour import OpcUaMisbehaviour

_CALL: Final = frozenset((712,))


class OpcUaMethodHangsFault(ServerFault):
    """The share `severity` of the Call requests gets no answer and does nothing; everything else goes on."""

    kind: ClassVar[str] = "opcua_method_hangs"

    def apply(self, target: "OpcUaMisbehaviour", severity: float, t_ns: int) -> None:
        """Leave the share `severity` of calls unanswered; none at severity 0."""
        set_or_clear(target.wrongs.refused, self.kind, (_CALL, None, severity) if severity > 0.0 else None)
