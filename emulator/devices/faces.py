"""Open the protocol faces of a rig's devices: the one place that knows which server speaks which protocol.

Each protocol's way in is a module `emulator.devices.<protocol>.face` with a function `open_face(setting) -> Face`,
imported when the first device needs it.
"""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from emulator.devices.image import DeviceImage
from emulator.devices.timers import PacedTimers, Timers
from emulator.streams import Streams
from rigs.schema import Rig

Note = Callable[..., None]


class Face(Protocol):
    """A protocol server of one device."""

    misbehaviour: Any

    async def start(self) -> str:
        """Open the endpoint and return its URL.

        Raises
        ------
        OSError
            The port is taken or the serial device is missing.

        """
        ...

    async def stop(self) -> None:
        """Close everything."""
        ...


@dataclass(frozen=True, slots=True)
class Setting:
    """Where a face stands.

    Parameters
    ----------
    image : DeviceImage
        What it shows; its device's port is 0, for the port a rig asks for belongs to the link in front of it.
    rig : Rig
        The whole rig: lines and brokers are shared by devices.
    streams : Streams
        Randomness for partial faults.
    note : callable
        Called with a fault's kind (and a detail) each time a protocol fault touches the wire.
    timers : Timers
        The device's own timers, on plant time.
    shared : dict
        What the faces of one rig share (a serial line, a broker), by a name of the protocol's choice.
    host : str
        Where clients come in: the link in front of the device listens there. Certificates name it.

    """

    image: DeviceImage
    rig: Rig
    streams: Streams
    note: Note
    timers: Timers
    shared: dict[str, Any]
    host: str = "127.0.0.1"

    def draw(self, kind: str, index: int) -> float:
        """Return the `index`-th number in [0, 1) of this device for that kind of fault."""
        return float(self.streams(f"protocol/{self.image.device.id}/{kind}").uniform(index, 1)[0])


def open_face(setting: Setting) -> Face:
    """Return the face of a device, not yet listening."""
    protocol = setting.image.device.protocol.partition("-")[0]
    module = importlib.import_module(f"emulator.devices.{protocol}.face")
    face: Face = module.open_face(setting)
    return face


__all__ = ["Face", "Note", "PacedTimers", "Setting", "open_face"]
