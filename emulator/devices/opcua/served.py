"""One point as the server serves it: the image's reading, put into bytes when somebody asks and not before.

A reading changes ten times a second or, in lockstep, two hundred times; it is read far less often. So a
commit costs nothing here, and the first reader after it pays for the encoding, which the next readers share.
"""

from collections.abc import Callable
from typing import Any, Final, Literal

import numpy as np

from emulator.devices.image import BAD_WAITING_FOR_INITIAL_DATA, DeviceImage, Reading
from emulator.devices.opcua import values
from emulator.devices.opcua.indexrange import RangeError, parse
from emulator.devices.opcua.misbehaviour import OpcUaMisbehaviour, StatusOverride, is_bad
from emulator.devices.opcua.wrongs import Change, Shown
from rigs.schema import Point

Part = Literal["value", "counter", "rate"]
Draw = Callable[[int], float]

_FIRST_BAD: Final = 0x80000000
_NOTHING: Final = Reading(0.0, BAD_WAITING_FOR_INITIAL_DATA, 0)  # of a point that is only written


class ServedPoint:
    """A point's value and, for a waveform, its sample counter and rate: always of one and the same reading.

    Parameters
    ----------
    point
        The point; it must have an OPC UA address and a signal.
    image
        The device image that holds its reading.
    misbehaviour
        Protocol faults, shared by the whole server.
    draw
        Uniform number in [0, 1) for a commit: decides which commits a partial status fault strikes.

    """

    __slots__ = (
        "_changes", "_draw", "_encode", "_held_ns", "_image", "_misbehaviour", "_reading", "_struck", "_variant",
        "point", "source_ticks", "status", "type_", "version",
    )  # fmt: skip

    def __init__(self, point: Point, image: DeviceImage, misbehaviour: OpcUaMisbehaviour, draw: Draw) -> None:
        if point.opcua is None:
            raise ValueError(f"point {point.id} has no opcua address; an OPC UA server cannot serve it")
        self.point = point
        self.type_ = point.opcua.type
        self.status = BAD_WAITING_FOR_INITIAL_DATA
        self.source_ticks: int | None = 0
        self.version = 0
        self._image = image
        self._misbehaviour = misbehaviour
        self._draw = draw
        self._reading: Reading | None = None
        self._variant: bytes | None = None
        self._held_ns: int | None = None
        self._struck: StatusOverride | None = None
        self._changes: tuple[Change, ...] = ()
        self._encode: Callable[[Any], bytes] = values.encoder(self.type_) if point.waveform is None else _samples

    @property
    def server_ticks(self) -> int:
        """The device's clock at its last commit: when the server last knew."""
        return values.ticks(self._image.t_ns + self._misbehaviour.wrongs.skew_ns)

    def spoil(self) -> list[str]:
        """Decide what is wrong with the reading just committed; returns the fault kinds that begin to act.

        Called at commits while anything is wrong with the server, and once after.
        """
        begun = []
        reading = self._image.reading(self.point.id) or _NOTHING
        frozen = self._misbehaviour.source_time_frozen(self.point.id)
        if frozen and self._held_ns is None:
            begun.append("opcua_source_time_frozen")
            self._held_ns = reading.t_ns
        elif not frozen:
            self._held_ns = None
        struck = None
        if reading.status != BAD_WAITING_FOR_INITIAL_DATA:
            for override in self._misbehaviour.overrides(self.point.id):
                if override.share >= 1.0 or self._draw(self._image.commits) < override.share:
                    struck = override
        if struck is not None and self._struck is None:
            begun.append("opcua_status")
        self._struck = struck
        changes: tuple[Change, ...] = ()
        if reading.status != BAD_WAITING_FOR_INITIAL_DATA:
            changes = tuple(self._misbehaviour.wrongs.changes_of(self.point.id, self._image.commits))
        acting = {change.kind for change in self._changes}
        begun += [change.kind for change in changes if change.kind not in acting]
        self._changes = changes
        self._reading = None  # to be encoded anew
        return begun

    def data_value(self, part: Part = "value", times: int = values.BOTH, index_range: str | None = None) -> bytes:
        """Return a part of the current reading as an encoded DataValue."""
        reading = self._refresh()
        if part == "counter":
            variant = self._variant and values.scalar("UInt64", reading.n0)
        elif part == "rate":
            variant = self._variant and values.scalar("Double", reading.rate_hz)
        elif index_range:
            return self._range(reading, times, index_range)
        else:
            variant = self._variant
        return values.data_value(variant, self.status, self.source_ticks, self.server_ticks, times)

    @property
    def variant(self) -> bytes | None:
        """The encoded value as of the last `refresh`; None where the status leaves none."""
        return self._variant

    def refresh(self) -> int:
        """Bring all up to the image's reading; returns a number that changes whenever anything may have changed."""
        self._refresh()
        return self.version

    def current(self) -> Reading | None:
        """Return the current reading; None where its status leaves no value."""
        reading = self._refresh()
        return None if self._variant is None else reading

    def plain(self, part: Part = "value") -> Any:
        """Return a part of the current reading as a Python value; None where the status leaves none."""
        reading = self._refresh()
        if self._variant is None:
            return None
        if part != "value":
            return reading.n0 if part == "counter" else reading.rate_hz
        return reading.value.tolist() if self.point.waveform else values.fit(self.type_, reading.value)

    def _refresh(self) -> Reading:
        """Bring status, time and encoded value up to the image's reading, which is returned."""
        reading = self._image.reading(self.point.id) or _NOTHING
        if reading is self._reading:
            return reading
        self._reading = reading
        self.version += 1
        self.status = status = reading.status
        keep_value = status < _FIRST_BAD
        if self._struck is not None:
            self.status = self._struck.status
            keep_value = not is_bad(self.status) or self._struck.keep_value
            if status == BAD_WAITING_FOR_INITIAL_DATA:
                self.status, keep_value = status, False
        self.source_ticks = values.ticks(reading.t_ns if self._held_ns is None else self._held_ns)
        self._variant = self._encode(reading.value) if keep_value else None
        if self._changes:
            self._show(reading)
        return reading

    def _show(self, reading: Reading) -> None:
        """Change what is shown of a reading."""
        point = self.point
        shown = Shown(point.id, self.type_, point.range, reading.value, self._variant, self.status, self.source_ticks)
        for change in self._changes:
            change.act(shown)
        self._variant, self.status, self.source_ticks = shown.variant, shown.status, shown.source

    def _range(self, reading: Reading, times: int, index_range: str) -> bytes:
        """Return part of an array (OPC 10000-4 §7.27); a scalar has no parts."""
        if self._variant is None:
            return values.data_value(None, self.status, self.source_ticks, self.server_ticks, times)
        try:
            whole = np.asarray(reading.value, dtype=np.float32) if self.point.waveform is not None else 0.0
            samples, _ = parse(index_range).cut(whole)
        except RangeError as refused:
            return values.data_value(None, refused.status, None, self.server_ticks, times)
        return values.data_value(values.float_array(samples), self.status, self.source_ticks, self.server_ticks, times)


def _samples(value: Any) -> bytes:
    return values.float_array(np.asarray(value, dtype=np.float32).reshape(-1))
