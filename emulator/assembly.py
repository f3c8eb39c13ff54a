"""Builds the machines of a rig and joins them as its connections say. No asset is known by its name here."""

import dataclasses
from dataclasses import dataclass, field
from typing import Any

from emulator.joining import AssemblyError, junctions, standing_at
from emulator.physics.asset import override
from emulator.physics.centrifugal_pump import CentrifugalPump, CentrifugalPumpParameters
from emulator.physics.circuit import Circuit
from emulator.physics.circuit_pump import CircuitPump
from emulator.physics.control_valve import ControlValve
from emulator.physics.drive_train import DriveTrain, MountedBearing
from emulator.physics.electrical_supply import ElectricalSupply
from emulator.physics.housing import Housing, HousingParameters, Path
from emulator.physics.induction_motor import REFERENCE_K, InductionMotor, InductionMotorParameters
from emulator.physics.machine import Machine, OwnShaft, ShaftLoad, kinds
from emulator.physics.network_pump import NetworkPump
from emulator.physics.pid import Pid, PidParameters
from emulator.physics.pipe import Pipe
from emulator.physics.ports import Junction
from emulator.physics.recording import Recording, RecordingParameters
from emulator.physics.rolling_bearing import RollingBearing, RollingBearingParameters
from emulator.physics.rotor import RotorCondition, RotorParameters
from emulator.physics.site import Site
from emulator.physics.tank import Tank
from emulator.physics.thermal import BearingHousing, BearingHousingParameters
from emulator.physics.vfd import Vfd, VfdParameters
from emulator.physics.water_network import WaterNetwork
from emulator.plumbing import fitting, groups, networks
from emulator.streams import Streams
from rigs.schema import Connection, Rig


@dataclass(slots=True)
class Listener:
    """A bearing housing, and the other bearings of its machine that are heard in it."""

    housing: Housing
    bearing: RollingBearing
    rotor: tuple[RotorCondition, ...]  # the conditions of all rotors on its shaft
    shaft: str
    heard: tuple[Path, ...] = ()


@dataclass(slots=True)
class Loop:
    """A controller, the valve it moves, and the pump or the network whose flow it holds."""

    pid: Pid
    valve: ControlValve
    train: str | None
    scan_ns: int
    valve_id: str = ""
    network: WaterNetwork | None = None


@dataclass(slots=True)
class Shaft:
    """A shaft that turns with a train's motor, `ratio` times as fast; without a train it is a machine's own."""

    train: str
    ratio: float = 1.0


@dataclass(slots=True)
class Machines:
    """Everything the plant steps, by asset id."""

    assets: dict[str, Any] = field(default_factory=dict)
    trains: dict[str, DriveTrain] = field(default_factory=dict)  # by motor id
    drives: dict[str, str] = field(default_factory=dict)  # motor id -> id under which its drive is commanded
    pumps: dict[str, str] = field(default_factory=dict)  # pump id -> motor id
    loops: dict[str, Loop] = field(default_factory=dict)
    listeners: dict[str, Listener] = field(default_factory=dict)
    recordings: dict[str, Recording] = field(default_factory=dict)
    bearings: dict[str, str] = field(default_factory=dict)  # bearing id -> id of its shaft
    machines: dict[str, Machine] = field(default_factory=dict)  # those that step themselves
    networks: dict[str, WaterNetwork] = field(default_factory=dict)  # of pipes with more than one loop
    junctions: list[Junction] = field(default_factory=list)
    shafts: dict[str, Shaft] = field(default_factory=dict)  # by motor id, or by the id of the gear that drives it
    on_shaft: dict[str, str] = field(default_factory=dict)  # machine id -> id of its shaft
    supplied: set[str] = field(default_factory=set)  # drives behind a supply of the rig, not the site's mains
    own_bearings: dict[str, tuple[OwnShaft, MountedBearing]] = field(default_factory=dict)  # on shafts of machines


