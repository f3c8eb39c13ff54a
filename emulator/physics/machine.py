"""A machine that any plant can hold: built from its nameplate, stepped on the tick, joined through ports or a shaft.

A new machine is two files: its nameplate in ``rigs/assets/`` and its physics here, both found by looking.
"""

import dataclasses
import importlib
import pkgutil
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, NamedTuple, Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from emulator.physics.asset import Asset
from emulator.physics.ports import Port
from emulator.physics.shaft import ShaftTrace
from emulator.physics.site import Site

Command = Callable[[float], None]
Floats = NDArray[np.float64]


class Balance(NamedTuple):
    """A conserved quantity since the start: what came in, what went out (losses included), what is stored now.

    `stored` counts from the start, so that in = out + stored. Unit: J or kg, or a count of parts.
    """

    came_in: float
    went_out: float
    stored: float

    @property
    def residual(self) -> float:
        """What is missing, relative to what was moved; 0 when nothing moved."""
        scale = max(abs(self.came_in), abs(self.went_out), abs(self.stored))
        return (self.came_in - self.went_out - self.stored) / scale if scale > 0.0 else 0.0


class Machine(Asset):
    """Base of the machines that step themselves.

    Subclasses set `kind` (that of the nameplate), have ``parameters`` (frozen dataclass, SI) and ``condition``
    (dataclass, what faults may change), fill `ports` in their constructor, and list what changes in `STATES`
    (ports and condition are saved anyway).

    Parameters
    ----------
    parameters : dataclass
    site : Site
        The shared surroundings; read them at each tick, they change.
    name : str
        Asset id: names random streams and signals.

    """

    kind: ClassVar[str] = ""

    def __init__(self, parameters: Any, site: Site, name: str) -> None:
        self.parameters = parameters
        self.site = site
        self.name = name
        self.ports: dict[str, Port] = {}

    # --- building -----------------------------------------------------------------------------------------

    @classmethod
    def build(cls, nameplate: Any, given: Mapping[str, Any], site: Site) -> Self:
        """Make the machine of a nameplate (`rigs.assets`), private parameters `given` laid over it."""
        raise TypeError(f"{cls.__name__} cannot be built from a nameplate")

    def meet(self, assets: Mapping[str, Any]) -> None:
        """Take note of the plant's other assets, by id; called once, when all are built and joined.

        Raises
        ------
        ValueError
            It needs one that is not there.

        """

    def start(self) -> None:
        """Come to the state a run begins in: running equilibrium if ``site.warm``, else rest; ports are joined."""

    # --- time ---------------------------------------------------------------------------------------------

    def tick(self, t_ns: int) -> None:
        """Advance by TICK_S from plant time `t_ns` [ns]: read ports, step, write ports."""

    # --- what can be seen and done ------------------------------------------------------------------------

    def signals(self) -> dict[str, float]:
        """Return true values by quantity (the part of the signal's name after the asset), SI."""
        return {}

    def signal(self, quantity: str) -> float | None:
        """Return one true value that `signals` does not list (arrays of many alike); None if there is none."""
        return None

    def commands(self) -> dict[str, Command]:
        """Return what can be commanded, by quantity; values in SI, on and off as 1 and 0."""
        return {}

    def waveforms(self) -> tuple[str, ...]:
        """Quantities that exist as waveforms."""
        return ()

    def waveform(self, quantity: str, trace: ShaftTrace | None, n0: int, count: int, rate_hz: float) -> Floats:
        """Return float64[count] [SI] at sample instants n0/rate_hz … within the block just stepped.

        `trace` is the block of the shaft the machine is on; machines with a shaft of their own ignore it. Blocks
        come in order, each once per quantity and rate; any cut into calls gives the same bits.
        """
        raise ValueError(f"{self.name} has no waveform {quantity!r}")

    def balances(self) -> dict[str, Balance]:
        """Return the accounts of conserved quantities, such as ``energy`` and ``mass``."""
        return {}

    def incidents(self) -> list[str]:
        """Return, and forget, what has happened that the truth log should hold in words."""
        return []

    # --- save and restore ---------------------------------------------------------------------------------

    def save(self) -> dict[str, Any]:
        """Return a copy of condition, states and ports."""
        return super().save() | {"ports": {name: dataclasses.replace(port) for name, port in self.ports.items()}}

    def restore(self, saved: dict[str, Any]) -> None:
        """Take over what `save` returned; ports keep their identity."""
        states = dict(saved)
        for name, port in states.pop("ports").items():
            for field in dataclasses.fields(port):
                setattr(self.ports[name], field.name, getattr(port, field.name))
        super().restore(states)


@runtime_checkable
class ShaftLoad(Protocol):
    """What a machine on a driven shaft also offers. Speeds are those of the shaft that drives it."""

    @property
    def inertia_kg_m2(self) -> float:
        """Moment of inertia that turns with the shaft at once, constant over a run [kg m²]."""
        ...

    @property
    def radial_load_n(self) -> float:
        """Static radial load it puts on each bearing of the shaft [N]; 0 if it has none of its own."""
        ...

    def half_step(self, speed_rad_s: float, dt_s: float) -> None:
        """Advance own states by `dt_s` at constant speed; called twice per tick, around the shaft's step (Strang)."""
        ...

    def load(self, speed_rad_s: float) -> tuple[float, float, float]:
        """Return torque taken [N m] at a speed, its slope [N m s] and curvature [N m s²] there, states held.

        May be called without `half_step` before it. Slope ≥ 0: the motor's step takes it implicitly.
        """
        ...

    def account(self, speed_rad_s: float, dt_s: float) -> None:
        """Note the tick that ended at a speed: outputs, energy sums, thermal states."""
        ...

    def settle(self, speed_rad_s: float) -> float:
        """Come to rest-state equilibrium at a constant speed; return the torque taken [N m]."""
        ...


@runtime_checkable
class OwnShaft(Protocol):
    """A machine with a shaft of its own, free to turn as it likes: behind a belt that slips, or with its own drive.

    Rolling bearings joined to it by a shaft connection turn with it. A rotor's unbalance is
    ``condition.unbalance_grade_mm_s``, where there is one.
    """

    @property
    def own_speed_rad_s(self) -> float:
        """Speed of the shaft [rad/s]."""
        ...

    @property
    def own_radial_load_n(self) -> float:
        """Static radial load on each of its bearings [N]."""
        ...

    def own_trace(self, t0_ns: int) -> ShaftTrace:
        """Return the block just stepped, which began at `t0_ns`; called once per block, after its last tick."""
        ...


def joined(machines: Iterable[Machine], medium: str) -> list[Port]:
    """Return every joined port of a medium."""
    return [port for machine in machines for port in machine.ports.values() if port.medium == medium and port.joined]


def kinds() -> dict[str, type[Machine]]:
    """Return every machine class of this package by kind."""
    found: dict[str, type[Machine]] = {}
    package = importlib.import_module("emulator.physics")
    for name in sorted(info.name for info in pkgutil.iter_modules(package.__path__)):
        module = importlib.import_module(f"emulator.physics.{name}")
        for item in vars(module).values():
            own = isinstance(item, type) and issubclass(item, Machine) and item.__module__ == module.__name__
            if own and item.kind:
                found[item.kind] = item
    return found
