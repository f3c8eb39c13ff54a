"""The virtual plant behind its device faces: plant, sensors, device images, servers and faults, stepped together."""

import dataclasses
import hashlib
import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from emulator.clock import LOCKSTEP_EPOCH_NS
from emulator.desk import FaultDesk, Resolve
from emulator.devices.faces import Face, Setting, open_face
from emulator.devices.image import BAD_SENSOR_FAILURE, GOOD, UNCERTAIN_SENSOR_NOT_ACCURATE, DeviceImage, Reading
from emulator.devices.timers import PacedTimers, SteppedTimers, Timers
from emulator.faults.base import Fault, registry
from emulator.life.life import Life
from emulator.life.rul import write_remaining_life
from emulator.plant import Plant
from emulator.regimes import Regime
from emulator.scatter import scatter_housings, scattered
from emulator.sensors.chain import Chain, ScalarChain, WaveformChain
from emulator.sensors.terminals import exchanged, listeners_last
from emulator.streams import Streams
from emulator.truth import TruthLog
from emulator.window import SampleWindow
from rigs.devices.device import Device
from rigs.schema import Point, Rig
from rigs.units import conversion

SECOND = 1_000_000_000
STATUS = {"good": GOOD, "uncertain": UNCERTAIN_SENSOR_NOT_ACCURATE, "bad": BAD_SENSOR_FAILURE}


