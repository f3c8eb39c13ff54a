"""A rig and an engine joined without wires: plant, sensors, device images, then batches as connectors would make them.

Quantising of integer registers and the connectors' stamps are imitated here, so that the engine's tests need no sockets
and run in tenths of real time.
"""

import numpy as np

from emulator.emulation import Emulation
from rigs.load import load_rig
from rigs.schema import FaultSpec
from twin.batch import Batch, no_reading, reading
from twin.connectors.base import ConnectorState
from twin.connectors.waveform import WaveformCursor
from twin.context.units import to_si
from twin.engine import Engine

SECOND = 1_000_000_000
STAMPS = {"opcua": "source", "modbus-tcp": "device_clock", "modbus-rtu": "poll"}
LIMITS = {"u16": (0, 65534), "i16": (-32767, 32767), "u32": (0, 2**32 - 2), "i32": (-(2**31) + 1, 2**31 - 1)}


def fault(kind, on, severity=1.0, onset_s=70, **params):
    return FaultSpec.model_validate(
        {"kind": kind, "on": on, "severity": severity, "onset": f"{onset_s} s", "params": params}
    )


class SkidStream:
    """`steps` are (time [s], point, value in the point's unit), as an operator would write them."""

    def __init__(self, seed=1, faults=(), steps=(), waveforms=True, rig="pump_skid", plant=None):
        self.rig = load_rig(rig, plant or {})
        self.emulation = Emulation(self.rig, seed)
        for spec in faults:
            self.emulation.desk.add(spec)
        self.engine = Engine(self.rig.twin_view())
        self.steps = sorted(steps)
        self.waveforms = waveforms
        self.changes = []
        self._cursors = {}
        self._states = {}

    def run(self, until_s):
        emulation = self.emulation
        while emulation.t_ns < until_s * SECOND:
            while self.steps and self.steps[0][0] * SECOND <= emulation.t_ns:
                _, point, value = self.steps.pop(0)
                emulation.images[self.rig.point(point).device].write(point, value)
            emulation.step()
            due = [device for device in self.rig.devices if emulation.t_ns % device.poll == 0]
            if due:
                now_ns = emulation.epoch_ns + emulation.t_ns
                batches = [batch for device in due for batch in self._poll(device, now_ns)]
                for finding in self.engine.ingest(batches, self._states, now_ns):
                    self.changes.append((emulation.t_ns / SECOND, finding))
        return self

    @property
    def opened(self):
        """(fault, on) → second of detection."""
        first = {}
        for t_s, finding in self.changes:
            if finding.state == "open":
                first.setdefault((finding.fault, finding.on), t_s)
        return first

    def _poll(self, device, now_ns):
        image = self.emulation.images[device.id]
        if not image.online:
            known = self._states.get(device.id)
            last = known.last_good_ns if known else None
            self._states[device.id] = ConnectorState(
                "backoff", last, errors=1, last_error="refused", outage_since_ns=now_ns
            )
            return []
        self._states[device.id] = ConnectorState("connected", now_ns)
        stamp = STAMPS[device.protocol]
        batches = []
        for point in self.rig.points_of(device.id):
            if point.signal is None:
                continue
            held = image.readings[point.id]
            t_ns = {"source": held.t_ns, "device_clock": image.t_ns, "poll": now_ns}[stamp]
            if point.waveform:
                batches += self._block(point, held, now_ns)
            elif held.status & 0xC0000000:
                batches.append(
                    no_reading(point.id, t_ns, now_ns, held.status if stamp == "source" else 0x809B0000, stamp)
                )
            else:
                unit = to_si(point.unit)
                batches.append(
                    reading(
                        point.id,
                        t_ns,
                        _wire(point, held.value) * unit.factor + unit.offset,
                        now_ns,
                        stamp=stamp,
                    )
                )
        return batches

    def _block(self, point, held, now_ns):
        if not self.waveforms or not held.rate_hz:
            return []
        n0, new = self._cursors.setdefault(point.id, WaveformCursor()).cut(held.n0, held.value, held.rate_hz)
        if not len(new):
            return []
        spacing = 1e9 / held.rate_hz
        t0_ns = held.t_ns - round(len(new) * spacing)
        return [
            Batch(
                point.id,
                t0_ns,
                round(spacing),
                np.array(new),
                held.status,
                now_ns,
                n0,
                held.rate_hz,
                "source",
            )
        ]


def _wire(point, value):
    value = float(value)
    address = point.modbus
    if address is None:
        return value
    if address.type in LIMITS:
        low, high = LIMITS[address.type]
        return max(low, min(high, round(value / address.scale))) * address.scale
    return float(np.float32(value)) if address.type == "f32" else value
