"""The server refuses to renew a secure channel, or takes its time (catalogue U23)."""

from typing import TYPE_CHECKING, Any, ClassVar

from emulator.faults.base import parameters

if TYPE_CHECKING:
    from emulator.devices.opcua.misbehaviour import OpcUaMisbehaviour


class OpcUaChannelRenewalFault:
    """OpenSecureChannel with request type Renew is refused with an error, or answered late.

    Severity is the share of renewals struck. Parameter: `delay_s`, plant seconds it is late; 0 refuses it.
    """

    kind: ClassVar[str] = "opcua_channel_renewal"
    layer: ClassVar[str] = "protocol"
    targets: ClassVar[tuple[str, ...]] = ("opcua",)

    def __init__(self, params: dict[str, Any]) -> None:
        self._delay_s = float(parameters(self.kind, params, delay_s=0.0)["delay_s"])
        if not 0.0 <= self._delay_s <= 3_600.0:
            raise ValueError(f"fault {self.kind}: delay_s = {self._delay_s:g} must be in [0, 3600]")

    def apply(self, target: "OpcUaMisbehaviour", severity: float, t_ns: int) -> None:
        """Strike the share `severity` of renewals; none at severity 0."""
        target.security.renewal = None if severity <= 0.0 else self._delay_s or "refused"
        target.security.renewal_share = severity