def assemble(rig: Rig, site: Site) -> Machines:
    """Build every asset of the rig and join them.

    Raises
    ------
    AssemblyError
        A pump without motor or circuit, a shaft without motor, a controller without valve, …
    ValueError
        An unknown parameter under ``plant.parameters``.

    """
    machines = Machines()
    known = kinds()
    for index, declared in enumerate(rig.assets):
        given = rig.plant.parameters.get(declared.id, {})
        with standing_at(*(("plant", "parameters", declared.id) if given else ("assets", index))):
            if declared.kind in known:
                machine = known[declared.kind].build(declared, given, site)
                machines.assets[declared.id] = machines.machines[declared.id] = machine
            else:
                machines.assets[declared.id] = _build(rig, declared, site.streams)
    machines.recordings = {n: a for n, a in machines.assets.items() if isinstance(a, Recording)}
    for index, connection in enumerate(rig.connections):
        if connection.kind in ("shaft", "belt") and _only(machines, connection.assets, InductionMotor):
            with standing_at("connections", index):
                _shaft(rig, connection, machines)
    for connection in _in_order(rig, machines):
        with standing_at("connections", rig.connections.index(connection)):
            _driven_shaft(rig, connection, machines)
    lone = [n for n, a in machines.assets.items() if isinstance(a, InductionMotor) and n not in machines.trains]
    for name in lone:
        _shaft(rig, Connection(kind="shaft", joins=(name, name)), machines)
    _water(rig, machines, site)
    _no_idle_pump(rig, machines)
    for index, connection in enumerate(rig.connections):
        if connection.kind == "control":
            with standing_at("connections", index):
                _control(rig, connection, machines)
    machines.junctions = junctions(rig.connections, machines.assets)
    for motor_id, train in machines.trains.items():
        own = train.pump.parameters.inertia_kg_m2 if train.pump is not None else 0.0
        own += sum(machine.inertia_kg_m2 for machine in train.loads)
        machines.assets[motor_id].inertia_kg_m2 = train.motor.parameters.inertia_kg_m2 + own
        train.drive.identify(train.motor.circuit(REFERENCE_K), train.motor.inertia_kg_m2)
    for index, connection in enumerate(rig.connections):
        if connection.kind == "wire":
            with standing_at("connections", index):
                _feed(connection, machines)
    _mount(rig, machines, site.streams)
    for index, declared in enumerate(rig.assets):
        if declared.id in machines.machines:
            with standing_at("assets", index):
                machines.machines[declared.id].meet(machines.assets)
    return machines


def _water(rig: Rig, machines: Machines, site: Site) -> None:
    """Give single pumps their loops, and make networks of all other pipes."""
    shared = [c for group in groups(rig.connections, machines.assets) for c in group]
    for index, connection in enumerate(rig.connections):
        if connection.kind == "pipe" and not any(connection is c for c in shared):
            with standing_at("connections", index):
                _pipes(rig, connection, machines)
    if not shared:
        return
    held = {name for c in rig.connections if c.kind == "control" for name in c.assets}
    driven = [name for name in held if isinstance(machines.assets[name], ControlValve)]
    with standing_at("connections", rig.connections.index(shared[0])):
        machines.networks = networks(rig.connections, machines.assets, site, driven)
    machines.machines |= machines.networks
    for network in machines.networks.values():
        for pump_id, load in network.pumps.items():
            if pump_id not in machines.pumps:
                continue  # refused below, with its own place
            train = machines.trains[machines.pumps[pump_id]]
            if pump_id in machines.on_shaft:
                machines.assets[machines.on_shaft[pump_id]].driven.append(load)
                continue
            train.pump = None
            train.loads.append(load)


def _no_idle_pump(rig: Rig, machines: Machines) -> None:
    for name in _only(machines, tuple(machines.assets), CentrifugalPump):
        with standing_at("assets", [asset.id for asset in rig.assets].index(name)):
            if name not in machines.pumps:
                raise AssemblyError(f"pump {name!r} is on no shaft; join it to a motor with a shaft connection")
            train = machines.trains[machines.pumps[name]]
            if train.pump is machines.assets[name] and train.circuit is None:
                raise AssemblyError(f"pump {name!r} is in no pipe connection; join it between tanks, pipes and valves")


