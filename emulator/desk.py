"""The fault desk: which faults are configured, and what each does to its target at every block edge."""

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from emulator.faults.base import Fault
from emulator.truth import FaultTruth, TruthLog
from rigs.schema import FaultSpec, Growth, Rig

LAYERS_REPAIRED = ("physics", "sensor", "device")

# layer, name in the rig, the fault's class -> the object the fault acts on
Resolve = Callable[[str, str], Any]


class Part(Protocol):
    """A part that ages: where a fault that grows in damage time gets its severity."""

    name: str

    def held_severity(self, t_ns: int) -> float:
        """Return the severity in [0, 1] that stands at plant time `t_ns` [ns]."""
        ...


class Grower(Protocol):
    """Who makes such parts, and lets them go."""

    def grow(self, on: str, mode: str, spec: Any, onset_ns: int) -> Any:
        """Return a new part on `on` that ages from `onset_ns` [ns]."""
        ...

    def forget(self, process: Any) -> None:
        """Let a part go."""
        ...


class UnknownFault(ValueError):  # noqa: N818 - it names what is wrong, as a person would say it
    """A fault that does not exist, or that does not fit its target; the message says what would."""


@dataclass(slots=True)
class _Configured:
    spec: FaultSpec
    fault: Fault
    target: Any
    truth: FaultTruth
    part: Part | None = None
    severity: float = 0.0

    def severity_at(self, t_ns: int) -> float:
        if self.part is None:
            return self.spec.severity_at(t_ns)
        if self.spec.until is not None and t_ns >= self.spec.until:
            return 0.0
        return self.spec.severity * self.part.held_severity(t_ns)


def check_fault(spec: FaultSpec, rig: Rig, kinds: Mapping[str, type[Fault]]) -> str | None:
    """Return what is wrong with a fault on this rig, or None. Needs no running plant.

    The rule per layer: physics faults act on assets of a fitting kind, sensor faults on points with a sensor,
    device, protocol and link faults on devices of a fitting protocol.
    """
    if spec.kind not in kinds:
        return f"unknown fault {spec.kind!r}; {_near(spec.kind, list(kinds))}"
    fault = kinds[spec.kind]
    try:
        fault(dict(spec.params))
    except ValueError as problem:
        return str(problem)
    known = _places(fault, rig)
    fitting = list(fitting_targets(fault, rig))
    if spec.on in fitting:
        return _check_point(spec, fault, rig)
    if spec.on in known:
        others = ", ".join(fitting) or "nothing in this rig"
        return f"fault {spec.kind!r} does not fit {spec.on!r} ({known[spec.on]}); it fits {others}"
    return f"fault {spec.kind!r} is on unknown {spec.on!r}; {_near(spec.on, fitting)}"


def _check_point(spec: FaultSpec, fault: type[Fault], rig: Rig) -> str | None:
    """Return what is wrong with the point that a protocol fault is told to strike; none, or '', is every point."""
    point = spec.params.get("point")
    if fault.layer != "protocol" or not point:
        return None
    # A method has no value that could be shown wrongly, nor a variable that could move.
    known = [p.id for p in rig.points_of(spec.on) if p.opcua is None or not p.opcua.method]
    if point in known:
        return None
    return f"fault {spec.kind!r}: {spec.on!r} has no variable for point {point!r}; {_near(str(point), known)}"


def fitting_targets(fault: type[Fault], rig: Rig) -> dict[str, str]:
    """Return what of a rig a fault fits: its kind (of asset, of sensor, or protocol) by id."""
    places = _places(fault, rig).items()
    return {n: kind for n, kind in places if kind in fault.targets or (not fault.targets and kind != "no sensor")}


def _places(fault: type[Fault], rig: Rig) -> dict[str, str]:
    if fault.layer == "physics":
        return {asset.id: asset.kind for asset in rig.assets}
    if fault.layer == "sensor":
        # A recording went through a sensor long ago: there is none here to break.
        kinds_of = {point.id: point.sensor.kind if point.sensor else "no sensor" for point in rig.points}
        return {name: "no sensor" if kind == "recorded" else kind for name, kind in kinds_of.items()}
    return {device.id: device.protocol for device in rig.devices}


