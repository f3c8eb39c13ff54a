"""A birth certificate that does not begin the sequence at 0."""

from typing import TYPE_CHECKING, Any, ClassVar

from emulator.devices.mqtt.misbehaviour import Plan
from emulator.faults.base import parameters
from emulator.faults.checks import within

if TYPE_CHECKING:
    from emulator.devices.mqtt.misbehaviour import FaceMisbehaviour


class SparkplugNbirthSeqNonzeroFault:
    """Numbers its birth other than 0.

    The node is born again with seq `seq` in its NBIRTH, and counts on from there.

    Severity is the share of births hit. Parameters: `seq`, number of the birth, 0 to 255.
    """

    kind: ClassVar[str] = "sparkplug_nbirth_seq_nonzero"
    layer: ClassVar[str] = "protocol"
    targets: ClassVar[tuple[str, ...]] = ("mqtt",)

    def __init__(self, params: dict[str, Any]) -> None:
        given = parameters(self.kind, params, seq=17)
        within("seq", given["seq"], 0, 255)
        self._params = tuple(given.items())

    def apply(self, target: "FaceMisbehaviour", severity: float, t_ns: int) -> None:
        """Do it with this severity; not at all at severity 0."""
        target.set(self.kind, Plan(severity, self._params) if severity > 0.0 else None)
