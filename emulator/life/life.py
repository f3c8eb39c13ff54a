"""The life of a plant: every part that ages, what makes it age faster, what follows, and repair.

Damage is looked at once a second of plant time, on an absolute grid, so that the length of a block does not matter;
between two looks damage time passes at a constant rate. Interlocks are looked at every block.
"""

import copy
import difflib
from collections import deque
from typing import Any

from emulator.desk import FaultDesk, UnknownFault, check_fault
from emulator.life.cascade import Watch, with_chains
from emulator.life.damage import Process, driving_rate
from emulator.life.drift import Wandering
from emulator.life.interlock import Relay, drive_of
from emulator.life.repair import Repair
from emulator.plant import Plant
from emulator.streams import Streams
from emulator.truth import TruthLog
from rigs.life import Cause, FaultEffect, LifeLaw, LifeSettings, RateEffect
from rigs.schema import FaultSpec, Growth, Rig

SECOND = 1_000_000_000
REMEMBERED = 10_000


class Life:
    """Ages the plant of a rig.

    Parameters
    ----------
    rig : Rig
        With ``plant.life`` and ``plant.damage_acceleration``.
    plant : Plant
        Its true signals drive the damage.
    streams : Streams
        Of the run.
    truth : TruthLog
        Gets every event, and the damage of every part once a second.

    Raises
    ------
    ValueError
        ``plant.life`` names a signal, drive, wear or parameter that is not there.

    """

    def __init__(self, rig: Rig, plant: Plant, streams: Streams, truth: TruthLog) -> None:
        self.rig = rig
        self.plant = plant
        self.acceleration = rig.plant.damage_acceleration
        self.settings: LifeSettings = with_chains(rig.plant.life, plant)
        self.processes: dict[str, Process] = {}
        self.events: deque[dict[str, Any]] = deque(maxlen=REMEMBERED)
        self._streams = streams
        self._truth = truth
        self._desk: FaultDesk | None = None
        self._wear: dict[str, Process] = {}
        self._repairs: list[Repair] = []
        self._effects: dict[str, int] = {}  # cascade id -> fault it put up
        self._looked = -1
        self.watches = {item.id: Watch(item.cause, item.delay) for item in self.settings.cascades}
        self.relays = {item.id: Relay(item, plant) for item in self.settings.interlocks}
        self.drifts = [Wandering(item, plant.assets.get(item.on), streams) for item in self.settings.drifts]
        self._drift_tau = [0.0] * len(self.drifts)

    def begin(self, desk: FaultDesk) -> None:
        """Put up the wear that is always there, and check what cascades name.

        Raises
        ------
        ValueError
            A fault, asset, wear or signal that is not there.

        """
        self._desk = desk
        for item in self.settings.wear:
            if item.kind is None:
                if item.on not in self.plant.assets:
                    raise ValueError(f"plant.life.wear: {item.id!r} is on unknown asset {item.on!r}")
                self._wear[item.id] = self.grow(item.on, item.id, item.growth, item.onset)
                continue
            spec = FaultSpec(kind=item.kind, on=item.on, severity=item.severity, growth=item.growth, params=item.params)
            try:
                number = desk.add(spec.model_copy(update={"onset": item.onset}), item.id)
            except UnknownFault as problem:
                raise UnknownFault(f"plant.life.wear: {item.id!r}: {problem}") from None
            grown = desk.process(number)
            assert grown is not None
            self._wear[item.id] = grown
        for process in self.processes.values():
            driving_rate(process.spec, self.read)
        for cascade in self.settings.cascades:
            self._check_cause(cascade.cause, f"plant.life.cascades: {cascade.id!r}")
            if isinstance(cascade.effect, RateEffect):
                self._known(cascade.effect.wear, f"plant.life.cascades: {cascade.id!r}")
            else:
                wrong = check_fault(self._fault(cascade.effect, 0), self.rig, desk.kinds)
                if wrong:
                    raise UnknownFault(f"plant.life.cascades: {cascade.id!r}: {wrong}")
        for relay in self.relays.values():
            self._check_cause(relay.spec.cause, f"plant.life.interlocks: {relay.spec.id!r}")

    # --- parts --------------------------------------------------------------------------------------------

    def grow(self, on: str, mode: str, spec: LifeLaw, onset_ns: int) -> Process:
        """Return a new part that ages by a law from `onset_ns` [ns] on.

        Raises
        ------
        ValueError
            The law is driven by a signal that is not there.

        """
        driving_rate(spec, self.read)
        name, count = f"{on}/{mode}", 1
        while name in self.processes:
            count += 1
            name = f"{on}/{mode}/{count}"
        self.processes[name] = Process(name, on, mode, spec, self._streams, onset_ns)
        return self.processes[name]

    def forget(self, process: Process) -> None:
        """Let a part go, with its fault."""
        self.processes.pop(process.name, None)

    def read(self, signal: str) -> float:
        """Return a true signal.

        Raises
        ------
        ValueError
            No such signal; the message offers the nearest.

        """
        try:
            return self.plant.signals[signal]
        except KeyError:
            near = difflib.get_close_matches(signal, self.plant.signals, 1)
            hint = f"did you mean {near[0]!r}?" if near else "GET /truth lists them"
            raise ValueError(f"plant.life: no signal {signal!r}; {hint}") from None

    # --- time ---------------------------------------------------------------------------------------------

    def advance(self, t_ns: int) -> None:
        """Bring everything to plant time `t_ns` [ns]; called at every block edge, before the faults are applied."""
        for repair in [r for r in self._repairs if r.due_ns <= t_ns]:
            self._repairs.remove(repair)
            self._mend(repair, t_ns)
        # Effects take place on the grid of whole seconds (the first block edge at or after each).
        if t_ns // SECOND != self._looked:
            self._look(t_ns)
            self._looked = t_ns // SECOND
        for name, relay in self.relays.items():
            happened = relay.look(t_ns, self._value(relay.spec.cause, t_ns))
            if happened == "trip":
                self._note(relay.watch.since_ns, "cause", id=name)
                self._note(t_ns, "trip", id=name, drive=relay.spec.trip)
            elif happened == "reset":
                self._note(t_ns, "reset", id=name)
        for repair in self._repairs:
            self._hold(repair)

    def _look(self, t_ns: int) -> None:
        for process in self.processes.values():
            if process.look(t_ns):
                state = process.state
                self._note(state.failed_ns or t_ns, "failure", part=process.name, generation=state.generation)
        for item in self.settings.cascades:
            watch = self.watches[item.id]
            stood = watch.holds
            changed = watch.look(t_ns, self._value(item.cause, t_ns))
            if watch.holds != stood:
                event = "cause" if watch.holds else "cause_over"
                self._note(watch.since_ns if watch.holds else t_ns, event, id=item.id)
            if changed:
                self._note(t_ns, "effect" if watch.acts else "effect_over", id=item.id)
                if isinstance(item.effect, FaultEffect):
                    self._fault_effect(item.id, item.effect, t_ns)
        adds = dict.fromkeys(self._wear, 0.0)
        times = dict.fromkeys(self._wear, 1.0)
        for item in self.settings.cascades:
            if isinstance(item.effect, RateEffect) and self.watches[item.id].acts:
                adds[item.effect.wear] += item.effect.adds
                times[item.effect.wear] *= item.effect.times
        causes = {process.name: (adds[wear], times[wear]) for wear, process in self._wear.items()}
        for process in self.processes.values():
            added, factor = causes.get(process.name, (0.0, 1.0))
            base = (process.spec.idle + added) * factor
            process.run(t_ns, self.acceleration * base * driving_rate(process.spec, self.read))
        for index, drift in enumerate(self.drifts):
            aged_s = max(t_ns - drift.spec.onset, 0) / SECOND
            self._drift_tau[index] = self.acceleration * aged_s
            if aged_s > 0.0:
                drift.apply(self._drift_tau[index])

    def _fault_effect(self, name: str, effect: FaultEffect, t_ns: int) -> None:
        assert self._desk is not None
        if self.watches[name].acts:
            self._effects[name] = self._desk.add(self._fault(effect, t_ns))
        elif name in self._effects:
            self._desk.clear(self._effects.pop(name), t_ns)

    def _fault(self, effect: FaultEffect, t_ns: int) -> FaultSpec:
        growth = Growth() if effect.grows is None else Growth(law="linear", duration=f"{effect.grows} ns")
        spec = FaultSpec(kind=effect.kind, on=effect.on, severity=effect.severity, growth=growth, params=effect.params)
        return spec.model_copy(update={"onset": t_ns})

    # --- repair -------------------------------------------------------------------------------------------

    def repair(self, t_ns: int, on: str, mode: str | None = None, quality: float = 0.0, downtime_ns: int = 0) -> Repair:
        """Repair what is damaged on an asset, a point's sensor or a device, at once or after a downtime.

        The share `quality` of the damage stays. During the downtime the drive that turns the asset stands still;
        it runs again afterwards if it ran before.

        Raises
        ------
        ValueError
            Nothing of that name, or no such mode.

        """
        known = {*self.plant.assets, *(p.id for p in self.rig.points), *(d.id for d in self.rig.devices)}
        if on not in known:
            near = difflib.get_close_matches(on, known, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"assets: {', '.join(self.plant.assets)}"
            raise ValueError(f"repair of unknown {on!r}; {hint}")
        modes = {*(self._desk.kinds if self._desk else ()), *self._wear}
        if mode is not None and mode not in modes:
            near = difflib.get_close_matches(mode, modes, 1)
            hint = f"did you mean {near[0]!r}?" if near else "GET /faults/kinds lists them"
            raise ValueError(f"repair of unknown mode {mode!r}; {hint}")
        drive = drive_of(self.plant, on) if downtime_ns > 0 else None
        ran = drive is not None and self.plant.signals.get(f"{drive}.run", 0.0) != 0.0
        repair = Repair(on, mode, quality, t_ns + downtime_ns, drive, ran)
        if downtime_ns > 0:
            self._note(t_ns, "repair_begun", on=on, mode=mode, due_ns=repair.due_ns)
            self._repairs.append(repair)
            self._hold(repair)
        else:
            self._mend(repair, t_ns)
        return repair

    def _hold(self, repair: Repair) -> None:
        if repair.drive is not None:
            self.plant.command(f"{repair.drive}.run", 0.0)

    def _mend(self, repair: Repair, t_ns: int) -> None:
        assert self._desk is not None
        for process in self.processes.values():
            if process.on == repair.on and repair.mode in (None, process.mode, self._desk.kind_of(process)):
                process.repair(t_ns, repair.quality)
        mended = self._desk.repair(repair.on, repair.mode, repair.quality, t_ns)
        for name, number in list(self._effects.items()):
            if number in mended:
                del self._effects[name]
                self.watches[name].again(t_ns)
        self._note(t_ns, "repair", on=repair.on, mode=repair.mode, quality=repair.quality)
        if repair.drive is not None and repair.ran and not self.holds(f"{repair.drive}.run"):
            self.plant.command(f"{repair.drive}.run", 1.0)

    # --- commands -----------------------------------------------------------------------------------------

    def holds(self, command: str) -> bool:
        """Whether an interlock or a repair refuses a command now."""
        drive, _, quantity = command.rpartition(".")
        if quantity not in ("run", "start", "stop"):
            return False
        latched = any(relay.latched and relay.spec.trip == drive for relay in self.relays.values())
        return latched or any(repair.drive == drive for repair in self._repairs)

    def reset(self, interlock: str, t_ns: int) -> bool:
        """Reset an interlock; False while its cause stands.

        Raises
        ------
        ValueError
            No such interlock.

        """
        if interlock not in self.relays:
            near = difflib.get_close_matches(interlock, self.relays, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(self.relays) or 'none'}"
            raise ValueError(f"no interlock {interlock!r}; {hint}")
        done = self.relays[interlock].reset()
        self._note(t_ns, "reset" if done else "reset_refused", id=interlock)
        return done

    # --- what can be seen ---------------------------------------------------------------------------------

    def truth(self, t_ns: int) -> dict[str, dict[str, Any]]:
        """Return damage, severity and true remaining life of every part, by name."""
        return {name: process.truth(t_ns) for name, process in self.processes.items()}

    def listing(self, t_ns: int) -> dict[str, Any]:
        """Return the whole state as plain data."""
        return {
            "t_ns": t_ns,
            "acceleration": self.acceleration,
            "parts": self.truth(t_ns),
            "cascades": {name: {"cause": w.holds, "acts": w.acts} for name, w in self.watches.items()},
            "interlocks": {name: relay.truth() for name, relay in self.relays.items()},
            "drifts": {f"{d.spec.on}.{d.spec.parameter}": d.present for d in self.drifts},
            "repairs": [{"on": r.on, "mode": r.mode, "due_ns": r.due_ns} for r in self._repairs],
            "events": list(self.events)[-200:],
        }  # fmt: skip

    @property
    def ages(self) -> bool:
        """Whether there is any part that ages."""
        return bool(self.processes)

    # --- save and restore ---------------------------------------------------------------------------------

    def save(self) -> dict[str, Any]:
        """Return everything that changes, copied."""
        return copy.deepcopy({
            "processes": {name: process.state for name, process in self.processes.items()},
            "watches": self.watches,
            "relays": {name: (relay.watch, relay.latched) for name, relay in self.relays.items()},
            "repairs": self._repairs, "effects": self._effects, "looked": self._looked, "drift": self._drift_tau,
        })  # fmt: skip

    def restore(self, saved: dict[str, Any]) -> None:
        """Take over what `save` returned, on a life of the same rig, seed and faults."""
        saved = copy.deepcopy(saved)
        for name, state in saved["processes"].items():
            self.processes[name].state = state
        self.watches = saved["watches"]
        for name, (watch, latched) in saved["relays"].items():
            self.relays[name].watch, self.relays[name].latched = watch, latched
        self._repairs, self._effects, self._looked = saved["repairs"], saved["effects"], saved["looked"]
        self._drift_tau = saved["drift"]
        for drift, tau in zip(self.drifts, self._drift_tau, strict=True):
            if tau > 0.0:
                drift.apply(tau)

    # --- inside -------------------------------------------------------------------------------------------

    def _value(self, cause: Cause, t_ns: int) -> float:
        if cause.signal is not None:
            return self.read(cause.signal)
        return self._wear[cause.wear or ""].damage(t_ns)

    def _check_cause(self, cause: Cause, place: str) -> None:
        if cause.signal is not None:
            self.read(cause.signal)
        else:
            self._known(cause.wear or "", place)

    def _known(self, wear: str, place: str) -> None:
        if wear not in self._wear:
            near = difflib.get_close_matches(wear, self._wear, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(self._wear) or 'none'}"
            raise ValueError(f"{place}: unknown wear {wear!r}; {hint}")

    def _note(self, t_ns: int, event: str, **entry: Any) -> None:
        self.events.append({"t_ns": t_ns, "event": event} | entry)
        self._truth.note(t_ns, event, **entry)
