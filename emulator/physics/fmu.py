"""A functional mock-up unit as a machine of the plant, in a process of its own.

Stepped on the plant's ticks; what goes wrong with it stays with it: after a crash, a hang, an error or a value that is
no finite number its last values stand, its signal ``alive`` is 0, and the plant goes on.
"""

import dataclasses
import importlib.util
import re
import tempfile
import weakref
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Self

from emulator.fmi.archive import ArchiveError, unpack
from emulator.fmi.bounds import FIELDS_IN, FIELDS_OUT, STARTS, implausible
from emulator.fmi.process import FmuError, FmuProcess
from emulator.fmi.protocol import TIMES, Op, ProtocolError, numbers, read_numbers
from emulator.physics.asset import TICK_NS
from emulator.physics.machine import Command, Machine
from emulator.physics.ports import Port
from emulator.physics.site import Site

LOAD_S = 120.0  # wall time to load and start: an FMU may compile or read tables
SECOND = 1e9


@dataclass(frozen=True, slots=True)
class FmuParameters:
    """What the nameplate says.

    Attributes
    ----------
    file : path of the FMU.
    step_ns, restart_after_ns : plant time [ns]. timeout_s : wall time [s].
    inputs : source by input; outputs : variable by target; None: all.
    values : of the FMU's own parameters.

    """

    file: str
    step_ns: int = TICK_NS
    timeout_s: float = 10.0
    restarts: int = 0
    restart_after_ns: int = 1_000_000_000
    ports: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    inputs: Mapping[str, str] | None = None
    outputs: Mapping[str, str] | None = None
    values: Mapping[str, float | bool | str] = field(default_factory=dict)


