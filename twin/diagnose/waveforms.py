"""Waveform points: from batches to features, and to findings once the frame they fall into is judged."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from twin.diagnose.vibration import VibrationMonitor
from twin.dsp.bearing import BearingGeometry
from twin.dsp.point import VibrationConfig, VibrationFeatures, VibrationPoint

if TYPE_CHECKING:
    from rigs.schema import Rig
    from twin.batch import Batch
    from twin.detect.point_info import PointInfo
    from twin.diagnose.ledger import Ledger

SECOND = 1_000_000_000
SETTLE_NS = SECOND
BAD_WINDOWS = 2
ZONE_TABLES = {"pumps_category_1", "pumps_category_2", "group_1", "group_2"}


class WaveformMonitor:
    """All accelerations of a rig that come as waveforms.

    Parameters
    ----------
    rig, infos, roles
        The twin's view of the rig, its points, role → point.
    ledger
        Where findings go.
    """

    def __init__(self, rig: Rig, infos: dict[str, PointInfo], roles: dict[str, str], ledger: Ledger) -> None:
        self.rig = rig
        self.ledger = ledger
        self._infos = {name: info for name, info in sorted(infos.items()) if info.shaking}
        self._points: dict[str, VibrationPoint | None] = {}
        self._queue: list[tuple[str, VibrationFeatures]] = []
        self._unsteady_ns = 0
        self._streak: dict[tuple[str, str], int] = {}
        self._swapped: dict[str, int] = {}
        self._speed_points = {
            asset.id: next((i.id for i in infos.values() if i.asset == asset.id and i.quantity == "speed"), None)
            for asset in rig.assets
        }
        pump = next((a.id for a in rig.assets if a.kind == "centrifugal_pump"), None)
        housings = {name: self._bearing_of(info.asset)[0] for name, info in self._infos.items()}
        rotor = pump or next((i.asset for i in self._infos.values()), "rotor")
        self.vibration = VibrationMonitor(housings, rotor, ledger)

    def take(self, batch: Batch, speed_hz: float | None) -> None:
        """Take a block of samples and the shaft speed at this time."""
        info = self._infos.get(batch.point)
        if info is None:  # a waveform of something else, such as a current or a pressure
            return
        if batch.good and self._words_exchanged(batch, info):
            return
        follower = self._follower(batch, info)
        if follower is None:
            return
        for features in follower.feed(batch, speed_hz):
            self._queue.append((batch.point, features))

    def judge(self, end_ns: int, *, steady: bool, healthy: bool) -> None:
        """Judge the windows that ended within this frame."""
        if not steady:
            self._unsteady_ns = end_ns
        due = [(p, f) for p, f in self._queue if f.t_ns <= end_ns]
        self._queue = [(p, f) for p, f in self._queue if f.t_ns > end_ns]
        for point, features in due:
            self._sensor(point, features)
            trusted = steady and features.t0_ns >= self._unsteady_ns + SETTLE_NS
            self.vibration.update(point, features, trusted=trusted, learn=healthy)
        self.vibration.conclude(end_ns)

    def own_speed_hz(self, info: PointInfo, kept: dict[str, tuple[float, int]]) -> float | None:
        """Speed that a point of the same asset states [Hz]."""
        point = self._speed_points.get(info.asset)
        if point is None or point not in kept:
            return None
        hertz = kept[point][0] / (2.0 * math.pi)
        return hertz if hertz > 0.5 else None

    # --- set-up -----------------------------------------------------------------------------------------

    def _bearing_of(self, asset: str) -> tuple[str, BearingGeometry | None]:
        kinds = {a.id: a for a in self.rig.assets}
        names = [asset]
        for kind in ("mount", "shaft"):
            names += [n for n in self.rig.joined(kind, asset) if n not in names]
        for name in names:
            found = kinds.get(name)
            if found is not None and found.kind == "rolling_bearing":
                return name, BearingGeometry(
                    found.balls,
                    found.ball_diameter,
                    found.pitch_diameter,
                    found.contact_angle,
                    found.designation,
                )
        return asset, None

    def _follower(self, batch: Batch, info: PointInfo) -> VibrationPoint | None:
        if batch.point not in self._points and batch.rate_hz:
            pump = next((a for a in self.rig.assets if a.kind == "centrifugal_pump"), None)
            on_pump = pump is not None and info.asset in self.rig.joined("shaft", pump.id)
            self._points[batch.point] = VibrationPoint(
                VibrationConfig(
                    rate_hz=batch.rate_hz,
                    bearing=self._bearing_of(info.asset)[1],
                    window_s=self.rig.twin.window,
                    vanes=pump.vanes if pump is not None and on_pump else None,
                    zone_group=pump.iso_table if pump is not None and on_pump else None,
                    zone_support=pump.mounting if pump is not None and on_pump else "rigid",
                    limit_m_s2=max(abs(info.low), abs(info.high)) if info.sensor else None,
                )
            )
        return self._points.get(batch.point)

    # --- the sensor itself ------------------------------------------------------------------------------

    def _sensor(self, point: str, f: VibrationFeatures) -> None:
        for flag, fault in (("constant", "sensor_stuck"), ("clipped", "sensor_saturation")):
            key = (point, fault)
            if flag in f.flags:
                self._streak[key] = self._streak.get(key, 0) + 1
                if self._streak[key] >= BAD_WINDOWS:
                    self.ledger.raise_(
                        fault,
                        point,
                        f.t_ns,
                        onset_ns=f.t0_ns,
                        evidence={
                            "flags": list(f.flags),
                            "rms_m_s2": f.rms,
                            "peak_m_s2": f.peak,
                            "window_s": f.window_s,
                        },
                    )
            else:
                self._streak[key] = 0
                self.ledger.clear(fault, point, f.t_ns, 3 * SECOND)

    def _words_exchanged(self, batch: Batch, info: PointInfo) -> bool:
        """Whether this block makes sense only with the 16-bit halves of each float exchanged."""
        raw = np.ascontiguousarray(batch.values, dtype=np.float32)
        limit = np.float32(1.1 * max(abs(info.low), abs(info.high)))
        wild = ~(np.abs(raw) <= limit)
        if raw.shape[0] < 16 or float(wild.mean()) < 0.1:
            self._swapped.pop(batch.point, None)
            self.ledger.clear("word_swap", batch.point, batch.received_ns, 2 * SECOND)
            return False
        halves = raw.view(np.uint16).reshape(-1, 2)[:, ::-1]
        exchanged = np.ascontiguousarray(halves).view(np.float32).reshape(-1)
        if not bool(np.all(np.abs(exchanged) <= limit)):
            return False
        self._swapped[batch.point] = self._swapped.get(batch.point, 0) + 1
        if self._swapped[batch.point] >= BAD_WINDOWS:
            self.ledger.raise_(
                "word_swap",
                batch.point,
                batch.received_ns,
                onset_ns=batch.t0_ns,
                evidence={
                    "share_out_of_range": float(wild.mean()),
                    "rms_with_words_exchanged": float(np.sqrt(np.mean(exchanged**2))),
                },
            )
        return True
