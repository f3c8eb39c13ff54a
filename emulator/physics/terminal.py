"""What a supply puts on a motor's terminals beyond a symmetrical sine, and the state of the mains that causes it."""

from dataclasses import dataclass
from typing import NamedTuple

PHASES = {"a": 0, "b": 1, "c": 2}


class Ripple(NamedTuple):
    """A cosine on the DC link: amplitude over the mean voltage, speed [rad/s], phase at the tick's start [rad]."""

    share: float = 0.0
    speed_rad_s: float = 0.0
    phase_rad: float = 0.0


class Pulses(NamedTuple):
    """Pulse-width modulation: carrier [Hz], its turn fraction at the tick's start, voltage of the DC link [V]."""

    carrier_hz: float
    turn: float
    dc_v: float


class FailingLeg(NamedTuple):
    """An inverter leg whose upper switch misses a share of its pulses; 1: it never conducts."""

    phase: int
    share: float
    dc_v: float


class Terminal(NamedTuple):
    """All that is not a symmetrical sine; the motor steps its general equations while it has one.

    `negative` is V₂/V₁ (complex), `fifth` and `seventh` are harmonics over V₁, `open_phase` 0, 1, 2 or -1.
    """

    negative: complex = 0j
    fifth: float = 0.0
    seventh: float = 0.0
    ripples: tuple[Ripple, Ripple] = (Ripple(), Ripple())
    pulses: Pulses | None = None
    leg: FailingLeg | None = None
    open_phase: int = -1


SINE = Terminal()


@dataclass(slots=True)
class MainsQuality:
    """The mains as a machine meets it.

    Attributes
    ----------
    gain : positive sequence over nominal.
    negative, negative_phase_rad : negative over positive sequence, and its phase.
    fifth, seventh : harmonics over the fundamental.
    frequency_hz : None: the nominal frequency of the machine's own parameters.
    open_phase : 0, 1 or 2 for a lost phase, -1 for none.

    """

    gain: float = 1.0
    negative: float = 0.0
    negative_phase_rad: float = 0.0
    fifth: float = 0.0
    seventh: float = 0.0
    frequency_hz: float | None = None
    open_phase: int = -1
