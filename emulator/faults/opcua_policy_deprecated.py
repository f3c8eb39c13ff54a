"""The server offers a security policy that is no longer thought safe (catalogue U26)."""

from typing import TYPE_CHECKING, Any, ClassVar

from emulator.faults.base import parameters

if TYPE_CHECKING:
    from emulator.devices.opcua.misbehaviour import OpcUaMisbehaviour


class OpcUaPolicyDeprecatedFault:
    """Endpoint lists name Basic128Rsa15 (deprecated in OPC 10000-7) in place of the sound policies, and it works.

    Any severity above 0 switches it on. The sound policies still work for who insists on them.
    """

    kind: ClassVar[str] = "opcua_policy_deprecated"
    layer: ClassVar[str] = "protocol"
    targets: ClassVar[tuple[str, ...]] = ("opcua",)

    def __init__(self, params: dict[str, Any]) -> None:
        parameters(self.kind, params)

    def apply(self, target: "OpcUaMisbehaviour", severity: float, t_ns: int) -> None:
        """Offer the old policy while severity is above 0."""
        target.security.deprecated = severity > 0.0