class FaultDesk:
    """Holds the configured faults and applies them, in the order they were added, at each block edge."""

    def __init__(
        self,
        rig: Rig,
        kinds: Mapping[str, type[Fault]],
        resolve: Resolve,
        truth: TruthLog,
        life: Grower | None = None,
    ) -> None:
        self.rig = rig
        self.kinds = kinds
        self.truth = truth
        self._resolve = resolve
        self._life = life
        self._configured: dict[int, _Configured] = {}
        self._next = 1

    def add(self, spec: FaultSpec, mode: str | None = None) -> int:
        """Configure a fault; its onset counts from the start of the run. Returns its id.

        A fault that grows by a law in damage time is a part that ages, named after `mode` (its kind without one).

        Raises
        ------
        UnknownFault
            No such fault, target or parameter.

        """
        wrong = check_fault(spec, self.rig, self.kinds)
        if wrong:
            raise UnknownFault(wrong)
        kind = self.kinds[spec.kind]
        fault = kind(dict(spec.params))
        target = self._resolve(kind.layer, spec.on)
        try:
            # A fault that is choosier than its list of target kinds says so before it is configured.
            getattr(fault, "check", lambda _: None)(target)
        except ValueError as problem:
            raise UnknownFault(str(problem)) from None
        truth = FaultTruth(self._next, spec.kind, spec.on, kind.layer, dict(spec.params), spec.onset)
        part: Part | None = None
        if not isinstance(spec.growth, Growth):
            if self._life is None:
                raise UnknownFault(f"fault {spec.kind!r} grows by law {spec.growth.law}, and nothing ages here")
            try:
                part = self._life.grow(spec.on, mode or spec.kind, spec.growth, spec.onset)
            except ValueError as problem:
                raise UnknownFault(f"fault {spec.kind!r}: {problem}") from None
        self._configured[self._next] = _Configured(spec, fault, target, truth, part)
        self._next += 1
        return self._next - 1

    def clear(self, fault_id: int, t_ns: int) -> bool:
        """Take a fault away at plant time `t_ns` [ns]; False if there is none of that id."""
        configured = self._configured.pop(fault_id, None)
        if configured is None:
            return False
        if configured.part is not None and self._life is not None:
            self._life.forget(configured.part)
        configured.fault.apply(configured.target, 0.0, t_ns)
        if configured.severity != 0.0:
            self.truth.severity(configured.truth, t_ns, 0.0)
        return True

    def apply(self, t_ns: int) -> None:
        """Bring every fault to its severity at plant time `t_ns` [ns]."""
        for configured in self._configured.values():
            severity = configured.severity_at(t_ns)
            if severity == 0.0 and configured.severity == 0.0:
                continue
            # First the truth, then the deed: what the fault does at its onset is counted as its own.
            if severity > 0.0:
                self.truth.severity(configured.truth, t_ns, severity)
            configured.fault.apply(configured.target, severity, t_ns)
            self.truth.severity(configured.truth, t_ns, severity)
            configured.severity = severity

    def process(self, fault_id: int) -> Any:
        """Return the part that a fault grows with; None for one that grows on the clock."""
        return self._configured[fault_id].part

    def kind_of(self, part: Any) -> str | None:
        """Return the kind of the fault that a part drives; None if it drives none."""
        return next((c.spec.kind for c in self._configured.values() if c.part is part), None)

    def repair(self, on: str, kind: str | None, quality: float, t_ns: int) -> list[int]:
        """Put faults on a target right at plant time `t_ns` [ns]; the share `quality` of each severity stays.

        Faults of devices, sensors and machines that are there now and do not age (their parts are repaired by the
        life they belong to); those still to come stay as they are. Returns the ids of the faults that are gone.
        """
        gone: list[int] = []
        for number, c in list(self._configured.items()):
            here = c.spec.on == on and kind in (None, c.spec.kind) and c.truth.layer in LAYERS_REPAIRED
            if not here or c.part is not None or c.severity == 0.0:
                continue
            if quality == 0.0:
                self.clear(number, t_ns)
                gone.append(number)
            else:
                c.spec = c.spec.model_copy(update={"severity": quality * c.severity, "growth": Growth()})
        return gone

    def listing(self) -> list[dict[str, Any]]:
        """Return the configured faults as plain data."""
        return [
            {"id": number, "kind": c.spec.kind, "on": c.spec.on, "layer": c.truth.layer, "severity":
            c.severity,
             "onset_ns": c.spec.onset, "params": dict(c.spec.params)}
            for number, c in self._configured.items()
        ]  # fmt: skip


def _near(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, 1)
    return f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(sorted(known)[:12]) or 'none'}"
