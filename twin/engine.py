"""The engine: batches in, findings out.

One frame per second of source time. Within a frame readings pass the checks of their point and their device; at its
end the operating state is judged, then sensors, then the relations of the machine, its heat balance and its
vibration, in this order, because each judgement uses only what the earlier ones let through.

Nothing here reads a clock, draws a number or depends on how batches were grouped: the same batches in
the same polls give the same findings.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from twin.detect.point_info import PointInfo, point_infos
from twin.detect.state import OperatingState, StateMachine
from twin.diagnose.devices import DeviceMonitor
from twin.diagnose.ledger import Ledger
from twin.diagnose.process import ProcessMonitor
from twin.diagnose.sensors import SensorMonitor
from twin.diagnose.thermal import ThermalMonitor
from twin.diagnose.waveforms import WaveformMonitor
from twin.models import water
from twin.models.skid import roles_of
from twin.models.thermal import ThermalConstants

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rigs.schema import Rig
    from twin.batch import Batch
    from twin.finding import Finding

SECOND = 1_000_000_000
FRAME_NS = SECOND
GRACE_NS = 600_000_000
"""A frame is closed this long after its end: slower polls and transports may still bring readings of it."""
HOLD_FRAMES = 2
"""A reading older than this many frames is no reading."""
LATE_FRAMES = 30
"""After a pause of more frames than this (a sleeping host) the frames in between are skipped, not caught up."""
CLOCK_TRUST_NS = 700_000_000


class Engine:
    """Detection and diagnosis for one rig.

    Parameters
    ----------
    rig
        The twin's view of the rig: nameplates, points, devices.
    """

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self._ledger = Ledger()
        self._infos = point_infos(rig)
        self._roles = roles_of(rig)
        self._devices = DeviceMonitor(rig, self._infos, self._ledger)
        self._sensors = SensorMonitor(self._infos, self._ledger)
        by_role = {role: self._infos[point] for role, point in self._roles.items() if point in self._infos}
        measured = {role: info for role, info in by_role.items() if info.sensor}
        self._process = ProcessMonitor(
            rig,
            self._ledger,
            {role: (info.low, info.high) for role, info in by_role.items()},
            {role: info.sigma for role, info in measured.items()},
            {role: info.accuracy for role, info in measured.items()},
        )
        self._waveforms = WaveformMonitor(rig, self._infos, self._roles, self._ledger)
        self._thermal = self._make_thermal(rig)
        self._machine = StateMachine(self._scales(by_role))
        self._has_machine = "speed" in by_role or "frequency" in by_role
        self._frame_end: int | None = None
        self._sums: dict[str, tuple[float, int]] = {}
        self._kept: dict[str, tuple[float, int]] = {}
        self._latest: dict[str, tuple[float, int]] = {}
        self._early: list[tuple[int, str, float]] = []
        self._unusable: set[str] = set()
        self._frames = 0

    # --- the public face --------------------------------------------------------------------------------

    def ingest(self, batches: Sequence[Batch], link_states: Mapping[str, Any], now_ns: int) -> list[Finding]:
        """Take what the polls up to `now_ns` brought; return findings that are new or have changed.

        Parameters
        ----------
        batches
            In any grouping; the samples of one point in order.
        link_states
            Device id → `ConnectorState`.
        now_ns
            The twin's time (UTC ns): ages and frames are counted up to it.
        """
        if self._frame_end is None:
            self._frame_end = (now_ns // FRAME_NS + 1) * FRAME_NS
        calm = self._machine.state == "steady" or not self._has_machine
        waves: list[tuple[Batch, PointInfo]] = []
        for batch in batches:
            info = self._infos.get(batch.point)
            if info is None:
                continue
            self._devices.take(batch)
            if info.waveform:
                waves.append((batch, info))
            else:
                self._reading(batch, info, calm=calm)
        for batch, info in waves:  # after the readings, so that the first block already knows the speed
            self._waveforms.take(batch, self._speed_hz(info))
        self._devices.judge(now_ns, link_states)
        if now_ns - self._frame_end > LATE_FRAMES * FRAME_NS:
            self._frame_end = (now_ns // FRAME_NS) * FRAME_NS
            self._kept.clear()
        while self._frame_end + GRACE_NS <= now_ns:
            self._close_frame(self._frame_end)
            self._frame_end += FRAME_NS
        return self._ledger.take_changes()

    @property
    def findings(self) -> list[Finding]:
        """Every finding so far, oldest first."""
        return self._ledger.findings

    @property
    def state(self) -> OperatingState:
        """Operating state at the end of the last frame."""
        return self._machine.state

    def assets(self) -> dict[str, dict[str, Any]]:
        """Condition of every asset and device: open findings, health 0..1, operating state, residuals in σ."""
        open_ = self._ledger.open
        result: dict[str, dict[str, Any]] = {}
        for asset in self.rig.assets:
            points = {info.id for info in self._infos.values() if info.asset == asset.id}
            own = [f for f in open_ if f.on == asset.id or f.on in points]
            result[asset.id] = self._condition(asset.kind, own)
        for device in self.rig.devices:
            result.setdefault(device.id, self._condition(device.protocol, [f for f in open_ if f.on == device.id]))
        pump = self._process.model.pump_id
        if pump in result:
            result[pump]["residuals_in_sigma"] = {k: round(v, 2) for k, v in self._process.scores().items()}
            baseline = self._process.baseline
            result[pump]["commissioned"] = bool(baseline and baseline.commissioned)
        return result

    def _condition(self, kind: str, own: list[Finding]) -> dict[str, Any]:
        faults = [f for f in own if f.category == "condition"]
        worst = max((f.severity if f.severity is not None else 0.5 for f in faults), default=0.0)
        return {
            "kind": kind,
            "state": self._machine.state,
            "condition": "alarm" if faults else ("watch" if own else "good"),
            "health": round(1.0 - worst, 3),
            "findings": [f.id for f in own],
        }

    # --- readings ---------------------------------------------------------------------------------------

    def _reading(self, batch: Batch, info: PointInfo, *, calm: bool) -> None:
        t_ns = batch.t0_ns
        if batch.stamp != "poll" and abs(t_ns - batch.received_ns) > CLOCK_TRUST_NS:
            # A wrong device clock is a finding of its own; ordering then follows the polls.
            t_ns = batch.received_ns
        if not batch.good or batch.values.shape[0] == 0:
            self._sensors.add(info.id, t_ns, None, batch.quality or 0x809B0000, calm=calm)
            return
        for i, value in enumerate(batch.values):
            at_ns = t_ns + i * batch.dt_ns
            usable = self._sensors.add(info.id, at_ns, float(value), 0, calm=calm)
            if usable is not None and info.device not in self._devices.offline:
                self._put(info.id, at_ns, usable)

    def _put(self, point: str, t_ns: int, value: float) -> None:
        assert self._frame_end is not None
        if t_ns > self._frame_end:
            self._early.append((t_ns, point, value))
            return
        self._latest[point] = (value, self._frames)
        total, count = self._sums.get(point, (0.0, 0))
        self._sums[point] = (total + value, count + 1)

    def _values(self) -> dict[str, float]:
        """Role → value of this frame; points that are not to be used are left out."""
        values: dict[str, float] = {}
        for role, point in self._roles.items():
            if point in self._unusable:
                continue
            if point in self._sums:
                total, count = self._sums[point]
                values[role] = total / count
            elif point in self._kept and self._frames - self._kept[point][1] <= HOLD_FRAMES:
                values[role] = self._kept[point][0]
        return values

    def _speed_hz(self, info: PointInfo) -> float | None:
        """Shaft speed now [Hz] for a waveform: the encoder, else the drive's frequency, else what its asset says."""
        for role, scale in (("speed", 1.0 / (2.0 * math.pi)), ("frequency", 1.0 / self._pole_pairs())):
            point = self._roles.get(role)
            if point in self._latest and point not in self._unusable and role not in self._process.active:
                value, frame = self._latest[point]
                if self._frames - frame <= HOLD_FRAMES:
                    return value * scale if value * scale > 0.5 else None
        return self._waveforms.own_speed_hz(info, self._latest)

    def _pole_pairs(self) -> float:
        motor = self._process.model.motor
        return float(motor.pole_pairs) if motor is not None else 1.0

    # --- frames -----------------------------------------------------------------------------------------

    def _close_frame(self, end_ns: int) -> None:
        self._frames += 1
        offline = self._devices.offline
        running = self._machine.state not in ("off", "unknown")
        self._unusable = self._sensors.judge(end_ns, running=running, offline=offline)
        self._unusable |= self._devices.hanging
        self._unusable |= {info.id for info in self._infos.values() if info.device in offline}
        values = self._values()
        for point, (total, count) in self._sums.items():
            self._kept[point] = (total / count, self._frames)
        self._sums.clear()
        early, self._early = self._early, []
        suspects = frozenset(role for role in self._process.active if role in self._roles)
        state = self._machine.update(values, suspects)
        shaky = {role for role, point in self._roles.items() if self._sensors.frozen_out(point)}
        trusted = {role: value for role, value in values.items() if role not in shaky}
        healthy = not self._ledger.open
        if state == "steady":
            ratios = self._waveforms.vibration.hf_ratios()
            self._process.context = (
                {"hf_rms_to_commissioned": {k: round(v, 3) for k, v in sorted(ratios.items())}} if ratios else {}
            )
            self._process.update(end_ns, trusted, learn=healthy)
        else:
            self._process.interrupted()
        self._heat(end_ns, trusted, steady=state == "steady", healthy=healthy)
        self._waveforms.judge(end_ns, steady=state == "steady" or not self._has_machine, healthy=healthy)
        assert self._frame_end is not None
        self._frame_end += FRAME_NS
        for t_ns, point, value in early:
            self._put(point, t_ns, value)
        self._frame_end -= FRAME_NS

    def _heat(self, end_ns: int, values: dict[str, float], *, steady: bool, healthy: bool) -> None:
        if self._thermal is None:
            return
        values = dict(values)
        if "speed" not in values and "frequency" in values:
            values["speed"] = 2.0 * math.pi * values["frequency"] / self._pole_pairs() * 0.985
        flow = self._roles.get("flow")
        if "flow" not in values and flow in self._kept:
            values["flow"] = self._kept[flow][0]
        losses = None
        if "speed" in values:
            point = self._process.model.motor_point(
                values.get("flow", math.nan),
                values["speed"],
                water.density(293.15),
                values.get("t_winding", 333.15),
            )
            losses = (point[4], point[5]) if point is not None else (0.0, 0.0)
        self._thermal.update(end_ns, FRAME_NS / SECOND, values, losses, steady=steady, learn=healthy)

    def _make_thermal(self, rig: Rig) -> ThermalMonitor | None:
        roles = ("t_winding", "t_frame", "t_ambient")
        model = self._process.model
        if model.motor is None or model.motor_id is None or any(role not in self._roles for role in roles):
            return None
        return ThermalMonitor(
            ThermalConstants.for_power(model.motor_rated_w),
            model.motor_rated_rad_s,
            max(10.0, rig.twin.baseline),
            model.motor_id,
            {role: self._roles[role] for role in roles},
            self._ledger,
        )

    def _scales(self, by_role: dict[str, PointInfo]) -> dict[str, float]:
        model = self._process.model
        rated = {
            "speed": model.motor_rated_rad_s if model.motor else math.nan,
            "frequency": model.motor.frequency_hz if model.motor else math.nan,
            "flow": model.pump.flow_m3_s if model.pump else math.nan,
            "position": 1.0,
        }
        return {
            role: (rated[role] if not math.isnan(rated[role]) else by_role[role].span)
            for role in rated
            if role in by_role
        }
