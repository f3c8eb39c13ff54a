"""What a device or a broker can be told to do wrong: plans by the kind of fault, empty while all is well."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from emulator.devices.tls import TlsTrouble

if TYPE_CHECKING:
    from collections.abc import Callable

Value = float | bool | str


@dataclass(frozen=True, slots=True)
class Plan:
    """One fault as it stands now: its severity, which is the share of occasions it takes, and its parameters."""

    share: float = 1.0
    params: tuple[tuple[str, Value], ...] = ()

    def __getitem__(self, name: str) -> Any:
        return dict(self.params)[name]


@dataclass(slots=True)
class Misbehaviour:
    """Plans by kind of fault.

    Parameters
    ----------
    draw
        A pure function of kind and count to [0, 1): which occasions a share below 1 takes, the same in every run.
    inserted
        Called with the kind and a detail each time something was really done wrong.

    Attributes
    ----------
    begin, end
        What to do once when a fault starts or stops, by kind; the owner fills them in.
    tls
        What goes wrong when TLS connections begin.

    """

    draw: Callable[[str, int], float] = field(repr=False)
    inserted: Callable[..., None] = field(repr=False)
    plans: dict[str, Plan] = field(default_factory=dict, init=False)
    begin: dict[str, Callable[[Plan], None]] = field(default_factory=dict, init=False, repr=False)
    end: dict[str, Callable[[], None]] = field(default_factory=dict, init=False, repr=False)
    tls: TlsTrouble = field(init=False, repr=False)
    _seen: dict[str, int] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        self.tls = TlsTrouble(self.draw, self.inserted)

    def set(self, kind: str, plan: Plan | None) -> None:
        """Start, change or (None) stop a fault; nothing happens where that is how it is already."""
        before = self.plans.get(kind)
        if plan == before:
            return
        if plan is None:
            del self.plans[kind]
            if kind in self.end:
                self.end[kind]()
            return
        self.plans[kind] = plan
        if before is None and kind in self.begin:
            self.begin[kind](plan)

    def hit(self, kind: str, detail: str = "") -> Plan | None:
        """Return the plan if the fault is on and takes this occasion; counts the occasion and reports the hit."""
        plan = self.plans.get(kind)
        if plan is None:
            return None
        index = self._seen.get(kind, 0)
        self._seen[kind] = index + 1
        if plan.share < 1.0 and self.draw(kind, index) >= plan.share:
            return None
        self.inserted(kind, detail)
        return plan


BROKER_KINDS = frozenset((
    "mqtt_connack_refused", "mqtt_suback_refused", "mqtt_acl_silent_drop", "mqtt_keepalive_lost", "mqtt_duplicate",
    "mqtt_qos2_broken", "mqtt_broker_restart", "mqtt_will_delayed", "mqtt_takeover", "mqtt_slow_broker",
    "mqtt_odd_topic",
))  # fmt: skip


@dataclass(frozen=True, slots=True)
class FaceMisbehaviour:
    """What protocol faults of a device act on: the device's own plans, and those of its broker if it is emulated.

    A broker's fault on a device with a broker outside the rig does nothing, and the truth counts nothing.
    """

    device: Misbehaviour
    broker: Misbehaviour | None

    @property
    def tls(self) -> TlsTrouble:
        """What goes wrong when TLS connections to the broker begin."""
        return (self.broker or self.device).tls

    def set(self, kind: str, plan: Plan | None) -> None:
        """Pass a plan on to whom it concerns."""
        if kind not in BROKER_KINDS:
            self.device.set(kind, plan)
        elif self.broker is not None:
            self.broker.set(kind, plan)
