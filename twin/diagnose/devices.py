"""Findings about devices and links: lost, frozen, restarted, wrong clock, missing samples."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from twin.detect.device_checks import DeviceChecks

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rigs.schema import Rig
    from twin.batch import Batch
    from twin.detect.point_info import PointInfo
    from twin.diagnose.ledger import Ledger

SECOND = 1_000_000_000
EVENT_NS = 10 * SECOND
"""How long an event (restart, gap) stays open."""
OFFSET_HOLD_NS = 5 * SECOND


class DeviceMonitor:
    """Watches every device of a rig."""

    def __init__(self, rig: Rig, infos: dict[str, PointInfo], ledger: Ledger) -> None:
        self.ledger = ledger
        self.infos = infos
        self.devices = {
            device.id: DeviceChecks(device.stale_after, device.poll)
            for device in sorted(rig.devices, key=lambda device: device.id)
        }
        self._restarts_told = dict.fromkeys(self.devices, 0)
        self._started_ns: int | None = None
        self._next_sample: dict[str, int] = {}
        self._gap_ns: dict[str, int] = {}
        self._back_ns: dict[str, int] = {}
        self._shift_since: dict[str, int] = {}
        self.offline: frozenset[str] = frozenset()
        self.hanging: set[str] = set()

    def take(self, batch: Batch) -> None:
        """Take note of a batch."""
        info = self.infos[batch.point]
        checks = self.devices[info.device]
        if info.waveform:
            if batch.good and batch.values.shape[0]:
                checks.last_good_ns = batch.received_ns
                checks.values_moved_ns = batch.received_ns
                self._continuity(batch, info.device)
            return
        lively = info.sensor and info.sigma > 0.0
        checks.take(batch, uptime=info.quantity == "uptime", lively=lively)

    def shift_ns(self, device: str) -> int:
        """How far this device's clock is believed to be from ours, beyond its usual offset."""
        checks = self.devices[device]
        if not checks.offsets:
            return 0
        return checks.offsets[-1][1]

    def judge(self, now_ns: int, links: Mapping[str, Any]) -> frozenset[str]:
        """Raise and clear findings; return the devices whose values are stale, frozen or just back."""
        if self._started_ns is None:
            self._started_ns = now_ns
        out: set[str] = set()
        for name, checks in self.devices.items():
            if self._lost(name, checks, now_ns, links.get(name)):
                out.add(name)
                continue
            if self._frozen(name, checks, now_ns):
                out.add(name)
            self._hanging(name, checks, now_ns)
            self._restarted(name, checks, now_ns)
            self._clock(name, checks, now_ns)
            if checks.waiting_since_ns is not None:
                out.add(name)
        for point, since in list(self._gap_ns.items()):
            if now_ns - since > EVENT_NS:
                self.ledger.clear("data_gap", point, now_ns)
                del self._gap_ns[point]
        self.offline = frozenset(out)
        return self.offline

    def _lost(self, name: str, checks: DeviceChecks, now_ns: int, link: Any) -> bool:
        assert self._started_ns is not None
        since = checks.lost(now_ns)
        if checks.last_good_ns is None and now_ns - self._started_ns > checks.stale_after_ns + 2 * checks.poll_ns:
            since = self._started_ns
        if since is None and link is not None and link.gone_since_ns is not None:
            # It has said goodbye: waiting for its silence would only delay what is known (Sparkplug 3.0, 5.5).
            since = link.gone_since_ns
        if since is None:
            if self.ledger.is_open("communication_lost", name):
                self._back_ns[name] = now_ns
                self.ledger.clear("communication_lost", name, now_ns)
            return False
        evidence: dict[str, Any] = {
            "silent_s": round((now_ns - since) * 1e-9, 2),
            "stale_after_s": checks.stale_after_ns * 1e-9,
        }
        if link is not None:
            evidence |= {"link": link.status, "errors": link.errors, "last_error": _without_port(link.last_error)}
        self.ledger.raise_("communication_lost", name, now_ns, onset_ns=since, evidence=evidence)
        checks.offsets.clear()
        for fault in ("device_frozen", "source_time_frozen"):
            self.ledger.clear(fault, name, now_ns)
        return True

    def _frozen(self, name: str, checks: DeviceChecks, now_ns: int) -> bool:
        found = checks.frozen(now_ns)
        for fault in ("device_frozen", "source_time_frozen"):
            if found is None or found[0] != fault:
                self.ledger.clear(fault, name, now_ns)
        if found is None:
            return False
        fault, since = found
        if fault == "device_frozen" and self.ledger.is_open("source_time_frozen", name):
            self.ledger.clear("source_time_frozen", name, now_ns)
        self.ledger.raise_(
            fault,
            name,
            now_ns,
            onset_ns=since,
            evidence={
                "still_for_s": round((now_ns - since) * 1e-9, 2),
                "source_time_ns": checks.last_stamp_ns,
                "uptime_s": checks.uptime_s,
                "points_watched": len(checks.values),
            },
        )
        return fault == "device_frozen"

    def _hanging(self, name: str, checks: DeviceChecks, now_ns: int) -> None:
        """Single points whose source time stands still: their values cannot be ordered, so they are not used."""
        hanging = dict(checks.hanging(now_ns))
        for point, since in hanging.items():
            # A point that reports bad has no new source time to give.
            if checks.last_heard.get(point, 0) >= now_ns - 2 * checks.poll_ns:
                self.ledger.raise_(
                    "source_time_frozen",
                    point,
                    now_ns,
                    onset_ns=since,
                    evidence={
                        "source_time_ns": checks.stamps[point][0],
                        "still_for_s": round((now_ns - since) * 1e-9, 2),
                    },
                )
        for point in self.hanging & {p for p in checks.stamps if p not in hanging}:
            self.ledger.clear("source_time_frozen", point, now_ns)
        self.hanging = (self.hanging - set(checks.stamps)) | set(hanging)

    def _restarted(self, name: str, checks: DeviceChecks, now_ns: int) -> None:
        if len(checks.restarts) > self._restarts_told[name]:
            self._restarts_told[name] = len(checks.restarts)
            seen_ns, before_s, after_s = checks.restarts[-1]
            self._back_ns[name] = now_ns
            self.ledger.raise_(
                "device_restart",
                name,
                now_ns,
                onset_ns=seen_ns - round(after_s * 1e9),
                evidence={"uptime_before_s": before_s, "uptime_after_s": after_s},
            )
        elif checks.restarts and now_ns - checks.restarts[-1][0] > EVENT_NS:
            self.ledger.clear("device_restart", name, now_ns)

    def _clock(self, name: str, checks: DeviceChecks, now_ns: int) -> None:
        frozen = self.ledger.is_open("device_frozen", name) or self.ledger.is_open("source_time_frozen", name)
        still = checks.stamp_moved_ns is not None and now_ns - checks.stamp_moved_ns > 2 * checks.poll_ns
        if frozen or still or (name in self._back_ns and now_ns - self._back_ns[name] < 6 * SECOND):
            self._shift_since.pop(name, None)
            return
        shift = checks.clock_shift(now_ns)
        if shift is None:
            self._shift_since.pop(name, None)
            self.ledger.clear("clock_offset", name, now_ns, 5 * SECOND)
            return
        since = self._shift_since.setdefault(name, shift[2])
        if now_ns - since >= OFFSET_HOLD_NS:
            seconds = (shift[0] - shift[1]) * 1e-9
            self.ledger.raise_(
                "clock_offset",
                name,
                now_ns,
                onset_ns=since,
                evidence={
                    "offset_s": round(seconds, 6),
                    "usual_offset_s": round(shift[1] * 1e-9, 6),
                    "compared_with": "poll times of this twin",
                },
            )

    def _continuity(self, batch: Batch, device: str) -> None:
        expected = self._next_sample.get(batch.point)
        if batch.n0 is None:
            return
        self._next_sample[batch.point] = batch.n0 + int(batch.values.shape[0])
        if expected is None or batch.n0 == expected or batch.n0 < expected:
            return
        explained = device in self.offline or batch.received_ns - self._back_ns.get(device, -(10**18)) < 5 * SECOND
        if explained:
            return
        rate = batch.rate_hz or 1.0
        self._gap_ns[batch.point] = batch.received_ns
        self.ledger.raise_(
            "data_gap",
            batch.point,
            batch.received_ns,
            onset_ns=batch.t0_ns,
            evidence={
                "missing_samples": batch.n0 - expected,
                "missing_s": round((batch.n0 - expected) / rate, 6),
                "expected_counter": expected,
                "received_counter": batch.n0,
            },
        )


def _without_port(text: str | None) -> str | None:
    """Leave port numbers out of an error: they are new each run, and a repeated run shall give the same findings."""
    return None if text is None else re.sub(r"(:|, )\d{2,5}\b", r"\1…", text)
