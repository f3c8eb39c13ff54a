"""Times go on and the value stands still, with status Good (catalogue U11)."""

from typing import Any, ClassVar

from emulator.devices.opcua.changing import ReadingFault
from emulator.devices.opcua.wrongs import Shown


class OpcUaFrozenValueFault(ReadingFault):
    """The value of one point, or of all, stays what it was at onset; its source time goes on.

    Parameters: `point`, all if empty.
    """

    kind: ClassVar[str] = "opcua_frozen_value"

    def __init__(self, params: dict[str, Any]) -> None:
        super().__init__(params)
        self._held: dict[str, bytes] = {}

    def forget(self) -> None:
        """Hold another value at the next onset."""
        self._held.clear()

    def act(self, shown: Shown) -> None:
        """Show the value of the onset."""
        if shown.variant is not None:
            shown.variant = self._held.setdefault(shown.point, shown.variant)
