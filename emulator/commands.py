"""What a plant can be told: commands by name ``<asset>.<quantity>``, values in SI, on and off as 1 and 0."""

from functools import partial
from typing import Any

from emulator.assembly import Machines
from emulator.physics.control_valve import ControlValve
from emulator.physics.machine import Command
from emulator.physics.pid import Pid
from emulator.physics.vfd import Vfd


def command_table(machines: Machines) -> dict[str, Command]:
    """Return every command of the plant's machines."""
    table: dict[str, Command] = {}
    for motor_id, train in machines.trains.items():
        table |= _drive_commands(train.drive, machines.drives[motor_id], motor_id)
    for name, loop in machines.loops.items():
        table |= _loop_commands(loop.pid, name)
    driven = [loop.valve for loop in machines.loops.values()]
    for name, asset in machines.assets.items():
        if isinstance(asset, ControlValve) and not any(asset is valve for valve in driven):
            table[f"{name}.signal"] = partial(_set_share, asset, "signal")
    for name, machine in machines.machines.items():
        table |= {f"{name}.{quantity}": command for quantity, command in machine.commands().items()}
    return table


def _drive_commands(drive: Vfd, drive_id: str, motor_id: str) -> dict[str, Command]:
    def run(value: float) -> None:
        drive.command_run(value != 0.0)

    def start(value: float) -> None:
        if value != 0.0:
            drive.command_run(True)

    def stop(value: float) -> None:
        if value != 0.0:
            drive.command_run(False)

    table: dict[str, Command] = {
        f"{drive_id}.run": run, f"{drive_id}.start": start, f"{drive_id}.stop": stop,
    }  # fmt: skip
    if drive_id != motor_id:
        table[f"{drive_id}.frequency_hz"] = drive.command_reference
    return table


def _loop_commands(pid: Pid, name: str) -> dict[str, Command]:
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
