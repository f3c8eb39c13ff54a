"""A serial line in a rig file: what several devices share."""

from typing import Annotated, Literal

from pydantic import Field

from rigs.assets.base import Identifier, Strict


class SerialLine(Strict):
    """One RS-485 pair with its devices; `port` is a real serial device, without one it is a pseudo-terminal."""

    id: Identifier
    baud: int = Field(default=19200, ge=300, le=921600)
    parity: Literal["even", "odd", "none"] = "even"
    port: Annotated[str, Field(max_length=200)] | None = None
