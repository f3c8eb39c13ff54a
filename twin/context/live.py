"""The newest of every point: its value, how good and how old it is."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from rigs.schema import Point, Rig
from twin.batch import Batch, Stamp, is_good
from twin.context.units import to_si


@dataclass(frozen=True, slots=True)
class LivePoint:
    """What is known of a point now.

    Parameters
    ----------
    value : newest number, SI; of a waveform the RMS of its newest block. Kept when later readings are bad
    quality : StatusCode of the newest reading
    t_ns : source time of `value`
    received_ns : when the newest reading came, good or not
    good_ns : when the newest good reading came
    """

    value: float | None = None
    quality: int | None = None
    t_ns: int | None = None
    received_ns: int | None = None
    good_ns: int | None = None
    stamp: Stamp | None = None
    n0: int | None = None
    count: int | None = None
    rate_hz: float | None = None


class LivePoints:
    """Newest readings of all readable points of a rig."""

    def __init__(self, rig: Rig) -> None:
        self._points = {point.id: point for point in rig.points if point.signal is not None}
        self._stale_after_ns = {device.id: device.stale_after for device in rig.devices}
        self._units = {name: to_si(point.unit).unit for name, point in self._points.items()}
        self._live = dict.fromkeys(self._points, LivePoint())

    def __contains__(self, name: str) -> bool:
        return name in self._points

    def point(self, name: str) -> Point:
        """Return the rig's declaration of a point; KeyError if there is none."""
        return self._points[name]

    def unit(self, name: str) -> str:
        """Return the SI unit of a point's values."""
        return self._units[name]

    def update(self, batches: list[Batch], now_ns: int) -> None:
        """Take in what has just come."""
        for batch in batches:
            old = self._live.get(batch.point)
            if old is None or batch.historical:
                continue
            new = replace(old, quality=int(batch.quality), received_ns=now_ns, stamp=batch.stamp)
            if batch.values.size:
                if batch.waveform:
                    level = float(np.sqrt(np.mean(np.square(batch.values, dtype=np.float64))))
                    new = replace(
                        new,
                        value=level,
                        n0=batch.n0,
                        count=int(batch.values.size),
                        rate_hz=batch.rate_hz,
                        t_ns=batch.t0_ns,
                    )
                else:
                    new = replace(new, value=float(batch.values[-1]), t_ns=batch.t0_ns)
            if is_good(batch.quality):
                new = replace(new, good_ns=now_ns)
            self._live[batch.point] = new

    def stale(self, name: str, now_ns: int) -> bool:
        """Whether no good reading has come for longer than the point's device allows."""
        good_ns = self._live[name].good_ns
        return good_ns is None or now_ns - good_ns > self._stale_after_ns[self._points[name].device]

    def described(self, name: str, now_ns: int) -> dict[str, Any]:
        """Return a point and its newest reading as plain JSON values."""
        point, live = self._points[name], self._live[name]
        value = live.value if live.value is not None and np.isfinite(live.value) else None
        return {
            "id": point.id,
            "device": point.device,
            "asset": point.asset,
            "quantity": point.quantity,
            "description": point.description,
            "unit": self._units[name],
            "wire_unit": point.unit,
            "waveform": point.waveform is not None,
            "value": value,
            "quality": live.quality,
            "good": live.quality is not None and is_good(live.quality),
            "stale": self.stale(name, now_ns),
            "t_ns": live.t_ns,
            "received_ns": live.received_ns,
            "age_s": None if live.good_ns is None else (now_ns - live.good_ns) / 1e9,
            "stamp": live.stamp,
            "n0": live.n0,
            "count": live.count,
            "rate_hz": live.rate_hz,
        }

    def all(self, now_ns: int) -> list[dict[str, Any]]:
        """Return all points in the rig's order, see `described`."""
        return [self.described(name, now_ns) for name in self._points]
