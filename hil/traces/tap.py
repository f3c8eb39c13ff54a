"""Records a conversation as it leaves a link proxy."""

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes that travelled as one: up from the client to the device, down from the device to the client."""

    connection: int
    direction: Literal["up", "down"]
    data: bytes

    @property
    def arrow(self) -> str:
        """→ towards the device, ← towards the client."""
        return "→" if self.direction == "up" else "←"


@dataclass(slots=True)
class Transcript:
    """The pieces of a link, in order; `LinkProxy.tap` takes its `take`."""

    pieces: list[Piece] = field(default_factory=list)

    def take(self, connection: int, direction: Literal["up", "down"], data: bytes) -> None:
        """Note bytes; bytes that follow others the same way are one piece with them."""
        last = self.pieces[-1] if self.pieces else None
        if last is not None and (last.connection, last.direction) == (connection, direction):
            self.pieces[-1] = Piece(connection, direction, last.data + data)
        else:
            self.pieces.append(Piece(connection, direction, data))
