"""When bytes go over a serial line: characters and silences. No port, no clock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

# Start, eight data, parity and stop bit; without parity the standard asks for a second stop bit (MB-SER
# V1.02, 2.5.1).
CHARACTER_BITS: Final = 11
_FAST_BAUD: Final = 19200


@dataclass(frozen=True, slots=True)
class LineTiming:
    """Timing of one line.

    Parameters
    ----------
    baud
        bits per second; None is a line without pacing (as fast as the host), with the silences of a fast
        line.
    turnaround_s
        how long the device thinks before it answers; at least t3.5 passes in any case on a paced line.
    strict
        refuse frames with gaps over t1.5 or without a silence of t3.5 around them. Off by default: a host that is
        busy for a moment sees such gaps on healthy lines, and the standard's own implementation note allows to
        leave it out.
    character_bits
        bits of one character on the line, start and stop bits included.
    """

    baud: int | None = 19200
    turnaround_s: float = 0.0
    strict: bool = False
    character_bits: int = CHARACTER_BITS

    @property
    def bit_s(self) -> float:
        """Time of one bit [s]; 0 without pacing."""
        return 0.0 if self.baud is None else 1.0 / self.baud

    @property
    def character_s(self) -> float:
        """Time of one character [s]; 0 without pacing."""
        return 0.0 if self.baud is None else self.character_bits / self.baud

    @property
    def t1_5_s(self) -> float:
        """Longest gap inside a frame [s]: 1.5 characters, 750 µs above 19200 baud (MB-SER 2.5.1.1)."""
        return 0.00075 if self.baud is None or self.baud > _FAST_BAUD else 1.5 * self.character_s

    @property
    def t3_5_s(self) -> float:
        """Silence that ends a frame [s]: 3.5 characters, 1.75 ms above 19200 baud (MB-SER 2.5.1.1)."""
        return 0.00175 if self.baud is None or self.baud > _FAST_BAUD else 3.5 * self.character_s

    @property
    def before_answer_s(self) -> float:
        """Time from the last byte of a request to the first of its answer [s]."""
        return self.turnaround_s if self.baud is None else max(self.t3_5_s, self.turnaround_s)
