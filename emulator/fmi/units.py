"""An asset as a unit with inputs, outputs and parameters by name, whatever interface it is then given.

Names: ``command.X``, ``site.X``, ``port.P.X``, ``shaft.speed_rad_s`` go in; signals, ``port.P.X``, ``shaft.torque_nm``
come out; ``parameter.X`` is fixed before the start. All SI.
"""

import dataclasses
import math
from collections.abc import Mapping
from typing import Any, Final, Protocol

from emulator.fmi.bounds import FIELDS_IN, FIELDS_OUT
from emulator.physics.asset import TICK_NS, TICK_S
from emulator.physics.machine import Machine, OwnShaft, ShaftLoad, kinds
from emulator.physics.site import Site
from emulator.plant import START_ROUNDS, Plant
from emulator.streams import Streams
from rigs.assets import nameplates
from rigs.schema import PlantSettings, Rig

SITE_INPUTS: Final = tuple(
    f.name for f in dataclasses.fields(Site) if f.name not in ("streams", "warm", "tank_level_m") and f.type is float
)
OFF_GRID: Final = 1e-6  # of a tick
Scalar = float | int | bool | str


class Unit(Protocol):
    """What an FMU is made of."""

    inputs: dict[str, float]
    parameters: dict[str, Scalar]

    def begin(self) -> None:
        """Come to the start, with the inputs and parameters that are set now."""
        ...

    def step(self, t_s: float, dt_s: float) -> None:
        """Advance by whole ticks."""
        ...

    def outputs(self) -> dict[str, float]:
        """Return every output."""
        ...

    def save(self) -> dict[str, Any]:
        """Return all that changes."""
        ...

    def restore(self, saved: dict[str, Any]) -> None:
        """Take over what `save` returned."""
        ...


def unit_of(told: Mapping[str, Any]) -> Unit:
    """Return the unit that `emulator.fmi.export.describe` told of."""
    return MachineUnit(told) if told["alone"] else TrainUnit(told)


def ticks(t_s: float, dt_s: float) -> tuple[int, int]:
    """Return the number of the tick that begins at `t_s` [s], and how many there are in `dt_s` [s].

    Raises
    ------
    ValueError
        Time or step is no multiple of the tick.

    """
    first, count = round(t_s / TICK_S), round(dt_s / TICK_S)
    if count < 1 or abs(t_s / TICK_S - first) > OFF_GRID * max(1.0, first) or abs(dt_s / TICK_S - count) > OFF_GRID:
        raise ValueError(f"a step from {t_s:g} s by {dt_s:g} s: both must be multiples of the 10 ms tick")
    return first, count


def scalars(parameters: Any) -> dict[str, Scalar]:
    """Return the fields of a parameter class that are plain finite values."""
    values = {field.name: getattr(parameters, field.name) for field in dataclasses.fields(parameters)}
    return {n: v for n, v in values.items() if isinstance(v, (bool, int, str)) or _finite(v)}


def _finite(value: object) -> bool:
    return isinstance(value, float) and math.isfinite(value)


def _written(value: float) -> float:
    """Return a start value as a model description writes it, so that setting it to itself changes nothing."""
    return float(f"{value:.16g}")


class Orders:
    """Commands as inputs: one is given when its input changes."""

    def __init__(self, starts: Mapping[str, float]) -> None:
        self.last = dict(starts)

    def due(self, inputs: Mapping[str, float]) -> list[tuple[str, float]]:
        """Return the commands to be given now."""
        changed = [(name, inputs[name]) for name, last in self.last.items() if inputs[name] != last]
        self.last |= dict(changed)
        return changed


