"""What the devices offered: every committed reading and every waveform sample, as the images held them."""

from __future__ import annotations

import math
import tempfile
import weakref
from array import array
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from hil.verdict.series import Blocks, Series
from rigs.units import conversion

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Protocol

    from emulator.devices.image import DeviceImage, Reading
    from rigs.schema import Point, Rig

    class Imaged(Protocol):
        """Whatever holds device images; the emulation does."""

        @property
        def images(self) -> Mapping[str, DeviceImage]:
            """Device images by device id."""


@dataclass(slots=True)
class _Readings:
    t_ns: array[int] = field(default_factory=lambda: array("q"))
    values: array[float] = field(default_factory=lambda: array("d"))
    status: array[int] = field(default_factory=lambda: array("L"))


class _Samples:
    """One waveform as offered. Its samples lie in a nameless file: an hour of one channel is 370 MB."""

    def __init__(self) -> None:
        self.n0: array[int] = array("q")
        self.t_ns: array[int] = array("q")
        self.counts: array[int] = array("q")
        self.end: int | None = None
        self.rate_hz = 0.0
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed with its owner, by the finalizer
        weakref.finalize(self, self._file.close)

    def add(self, n0: int, t_ns: int, samples: np.ndarray) -> None:
        """Append samples float32[n] whose counter begins at `n0`."""
        self.n0.append(n0)
        self.t_ns.append(t_ns)
        self.counts.append(samples.size)
        self._file.write(np.ascontiguousarray(samples, dtype=np.float32).data)

    def samples(self) -> np.ndarray:
        """Return everything appended, float32[sum(counts)], read from disk as it is needed."""
        self._file.flush()
        total = sum(self.counts)
        if total == 0:
            return np.empty(0, dtype=np.float32)
        return np.memmap(self._file, dtype=np.float32, mode="r", shape=(total,))


class Offers:
    """Takes note of all device images once per block; `take` is called after each step of the plant.

    Readings are kept in SI units, so that they can be held against what a twin made of them. A device that is
    frozen, off or real adds nothing.
    """

    def __init__(self, rig: Rig, emulation: Imaged) -> None:
        self._rig = rig
        self._emulation = emulation
        self._points: dict[str, Point] = {p.id: p for p in rig.points}
        self._to_si = {p.id: conversion(p.unit) if p.unit else (1.0, 0.0) for p in rig.points}
        self._limits = {p.id: _limits(p) for p in rig.points}
        self._readings: dict[str, _Readings] = {}
        self._samples: dict[str, _Samples] = {}

    def take(self) -> None:
        """Note what is new in every image."""
        for image in self._emulation.images.values():
            if not image.online:
                continue
            for name, reading in image.readings.items():
                if self._points[name].waveform is not None:
                    self._take_samples(name, reading)
                else:
                    self._take_reading(name, reading)

    def _take_reading(self, name: str, reading: Reading) -> None:
        kept = self._readings.setdefault(name, _Readings())
        if kept.t_ns and kept.t_ns[-1] == reading.t_ns:
            return
        factor, offset = self._to_si[name]
        kept.t_ns.append(reading.t_ns)
        low, high = self._limits[name]
        # an integer register saturates, and what the device offered is what it could say
        kept.values.append(min(max(float(reading.value), low), high) * factor + offset)
        kept.status.append(reading.status)

    def _take_samples(self, name: str, reading: Reading) -> None:
        if not isinstance(reading.value, np.ndarray) or reading.value.size == 0:
            return
        kept = self._samples.setdefault(name, _Samples())
        end = reading.n0 + reading.value.size
        start = reading.n0 if kept.end is None else max(reading.n0, kept.end)
        if end <= start:
            return
        kept.add(start, reading.t_ns, reading.value[start - reading.n0 :])
        kept.end, kept.rate_hz = end, reading.rate_hz

    def series(self) -> dict[str, Series]:
        """Return the readings by point id, SI units; NaN where the device itself said the value is bad."""
        out = {}
        for name, kept in self._readings.items():
            status = np.array(kept.status, dtype=np.uint32)
            values = np.array(kept.values, dtype=np.float64)
            values[status >= 0x80000000] = np.nan
            out[name] = Series(np.array(kept.t_ns, dtype=np.int64), values, status)
        return out

    def blocks(self) -> dict[str, Blocks]:
        """Return the waveforms by point id, each sample once, SI units."""
        out = {}
        for name, kept in self._samples.items():
            factor = np.float32(self._to_si[name][0])
            samples = kept.samples()
            out[name] = Blocks(
                np.array(kept.n0, dtype=np.int64),
                np.array(kept.counts, dtype=np.int64),
                np.array(kept.t_ns, dtype=np.int64),
                samples if factor == 1.0 else samples * factor,
                kept.rate_hz,
            )
        return out

    def resolution(self) -> dict[str, float]:
        """Return the largest difference encoding may cause, by point id [SI]: one step of an integer."""
        out = {}
        for point in self._rig.points:
            address = point.modbus
            if address is not None and address.type[0] in "ui":
                out[point.id] = abs(address.scale * self._to_si[point.id][0])
        return out


def _limits(point: Point) -> tuple[float, float]:
    """Return the least and greatest value the point's register can say, in the point's own unit."""
    address = point.modbus
    if address is None or address.type[0] not in "ui":
        return -math.inf, math.inf
    bits = int(address.type[1:])
    low, high = (0, 2**bits - 1) if address.type[0] == "u" else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    ends = (low * address.scale, high * address.scale)
    return min(ends), max(ends)
