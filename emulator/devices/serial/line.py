"""One pair of wires as everybody on it hears it: a master, its slaves, strangers. No port, no clock.

Whoever talks is heard by all others, character by character, at the line's speed; two who talk at once garble each
other; who talks hears nothing meanwhile. All times are seconds of one monotonic line time, handed in by the caller.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

from emulator.devices.serial.characters import CharacterFormat, collided
from emulator.devices.serial.noise import NOISE_KINDS, disturbed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from emulator.devices.serial.timing import LineTiming
    from emulator.devices.serial.trouble import SerialTrouble

MASTER: Final = "master"
STRANGER: Final = "stranger"
# Bytes leave for the master in clumps of about this much line time: a wake-up per character would cost more than
# the device.
GRAIN_S: Final = 0.004
# Later than this much of a bit is an overlap; less is rounding.
_HAIR: Final = 0.5
# A master that never stops sending is not remembered without end.
_TALKS_MAX: Final = 1024


class Station(Protocol):
    """A device on the line."""

    trouble: SerialTrouble

    @property
    def waiting(self) -> bool:
        """Whether it heard part of a frame and must be told of the silence that ends it."""
        ...

    def hear(self, data: bytes, start_s: float, end_s: float) -> None:
        """Take a run of characters whose first began at `start_s` and whose last ended at `end_s`."""
        ...

    def silence(self, at_s: float) -> None:
        """Take note that the line was silent for t3.5 until `at_s`."""
        ...


@dataclass(slots=True)
class _Talk:
    speakers: tuple[object, ...]
    start_s: float
    end_s: float
    data: bytes
    echoes: bool = False
    given: int = 0
    deaf_until_s: float = float("-inf")
    told: bool = field(default=False)

    def due(self, now_s: float) -> int:
        """Return how many of its characters have ended by `now_s`; a hair more, against rounding."""
        if now_s < self.start_s:
            return 0
        length_s = self.end_s - self.start_s
        if now_s >= self.end_s - 1e-9:
            return len(self.data)
        return int(len(self.data) * (now_s - self.start_s) / length_s + 1e-6)


class Line:
    """A line with its talks under way.

    Parameters
    ----------
    timing, form
        speed, silences and character format.
    echo
        whether the master hears itself.
    carried
        whether a real line outside carries the bytes: what the master says has been on the line when it is read,
        and what it hears leaves whole as its talk begins.
    """

    def __init__(
        self, timing: LineTiming, form: CharacterFormat | None = None, *, echo: bool = False, carried: bool = False
    ) -> None:
        self.timing = timing
        self.form = form or CharacterFormat()
        self.echo = echo
        self.carried = carried
        self.stations: list[Station] = []
        self.collisions = 0
        self._talks: list[_Talk] = []
        self._free_s: dict[int, float] = {}
        self._heard_s = float("-inf")
        self._quiet_s: float | None = None
        self._foreign: list[tuple[float, bytes, list[float]]] = []

    def join(self, station: Station) -> None:
        """Put a device on the line."""
        self.stations.append(station)

    def leave(self, station: Station) -> None:
        """Take a device off, and what it had still to say."""
        if station in self.stations:
            self.stations.remove(station)
        self.hush(station, float("-inf"))

    def foreign(self, data: bytes, every_s: float, now_s: float) -> None:
        """Have a stranger say `data` every `every_s` from now on, whatever else goes on."""
        self._foreign.append((every_s, data, [now_s + every_s]))

    # --- who talks -----------------------------------------------------------------------------------------

    def says(self, data: bytes, now_s: float) -> None:
        """Take bytes of the master, written (or, from a real line, read) at `now_s`."""
        length_s = len(data) * self.timing.character_s
        start_s = max(now_s - length_s if self.carried else now_s, self._free_s.get(id(MASTER), now_s - length_s))
        if len(self._talks) < _TALKS_MAX:
            self._put(MASTER, data, start_s, length_s)

    def transmit(self, speaker: object, data: bytes, start_s: float, length_s: float | None = None) -> float:
        """Have somebody talk from `start_s`, or once it has said what it says already; return when it ends."""
        if length_s is None:
            length_s = len(data) * self.timing.character_s
        start_s = max(start_s, self._free_s.get(id(speaker), start_s))
        self._put(speaker, data, start_s, length_s)
        return start_s + length_s

    def hush(self, speaker: object, now_s: float) -> None:
        """Cut off what a speaker says after `now_s`: it lost power."""
        kept = []
        for talk in self._talks:
            if speaker in talk.speakers:
                talk.data = talk.data[: max(talk.given, talk.due(now_s))]
                talk.end_s = min(talk.end_s, max(now_s, talk.start_s))
                if talk.given >= len(talk.data):
                    continue
            kept.append(talk)
        self._talks = kept
        self._free_s.pop(id(speaker), None)

    def clear(self) -> None:
        """Forget everything under way: the port is gone."""
        self._talks.clear()
        self._free_s.clear()
        self._quiet_s = None

    def _put(self, speaker: object, data: bytes, start_s: float, length_s: float) -> None:
        end_s = start_s + length_s
        self._free_s[id(speaker)] = end_s
        echoes = speaker is not MASTER or self.echo
        if any(station.trouble.now for station in self.stations):
            echoes = self._troubles_echo(speaker) or echoes
            for station in self.stations:
                if not station.trouble.now.keys().isdisjoint(NOISE_KINDS):
                    data = disturbed(data, station.trouble, self.form)
        talk = _Talk((speaker,), start_s, end_s, data, echoes)
        hair_s = _HAIR * self.timing.bit_s
        for other in tuple(self._talks):
            met = other.start_s < talk.end_s - hair_s and talk.start_s < other.end_s - hair_s
            if met and not other.told and speaker not in other.speakers:
                self._talks.remove(other)
                talk = self._both(other, talk)
        place = len(self._talks)
        while place and self._talks[place - 1].start_s > talk.start_s:
            place -= 1
        self._talks.insert(place, talk)

    def _troubles_echo(self, speaker: object) -> bool:
        return speaker is MASTER and any(station.trouble.hits("serial_echo") for station in self.stations)

    def _both(self, one: _Talk, other: _Talk) -> _Talk:
        """Return what is heard of two talks at once."""
        first, second = (one, other) if one.start_s <= other.start_s else (other, one)
        self.collisions += 1
        offset = round((second.start_s - first.start_s) / self.timing.bit_s) if self.timing.bit_s else 0
        speakers = (*first.speakers, *second.speakers)
        both = _Talk(
            speakers,
            first.start_s,
            max(first.end_s, second.end_s),
            collided(first.data, second.data, offset, self.form),
            echoes=True,
            given=first.given,
        )
        masters = [talk.end_s for talk in (one, other) if MASTER in talk.speakers and not talk.echoes]
        both.deaf_until_s = max([one.deaf_until_s, other.deaf_until_s, *masters])
        return both

    # --- who hears -----------------------------------------------------------------------------------------

    def advance(self, now_s: float) -> bytes:
        """Let line time be `now_s`: tell the stations what they heard, and return the bytes the master gets."""
        while (event_s := self._next_event()) is not None and event_s <= now_s + 1e-9:
            self._happen(event_s)
        out = bytearray()
        for talk in self._talks:
            if talk.start_s > now_s:
                break
            due = len(talk.data) if self.carried else talk.due(now_s)
            if due > talk.given:
                if talk.echoes:
                    out += talk.data[max(talk.given, talk.due(talk.deaf_until_s)) : due]
                talk.given = due
        if self._talks and self._talks[0].told:
            self._talks = [talk for talk in self._talks if not (talk.told and talk.given >= len(talk.data))]
        return bytes(out)

    def settle(self, now_s: float) -> None:
        """Have the silence that ends a frame be over at once, however short it was."""
        if self._quiet_s is not None:
            self._quiet_s = None
            for station in tuple(self.stations):
                if station.waiting:
                    station.silence(now_s)

    def next_s(self) -> float | None:
        """Return when to call `advance` again; None: not before somebody talks."""
        times = [self._next_event()]
        talk = next((talk for talk in self._talks if talk.echoes and talk.given < len(talk.data)), None)
        if talk is not None and self.carried:
            times.append(talk.start_s)
        elif talk is not None:
            length_s = (talk.end_s - talk.start_s) / len(talk.data)
            step = max(1, round(GRAIN_S / length_s)) if length_s > 0.0 else len(talk.data)
            times.append(talk.start_s + min(len(talk.data), talk.given + step) * length_s)
        return min((time for time in times if time is not None), default=None)

    def _next_event(self) -> float | None:
        times: Sequence[float | None] = (
            min((talk.end_s for talk in self._talks if not talk.told), default=None),
            self._quiet_s,
            min((due[0] for _, _, due in self._foreign), default=None),
        )
        return min((time for time in times if time is not None), default=None)

    def _happen(self, at_s: float) -> None:
        """Make what is due at `at_s` happen: a talk ends, a stranger speaks up, or silence is complete."""
        talk = next((talk for talk in self._talks if not talk.told and talk.end_s <= at_s), None)
        if talk is not None:
            talk.told = True
            self._heard_s = max(self._heard_s, talk.end_s)
            for station in tuple(self.stations):
                if station not in talk.speakers:
                    station.hear(talk.data, talk.start_s, talk.end_s)
            waiting = any(station.waiting for station in self.stations)
            self._quiet_s = self._heard_s + self.timing.t3_5_s if waiting else None
            return
        for every_s, data, due in self._foreign:
            if due[0] <= at_s:
                due[0] += every_s
                self.transmit(STRANGER, data, due[0] - every_s)
                return
        under_way = min((talk.start_s for talk in self._talks if not talk.told), default=None)
        if under_way is not None and under_way < at_s:
            # Somebody began before the silence was complete: it is no silence.
            self._quiet_s = None
            return
        self._quiet_s = None
        for station in tuple(self.stations):
            if station.waiting:
                station.silence(at_s)
