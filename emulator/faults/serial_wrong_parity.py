"""Answers come with another parity than the line's (catalogue S11)."""

from typing import Any, ClassVar

from emulator.devices.serial.faulting import SerialFault
from emulator.faults.base import parameters

WORDS = ("even", "odd", "none")


class SerialWrongParity(SerialFault):
    """A slave that was set to another parity: its characters are dropped by whoever checks."""

    kind: ClassVar[str] = "serial_wrong_parity"

    def __init__(self, params: dict[str, Any]) -> None:
        given = parameters(self.kind, params, parity="odd", unit=0)
        super().__init__({"unit": given["unit"]})
        self._parity = str(given["parity"])
        if self._parity not in WORDS:
            raise ValueError(f"parity = {self._parity!r} must be one of {', '.join(WORDS)}")

    def _word(self) -> str:
        return self._parity
