"""Builds the machines of a rig and joins them as its connections say. No asset is known by its name here."""

import dataclasses
from dataclasses import dataclass, field
from typing import Any

from emulator.physics.asset import override
from emulator.physics.centrifugal_pump import CentrifugalPump, CentrifugalPumpParameters
from emulator.physics.circuit import Circuit
from emulator.physics.control_valve import ControlValve, ControlValveParameters
from emulator.physics.drive_train import DriveTrain, MountedBearing
from emulator.physics.housing import Housing, HousingParameters, Path
from emulator.physics.induction_motor import InductionMotor, InductionMotorParameters
from emulator.physics.pid import Pid, PidParameters
from emulator.physics.pipe import Pipe, PipeParameters
from emulator.physics.recording import Recording, RecordingParameters
from emulator.physics.rolling_bearing import RollingBearing, RollingBearingParameters
from emulator.physics.rotor import RotorParameters
from emulator.physics.tank import Tank, TankParameters
from emulator.physics.thermal import BearingHousing, BearingHousingParameters
from emulator.physics.vfd import Vfd, VfdParameters
from emulator.streams import Streams
from rigs.schema import Connection, Rig


class AssemblyError(ValueError):
    """A rig whose assets cannot be joined into a working plant.

    The message names the asset and the way out.
    """


@dataclass(slots=True)
class Listener:
    """A bearing housing, and the other bearings of its machine that are heard in it."""

    housing: Housing
    bearing: RollingBearing
    rotor: Any  # the condition with the rotor's balance grade
    train: str
    heard: tuple[Path, ...] = ()


@dataclass(slots=True)
class Loop:
    """A controller, the valve it moves and the pump whose flow it holds."""

    pid: Pid
    valve: ControlValve
    train: str | None
    scan_ns: int


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
    bearings: dict[str, str] = field(default_factory=dict)  # bearing id -> motor id


def assemble(rig: Rig, streams: Streams) -> Machines:
    """Build every asset of the rig and join them.

    Raises
    ------
    AssemblyError
        A pump without motor or circuit, a shaft without motor, a controller without valve, …
    ValueError
        An unknown parameter under ``plant.parameters``.

    """
    machines = Machines()
    for declared in rig.assets:
        machines.assets[declared.id] = _build(rig, declared, streams)
    machines.recordings = {n: a for n, a in machines.assets.items() if isinstance(a, Recording)}
    for connection in rig.connections:
        if connection.kind == "shaft":
            _shaft(rig, connection, machines)
    lone = [n for n, a in machines.assets.items() if isinstance(a, InductionMotor) and n not in machines.trains]
    for name in lone:
        _shaft(rig, Connection(kind="shaft", joins=(name, name)), machines)
    for connection in rig.connections:
        if connection.kind == "pipe":
            _pipes(rig, connection, machines)
    for name, motor in machines.pumps.items():
        if machines.trains[motor].circuit is None:
            raise AssemblyError(f"pump {name!r} is in no pipe connection; join it between tanks, pipes and valves")
    for connection in rig.connections:
        if connection.kind == "control":
            _control(rig, connection, machines)
    idle = [n for n, a in machines.assets.items() if isinstance(a, CentrifugalPump) and n not in machines.pumps]
    if idle:
        raise AssemblyError(f"pump {idle[0]!r} is on no shaft; join it to a motor with a shaft connection")
    _mount(rig, machines, streams)
    return machines


def _build(rig: Rig, declared: Any, streams: Streams) -> Any:
    private = rig.plant.parameters.get(declared.id, {})
    match declared.kind:
        case "induction_motor":
            motor = InductionMotorParameters(
                pole_pairs=declared.pole_pairs,
                stator_resistance_ohm=declared.stator_resistance,
                rotor_resistance_ohm=declared.rotor_resistance,
                stator_inductance_h=declared.stator_inductance,
                rotor_inductance_h=declared.rotor_inductance,
                magnetising_inductance_h=declared.magnetising_inductance,
                inertia_kg_m2=declared.inertia,
                rated_voltage_v=declared.voltage,
                rated_frequency_hz=declared.frequency,
                winding_limit_k=declared.winding_limit,
            )
            return InductionMotor(override(motor, private, declared.id))
        case "vfd":
            drive = VfdParameters(
                maximum_frequency_hz=declared.maximum_frequency,
                ramp_s=declared.ramp,
                current_limit_a=declared.current_limit,
            )
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
            return CentrifugalPump(override(pump, private, declared.id))
        case "rolling_bearing":
            known = {f.name for f in dataclasses.fields(BearingHousingParameters)} - {"bore_m", "friction"}
            bearing = RollingBearingParameters(
                balls=declared.balls,
                ball_diameter_m=declared.ball_diameter,
                pitch_diameter_m=declared.pitch_diameter,
                contact_angle_rad=declared.contact_angle,
            )
            own = {name: value for name, value in private.items() if name not in known}
            return RollingBearing(override(bearing, own, declared.id), streams, declared.id)
        case "tank":
            tank = TankParameters(declared.area, declared.height, rig.plant.tank_level)
            return Tank(override(tank, private, declared.id))
        case "pipe":
            pipe = PipeParameters(declared.length, declared.diameter, declared.resistance, declared.static_head)
            return Pipe(override(pipe, private, declared.id))
        case "control_valve":
            valve = ControlValveParameters(declared.kvs_m3_h, declared.rangeability, declared.stroke_time)
            return ControlValve(override(valve, private, declared.id))
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
    raise AssemblyError(f"asset {declared.id!r}: the plant cannot build a {declared.kind!r}")