def _build(rig: Rig, declared: Any, streams: Streams) -> Any:
    private = rig.plant.parameters.get(declared.id, {})
    match declared.kind:
        case "induction_motor":
            motor = InductionMotorParameters.of(declared)
            return InductionMotor(override(motor, private, declared.id))
        case "vfd":
            drive = VfdParameters.of(declared)
            return Vfd(override(drive, private, declared.id))
        case "centrifugal_pump":
            pump = CentrifugalPumpParameters(
                speed_rad_s=declared.speed,
                flow_m3_s=declared.flow,
                head_m=declared.head,
                shutoff_head_m=declared.shutoff_head,
                efficiency=declared.efficiency,
                vanes=declared.vanes,
                npsh_required_m=declared.npsh_required,
            )
            return CentrifugalPump(override(pump, private, declared.id), streams, declared.id)
        case "rolling_bearing":
            known = {f.name for f in dataclasses.fields(BearingHousingParameters)} - {"bore_m", "friction"}
            bearing = RollingBearingParameters.of(declared)
            own = {name: value for name, value in private.items() if name not in known}
            return RollingBearing(override(bearing, own, declared.id), streams, declared.id)
        case "pid_loop":
            pid = PidParameters(
                gain=declared.gain,
                integral_s=declared.integral_time,
                derivative_s=declared.derivative_time,
                scan_s=declared.scan * 1e-9,
                span=declared.span,
            )
            return Pid(override(pid, private, declared.id))
        case "recording":
            source = rig.plant.recordings.get(declared.id)
            if source is None:
                raise AssemblyError(f"recording {declared.id!r} has no file; name it under plant.recordings")
            played = RecordingParameters(source.file, source.channel, source.rate, source.speed, source.at_end)
            return Recording(override(played, private, declared.id))
    made = fitting(declared, private, rig.plant.tank_level)
    if made is None:
        raise AssemblyError(f"asset {declared.id!r}: the plant cannot build a {declared.kind!r}")
    return made


def _only(machines: Machines, names: tuple[str, ...], kind: type) -> list[str]:
    return [name for name in dict.fromkeys(names) if isinstance(machines.assets[name], kind)]


def _loads(machines: Machines, names: tuple[str, ...], where: str) -> list[tuple[str, ShaftLoad]]:
    found: list[tuple[str, ShaftLoad]] = []
    for name in dict.fromkeys(names):
        asset = machines.assets[name]
        if isinstance(asset, Machine):
            if not isinstance(asset, ShaftLoad):
                raise AssemblyError(f"{where}: {name!r} has no shaft; take it out of this connection")
            if name in machines.on_shaft:
                raise AssemblyError(f"{where}: {name!r} is driven by {machines.on_shaft[name]!r} already")
            found.append((name, asset))
        elif not isinstance(asset, (InductionMotor, CentrifugalPump, RollingBearing)):
            raise AssemblyError(f"{where}: {name!r} does not turn; take it out of this connection")
    return found


def _shaft(rig: Rig, connection: Connection, machines: Machines) -> None:
    names = connection.assets
    where = f"{connection.kind} {' - '.join(names)}"
    motors = _only(machines, names, InductionMotor)
    pumps = _only(machines, names, CentrifugalPump)
    if len(motors) != 1 or len(pumps) > 1:
        raise AssemblyError(
            f"{where} joins {len(motors)} motors and {len(pumps)} pumps; it needs one motor and at most one pump"
        )
    name = motors[0]
    motor: InductionMotor = machines.assets[name]
    if name not in machines.trains:
        drive_id, drive = _drive(rig, name, motor, machines)
        motor.ambient_k = rig.plant.ambient
        motor.set_temperatures(rig.plant.ambient, rig.plant.ambient)
        machines.trains[name] = DriveTrain(motor, drive, None, ambient_k=rig.plant.ambient)
        machines.drives[name] = drive_id
        machines.shafts[name] = Shaft(name)
    train = machines.trains[name]
    if pumps:
        if train.pump is not None:
            raise AssemblyError(f"{where}: motor {name!r} drives a pump already; one motor turns one pump")
        train.pump = machines.assets[pumps[0]]
        machines.pumps[pumps[0]] = name
    for load_id, load in _loads(machines, names, where):
        train.loads.append(load)
        machines.on_shaft[load_id] = name
    _bearings(rig, names, train, name, machines)


