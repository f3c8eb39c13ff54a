"""Unloader that no longer moves: the compressor cannot leave, or cannot reach, its load."""

from typing import Any, ClassVar

from emulator.faults.base import parameters
from emulator.physics.reciprocating_compressor import ReciprocatingCompressor
from emulator.physics.screw_compressor import ScrewCompressor


class CompressorUnloaderStuck:
    """The intake opens no less than s (stuck loaded, the default) or no more than 1 - s (stuck unloaded)."""

    kind: ClassVar[str] = "compressor_unloader_stuck"
    layer: ClassVar[str] = "physics"
    targets: ClassVar[tuple[str, ...]] = ("screw_compressor", "reciprocating_compressor")

    def __init__(self, params: dict[str, Any]) -> None:
        self.state = parameters(self.kind, params, state="loaded")["state"]
        if self.state not in ("loaded", "unloaded"):
            raise ValueError(f"fault {self.kind}: state = {self.state!r} must be 'loaded' or 'unloaded'")

    def apply(self, target: ScrewCompressor | ReciprocatingCompressor, severity: float, t_ns: int) -> None:
        """Set the end that the unloader can still reach."""
        if self.state == "loaded":
            target.condition.opening_least = severity
        else:
            target.condition.opening_most = 1.0 - severity
