"""A line joined to asyncio: the port's bytes in, the line's bytes out, everything in line time.

Line time is plant time: at ten times real time a line of 19,200 baud carries ten times as much a second. In lockstep,
where plant time stands still between commits, and on a real port it is the event loop's clock. No threads: the port is
read when the loop says it has bytes, silences and pacing are one timer. Bytes that wait at the port are taken before a
timer counts, so a loop that was busy never takes its own absence for silence.
"""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Final

from emulator.devices.serial.alarm import Alarm
from emulator.devices.serial.line import STRANGER
from emulator.devices.serial.port import READ_SIZE, PseudoTerminal, RealPort

if TYPE_CHECKING:
    from collections.abc import Iterable

    from emulator.devices.serial.line import Line, Station
    from emulator.devices.timers import Timer, Timers

# How often a port that went away (an adapter pulled out) is tried again.
_REOPEN_S: Final = 1.0


class SerialBus:
    """A line on its port, shared by its devices' servers: the first to start opens it, the last to stop closes it.

    Parameters
    ----------
    line
        who talks and what is heard of it.
    port
        path of a serial port; None opens a pseudo-terminal, whose other end is `url` after `start`.
    name
        name of the pseudo-terminal's path; without one it is the system's.
    client_port
        what the master opens, where it is another than `port`.
    own_echo
        whether the port repeats to us what we send, as some two-wire adapters do.
    rate
        seconds of line time per second of the event loop.
    foreign
        strangers' frames with their period [s].
    steps
        timers of a plant in lockstep: strangers talk right after the step in which they are due, before anybody who
        was told of the step, so that a run repeats to the byte. None has them talk whenever they like.
    """

    def __init__(
        self,
        line: Line,
        *,
        port: str | None = None,
        name: str | None = None,
        client_port: str | None = None,
        own_echo: bool = False,
        rate: float = 1.0,
        foreign: Iterable[tuple[bytes, float]] = (),
        steps: Timers | None = None,
    ) -> None:
        self.line = line
        self.port = PseudoTerminal(name) if port is None else RealPort(port, line.timing.baud or 115200, line.form)
        self.lost = False
        self._client_port = client_port
        self._own_echo = own_echo
        self._rate = rate if port is None else 1.0
        self._foreign = tuple(foreign)
        self._steps = steps if port is None else None
        self._talkers: list[Timer] = []
        self._users = 0
        self._echo = b""
        self._alarm: Alarm | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._reopening: asyncio.TimerHandle | None = None

    @property
    def url(self) -> str:
        """Path of the serial port a client opens, once started."""
        if not self.port.path:
            raise RuntimeError("the pseudo-terminal has no path before start()")
        return self._client_port or self.port.path

    def now_s(self) -> float:
        """Return line time [s]."""
        assert self._loop is not None, "only called while started"
        return self._loop.time() * self._rate

    def start(self) -> str:
        """Open the port unless it is open, and return `url`. OSError if it cannot be opened."""
        if not self._users:
            self.port.open()
            self._loop = asyncio.get_running_loop()
            self._alarm = Alarm(self._rang)
            self._loop.add_reader(self.port.fd, self._readable)
            for data, every_s in self._foreign:
                if self._steps is None:
                    self.line.foreign(data, every_s, self.now_s())
                else:
                    self._talk_at_steps(self._steps, data, every_s)
            self.pump()
        self._users += 1
        return self.url

    def stop(self) -> None:
        """Close the port if nobody uses it any more."""
        self._users -= 1
        if self._users or self._loop is None or self._alarm is None:
            return
        if self._reopening is not None:
            self._reopening.cancel()
            self._reopening = None
        for talker in self._talkers:
            talker.cancel()
        self._talkers.clear()
        self._alarm.close()
        self._alarm = None
        if self.port.fd >= 0:
            self._loop.remove_reader(self.port.fd)
        self.port.close()
        self.line.clear()

    def attend(self) -> None:
        """Lose the port, or have it back, as the troubles of the line's devices say."""
        wanted = any("serial_port_lost" in station.trouble.now for station in self.line.stations)
        if wanted == self.lost or self._loop is None or not self._users:
            return
        self.lost = wanted
        if wanted:
            self._let_go()
            _note(self.line.stations)
        else:
            self._reopen()

    def _talk_at_steps(self, steps: Timers, data: bytes, every_s: float) -> None:
        """Have a stranger's frame, and the silence behind it, be over by the time its step is."""
        place = len(self._talkers)

        def talk() -> None:
            self.line.transmit(STRANGER, data, self.now_s(), 0.0)
            self.pump()
            self.line.settle(self.now_s())
            self._talkers[place] = steps.later(every_s, talk)

        self._talkers.append(steps.later(every_s, talk))

    def pump(self) -> None:
        """Let everybody hear what they should have heard by now, and look again when more is due."""
        if self._alarm is None:
            return
        self._write(self.line.advance(self.now_s()))
        when = self.line.next_s()
        self._alarm.set(None if when is None else when / self._rate)

    def _rang(self) -> None:
        if self.port.fd >= 0:
            self._readable(said_so=False)
        self.pump()

    def _readable(self, *, said_so: bool = True) -> None:
        """Take what is there; nothing is a port that went away, if the loop `said_so`."""
        try:
            data = os.read(self.port.fd, READ_SIZE)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            if said_so:
                self._lost()
            return
        if self._echo:
            data = self._without_echo(data)
        self.line.says(data, self.now_s())
        self.pump()

    def _write(self, data: bytes) -> None:
        if not data or self.port.fd < 0:
            return
        if self._own_echo:
            self._echo = (self._echo + data)[-READ_SIZE:]
        try:
            os.write(self.port.fd, data)
        except OSError:
            # Nobody reads: a serial line does not wait, the bytes are gone.
            return

    def _without_echo(self, data: bytes) -> bytes:
        """Take our own bytes off the front of what came in; other bytes mean there was no echo."""
        common = min(len(self._echo), len(data))
        if data[:common] != self._echo[:common]:
            self._echo = b""
            return data
        self._echo = self._echo[common:]
        return data[common:]

    def _lost(self) -> None:
        """Let go of a port that went away, and try to have it back."""
        assert self._loop is not None, "only called while started"
        self._let_go()
        self._reopening = self._loop.call_later(_REOPEN_S, self._reopen)

    def _let_go(self) -> None:
        assert self._loop is not None, "only called while started"
        if self.port.fd >= 0:
            self._loop.remove_reader(self.port.fd)
        self.port.close(for_good=False)
        self.line.clear()

    def _reopen(self) -> None:
        assert self._loop is not None, "only called while started"
        if self._reopening is not None:
            self._reopening.cancel()
            self._reopening = None
        if self.lost:
            return
        try:
            self.port.open()
        except OSError:
            self._reopening = self._loop.call_later(_REOPEN_S, self._reopen)
            return
        self._echo = b""
        self._loop.add_reader(self.port.fd, self._readable)
        self.pump()


def _note(stations: list[Station]) -> None:
    for station in stations:
        if "serial_port_lost" in station.trouble.now:
            station.trouble.note("serial_port_lost")
