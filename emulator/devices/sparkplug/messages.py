"""A message of an edge node on its way out."""

from dataclasses import dataclass
from typing import Literal

from emulator.devices.sparkplug.payload import Payload

Kind = Literal["NBIRTH", "NDEATH", "NDATA", "NCMD", "DBIRTH", "DDEATH", "DDATA", "DCMD"]


@dataclass(frozen=True, slots=True)
class Message:
    """What goes out next; `raw` are the bytes to send instead of the payload's own."""

    kind: Kind
    device: str | None
    payload: Payload
    raw: bytes | None = None
    retain: bool = False