class Emulation:
    """One rig brought to life.

    Parameters
    ----------
    rig : Rig
        With its plant section.
    seed : int
        Seed of every random stream.
    epoch_ns : int
        Calendar time of plant time 0 [ns UTC].
    truth_path : Path, optional
        Where the truth log goes.
    kinds : mapping, optional
        Fault classes by kind, beyond the emulator's own (link faults, from the bench).
    emulated : tuple of str, optional
        Ids of the devices to emulate; all unless said.
    rate : float, optional
        Plant seconds per real second, for the devices' own timers; None in lockstep.
    host : str
        Where clients come in; devices' certificates name it.

    """

    def __init__(
        self,
        rig: Rig,
        seed: int,
        epoch_ns: int = LOCKSTEP_EPOCH_NS,
        truth_path: Path | None = None,
        kinds: Mapping[str, type[Fault]] | None = None,
        emulated: tuple[str, ...] | None = None,
        rate: float | None = 1.0,
        host: str = "127.0.0.1",
    ) -> None:
        self._host = host
        self.timers: Timers = SteppedTimers(rig.clock.block / SECOND) if rate is None else PacedTimers(rate)
        self.streams = Streams(seed)
        self.rig = rig = scattered(rig, self.streams)
        self.seed = seed
        self.epoch_ns = epoch_ns
        self.plant = Plant(rig, seed)
        scatter_housings(self.plant, rig.plant.scatter, self.streams)
        self.truth = TruthLog(truth_path)
        self._truth_path = truth_path
        devices = [device for device in rig.devices if emulated is None or device.id in emulated]
        self.images = {device.id: DeviceImage(device, rig.points_of(device.id), epoch_ns) for device in devices}
        self.faces: dict[str, Face] = {}
        self.link_targets: dict[str, Any] = {}
        self.chains: dict[str, Any] = {}
        self._windows: dict[str, SampleWindow] = {}
        self._rates: dict[str, float] = {}
        self._to_unit: dict[str, tuple[float, float]] = {}
        self._controls: dict[str, list[str]] = {}
        self._strips: dict[str, dict[str, Any]] = {device.id: {} for device in rig.devices}
        for point in rig.points:
            self._prepare(point)
        self.life = Life(rig, self.plant, self.streams, self.truth)
        self.desk = FaultDesk(rig, registry() | dict(kinds or {}), self._target, self.truth, self.life)
        self.life.begin(self.desk)
        self.regime = Regime(rig.plant.regime, self.streams, self.plant.commands)
        self._digest = hashlib.blake2b(digest_size=16)
        self._last_state_ns = -SECOND

    @property
    def t_ns(self) -> int:
        """Plant time [ns]."""
        return self.plant.t_ns

    @property
    def digest(self) -> str:
        """Hash of everything the device images have held so far: equal for equal seeds, in lockstep."""
        return self._digest.hexdigest()

    def begin(self, epoch_ns: int) -> None:
        """Put plant time 0 at `epoch_ns` on the calendar; to be called before the first step."""
        self.epoch_ns = epoch_ns
        for image in self.images.values():
            image.begin(epoch_ns)

    async def start(self, announce: Any = None) -> dict[str, str]:
        """Open every device's endpoint; returns device id -> URL and calls `announce(device, url)` as each opens."""
        urls: dict[str, str] = {}
        shared: dict[str, Any] = {}
        for name, image in self.images.items():
            face = open_face(Setting(image, self.rig, self.streams, self.noted(name), self.timers, shared, self._host))
            self.faces[name] = face
            urls[name] = await face.start()
            if announce:
                announce(image.device, urls[name])
        return urls

    async def stop(self) -> None:
        """Close every endpoint and the truth log."""
        for face in self.faces.values():
            await face.stop()
        self.faces.clear()
        self.truth.close()
        if self._truth_path is not None and self.life.ages:
            write_remaining_life(self._truth_path)

    def step(self) -> None:
        """Advance one block: surroundings, life, faults, commands, physics, sensors, device images, truth."""
        t_ns = self.plant.t_ns
        for visit in self.regime.apply(self.plant.site, self._order, t_ns):
            self.life.repair(t_ns, visit.on, visit.mode, visit.quality)
        self.life.advance(t_ns)
        self.desk.apply(t_ns)
        for image in self.images.values():
            for point_id, value in image.take_writes():
                self._command(image.points[point_id], value, t_ns)
        self.plant.step()
        now_ns = self.plant.t_ns
        for name, machine in self.plant.machines.machines.items():
            for what in machine.incidents():
                self.truth.note(now_ns, "incident", on=name, what=what)
        signals = self.plant.signals
        for image in self.images.values():
            due = [p.id for p in image.points.values() if p.signal is not None and self._due(p, now_ns)]
            strip = self._strips[image.device.id]
            readings = {
                name: self._sample(image.points[name], image, signals, now_ns) for name in listeners_last(due, strip)
            }
            for one, other in exchanged(strip):
                self._exchange(one, other, image, readings)
            image.commit(readings, self.epoch_ns + now_ns)
            self._hash(image)
        if isinstance(self.timers, SteppedTimers):
            self.timers.advance(now_ns)
        if now_ns - self._last_state_ns >= SECOND:
            self._last_state_ns = now_ns
            self.truth.state(now_ns, self.plant.truth())
            if self.life.ages:
                self.truth.life(now_ns, self.life.truth(now_ns))

    def _due(self, point: Point, now_ns: int) -> bool:
        """Whether the device takes a new value of the point at this block edge; between, the old one stands."""
        if point.every is None:
            return True
        before_ns = now_ns - self.plant.block_ns
        return before_ns == 0 or now_ns // point.every != before_ns // point.every

    # --- inside -------------------------------------------------------------------------------------------

    def _prepare(self, point: Point) -> None:
        factor, offset = conversion(point.unit) if point.unit else (1.0, 0.0)
        self._to_unit[point.id] = (factor, offset)
        path = f"sensor/{point.id}"
        if point.signal is None:
            return
        if point.waveform is not None:
            self.plant.listen(point.signal)
            rate = point.waveform.rate or self.plant.rate_hz(point.signal)
            self._windows[point.id] = SampleWindow(round(rate * point.waveform.buffer))
            self._rates[point.id] = rate
            if point.sensor is not None and point.sensor.kind != "recorded":
                span = (point.range[0] * factor + offset, point.range[1] * factor + offset)
                chain = WaveformChain(point.sensor, self.streams, path, rate, span)
                machine = self.plant.machines.machines.get(point.signal.rpartition(".")[0])
                chain.one_rate = getattr(machine, "ONE_RATE", False)
                self._connect(point, chain)
            return
        if point.sensor is None:
            return
        low, high = (end * factor + offset for end in point.range)
        for loop, signal in self.plant.process_signals().items():
            if signal == point.signal:
                self._controls.setdefault(point.id, []).append(loop)
        scan_s = max(self.plant.block_ns, point.every or 0) / SECOND
        self._connect(point, ScalarChain(point.sensor, self.streams, path, scan_s, (low, high), (factor, offset)))

    def _connect(self, point: Point, chain: Chain) -> None:
        """Put a chain on the terminal strip of its device."""
        self.chains[point.id] = self._strips[point.device][point.id] = chain
        chain.neighbours = self._strips[point.device]

    def _exchange(self, one: str, other: str, image: DeviceImage, readings: dict[str, Reading]) -> None:
        """Let two sensors' wires sit in each other's place: the same fraction of range, read as the other's."""
        pair = [readings.get(name, image.readings[name]) for name in (one, other)]
        points = [image.points[name] for name in (one, other)]
        if points[0].waveform is not None:
            mine, theirs = (self.chains[name].full_scale / self._to_unit[name][0] for name in (one, other))
            count = min(self.plant.sample_range(self.chains[name].true_rate_hz)[1] for name in (one, other))
            self._windows[one].exchange(self._windows[other], count, mine / theirs)
            for name, reading, its in ((one, pair[0], pair[1]), (other, pair[1], pair[0])):
                readings[name] = dataclasses.replace(reading, status=its.status)
            return
        for point, its, of in ((points[0], pair[1], points[1]), (points[1], pair[0], points[0])):
            (low, high), (from_, to) = point.range, of.range
            value = low + (its.value - from_) / (to - from_) * (high - low)
            readings[point.id] = Reading(value, its.status, self.epoch_ns + self.plant.t_ns)
            factor, offset = self._to_unit[point.id]
            self._feed_back(point, value * factor + offset)

    def _sample(self, point: Point, image: DeviceImage, signals: Mapping[str, float], now_ns: int) -> Reading:
        assert point.signal is not None
        t_ns = self.epoch_ns + now_ns
        chain = self.chains.get(point.id)
        if point.waveform is not None:
            window, rate = self._windows[point.id], self._rates[point.id]
            # The sensor's own sample clock decides at which true instants it looks.
            true_rate = chain.true_rate_hz if chain else rate
            n0, count = self.plant.sample_range(true_rate)
            true = self.plant.waveform(point.signal, n0, count, true_rate)
            if chain is None:
                # A recording has been through a sensor already: it is passed on as it is.
                samples = true.astype(np.float32)
            elif chain.fine_rate_hz:
                m0, fine_count = self.plant.sample_range(chain.fine_rate_hz)
                fine = self.plant.waveform(point.signal, m0, fine_count, chain.fine_rate_hz)
                samples = chain.read(n0, true, m0, fine)
            else:
                samples = chain.read(n0, true)
            factor, offset = self._to_unit[point.id]
            if (factor, offset) != (1.0, 0.0):
                samples = ((samples - np.float32(offset)) / np.float32(factor)).astype(np.float32)
            window.append(n0, samples)
            return Reading(window.view(), STATUS[chain.status] if chain else GOOD, t_ns, window.n0, rate)
        if point.signal == "device.uptime_s":
            return Reading((t_ns - image.started_ns) / SECOND, GOOD, t_ns)
        true_value = signals[point.signal]
        if chain is None:
            value, status = true_value, GOOD
        else:
            value = chain.read(true_value)
            status = STATUS[chain.status]
            self._feed_back(point, value)
        factor, offset = self._to_unit[point.id]
        return Reading((value - offset) / factor, status, t_ns)

    def _feed_back(self, point: Point, value: float) -> None:
        """Let a controller see what its transmitter says, faults included; SI."""
        for loop in self._controls.get(point.id, ()):
            self.plant.feed_back(loop, value)

    def _command(self, point: Point, value: float | bool, t_ns: int) -> None:
        assert point.write is not None
        factor, offset = self._to_unit[point.id]
        self.truth.command(t_ns, point.id, value)
        wanted = value if isinstance(value, bool) else float(value) * factor + offset
        if not self._order(point.write, wanted):
            self.truth.note(t_ns, "refused", point=point.id, command=point.write)

    def _order(self, command: str, value: float) -> bool:
        """Give the plant a command; False if an interlock or a repair stands against it."""
        if command.endswith(".reset") and command.removesuffix(".reset") in self.life.relays:
            return not value or self.life.reset(command.removesuffix(".reset"), self.plant.t_ns)
        if self.life.holds(command):
            return False
        self.plant.command(command, value)
        return True

    def _target(self, layer: str, on: str) -> Any:
        match layer:
            case "physics":
                return self.plant.assets[on]
            case "sensor":
                return self.chains[on]
            case "device":
                return self.images[on]
            case "protocol":
                return self.faces[on].misbehaviour
            case _:
                return self.link_targets[on]

    def noted(self, device: str) -> Callable[..., None]:
        """Return what tells the truth log that a fault of this device, or of its link, touched the wire."""

        def note(kind: str, detail: str = "") -> None:
            self.truth.insertion(kind, device, self.plant.t_ns, detail)

        return note

    def _hash(self, image: DeviceImage) -> None:
        for name, reading in image.readings.items():
            self._digest.update(name.encode())
            self._digest.update(struct.pack("<Iqq", reading.status, reading.t_ns, reading.n0))
            value = reading.value
            if isinstance(value, np.ndarray):
                # Only what is new in the window: the rest was hashed when it came.
                self._digest.update(value[-4096:].tobytes())
            else:
                self._digest.update(struct.pack("<d", value))


__all__ = ["Device", "Emulation", "Face", "Resolve"]