class Fmu(Machine):
    """The unit. Its signals are its outputs, and ``alive``, ``failures``."""

    kind: ClassVar[str] = "fmu"
    parameters: FmuParameters
    STATES: ClassVar[tuple[str, ...]] = ("alive", "failures", "values", "commanded", "_failed_ns", "_told")

    def __init__(self, parameters: FmuParameters, site: Site, name: str) -> None:
        super().__init__(parameters, site, name)
        p = parameters
        self.alive, self.failures = True, 0
        self._failed_ns = 0
        self._told: list[str] = []
        self._folder = tempfile.TemporaryDirectory(prefix="plantbench_fmu_")
        weakref.finalize(self, self._folder.cleanup)
        unpack(Path(p.file), Path(self._folder.name))
        self._process: FmuProcess | None = self._open()
        told = self._process.told
        self._can_save = bool(told["state"])
        self.ports = {n: _port(medium, gives, site) for n, (medium, gives) in p.ports.items()}
        wanted = p.outputs
        if wanted is None:
            wanted = {target: variable for variable, target in self._named(told["outputs"], "outputs").items()}
        self._inputs = dict(p.inputs if p.inputs is not None else self._named(told["inputs"], "inputs", "command."))
        self._outputs = dict(wanted)
        self._starts: dict[str, float] = told["inputs"]
        self._order: list[str] = told["outputs"]
        self.commanded = {s[8:]: self._starts[v] for v, s in self._inputs.items() if s.startswith("command.")}
        self.values = dict.fromkeys((t for t in self._outputs if "." not in t), 0.0)
        self._sources: list[Callable[[], float]] = []
        self._begun: list[float] | None = None
        for target in self._outputs:
            self._check_port(target, FIELDS_OUT, "outputs")
        if set(self.values) & {"alive", "failures"}:
            raise ValueError("outputs: the signals alive and failures are the asset's own; choose another name")

    @classmethod
    def build(cls, nameplate: Any, given: Mapping[str, Any], site: Site) -> Self:
        """Make the machine of a nameplate; `given` are values of the FMU's parameters.

        Raises
        ------
        ValueError
            The extra is not installed, the file cannot be used, or a name in it does not exist.

        """
        n = nameplate
        if importlib.util.find_spec("fmpy") is None:
            raise ValueError(f"{n.id} is an FMU, which needs FMPy; install it: pip install plantbench[fmi]")
        parameters = FmuParameters(
            n.file, n.step, n.timeout, n.restarts, n.restart_after,
            {name: (port.medium, port.gives) for name, port in n.ports.items()},
            n.inputs, n.outputs, dict(n.parameters) | dict(given),
        )  # fmt: skip
        try:
            return cls(parameters, site, n.id)
        except ArchiveError as error:
            raise ValueError(f"{n.id}.file = {error}") from None
        except FmuError as error:
            raise ValueError(f"{n.id}: the FMU {Path(n.file).name} cannot be used: {error}") from None
        except ValueError as error:
            raise ValueError(f"{n.id}.{error}") from None

    def _open(self) -> FmuProcess:
        p = self.parameters
        asked = {
            "folder": self._folder.name,
            "inputs": None if p.inputs is None else list(p.inputs),
            "outputs": None if p.outputs is None else list(dict.fromkeys(p.outputs.values())),
            "parameters": dict(p.values),
        }
        return FmuProcess(asked, LOAD_S)

    def _named(self, variables: Iterable[str], section: str, lead: str = "") -> dict[str, str]:
        """Return where each variable is joined if the rig does not say: as its name says in an FMU of our own."""
        found: dict[str, str] = {}
        for variable in variables:
            head, _, rest = variable.partition(".")
            plain = re.sub(r"[^a-z0-9]+", "_", (rest if head == "command" else variable).lower()).strip("_")[:40]
            place = lead + plain
            ours = re.fullmatch(r"[a-z0-9_.]+", rest) is not None
            if ours and ((head == "port" and rest.partition(".")[0] in self.ports) or (lead and head == "site")):
                place = variable
            elif not re.match(r"^[a-z]", plain) or place in found.values():
                raise ValueError(f"{section}: {variable!r} gives no name of its own ({plain!r}); list those wanted")
            found[variable] = place
        return found

    # --- what it is joined to -----------------------------------------------------------------------------

    def meet(self, assets: Mapping[str, Any]) -> None:
        """Find what its inputs read.

        Raises
        ------
        ValueError
            A source that does not exist.

        """
        self._sources = [self._source(source, assets) for source in self._inputs.values()]

    def _check_port(self, place: str, known: Mapping[str, tuple[str, ...]], section: str) -> None:
        _, dot, rest = place.partition(".")
        if not dot:
            return
        name, _, what = rest.partition(".")
        if name not in self.ports:
            raise ValueError(f"{section}: {place!r}: no port {name!r}; there are: {', '.join(self.ports) or 'none'}")
        fitting = known[self.ports[name].gives]
        if what not in fitting:
            gives = self.ports[name].gives
            raise ValueError(f"{section}: {place!r}: of a port that gives {gives}, one of {', '.join(fitting)}")

    def _source(self, source: str, assets: Mapping[str, Any]) -> Callable[[], float]:
        head, _, rest = source.partition(".")
        if head == "command":
            return lambda: self.commanded[rest]
        if head == "site":
            known = [f.name for f in dataclasses.fields(self.site) if f.name != "streams"]
            if rest not in known:
                raise ValueError(f"{self.name}.inputs: no {source!r}; the site has {', '.join(known)}")
            return lambda: float(getattr(self.site, rest))
        if head == "port":
            try:
                self._check_port(source, FIELDS_IN, "inputs")
            except ValueError as error:
                raise ValueError(f"{self.name}.{error}") from None
            port, _, what = rest.partition(".")
            return lambda: float(getattr(self.ports[port], what))
        if head not in assets:
            raise ValueError(f"{self.name}.inputs: {source!r}: no asset {head!r}; there are: {', '.join(assets)}")
        asset = assets[head]
        if isinstance(asset, Machine):
            if rest in asset.signals():
                return lambda: float(asset.signals()[rest])
            if asset.signal(rest) is not None:
                return lambda: float(asset.signal(rest) or 0.0)
        elif isinstance(getattr(asset, rest, None), (int, float)):
            return lambda: float(getattr(asset, rest))
        known_here = ", ".join(asset.signals()) if isinstance(asset, Machine) else "its numbers, such as speed_rad_s"
        raise ValueError(f"{self.name}.inputs: {source!r}: {head} has no {rest!r}; there are: {known_here}")

    # --- time ---------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Initialise the unit at plant time 0, with what its inputs hold now; again only if they have changed."""
        inputs = self._read()
        if self.alive and inputs != self._begun:
            self._begun = inputs
            self._ask(Op.START, 0, 0, inputs, LOAD_S)

    def _read(self) -> list[float]:
        return [source() for source in self._sources]

    def tick(self, t_ns: int) -> None:
        """Step the unit where one of its steps ends with this tick; one that failed is started again when due."""
        p = self.parameters
        if not self.alive:
            due = self.failures <= p.restarts and t_ns - self._failed_ns >= p.restart_after_ns
            if not due or t_ns % p.step_ns:
                return
            self._start_again(t_ns)
        end_ns = t_ns + TICK_NS
        if self.alive and end_ns % p.step_ns == 0:
            # The first step may compile what the start did not need.
            limit = max(LOAD_S, p.timeout_s) if self._begun is not None else p.timeout_s
            self._begun = None
            self._ask(Op.STEP, end_ns - p.step_ns, p.step_ns, self._read(), limit)

    def _start_again(self, t_ns: int) -> None:
        self._told.append(f"started again at {t_ns / SECOND:g} s of plant time")
        self.alive = True
        try:
            self._process = self._open()
        except FmuError as problem:
            self._fail(t_ns, str(problem))
            return
        self._begun = self._read()
        self._ask(Op.START, t_ns, 0, self._begun, LOAD_S)

    def _ask(self, op: Op, t_ns: int, step_ns: int, inputs: list[float], limit_s: float) -> None:
        assert self._process is not None
        payload = TIMES.pack(t_ns / SECOND, step_ns / SECOND) + numbers(inputs)
        try:
            self._take(self._process.ask(op, payload, limit_s))
        except (FmuError, ProtocolError) as problem:
            self._fail(t_ns + step_ns, str(problem))

    def _take(self, payload: bytes) -> None:
        """Take over the outputs, all or none.

        Raises
        ------
        FmuError
            One is not finite, or no port can stand for it.

        """
        got = dict(zip(self._order, read_numbers(payload, len(self._order)), strict=True))
        for target, variable in self._outputs.items():
            _, dot, rest = target.partition(".")
            name, _, what = rest.partition(".")
            wrong = implausible(got[variable], self.ports[name].medium if dot else None, what)
            if wrong:
                raise FmuError(f"output {variable} = {got[variable]:g}: {wrong}")
        for target, variable in self._outputs.items():
            _, dot, rest = target.partition(".")
            if dot:
                name, _, what = rest.partition(".")
                setattr(self.ports[name], what, got[variable])
            else:
                self.values[target] = got[variable]

    def _fail(self, t_ns: int, what: str) -> None:
        self.alive = False
        self.failures += 1
        self._failed_ns = t_ns
        self._told.append(f"failed: {what}")
        if self._process is not None:
            self._process.close()
            self._process = None

    # --- what can be seen and done ------------------------------------------------------------------------

    @property
    def pid(self) -> int | None:
        """Id of its process; None when it has failed."""
        return None if self._process is None else self._process.pid

    def signals(self) -> dict[str, float]:
        """Return its outputs (the last good ones), ``alive`` and ``failures``."""
        return {"alive": float(self.alive), "failures": float(self.failures)} | self.values

    def commands(self) -> dict[str, Command]:
        """Return the inputs that are commanded."""

        def setter(name: str) -> Command:
            return lambda value: self.commanded.__setitem__(name, value)

        return {name: setter(name) for name in self.commanded}

    def incidents(self) -> list[str]:
        """Return failures and restarts since the last call."""
        told, self._told = self._told, []
        return told

    # --- save and restore ---------------------------------------------------------------------------------

    def save(self) -> dict[str, Any]:
        """Return values, ports and the unit's own state.

        Raises
        ------
        ValueError
            The unit cannot tell its state.

        """
        state: bytes | None = None
        if self._process is not None:
            if not self._can_save:
                raise ValueError(
                    f"{self.name} cannot be saved: its FMU does not tell its state (canGetAndSetFMUstate is false)"
                )
            try:
                state = self._process.ask(Op.SAVE, b"", LOAD_S)
            except FmuError as problem:
                raise ValueError(f"{self.name} cannot be saved: {problem}") from None
        return super().save() | {"fmu": state, "begun": self._begun is not None}

    def restore(self, saved: dict[str, Any]) -> None:
        """Take over what `save` returned.

        Raises
        ------
        ValueError
            The unit does not take its state back.

        """
        states = dict(saved)
        state, begun = states.pop("fmu"), states.pop("begun")
        super().restore(states)
        if state is None:
            if self._process is not None:
                self._process.close()
                self._process = None
            return
        try:
            fresh = self._process is None
            process = self._process = self._process or self._open()
            if fresh:
                process.ask(Op.START, TIMES.pack(0.0, 0.0) + numbers(self._read()), LOAD_S)
            process.ask(Op.RESTORE, state, LOAD_S)
        except FmuError as problem:
            raise ValueError(f"{self.name} cannot be restored: {problem}") from None
        self._begun = self._read() if begun else None


def _port(medium: Any, gives: Any, site: Site) -> Port:
    start = {"gas": site.pressure_pa, "heat": site.ambient_k}.get(medium, STARTS.get(medium, 0.0))
    return Port(medium, gives, potential=start, temperature_k=site.ambient_k, met_k=site.ambient_k)
