"""A serial line in a rig file: what several devices share."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from rigs.assets.base import Identifier, Strict
from rigs.quantity import Seconds

PortPath = Annotated[str, Field(pattern=r"^/", max_length=200)]


class ForeignTalker(Strict):
    """Somebody else on the pair: `frame` (hexadecimal) goes over the line `every` so often.

    A frame without a Modbus checksum of its own is a talker of another protocol.
    """

    frame: Annotated[str, Field(pattern=r"^([0-9A-Fa-f]{2}\s*)+$", max_length=1600)]
    every: Seconds = Field(default=1.0, gt=0.001, le=3600)

    @property
    def data(self) -> bytes:
        """The frame's bytes."""
        return bytes.fromhex(self.frame)


class SerialLine(Strict):
    """One RS-485 pair, its master and its devices; devices join it with ``line: <id>`` and share one URL.

    Parameters
    ----------
    baud, parity, stop_bits
        How characters go over the line; two stop bits without parity, else one (MB-SER V1.02, 2.5.1).
    port
        A real serial device the emulated devices talk on; without one the line is a pseudo-terminal.
    client_port
        The serial device the master opens, where it is another than `port` (its own adapter on the same pair).
    echo
        The master's two-wire adapter hears what it sends, so the master gets its requests back.
    turnaround
        How long a device thinks before it answers [s]; t3.5 passes in any case.
    strict
        Devices refuse frames with a gap over t1.5 or without a silence of t3.5 around them (MB-SER 2.5.1.1).
    foreign
        Others on the pair, who talk whatever the master does.
    """

    id: Identifier
    baud: int = Field(default=19200, ge=300, le=921600)
    parity: Literal["even", "odd", "none"] = "even"
    stop_bits: Literal[1, 2] | None = None
    port: PortPath | None = None
    client_port: PortPath | None = None
    echo: bool = False
    turnaround: Seconds = Field(default=0.0, ge=0, le=10)
    strict: bool = False
    foreign: tuple[ForeignTalker, ...] = Field(default=(), max_length=8)

    @model_validator(mode="after")
    def _has_an_end_for_the_master(self) -> Self:
        if self.client_port is not None and self.port is None:
            raise ValueError("client_port needs a port: a pseudo-terminal has its own other end")
        return self
