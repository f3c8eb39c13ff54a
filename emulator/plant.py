"""The virtual plant: the machines of a rig stepped together on a fixed grid of ticks.

A block is a scan; a tick is 10 ms. Ticks lie on an absolute grid from plant time 0, and everything that
happens at a certain time (controller scans, drive ramps) is bound to ticks, so nothing depends on the
block's length.
"""

import copy
import dataclasses
import difflib
import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from emulator.assembly import Machines, assemble
from emulator.commands import command_table
from emulator.joining import AssemblyError
from emulator.physics.asset import TICK_NS, TICK_S
from emulator.physics.drive_train import DriveTrain
from emulator.physics.electrical_supply import site_mains
from emulator.physics.kernels.motor import E_IN
from emulator.physics.machine import Balance, Command, OwnShaft
from emulator.physics.motor_currents import QUANTITIES
from emulator.physics.site import Site
from emulator.recorder import Recorder
from emulator.streams import Streams
from rigs.schema import Rig

if TYPE_CHECKING:
    from emulator.physics.shaft import ShaftTrace

SECOND = 1_000_000_000
MICRO = 1_000_000
Floats = NDArray[np.float64]
SITE_STATES = tuple(f.name for f in dataclasses.fields(Site) if f.name != "streams")
DIRECTIONS = {"acceleration_m_s2": "h", "acceleration_v_m_s2": "v", "acceleration_axial_m_s2": "axial"}
START_ROUNDS = 3  # machines that lean on each other find their common rest within a few


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
        self.site = Site(
            Streams(seed),
            ambient_k=rig.plant.ambient,
            fluid_k=rig.plant.fluid,
            tank_level_m=rig.plant.tank_level,
            warm=rig.plant.start == "warm",
        )
        self.machines: Machines = assemble(rig, self.site)
        self.assets = self.machines.assets
        self.ambient_k = rig.plant.ambient
        self.traces: dict[str, ShaftTrace] = {}
        self.feedback: dict[str, float] = {}
        self._heard: set[str] = set()
        self._fluid = (self.site.fluid_k, self.site.density_gain)
        self._queue: list[tuple[str, float]] = []
        self._recorders = {
            name: Recorder(
                self.block_ns // TICK_NS,
                {shaft: s.ratio for shaft, s in self.machines.shafts.items() if s.train == name and shaft != name},
            )
            for name in self.machines.trains
        }
        self._block_power: dict[str, float] = {}
        self._block_current: dict[str, float] = {}
        self._commands: dict[str, Command] = {"ambient.temperature_k": self._set_ambient} | command_table(self.machines)
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
        for _ in range(START_ROUNDS):
            self._exchange()
            for machine in self.machines.machines.values():
                machine.start()
        self._exchange()

    def _exchange(self) -> None:
        for junction in self.machines.junctions:
            junction.exchange()

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

    def _set_ambient(self, temperature_k: float) -> None:
        self.ambient_k = self.site.ambient_k = temperature_k
        for train in self.machines.trains.values():
            train.ambient_k = train.motor.ambient_k = temperature_k
            if train.circuit is not None:
                train.circuit.ambient_k = temperature_k

    def _set_fluid(self) -> None:
        self._fluid = (self.site.fluid_k, self.site.density_gain)
        for train in self.machines.trains.values():
            if train.circuit is not None:
                train.circuit.set_fluid(*self._fluid)

    # --- time ---------------------------------------------------------------------------------------------

    def step(self) -> None:
        """Advance one block."""
        for name, value in self._queue:
            self._do(name, value)
        self._queue.clear()
        if self.site.ambient_k != self.ambient_k:
            self._set_ambient(self.site.ambient_k)
        if (self.site.fluid_k, self.site.density_gain) != self._fluid:
            self._set_fluid()
        t0 = self.t_ns
        for name, train in self.machines.trains.items():
            self._recorders[name].begin(train)
            if name in self._heard:
                train.motor.begin_block(self.block_ns // TICK_NS, t0)
        ticks = self.block_ns // TICK_NS
        for i in range(ticks):
            self._tick(t0 + i * TICK_NS)
            for name, train in self.machines.trains.items():
                self._recorders[name].note(i, train)
        self.t_ns = t0 + self.block_ns
        for name, train in self.machines.trains.items():
            recorder = self._recorders[name]
            self.traces[name] = recorder.trace(t0)
            for shaft in recorder.ratios:
                self.traces[shaft] = recorder.driven(shaft, t0)
            self._block_power[name] = (float(train.motor.state[E_IN]) - recorder.energy_0) / (ticks * TICK_S)
            self._block_current[name] = math.sqrt(0.5 * recorder.current_square / ticks)
        for name, machine in self.machines.machines.items():
            if isinstance(machine, OwnShaft):
                self.traces[name] = machine.own_trace(t0)
        self._sense()

    def _tick(self, t_ns: int) -> None:
        for name, loop in self.machines.loops.items():
            if t_ns % loop.scan_ns == 0:
                loop.valve.signal = loop.pid.scan(self._process_value(name))
            loop.valve.advance(TICK_S)
        self._exchange()
        for machine in self.machines.machines.values():
            machine.tick(t_ns)
        for name, train in self.machines.trains.items():
            if self.machines.drives[name] not in self.machines.supplied:
                site_mains(self.site, train.drive.mains, train.motor.parameters.rated_frequency_hz)
            train.tick()
        for owner, mounted in self.machines.own_bearings.values():
            torque = mounted.bearing.friction_torque_nm(owner.own_radial_load_n)
            mounted.housing.advance(torque, owner.own_speed_rad_s, self.ambient_k, self.ambient_k, TICK_S)

    def _process_value(self, name: str) -> float:
        if name in self.feedback:
            return self.feedback[name]
        loop = self.machines.loops[name]
        if loop.network is not None:
            return loop.network.flow_m3_s(loop.valve_id)
        train = loop.train
        pump = self.machines.trains[train].pump if train is not None else None
        return pump.flow_m3_s if pump is not None else 0.0

    def process_signals(self) -> dict[str, str]:
        """Return, by controller, the name of the signal it controls."""
        pumps = {train: pump for pump, train in self.machines.pumps.items()}
        loops = self.machines.loops.items()
        held = {name: f"{loop.valve_id}.flow_m3_s" for name, loop in loops if loop.network is not None}
        return held | {name: f"{pumps[loop.train]}.flow_m3_s" for name, loop in loops if loop.train in pumps}

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
        from emulator.signals import SignalTable, sense

        values = sense(self.machines, self.t_ns, self.ambient_k, self._block_power, self._block_current)
        self.signals: dict[str, float] = SignalTable(values, self.machines.machines)

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
        quantity = signal.rpartition(".")[2]
        if asset in self.machines.trains and quantity in QUANTITIES:
            return self.machines.trains[asset].motor.waveform(quantity, n0, count, rate_hz)
        machine = self.machines.machines.get(asset)
        if machine is not None and quantity in machine.waveforms():
            # A gear's id names the shaft behind it: the gear itself turns with the one before.
            shaft = asset if isinstance(machine, OwnShaft) else self.machines.on_shaft.get(asset, "")
            trace = self.traces.get(shaft)
            return machine.waveform(quantity, trace, n0, count, rate_hz)
        listener = self.machines.listeners.get(asset)
        if listener is None or quantity not in DIRECTIONS:
            raise ValueError(f"no waveform {signal!r}; there are: {', '.join(self.waveforms()) or 'none'}")
        if listener.shaft not in self.traces:
            raise ValueError("no block has been stepped yet; call step() first")
        trace, direction = self.traces[listener.shaft], DIRECTIONS[quantity]
        return listener.housing.render(
            trace, listener.rotor, listener.bearing, n0, count, rate_hz, listener.heard, direction
        )

    def waveforms(self) -> tuple[str, ...]:
        """Signals that exist as waveforms."""
        m = self.machines
        own = [f"{name}.{quantity}" for name, machine in m.machines.items() for quantity in machine.waveforms()]
        currents = [f"{name}.{quantity}" for name in m.trains for quantity in QUANTITIES]
        felt = [f"{name}.{quantity}" for name in m.listeners for quantity in DIRECTIONS]
        return (*felt, *(f"{name}.acceleration_m_s2" for name in m.recordings), *own, *currents)

    def listen(self, signal: str) -> None:
        """Say, before the first step, that a waveform will be asked for: a motor's terminals are recorded on demand."""
        if signal.rpartition(".")[2] in QUANTITIES:
            self._heard.add(signal.rpartition(".")[0])

    def balances(self) -> dict[str, Balance]:
        """Return every account of a conserved quantity, by ``<asset>.<quantity>``."""
        accounts: dict[str, Balance] = {}
        for name, machine in self.machines.machines.items():
            accounts |= {f"{name}.{quantity}": balance for quantity, balance in machine.balances().items()}
        return accounts

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
            "networks": {name: network.save() for name, network in m.networks.items()},
            "own_bearings": {name: m.housing.save() for name, (_, m) in m.own_bearings.items()},
            "recorders": {name: recorder.save() for name, recorder in self._recorders.items()},
            "site": {name: getattr(self.site, name) for name in SITE_STATES},
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
        for name, state in saved["networks"].items():
            m.networks[name].restore(state)
        for name, state in saved["own_bearings"].items():
            m.own_bearings[name][1].housing.restore(state)
        for name, state in saved["recorders"].items():
            self._recorders[name].restore(state)
        for name, value in saved["site"].items():
            setattr(self.site, name, value)
        self._set_ambient(saved["ambient_k"])
        self._set_fluid()
        self._sense()