def _in_order(rig: Rig, machines: Machines) -> list[Connection]:
    """Return the shafts that gears drive, each after the one that turns its gear.

    Raises
    ------
    AssemblyError
        A shaft that nothing turns.

    """
    open_ = [
        c for c in rig.connections if c.kind in ("shaft", "belt") and not _only(machines, c.assets, InductionMotor)
    ]
    ordered: list[Connection] = []
    turned = set(machines.on_shaft)
    while open_:
        ready = [c for c in open_ if any(_turns(n, machines.assets[n], turned) for n in c.assets)]
        if not ready:
            shaft = " - ".join(open_[0].assets)
            with standing_at("connections", rig.connections.index(open_[0])):
                raise AssemblyError(f"{open_[0].kind} {shaft}: nothing turns it; join it to one motor or behind a gear")
        for connection in ready:
            open_.remove(connection)
            ordered.append(connection)
            turned |= set(connection.assets)
    return ordered


def _turns(name: str, asset: Any, turned: set[str]) -> bool:
    return isinstance(asset, OwnShaft) or (name in turned and hasattr(asset, "driven"))


def _own_shaft(rig: Rig, names: tuple[str, ...], owner: str, where: str, machines: Machines) -> None:
    others = [n for n in names if n != owner and not isinstance(machines.assets[n], RollingBearing)]
    if others:
        raise AssemblyError(f"{where}: {others[0]!r} cannot stand on the shaft of {owner!r}; only bearings can")
    machines.shafts[owner] = Shaft("")
    for bearing_id in _only(machines, names, RollingBearing):
        machines.own_bearings[bearing_id] = (machines.assets[owner], _mounted(rig, bearing_id, machines))
        machines.bearings[bearing_id] = owner


def _driven_shaft(rig: Rig, connection: Connection, machines: Machines) -> None:
    names = connection.assets
    where = f"{connection.kind} {' - '.join(names)}"
    owners = [n for n in names if isinstance(machines.assets[n], OwnShaft)]
    if len(owners) == 1:
        _own_shaft(rig, names, owners[0], where, machines)
        return
    gears = [n for n in names if n in machines.on_shaft and hasattr(machines.assets[n], "driven")]
    if len(gears) != 1:
        raise AssemblyError(f"{where} has {len(gears)} gears that drive it; it needs exactly one")
    gear_id = gears[0]
    gear = machines.assets[gear_id]
    outer = machines.shafts[machines.on_shaft[gear_id]]
    machines.shafts[gear_id] = Shaft(outer.train, outer.ratio * gear.speed_ratio)
    rest = tuple(n for n in names if n != gear_id)
    for load_id, load in _loads(machines, rest, where):
        gear.driven.append(load)
        machines.on_shaft[load_id] = gear_id
    for pump_id in _only(machines, rest, CentrifugalPump):
        machines.pumps[pump_id] = outer.train
        machines.on_shaft[pump_id] = gear_id
    _bearings(rig, rest, machines.trains[outer.train], gear_id, machines)


def _bearings(rig: Rig, names: tuple[str, ...], train: DriveTrain, shaft: str, machines: Machines) -> None:
    for bearing_id in _only(machines, names, RollingBearing):
        train.bearings[bearing_id] = _mounted(rig, bearing_id, machines)
        machines.bearings[bearing_id] = shaft


