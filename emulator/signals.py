"""The plant's signals: every true quantity by name ``<asset>.<quantity>``, SI, at the end of a block."""

import math
from collections.abc import Mapping

from emulator.assembly import Machines
from emulator.physics.control_valve import ControlValve
from emulator.physics.drive_train import DriveTrain
from emulator.physics.machine import Machine
from emulator.physics.tank import Tank

RPM = 30.0 / math.pi


class SignalTable(dict[str, float]):
    """Signals by name; machines of many alike are asked for theirs only when someone looks."""

    def __init__(self, values: Mapping[str, float], machines: Mapping[str, Machine]) -> None:
        super().__init__(values)
        self._machines = machines

    def __missing__(self, name: str) -> float:
        """Ask the machine."""
        asset, _, quantity = name.partition(".")
        value = self._machines[asset].signal(quantity) if asset in self._machines else None
        if value is None:
            raise KeyError(name)
        return value


def sense(
    machines: Machines, t_ns: int, ambient_k: float, power_w: dict[str, float], current_a: dict[str, float]
) -> dict[str, float]:
    """Return every signal; electrical power [W] and current [A] are block means, as a meter's are."""
    signals: dict[str, float] = {"ambient.temperature_k": ambient_k}
    for name, train in machines.trains.items():
        _motor(signals, name, train, power_w[name], current_a[name])
        _drive(signals, machines.drives[name], name, train)
        for bearing, mounted in train.bearings.items():
            signals[f"{bearing}.temperature_k"] = mounted.housing.temperature_k
            signals[f"{bearing}.radial_load_n"] = train.radial_load_n
            signals[f"{bearing}.friction_w"] = mounted.housing.friction_w
    for name, motor in machines.pumps.items():
        if machines.trains[motor].pump is machines.assets[name]:
            _pump(signals, name, machines.trains[motor])
    for name, asset in machines.assets.items():
        if isinstance(asset, Tank):
            signals[f"{name}.level_m"] = asset.level_m
            signals[f"{name}.hydrostatic_level_m"] = asset.hydrostatic_level_m
            signals[f"{name}.radar_level_m"] = asset.radar_level_m
        elif isinstance(asset, ControlValve):
            signals[f"{name}.position"] = asset.position
            signals[f"{name}.signal"] = asset.signal
            if asset.actuator is not None:
                signals[f"{name}.actuator_pressure_pa"] = asset.actuator.pressure_pa
    for name, loop in machines.loops.items():
        signals[f"{name}.output"] = loop.pid.output
        signals[f"{name}.setpoint_m3_s"] = loop.pid.setpoint
        signals[f"{name}.process_value_m3_s"] = loop.pid.process_value
        signals[f"{name}.auto"] = float(loop.pid.auto)
        signals[f"{name}.manual_output"] = loop.pid.manual_output
    for name, recording in machines.recordings.items():
        signals[f"{name}.speed_rad_s"] = recording.speed_rad_s
        played = -(-t_ns * round(recording.rate_hz * 1e6) // 10**15)
        signals[f"{name}.ended"] = float(recording.ended(played - 1))
    for bearing, (owner, mounted) in machines.own_bearings.items():
        signals[f"{bearing}.temperature_k"] = mounted.housing.temperature_k
        signals[f"{bearing}.radial_load_n"] = owner.own_radial_load_n
        signals[f"{bearing}.friction_w"] = mounted.housing.friction_w
    for network in machines.networks.values():
        signals |= network.asset_signals()
    for name, machine in machines.machines.items():
        for quantity, value in machine.signals().items():
            signals[f"{name}.{quantity}"] = value
    return signals


def _motor(signals: dict[str, float], name: str, train: DriveTrain, power_w: float, current_a: float) -> None:
    motor = train.motor
    reactive = motor.reactive_var
    apparent = math.hypot(power_w, reactive)
    signals[f"{name}.speed_rad_s"] = motor.speed_rad_s
    signals[f"{name}.torque_nm"] = motor.torque_nm
    signals[f"{name}.current_a"] = current_a
    signals[f"{name}.voltage_v"] = motor.voltage_v * math.sqrt(1.5)  # phase peak to line-to-line rms
    signals[f"{name}.active_power_w"] = power_w
    signals[f"{name}.reactive_power_var"] = reactive
    signals[f"{name}.power_factor"] = power_w / apparent if apparent > 0.0 else 0.0
    signals[f"{name}.energy_j"] = max(motor.energy()["electrical_in"], 0.0)
    signals[f"{name}.winding_temperature_k"] = motor.winding_k
    signals[f"{name}.frame_temperature_k"] = motor.frame_k
    for phase, sensor_k in zip("abc", motor.winding_sensors_k, strict=True):
        signals[f"{name}.winding_{phase}_temperature_k"] = sensor_k
    signals[f"{name}.spot_temperature_k"] = motor.spot_k
    signals[f"{name}.loop_current_a"] = motor.loop_current_a


def _drive(signals: dict[str, float], drive_id: str, motor_id: str, train: DriveTrain) -> None:
    drive = train.drive
    signals[f"{drive_id}.run"] = float(drive.run)
    signals[f"{drive_id}.running"] = float(drive.energised)
    signals[f"{drive_id}.tripped"] = float(bool(drive.trip))
    signals[f"{drive_id}.frequency_hz"] = drive.frequency_hz
    if drive_id != motor_id:
        signals[f"{drive_id}.reference_hz"] = drive.reference_hz
        signals[f"{drive_id}.status_word"] = float(drive.status_word)
        signals[f"{drive_id}.dc_link_v"] = drive.dc_link_v
        signals[f"{drive_id}.dc_ripple_v"] = drive.dc_ripple_v
        signals[f"{drive_id}.input_power_w"] = drive.input_power_w


def _pump(signals: dict[str, float], name: str, train: DriveTrain) -> None:
    pump, circuit = train.pump, train.circuit
    assert pump is not None
    assert circuit is not None
    signals[f"{name}.speed_rad_s"] = train.motor.speed_rad_s
    signals[f"{name}.flow_m3_s"] = pump.flow_m3_s
    signals[f"{name}.head_m"] = pump.head_m
    signals[f"{name}.shaft_power_w"] = pump.shaft_power_w
    signals[f"{name}.hydraulic_power_w"] = pump.hydraulic_power_w
    signals[f"{name}.efficiency"] = pump.efficiency
    signals[f"{name}.suction_pressure_pa"] = pump.suction_pressure_pa(circuit)
    signals[f"{name}.discharge_pressure_pa"] = pump.discharge_pressure_pa(circuit)
    signals[f"{name}.fluid_temperature_k"] = circuit.fluid_k
    signals[f"{name}.casing_temperature_k"] = pump.casing_k
    signals[f"{name}.npsh_available_m"] = pump.npsh_available_m
    signals[f"{name}.cavitation_sigma"] = pump.sigma
    signals[f"{name}.flow_ratio"] = pump.flow_ratio
    signals[f"{name}.vane_force_n"] = pump.vane_force_n
    signals[f"{name}.radial_load_n"] = pump.radial_load_n
    signals[f"{name}.seal_pot_level_m"] = pump.seal.pot_level_m
    signals[f"{name}.random_force_n"] = pump.random_force_n
    signals[f"{name}.erosion_rate"] = pump.erosion_rate
