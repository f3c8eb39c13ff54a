"""The process that holds one FMU, so that the FMU can take nothing down but itself.

Requests come on standard input, answers go to what was standard output; the FMU's own prints go nowhere. FMPy loads
the FMU and calls it.
"""

import contextlib
import difflib
import json
import math
import os
import queue
import threading
from pathlib import Path
from typing import Any

from emulator.fmi.protocol import TIMES, Frame, Op, Parser, numbers, pack, read_numbers

OLD_TYPES = {"Enumeration": "Integer"}
NEW_TYPES = {"Enumeration": "Int64"}
NOT_NUMBERS = {"String", "Binary", "Clock"}


class Unit:
    """An FMU for co-simulation, instantiated and stepped through FMPy.

    Parameters
    ----------
    folder : Path
        The unpacked FMU.
    asked : dict
        ``inputs`` and ``outputs``: names, or none for all; ``parameters``: values by name.

    Raises
    ------
    ValueError
        An FMU this machine cannot run, or a name it does not have.

    """

    def __init__(self, folder: Path, asked: dict[str, Any]) -> None:
        import fmpy
        from fmpy.fmi2 import FMU2Slave
        from fmpy.fmi3 import FMU3Slave

        self.description = d = fmpy.read_model_description(folder, validate=False)
        self.new = str(d.fmiVersion).startswith("3")
        if not self.new and d.fmiVersion != "2.0":
            raise ValueError(f"speaks FMI {d.fmiVersion}; FMI 2 and 3 are read")
        self.kind = d.coSimulation
        if self.kind is None:
            raise ValueError("is for model exchange only; export it for co-simulation, with its solver inside")
        here = fmpy.supported_platforms(str(folder))
        if fmpy.platform not in here:
            found = ", ".join(here) or "none"
            raise ValueError(f"has no binary for {fmpy.platform}; there are: {found}")
        self.variables = {v.name: v for v in d.modelVariables}
        self.inputs = self._named(asked["inputs"], "input")
        self.outputs = self._named(asked["outputs"], "output")
        self.parameters = [(self._parameter(name), value) for name, value in asked["parameters"].items()]
        self.log = ""
        self.component: Any = None
        made = FMU3Slave if self.new else FMU2Slave
        self.fmu: Any = made(
            guid=d.guid, unzipDirectory=str(folder), modelIdentifier=self.kind.modelIdentifier, instanceName="asset"
        )
        self.states: dict[int, Any] = {}
        self._logger()
        self._instantiate()

    def told(self) -> dict[str, Any]:
        """Return what the plant may know of it."""
        return {
            "inputs": {v.name: _number(v.start) for v in self.inputs},
            "outputs": [v.name for v in self.outputs],
            "state": bool(self._can("canGetAndSetFMUstate") or self._can("canGetAndSetFMUState")),
            "fmi": self.description.fmiVersion,
        }

    def _can(self, what: str) -> bool:
        return str(getattr(self.kind, what, False)).lower() == "true"

    def _named(self, names: list[str] | None, causality: str) -> list[Any]:
        known = [v for v in self.variables.values() if v.causality == causality and v.type not in NOT_NUMBERS]
        if names is None:
            return [v for v in known if not v.dimensions]
        by_name = {v.name: v for v in known}
        if causality == "output":  # whatever can be read may be looked at
            by_name |= {n: v for n, v in self.variables.items() if v.type not in NOT_NUMBERS}
        for name in names:
            if name not in by_name:
                raise ValueError(f"has no {causality} {name!r} that is a number; {_near(name, by_name)}")
            if by_name[name].dimensions:
                raise ValueError(f"{causality} {name!r} is an array; only single numbers can be joined")
        return [by_name[name] for name in names]

    def _parameter(self, name: str) -> Any:
        known = {n: v for n, v in self.variables.items() if v.causality in ("parameter", "structuralParameter")}
        if name not in known:
            raise ValueError(f"has no parameter {name!r}; {_near(name, known)}")
        return known[name]

    # --- life ---------------------------------------------------------------------------------------------

    def _logger(self) -> None:
        import fmpy.fmi2
        import fmpy.fmi3

        def note(*args: Any) -> None:
            self.log = bytes(args[-1] or b"").decode("utf-8", "replace")[:500]

        if self.new:
            self._callback = note
            return
        calls = fmpy.fmi2.fmi2CallbackFunctions()
        calls.logger = fmpy.fmi2.fmi2CallbackLoggerTYPE(note)
        calls.allocateMemory = fmpy.fmi2.fmi2CallbackAllocateMemoryTYPE(fmpy.calloc)
        calls.freeMemory = fmpy.fmi2.fmi2CallbackFreeMemoryTYPE(fmpy.free)
        self._calls = calls

    def _instantiate(self) -> None:
        if self.new:
            self.fmu.instantiate(loggingOn=True, logMessage=self._callback)
        else:
            self.fmu.instantiate(callbacks=self._calls, loggingOn=True)
        self._used = False

    def start(self, t_s: float, inputs: list[float]) -> list[float]:
        """Initialise at a time [s], afresh; return the outputs."""
        if self._used:
            if self._can("canBeInstantiatedOnlyOncePerProcess"):
                self.fmu.reset()
            else:
                free = self.fmu.fmi3FreeInstance if self.new else self.fmu.fmi2FreeInstance
                free(self.fmu.component)
                self._instantiate()
        self._used = True
        for variable, value in self.parameters:
            self._set([variable], [value])
        if self.new:
            self.fmu.enterInitializationMode(startTime=t_s)
        else:
            self.fmu.setupExperiment(startTime=t_s)
            self.fmu.enterInitializationMode()
        self._set(self.inputs, inputs)
        self.fmu.exitInitializationMode()
        return self.read()

    def step(self, t_s: float, dt_s: float, inputs: list[float]) -> list[float]:
        """Set the inputs, advance; return the outputs."""
        self._set(self.inputs, inputs)
        answer = self.fmu.doStep(currentCommunicationPoint=t_s, communicationStepSize=dt_s)
        if self.new and answer is not None and (answer[1] or answer[2]):
            raise ValueError("ended the simulation" if answer[1] else "left a step early")
        return self.read()

    def _name_of(self, type_: str) -> str:
        return (NEW_TYPES if self.new else OLD_TYPES).get(type_, type_)

    def _set(self, variables: list[Any], values: list[Any]) -> None:
        groups: dict[str, tuple[list[int], list[Any]]] = {}
        for variable, value in zip(variables, values, strict=True):
            name = self._name_of(variable.type)
            refs, given = groups.setdefault(name, ([], []))
            refs.append(variable.valueReference)
            given.append(_typed(name, value, variable.name))
        for name, (refs, given) in groups.items():
            getattr(self.fmu, f"set{name}")(refs, given)

    def read(self) -> list[float]:
        """Return the outputs."""
        groups: dict[str, list[int]] = {}
        for index, variable in enumerate(self.outputs):
            groups.setdefault(self._name_of(variable.type), []).append(index)
        values = [0.0] * len(self.outputs)
        for name, indices in groups.items():
            got = getattr(self.fmu, f"get{name}")([self.outputs[i].valueReference for i in indices])
            for index, value in zip(indices, got, strict=True):
                values[index] = float(value)
        return values

    # --- state --------------------------------------------------------------------------------------------

    def save(self) -> bytes:
        """Return the FMU's state: itself where it can be serialised, else a note of where this process keeps it."""
        state = self.fmu.getFMUState()
        if self._can("canSerializeFMUstate") or self._can("canSerializeFMUState"):
            saved = bytes(self.fmu.serializeFMUState(state))
            self.fmu.freeFMUState(state)
            return b"S" + saved
        self.states[len(self.states)] = state
        return b"K" + json.dumps([os.getpid(), len(self.states) - 1]).encode()

    def restore(self, saved: bytes) -> list[float]:
        """Take over what `save` returned; return the outputs."""
        if saved[:1] == b"S":
            state = self.fmu.deserializeFMUState(saved[1:])
            self.fmu.setFMUState(state)
            self.fmu.freeFMUState(state)
        else:
            pid, index = json.loads(saved[1:])
            if pid != os.getpid() or index not in self.states:
                raise ValueError("its state cannot leave the process it was saved in: it offers no serialised state")
            self.fmu.setFMUState(self.states[index])
        return self.read()


