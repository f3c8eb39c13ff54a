"""The FMU's own process, seen from the plant: asked over a pipe, given a time, and ended when it does not answer."""

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import weakref
from pathlib import Path
from typing import Any, Final

from emulator.fmi.protocol import Frame, Op, Parser, ProtocolError, pack

ROOT: Final = Path(__file__).resolve().parents[2]
CHUNK: Final = 1 << 16
MOST_READS: Final = 2 * (1 << 26) // CHUNK  # an answer may come in pieces, but not for ever


class FmuError(Exception):
    """The FMU failed: it reported an error, did not answer in time, spoke nonsense, or its process ended."""


class FmuProcess:
    """A process that holds one FMU.

    Parameters
    ----------
    asked : dict
        What the child is to load: see `emulator.fmi.child.open_unit`.
    timeout_s : float
        Wall time it may take to load [s].

    Attributes
    ----------
    told : dict
        What the child said of the FMU.

    Raises
    ------
    FmuError
        The FMU cannot be loaded.

    """

    def __init__(self, asked: dict[str, Any], timeout_s: float) -> None:
        path = os.pathsep.join(p for p in (str(ROOT), os.environ.get("PYTHONPATH")) if p)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "emulator.fmi.child"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0,
            env=os.environ | {"PYTHONPATH": path}, start_new_session=True,
        )  # fmt: skip
        self._end = weakref.finalize(self, _end, self._process)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._in, self._out = self._process.stdin.fileno(), self._process.stdout.fileno()
        os.set_blocking(self._in, False)
        self._parser = Parser()
        told = self.ask(Op.OPEN, json.dumps(asked).encode(), timeout_s)
        try:
            self.told: dict[str, Any] = json.loads(told)
        except ValueError:
            self.close()
            raise FmuError("its process spoke nonsense of itself") from None

    @property
    def pid(self) -> int:
        """Id of the process."""
        return self._process.pid

    def close(self) -> None:
        """End the process, however it is."""
        self._end()

    def ask(self, op: Op, payload: bytes, timeout_s: float) -> bytes:
        """Send a request and return the payload of its answer.

        Raises
        ------
        FmuError
            With what happened; the process is ended then, unless it is the FMU itself that reported an error.

        """
        if not self._end.alive:
            raise FmuError("its process has been ended")
        try:
            self._send(pack(op, payload), timeout_s)
            frame = self._receive(timeout_s)
        except FmuError:
            self.close()
            raise
        except (ProtocolError, OSError) as problem:
            text = self._obituary() or f"its process spoke nonsense: {problem}"
            self.close()
            raise FmuError(text) from None
        if frame.op is Op.ERROR:
            raise FmuError(frame.payload.decode("utf-8", "replace")[:2000])
        return frame.payload

    def _send(self, data: bytes, timeout_s: float) -> None:
        poll = select.poll()
        poll.register(self._in, select.POLLOUT)
        while data:
            if not poll.poll(timeout_s * 1e3):
                raise FmuError(f"its process took nothing in for {timeout_s:g} s")
            data = data[os.write(self._in, data[:CHUNK]) :]

    def _receive(self, timeout_s: float) -> Frame:
        poll = select.poll()
        poll.register(self._out, select.POLLIN)
        for _ in range(MOST_READS):
            if not poll.poll(timeout_s * 1e3):
                raise FmuError(f"it did not answer within {timeout_s:g} s")
            data = os.read(self._out, CHUNK)
            if not data:
                raise FmuError(self._obituary() or "its process closed the line")
            frames = self._parser.receive(data)
            if frames:
                if len(frames) > 1:
                    raise ProtocolError("several answers to one question")
                return frames[0]
        raise ProtocolError("an answer without end")

    def _obituary(self) -> str | None:
        """Return how the process ended; None if it still runs."""
        try:
            code = self._process.wait(1.0)
        except subprocess.TimeoutExpired:
            return None
        if code < 0:
            return f"its process crashed with {signal.Signals(-code).name}"
        return f"its process ended with code {code}"


def _end(process: "subprocess.Popen[bytes]") -> None:
    with contextlib.suppress(OSError):
        os.killpg(process.pid, signal.SIGKILL)  # it leads a session of its own: what it started ends with it
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()
