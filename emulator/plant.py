"""The virtual plant: the machines of a rig stepped together on a fixed grid of ticks.

A block is a scan; a tick is 10 ms. Ticks lie on an absolute grid from plant time 0, and everything that
happens at a certain time (controller scans, drive ramps) is bound to ticks, so nothing depends on the
block's length.
"""

import copy
import difflib
import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emulator.assembly import AssemblyError, Machines, assemble
from emulator.physics.asset import TICK_NS, TICK_S
from emulator.physics.control_valve import ControlValve
from emulator.physics.drive_train import DriveTrain
from emulator.physics.kernels.motor import E_IN
from emulator.physics.pid import Pid
from emulator.physics.shaft import ShaftTrace
from emulator.physics.vfd import Vfd
from emulator.streams import Streams
from rigs.schema import Rig

SECOND = 1_000_000_000
MICRO = 1_000_000
Floats = NDArray[np.float64]


class _Recorder:
    """Collects one block of one shaft, tick by tick, and makes the trace of it."""

    def __init__(self, ticks: int) -> None:
        self.speed = np.zeros(ticks + 1)
        self.rows = np.zeros((4, ticks))

    def begin(self, train: DriveTrain) -> None:
        self.start = (train.angle.revs, train.angle.frac)
        self.speed[0] = train.motor.speed_rad_s
        self.energy_0 = float(train.motor.state[E_IN])
        self.current_square = 0.0

    def note(self, i: int, train: DriveTrain) -> None:
        self.speed[i + 1] = train.motor.speed_rad_s
        self.current_square += train.motor.current_square
        pump = train.pump
        self.rows[2, i] = train.radial_load_n
        if pump is not None:
            self.rows[0, i] = pump.sigma
            self.rows[1, i] = pump.flow_ratio
            self.rows[3, i] = pump.vane_force_n
        else:
            self.rows[0, i], self.rows[1, i] = 1e3, 1.0

    def trace(self, t0_ns: int) -> ShaftTrace:
        sigma, ratio, load, vane = (row.copy() for row in self.rows)
        return ShaftTrace(t0_ns, TICK_S, *self.start, self.speed.copy(), sigma, ratio, load, vane)