def _mounted(rig: Rig, bearing_id: str, machines: Machines) -> MountedBearing:
    private = rig.plant.parameters.get(bearing_id, {})
    bearing: RollingBearing = machines.assets[bearing_id]
    thermal = BearingHousingParameters(bearing.parameters.bore_m, bearing.parameters.friction)
    fields = {f.name for f in dataclasses.fields(thermal)} - {"bore_m", "friction"}
    thermal = override(thermal, {n: v for n, v in private.items() if n in fields}, bearing_id)
    near = rig.asset(bearing_id).position == "drive_end"
    return MountedBearing(bearing, BearingHousing(thermal, rig.plant.ambient), near)


def _drive(rig: Rig, name: str, motor: InductionMotor, machines: Machines) -> tuple[str, Vfd]:
    """Return the drive wired to a motor; without one the motor lies on the mains behind a contactor."""
    p = motor.parameters
    wired = [n for c in rig.connections if c.kind == "wire" and name in c.assets for n in c.assets]
    found = _only(machines, tuple(wired), Vfd)
    if found:
        drive: Vfd = machines.assets[found[0]]
        drive.parameters = dataclasses.replace(
            drive.parameters,
            motor_voltage_v=p.rated_voltage_v,
            motor_frequency_hz=p.rated_frequency_hz,
            overload_current_a=drive.parameters.overload_current_a or rig.asset(name).current,
        )
        return found[0], drive
    contactor = VfdParameters(
        maximum_frequency_hz=p.rated_frequency_hz,
        mains_voltage_v=p.rated_voltage_v,
        mains_frequency_hz=p.rated_frequency_hz,
        current_limit_a=1e9,
        bypass=True,
    )
    return name, Vfd(contactor)


def _feed(connection: Connection, machines: Machines) -> None:
    """Put the drives of a wire on its supply; a motor without drive is fed through its contactor."""
    supplies = _only(machines, connection.assets, ElectricalSupply)
    if not supplies:
        return
    if len(supplies) > 1:
        raise AssemblyError(f"wire {' - '.join(connection.joins)} joins {len(supplies)} supplies; a wire has one")
    for motor_id, drive_id in machines.drives.items():
        if drive_id in connection.assets or motor_id in connection.assets:
            if drive_id in machines.supplied:
                raise AssemblyError(f"wire {' - '.join(connection.joins)}: {drive_id!r} is fed already")
            machines.assets[supplies[0]].feed(drive_id, machines.trains[motor_id].drive)
            machines.supplied.add(drive_id)


def _pipes(rig: Rig, connection: Connection, machines: Machines) -> None:
    names = connection.assets
    pumps = _only(machines, names, CentrifugalPump)
    if len(pumps) != 1:
        raise AssemblyError(f"pipe {' - '.join(names)} passes {len(pumps)} pumps; each circuit has exactly one")
    if pumps[0] not in machines.pumps:
        raise AssemblyError(f"pump {pumps[0]!r} is on no shaft; join it to a motor with a shaft connection")
    at = names.index(pumps[0])
    before = [machines.assets[n] for n in names[:at]]
    after = [machines.assets[n] for n in names[at + 1 :]]
    wrong = [n for n in names if not isinstance(machines.assets[n], (Tank, Pipe, ControlValve, CentrifugalPump))]
    if wrong:
        raise AssemblyError(
            f"pipe {' - '.join(names)}: {wrong[0]!r} carries no water; join tanks, pipes, valves and the pump"
        )
    if any(isinstance(a, ControlValve) for a in before):
        raise AssemblyError(f"pipe {' - '.join(names)}: a control valve before the pump starves it; put it behind")
    circuit = Circuit(
        source=next((a for a in before if isinstance(a, Tank)), None),
        suction=tuple(a for a in before if isinstance(a, Pipe)),
        discharge=tuple(a for a in after if isinstance(a, (Pipe, ControlValve))),
        sink=next((a for a in reversed(after) if isinstance(a, Tank)), None),
        fluid_k=rig.plant.fluid,
        ambient_k=rig.plant.ambient,
    )
    train = machines.trains[machines.pumps[pumps[0]]]
    pump: CentrifugalPump = machines.assets[pumps[0]]
    if pumps[0] in machines.on_shaft:
        machines.assets[machines.on_shaft[pumps[0]]].driven.append(CircuitPump(pump, circuit))
    else:
        train.circuit = circuit
    pump.suction = circuit.suction[0] if circuit.suction else None
    pump.casing_k = rig.plant.fluid