class MachineUnit:
    """A machine that steps itself.

    Parameters
    ----------
    told : mapping
        ``asset``, ``given``, ``plant``, ``seed``; ``ports``: the joined ones with what stands at them at the start;
        ``speed_rad_s`` of its shaft at the start, none if it is on no shaft.

    """

    def __init__(self, told: Mapping[str, Any]) -> None:
        self._told = told
        self.machine, self.site = self._build({})
        machine, speed = self.machine, told["speed_rad_s"]
        self.parameters = scalars(machine.parameters)
        self._given = dict(self.parameters)
        here = machine.signals()
        starts = {f"command.{name}": _written(float(here.get(name, 0.0))) for name in machine.commands()}
        self.inputs = dict(starts)
        self._commands = Orders(starts)
        for name, values in told["ports"].items():
            fields = FIELDS_IN[machine.ports[name].gives]
            self.inputs |= {f"port.{name}.{what}": _written(values[what]) for what in fields}
        self.inputs |= {f"site.{name}": _written(getattr(self.site, name)) for name in SITE_INPUTS}
        self._shaft = machine if speed is not None and isinstance(machine, ShaftLoad) else None
        if self._shaft is not None:
            self.inputs["shaft.speed_rad_s"] = _written(speed)
        self._begun = False
        self._start()

    def _build(self, changed: Mapping[str, Scalar]) -> tuple[Machine, Site]:
        told = self._told
        plant = PlantSettings.model_validate(told["plant"])
        site = Site(
            Streams(told["seed"]), ambient_k=plant.ambient, fluid_k=plant.fluid, tank_level_m=plant.tank_level,
            warm=plant.start == "warm",
        )  # fmt: skip
        raw = told["asset"]
        nameplate = nameplates()[raw["kind"]].model_validate(raw)
        machine = kinds()[raw["kind"]].build(nameplate, dict(told["given"]) | dict(changed), site)
        for name in told["ports"]:
            machine.ports[name].joined = True
        return machine, site

    def begin(self) -> None:
        """Build the machine anew if that is needed, and start it."""
        changed = {name: value for name, value in self.parameters.items() if value != self._given[name]}
        if changed or self._begun:
            self.machine, self.site = self._build(changed)
            self._shaft = self.machine if self._shaft is not None and isinstance(self.machine, ShaftLoad) else None
        self._begun = True
        self._start()

    def _start(self) -> None:
        machine = self.machine
        self._apply()
        orders = machine.commands()
        for name, value in self._told["initial"].items():
            orders[name](float(value))
        if self._shaft is not None and self.site.warm:
            self._shaft.settle(self.inputs["shaft.speed_rad_s"])
        for _ in range(START_ROUNDS):
            machine.start()

    def _apply(self) -> None:
        for name in SITE_INPUTS:
            setattr(self.site, name, self.inputs[f"site.{name}"])
        for name in self._told["ports"]:
            port = self.machine.ports[name]
            for what in FIELDS_IN[port.gives]:
                setattr(port, what, self.inputs[f"port.{name}.{what}"])

    def step(self, t_s: float, dt_s: float) -> None:
        """Advance by whole ticks, the inputs held."""
        first, count = ticks(t_s, dt_s)
        orders = self.machine.commands()
        for name, value in self._commands.due(self.inputs):
            orders[name.removeprefix("command.")](value)
        for tick in range(first, first + count):
            self._apply()
            self.machine.tick(tick * TICK_NS)
            if self._shaft is not None:
                # As on a shaft whose speed does not change within the tick.
                speed = self.inputs["shaft.speed_rad_s"]
                self._shaft.half_step(speed, 0.5 * TICK_S)
                self._shaft.half_step(speed, 0.5 * TICK_S)
                self._shaft.account(speed, TICK_S)
        if isinstance(self.machine, OwnShaft):
            self.machine.own_trace(first * TICK_NS)  # or its rows would pile up

    def outputs(self) -> dict[str, float]:
        """Return signals, what the joined ports give, and what the shaft takes."""
        values = {name: float(value) for name, value in self.machine.signals().items()}
        for name in self._told["ports"]:
            port = self.machine.ports[name]
            values |= {f"port.{name}.{what}": float(getattr(port, what)) for what in FIELDS_OUT[port.gives]}
        if self._shaft is not None:
            values["shaft.torque_nm"] = float(self._shaft.load(self.inputs["shaft.speed_rad_s"])[0])
            values["shaft.radial_load_n"] = float(self._shaft.radial_load_n)
            values["shaft.inertia_kg_m2"] = float(self._shaft.inertia_kg_m2)
        return values

    def save(self) -> dict[str, Any]:
        """Return the machine's state, the inputs and which commands have been given."""
        return {"machine": self.machine.save(), "inputs": dict(self.inputs), "last": dict(self._commands.last)}

    def restore(self, saved: dict[str, Any]) -> None:
        """Take over what `save` returned."""
        self.machine.restore(saved["machine"])
        self.inputs |= saved["inputs"]
        self._commands.last = dict(saved["last"])
        self._apply()


class TrainUnit:
    """What is stepped as part of a train (motor, drive, pump, pipe, valve, …): and all that hangs together with it.

    Parameters
    ----------
    told : mapping
        ``rig``: the part of the rig that hangs together; ``id`` of the asset; ``seed``.

    """

    def __init__(self, told: Mapping[str, Any]) -> None:
        self._told = told
        self.plant = self._build({})
        self.parameters = scalars(self.plant.assets[told["id"]].parameters)
        self._given = dict(self.parameters)
        own = {name for name in self.plant.commands if name.partition(".")[0] in self.plant.assets}
        starts = {f"command.{n}": _written(float(self.plant.signals.get(n, 0.0))) for n in sorted(own)}
        self.inputs = starts | {f"site.{n}": _written(getattr(self.plant.site, n)) for n in SITE_INPUTS}
        self._commands = Orders(starts)
        self._begun = False

    def _build(self, changed: Mapping[str, Scalar]) -> Plant:
        rig = Rig.model_validate(self._told["rig"])
        if changed:
            own = rig.plant.parameters.get(self._told["id"], {}) | dict(changed)
            parameters = rig.plant.parameters | {self._told["id"]: own}
            rig = rig.model_copy(update={"plant": rig.plant.model_copy(update={"parameters": parameters})})
        return Plant(rig, self._told["seed"])

    def begin(self) -> None:
        """Build the plant anew if that is needed."""
        changed = {name: value for name, value in self.parameters.items() if value != self._given[name]}
        if changed or self._begun:
            self.plant = self._build(changed)
        self._begun = True

    def step(self, t_s: float, dt_s: float) -> None:
        """Advance by whole ticks, the inputs held."""
        _, count = ticks(t_s, dt_s)
        for name in SITE_INPUTS:
            setattr(self.plant.site, name, self.inputs[f"site.{name}"])
        for name, value in self._commands.due(self.inputs):
            self.plant.command(name.removeprefix("command."), value)
        for _ in range(count):
            self.plant.step()

    def outputs(self) -> dict[str, float]:
        """Return the signals of the asset and of what hangs together with it."""
        return {name: float(value) for name, value in self.plant.signals.items()}

    def save(self) -> dict[str, Any]:
        """Return the plant's state, the inputs and which commands have been given."""
        return {"plant": self.plant.save(), "inputs": dict(self.inputs), "last": dict(self._commands.last)}

    def restore(self, saved: dict[str, Any]) -> None:
        """Take over what `save` returned."""
        self.plant.restore(saved["plant"])
        self.inputs |= saved["inputs"]
        self._commands.last = dict(saved["last"])