class Plant:
    """The plant of a rig.

    Parameters
    ----------
    rig : Rig
        With its `plant` section. ``plant.start: warm`` begins in running thermal equilibrium, ``cold`` at
        rest. seed : int
        Seed of every random stream.

    Attributes
    ----------
    assets : dict
        Machines by asset id; faults write to their `condition`.
    signals : dict
        True values at the end of the last block, SI, by signal name ``<asset>.<quantity>``.

    Raises
    ------
    AssemblyError
        The rig's assets cannot be joined.
    ValueError
        An unknown name or value under ``plant``.

    """

    def __init__(self, rig: Rig, seed: int) -> None:
        if rig.clock.block % TICK_NS:
            raise AssemblyError(f"clock.block = {rig.clock.block / 1e6:g} ms must be a multiple of the 10 ms tick")
        self.t_ns = 0
        self.block_ns = rig.clock.block
        self.seed = seed
        self.machines: Machines = assemble(rig, Streams(seed))
        self.assets = self.machines.assets
        self.ambient_k = rig.plant.ambient
        self.traces: dict[str, ShaftTrace] = {}
        self.feedback: dict[str, float] = {}
        self._queue: list[tuple[str, float]] = []
        self._recorders = {name: _Recorder(self.block_ns // TICK_NS) for name in self.machines.trains}
        self._block_power: dict[str, float] = {}
        self._block_current: dict[str, float] = {}
        self._commands = self._command_table()
        for loop_id, loop in self.machines.loops.items():
            if loop.scan_ns % TICK_NS:
                raise AssemblyError(f"{loop_id}: scan = {loop.scan_ns / 1e6:g} ms must be a multiple of the 10 ms tick")
        self._start(rig)
        self._sense()

    # --- start --------------------------------------------------------------------------------------------

    def _start(self, rig: Rig) -> None:
        for name, value in rig.plant.initial.items():
            if isinstance(value, str):
                raise ValueError(  # noqa: TRY004 - a wrong entry of a file, like the others
                    f"plant.initial.{name} = {value!r} must be a number or true or false"
                )
            self._do(self._known(name, "plant.initial"), float(value))
        for loop in self.machines.loops.values():
            loop.valve.place(loop.pid.manual_output)
        for name, train in self.machines.trains.items():
            drive = train.drive
            wanted = drive.run
            frequency = drive.parameters.mains_frequency_hz if drive.parameters.bypass else drive.reference_hz
            warm = rig.plant.start == "warm" and wanted and frequency > 0.0
            control = next((loop for loop in self.machines.loops.values() if loop.train == name), None)
            held = (
                control.pid.setpoint
                if control is not None and control.pid.auto and control.pid.setpoint > 0.0
                else None
            )
            cold = None if warm else (copy.deepcopy(self._train_state(train)))
            if frequency > 0.0 or drive.parameters.maximum_frequency_hz > 0.0:
                self._settle(train, frequency or drive.parameters.maximum_frequency_hz, held)
            if cold is not None:
                self._restore_train(train, cold)
            elif control is not None:
                control.pid.settle(control.valve.position, train.pump.flow_m3_s if train.pump else 0.0)
            self._block_power[name] = train.power_w
            self._block_current[name] = train.motor.current_a

    def _settle(self, train: DriveTrain, frequency_hz: float, held: float | None) -> None:
        train.settle(frequency_hz, held)
        if train.circuit is not None and train.circuit.suction:
            saved = copy.deepcopy(self._train_state(train))
            train.circuit.suction[0].critical_resistance_s2_m5 = train.critical_resistance(frequency_hz, held)
            self._restore_train(train, saved)

    def _train_state(self, train: DriveTrain) -> dict[str, Any]:
        parts: dict[str, Any] = {
            "motor": train.motor.save(),
            "drive": train.drive.save(),
            "train": train.save(),
        }
        if train.pump is not None and train.circuit is not None:
            parts["pump"] = train.pump.save()
            if train.circuit.valve is not None:
                parts["valve"] = train.circuit.valve.save()
        parts["housings"] = [m.housing.save() for m in train.bearings.values()]
        return parts

    def _restore_train(self, train: DriveTrain, saved: dict[str, Any]) -> None:
        train.motor.restore(saved["motor"])
        train.drive.restore(saved["drive"])
        train.restore(saved["train"])
        if train.pump is not None and "pump" in saved:
            train.pump.restore(saved["pump"])
        if train.circuit is not None and train.circuit.valve is not None:
            train.circuit.valve.restore(saved["valve"])
        for mounted, state in zip(train.bearings.values(), saved["housings"], strict=True):
            mounted.housing.restore(state)

    # --- commands -----------------------------------------------------------------------------------------

    def command(self, name: str, value: float) -> None:
        """Queue a command; it takes effect at the next block edge, in the order given.

        Raises
        ------
        ValueError
            No such command, or a value that is no finite number.

        """
        self._known(name, "command")
        if not math.isfinite(value):
            raise ValueError(f"command {name} = {value} is no finite number")
        self._queue.append((name, float(value)))

    @property
    def commands(self) -> tuple[str, ...]:
        """Names that `command` takes."""
        return tuple(self._commands)

    def _known(self, name: str, place: str) -> str:
        if name not in self._commands:
            near = difflib.get_close_matches(name, self._commands, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(self._commands)}"
            raise ValueError(f"{place}: unknown {name!r}; {hint}")
        return name

    def _do(self, name: str, value: float) -> None:
        self._commands[name](value)

    def _command_table(self) -> dict[str, Callable[[float], None]]:
        table: dict[str, Callable[[float], None]] = {"ambient.temperature_k": self._set_ambient}
        for motor_id, train in self.machines.trains.items():
            table |= _drive_commands(train.drive, self.machines.drives[motor_id], motor_id)
        for name, loop in self.machines.loops.items():
            table |= _loop_commands(loop.pid, name)
        driven = [loop.valve for loop in self.machines.loops.values()]
        for name, asset in self.assets.items():
            if isinstance(asset, ControlValve) and not any(asset is valve for valve in driven):
                table[f"{name}.signal"] = partial(_set_share, asset, "signal")
        return table

    def _set_ambient(self, temperature_k: float) -> None:
        self.ambient_k = temperature_k
        for train in self.machines.trains.values():
            train.ambient_k = train.motor.ambient_k = temperature_k
            if train.circuit is not None:
                train.circuit.ambient_k = temperature_k

    # --- time ---------------------------------------------------------------------------------------------

    def step(self) -> None:
        """Advance one block."""
        for name, value in self._queue:
            self._do(name, value)
        self._queue.clear()
        t0 = self.t_ns
        for name, train in self.machines.trains.items():
            self._recorders[name].begin(train)
        ticks = self.block_ns // TICK_NS
        for i in range(ticks):
            self._tick(t0 + i * TICK_NS)
            for name, train in self.machines.trains.items():
                self._recorders[name].note(i, train)
        self.t_ns = t0 + self.block_ns
        for name, train in self.machines.trains.items():
            recorder = self._recorders[name]
            self.traces[name] = recorder.trace(t0)
            self._block_power[name] = (float(train.motor.state[E_IN]) - recorder.energy_0) / (ticks * TICK_S)
            self._block_current[name] = math.sqrt(0.5 * recorder.current_square / ticks)
        self._sense()

    def _tick(self, t_ns: int) -> None:
        for name, loop in self.machines.loops.items():
            if t_ns % loop.scan_ns == 0:
                loop.valve.signal = loop.pid.scan(self._process_value(name))
            loop.valve.advance(TICK_S)
        for train in self.machines.trains.values():
            train.tick()

    def _process_value(self, name: str) -> float:
        if name in self.feedback:
            return self.feedback[name]
        train = self.machines.loops[name].train
        pump = self.machines.trains[train].pump if train is not None else None
        return pump.flow_m3_s if pump is not None else 0.0

    def process_signals(self) -> dict[str, str]:
        """Return, by controller, the name of the signal it controls."""
        pumps = {train: pump for pump, train in self.machines.pumps.items()}
        loops = self.machines.loops.items()
        return {name: f"{pumps[loop.train]}.flow_m3_s" for name, loop in loops if loop.train in pumps}

    def feed_back(self, loop: str, value: float | None) -> None:
        """Let a controller see a measured value [m³/s] instead of the true flow from now on.

        None: the true one.
        """
        if loop not in self.machines.loops:
            raise ValueError(f"no controller {loop!r}; there are: {', '.join(self.machines.loops) or 'none'}")
        if value is None:
            self.feedback.pop(loop, None)
        else:
            self.feedback[loop] = value

    # --- what can be seen ---------------------------------------------------------------------------------

    def _sense(self) -> None:
        from emulator.signals import sense

        self.signals: dict[str, float] = sense(
            self.machines, self.t_ns, self.ambient_k, self._block_power, self._block_current
        )

    def sample_range(self, rate_hz: float) -> tuple[int, int]:
        """Return (n0, count): the samples n with t_previous <= n/rate < t_now of the block just stepped."""
        rate = round(rate_hz * MICRO)
        first = -(-(self.t_ns - self.block_ns) * rate // (SECOND * MICRO))
        last = -(-self.t_ns * rate // (SECOND * MICRO))
        return max(first, 0), last - max(first, 0)

    def rate_hz(self, signal: str) -> float:
        """Return the rate at which a waveform signal exists [Hz]: a recording has one of its own.

        Raises
        ------
        ValueError
            The signal has no rate of its own; the point must say one.

        """
        asset = signal.rpartition(".")[0]
        if asset in self.machines.recordings:
            return self.machines.recordings[asset].rate_hz
        raise ValueError(f"signal {signal!r} has no rate of its own; give the point's waveform a rate")

    def waveform(self, signal: str, n0: int, count: int, rate_hz: float) -> Floats:
        """Return the true acceleration at sample instants n/rate_hz, n0 … n0+count-1, float64[count] [m/s²].

        The samples must lie in the block just stepped (`sample_range`).

        Raises
        ------
        ValueError
            No waveform of that name, or samples outside the block.

        """
        asset = signal.rpartition(".")[0]
        if asset in self.machines.recordings:
            return self.machines.recordings[asset].waveform(n0, count, rate_hz)
        listener = self.machines.listeners.get(asset)
        if listener is None or not signal.endswith(".acceleration_m_s2"):
            known = [f"{n}.acceleration_m_s2" for n in (*self.machines.listeners, *self.machines.recordings)]
            raise ValueError(f"no waveform {signal!r}; there are: {', '.join(known) or 'none'}")
        if listener.train not in self.traces:
            raise ValueError("no block has been stepped yet; call step() first")
        trace = self.traces[listener.train]
        return listener.housing.render(trace, listener.rotor, listener.bearing, n0, count, rate_hz, listener.heard)

    def energy(self) -> dict[str, dict[str, float]]:
        """Return the energy accounts since the start [J], per motor and pump."""
        accounts = {name: train.motor.energy() for name, train in self.machines.trains.items()}
        for pump_id, motor_id in self.machines.pumps.items():
            pump = self.machines.trains[motor_id].pump
            if pump is not None:
                accounts[pump_id] = {"shaft_in": pump.shaft_j, "hydraulic_out": pump.hydraulic_j}
        return accounts

    def truth(self) -> dict[str, float]:
        """Return every true value.

        The signals, and each asset's condition as ``<asset>.condition.<name>``.
        """
        import dataclasses

        values = dict(self.signals)
        for name, asset in self.assets.items():
            condition = getattr(asset, "condition", None)
            if condition is not None and dataclasses.is_dataclass(condition):
                for item in dataclasses.fields(condition):
                    values[f"{name}.condition.{item.name}"] = getattr(condition, item.name)
        return values

    # --- save and restore ---------------------------------------------------------------------------------

    def save(self) -> dict[str, Any]:
        """Return everything that changes, copied: a plant restored from it goes on bit for bit."""
        m = self.machines
        return copy.deepcopy({
            "t_ns": self.t_ns,
            "assets": {name: asset.save() for name, asset in self.assets.items()},
            "trains": {name: self._train_state(train) for name, train in m.trains.items()},
            "listeners": {name: listener.housing.save() for name, listener in m.listeners.items()},
            "traces": self.traces,
            "queue": self._queue,
            "feedback": self.feedback,
            "ambient_k": self.ambient_k,
            "power": self._block_power,
            "current": self._block_current,
        })  # fmt: skip

    def restore(self, saved: dict[str, Any]) -> None:
        """Take over what `save` returned, on a plant of the same rig and seed."""
        saved = copy.deepcopy(saved)
        m = self.machines
        self.t_ns = saved["t_ns"]
        for name, state in saved["assets"].items():
            self.assets[name].restore(state)
        for name, state in saved["trains"].items():
            self._restore_train(m.trains[name], state)
        for name, state in saved["listeners"].items():
            m.listeners[name].housing.restore(state)
        self.traces, self._queue, self.feedback = saved["traces"], saved["queue"], saved["feedback"]
        self._block_power, self._block_current = saved["power"], saved["current"]
        self._set_ambient(saved["ambient_k"])
        self._sense()


def _drive_commands(drive: Vfd, drive_id: str, motor_id: str) -> dict[str, Callable[[float], None]]:
    def run(value: float) -> None:
        drive.command_run(value != 0.0)

    def start(value: float) -> None:
        if value != 0.0:
            drive.command_run(True)

    def stop(value: float) -> None:
        if value != 0.0:
            drive.command_run(False)

    table: dict[str, Callable[[float], None]] = {
        f"{drive_id}.run": run, f"{drive_id}.start": start, f"{drive_id}.stop": stop,
    }  # fmt: skip
    if drive_id != motor_id:
        table[f"{drive_id}.frequency_hz"] = drive.command_reference
    return table


def _loop_commands(pid: Pid, name: str) -> dict[str, Callable[[float], None]]:
    def setpoint(value: float) -> None:
        pid.setpoint = max(value, 0.0)

    def auto(value: float) -> None:
        pid.auto = value != 0.0

    return {
        f"{name}.setpoint_m3_s": setpoint,
        f"{name}.auto": auto,
        f"{name}.manual_output": partial(_set_share, pid, "manual_output"),
    }


def _set_share(asset: Any, attribute: str, value: float) -> None:
    setattr(asset, attribute, min(max(value, 0.0), 1.0))