def _control(rig: Rig, connection: Connection, machines: Machines) -> None:
    names = connection.assets
    pids, valves = _only(machines, names, Pid), _only(machines, names, ControlValve)
    if len(pids) != 1 or len(valves) != 1:
        raise AssemblyError(f"control {' - '.join(names)} needs one pid_loop and one control_valve")
    valve = machines.assets[valves[0]]
    train = next((n for n, t in machines.trains.items() if t.circuit is not None and t.circuit.valve is valve), None)
    network = next((net for net in machines.networks.values() if valves[0] in net.layout.edges), None)
    machines.loops[pids[0]] = Loop(machines.assets[pids[0]], valve, train, rig.asset(pids[0]).scan, valves[0], network)


def _mount(rig: Rig, machines: Machines, streams: Streams) -> None:
    """Give each bearing a housing that hears the bearings beside it on the same shaft."""
    for train in machines.trains.values():
        train.rotors = _rotors(train)
    for name, shaft in machines.bearings.items():
        motor = machines.shafts[shaft].train
        if motor == shaft:
            machines.assets[name].rotors = _rotors(machines.trains[motor])
        if not motor:
            machines.listeners[name] = _own_listener(name, shaft, machines, streams)
            continue
        train = machines.trains[motor]
        pump = _pump_of(train) if shaft == motor else None
        pump_id = next((p for p, m in machines.pumps.items() if m == motor), motor)
        rotor = RotorParameters()
        if pump is not None:
            parameters = HousingParameters(rotor=rotor, vanes=pump.parameters.vanes)
        else:
            parameters = HousingParameters(rotor=rotor, pump_gain=0.0)
        machines.listeners[name] = Listener(
            housing=Housing(parameters, streams, name, pump_id),
            bearing=machines.assets[name],
            rotor=_rotors(train) if shaft == motor else (RotorCondition(),),
            shaft=shaft,
            heard=tuple(
                Path(m.bearing)
                for other, m in train.bearings.items()
                if other != name and machines.bearings[other] == shaft
            ),
        )


def _pump_of(train: DriveTrain) -> CentrifugalPump | None:
    """Return the pump on a motor's shaft, be it in a loop of its own or in a network."""
    if train.pump is not None:
        return train.pump
    return next((load.pump for load in train.loads if isinstance(load, NetworkPump)), None)


def _rotors(train: DriveTrain) -> tuple[RotorCondition, ...]:
    """Return the conditions of what turns with the motor's shaft."""
    pump = _pump_of(train)
    return (train.motor.condition,) if pump is None else (pump.condition, train.motor.condition)


def _own_listener(name: str, owner: str, machines: Machines, streams: Streams) -> Listener:
    machine: Machine = machines.assets[owner]
    blades = int(getattr(machine.parameters, "blades", 0))
    parameters = HousingParameters(rotor=RotorParameters(), vanes=max(blades, 1), pump_gain=1.0 if blades else 0.0)
    own = getattr(machine, "condition", None)
    condition = own if isinstance(own, RotorCondition) else RotorCondition()
    machines.assets[name].rotors = (condition,)
    beside = [b for b in machines.own_bearings if machines.bearings[b] == owner and b != name]
    return Listener(
        housing=Housing(parameters, streams, name, owner),
        bearing=machines.assets[name],
        rotor=(condition,),
        shaft=owner,
        heard=tuple(Path(machines.assets[b]) for b in beside),
    )