def _only(machines: Machines, names: tuple[str, ...], kind: type) -> list[str]:
    return [name for name in dict.fromkeys(names) if isinstance(machines.assets[name], kind)]


def _shaft(rig: Rig, connection: Connection, machines: Machines) -> None:
    names = connection.joins
    motors = _only(machines, names, InductionMotor)
    pumps = _only(machines, names, CentrifugalPump)
    if len(motors) != 1 or len(pumps) > 1:
        raise AssemblyError(
            f"shaft {' - '.join(names)} joins {len(motors)} motors and {len(pumps)} pumps; "
            "it needs one motor and at most one pump"
        )
    name = motors[0]
    motor: InductionMotor = machines.assets[name]
    pump: CentrifugalPump | None = machines.assets[pumps[0]] if pumps else None
    drive_id, drive = _drive(rig, name, motor, machines)
    motor.inertia_kg_m2 = motor.parameters.inertia_kg_m2 + (pump.parameters.inertia_kg_m2 if pump else 0.0)
    motor.ambient_k = rig.plant.ambient
    motor.set_temperatures(rig.plant.ambient, rig.plant.ambient)
    train = DriveTrain(motor, drive, pump, ambient_k=rig.plant.ambient)
    for bearing_id in _only(machines, names, RollingBearing):
        private = rig.plant.parameters.get(bearing_id, {})
        bearing: RollingBearing = machines.assets[bearing_id]
        thermal = BearingHousingParameters(bearing.parameters.bore_m, bearing.parameters.friction)
        fields = {f.name for f in dataclasses.fields(thermal)} - {"bore_m", "friction"}
        thermal = override(thermal, {n: v for n, v in private.items() if n in fields}, bearing_id)
        near = rig.asset(bearing_id).position == "drive_end"
        train.bearings[bearing_id] = MountedBearing(bearing, BearingHousing(thermal, rig.plant.ambient), near)
        machines.bearings[bearing_id] = name
    machines.trains[name] = train
    machines.drives[name] = drive_id
    if pumps:
        machines.pumps[pumps[0]] = name


def _drive(rig: Rig, name: str, motor: InductionMotor, machines: Machines) -> tuple[str, Vfd]:
    """Return the drive wired to a motor; without one the motor lies on the mains behind a contactor."""
    p = motor.parameters
    wired = [n for c in rig.connections if c.kind == "wire" and name in c.joins for n in c.joins]
    found = _only(machines, tuple(wired), Vfd)
    if found:
        drive: Vfd = machines.assets[found[0]]
        drive.parameters = dataclasses.replace(
            drive.parameters, motor_voltage_v=p.rated_voltage_v, motor_frequency_hz=p.rated_frequency_hz
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


def _pipes(rig: Rig, connection: Connection, machines: Machines) -> None:
    names = connection.joins
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
    train.circuit = circuit
    pump: CentrifugalPump = machines.assets[pumps[0]]
    pump.suction = circuit.suction[0] if circuit.suction else None
    pump.casing_k = rig.plant.fluid


def _control(rig: Rig, connection: Connection, machines: Machines) -> None:
    names = connection.joins
    pids, valves = _only(machines, names, Pid), _only(machines, names, ControlValve)
    if len(pids) != 1 or len(valves) != 1:
        raise AssemblyError(f"control {' - '.join(names)} needs one pid_loop and one control_valve")
    valve = machines.assets[valves[0]]
    train = next((n for n, t in machines.trains.items() if t.circuit is not None and t.circuit.valve is valve), None)
    machines.loops[pids[0]] = Loop(machines.assets[pids[0]], valve, train, rig.asset(pids[0]).scan)


def _mount(rig: Rig, machines: Machines, streams: Streams) -> None:
    """Give each bearing a housing that hears the bearings beside it on the same shaft."""
    for name, motor in machines.bearings.items():
        train = machines.trains[motor]
        pump = train.pump
        pump_id = next((p for p, m in machines.pumps.items() if m == motor), motor)
        rotor = RotorParameters()
        if pump is not None:
            parameters = HousingParameters(rotor=rotor, vanes=pump.parameters.vanes)
        else:
            parameters = HousingParameters(rotor=rotor, pump_gain=0.0)
        machines.listeners[name] = Listener(
            housing=Housing(parameters, streams, name, pump_id),
            bearing=machines.assets[name],
            rotor=pump.condition if pump is not None else train.motor.condition,
            train=motor,
            heard=tuple(Path(m.bearing) for other, m in train.bearings.items() if other != name),
        )
