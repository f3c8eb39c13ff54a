"""Where a line meets the outside: a pseudo-terminal of our own, or a real serial port."""

from __future__ import annotations

import contextlib
import os
import tempfile
import termios
import tty
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from emulator.devices.serial.characters import CharacterFormat

READ_SIZE: Final = 4096


class PseudoTerminal:
    """A pseudo-terminal; the client opens `path`.

    With a `name` the path is a link of that name in a folder of its own, and stays the same when the terminal is
    closed and opened again; without one it is the terminal's own.
    """

    def __init__(self, name: str | None = None) -> None:
        self.fd = -1
        self.path = ""
        self._name = name
        self._slave_fd = -1
        self._folder: Path | None = None

    def open(self) -> None:
        """Open it. OSError if the system has no pseudo-terminal left."""
        self.fd, self._slave_fd = os.openpty()
        # Raw: a line discipline that echoes or translates would corrupt every frame. We keep our own handle
        # on the client's end, so that a client which closes and reopens finds the line as it left it.
        tty.setraw(self._slave_fd)
        os.set_blocking(self.fd, False)
        self.path = os.ttyname(self._slave_fd)
        if self._name is not None:
            if self._folder is None:
                self._folder = Path(tempfile.mkdtemp(prefix="plantbench-line-"))
            link = self._folder / self._name
            link.symlink_to(self.path)
            self.path = str(link)

    def close(self, *, for_good: bool = True) -> None:
        """Close both ends; a client's handle is hung up. The path stays known unless it is for good."""
        if self.fd >= 0:
            os.close(self.fd)
            os.close(self._slave_fd)
            self.fd = self._slave_fd = -1
        if self._folder is not None:
            (self._folder / str(self._name)).unlink(missing_ok=True)
            if for_good:
                with contextlib.suppress(OSError):
                    self._folder.rmdir()
                self._folder = None
        if for_good:
            self.path = ""


class RealPort:
    """A serial port of this machine; its UART paces what is written and has paced what is read."""

    def __init__(self, path: str, baud: int, form: CharacterFormat) -> None:
        self.fd = -1
        self.path = path
        self._baud = baud
        self._form = form
        self._serial: Any = None

    def open(self) -> None:
        """Open it. OSError if it is not there or cannot have this format."""
        import serial

        try:
            self._serial = serial.Serial(
                self.path,
                baudrate=self._baud,
                parity={"even": "E", "odd": "O", "none": "N"}[self._form.parity],
                stopbits=self._form.stops,
                timeout=0,
                write_timeout=0,
            )
        except termios.error as problem:
            raise OSError(problem.args[0], f"{self.path} cannot have {self._baud} baud and {self._form}") from None
        self.fd = self._serial.fileno()
        os.set_blocking(self.fd, False)

    def close(self, *, for_good: bool = True) -> None:
        """Close it."""
        if self._serial is not None:
            self._serial.close()
        self._serial, self.fd = None, -1