def _near(name: str, known: Any) -> str:
    near = difflib.get_close_matches(name, list(known), 1)
    return f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(list(known)[:12]) or 'none'}"


def _number(start: Any) -> float:
    text = str(start).strip().lower()
    if text in ("true", "false"):
        return float(text == "true")
    with contextlib.suppress(ValueError):
        return float(text) if math.isfinite(float(text)) else 0.0
    return 0.0


def _typed(type_: str, value: Any, name: str) -> Any:
    if type_ == "String":
        return str(value)
    if isinstance(value, str):
        raise ValueError(f"parameter {name!r} is a {type_}, not text")  # noqa: TRY004 - a wrong entry of a file
    if type_ == "Boolean":
        return bool(value)
    return float(value) if type_ in ("Real", "Float64", "Float32") else round(float(value))


def answer(unit: Unit | None, frame: Frame) -> tuple[Unit | None, bytes]:
    """Do what a frame asks; return the unit from now on and the answer's payload."""
    if frame.op is Op.OPEN:
        asked = json.loads(frame.payload)
        unit = Unit(Path(asked["folder"]), asked)
        return unit, json.dumps(unit.told()).encode()
    if unit is None:
        raise ValueError("nothing has been opened yet")
    if frame.op in (Op.START, Op.STEP):
        t_s, dt_s = TIMES.unpack_from(frame.payload)
        inputs = read_numbers(frame.payload[TIMES.size :], len(unit.inputs))
        return unit, numbers(unit.start(t_s, inputs) if frame.op is Op.START else unit.step(t_s, dt_s, inputs))
    if frame.op is Op.SAVE:
        return unit, unit.save()
    if frame.op is Op.RESTORE:
        return unit, numbers(unit.restore(frame.payload))
    raise ValueError(f"cannot be asked for {frame.op!r}")


def _listen(line: int, frames: "queue.SimpleQueue[Frame]") -> None:
    """Read requests; when the plant is gone, end at once, even in the middle of an FMU's endless step."""
    parser = Parser()
    while data := os.read(line, 1 << 16):
        for frame in parser.receive(data):
            frames.put(frame)
    os._exit(0)


def main() -> None:
    """Serve one FMU until the plant closes the line."""
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a crash leaves no gigabytes behind
    asked, told, nowhere = os.dup(0), os.dup(1), os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    frames: queue.SimpleQueue[Frame] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(asked, frames), daemon=True).start()
    unit: Unit | None = None
    while True:
        frame = frames.get()
        try:
            unit, payload = answer(unit, frame)
            reply = pack(Op.DONE, payload)
        except Exception as problem:  # noqa: BLE001 - the edge of the process: what the FMU did is told, not raised
            text = str(problem) or type(problem).__name__
            if unit is not None and unit.log:
                text = f"{text} ({unit.log})"
                unit.log = ""
            reply = pack(Op.ERROR, text.encode())
        while reply:
            reply = reply[os.write(told, reply) :]


if __name__ == "__main__":
    main()
