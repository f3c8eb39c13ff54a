"""What may go wrong in a sensor: the fields its faults write, and nothing else."""

from dataclasses import dataclass, fields
from typing import Literal

Stuck = Literal["transport", "element"]
SpikeAt = Literal["before", "after"]


@dataclass(slots=True)
class SensorCondition:
    """Faultable parameters of a chain, healthy by default, in the order of its stages. Spans are the chain's `span`.

    Attributes
    ----------
    reversed : leads or axis the wrong way round.
    turned_rad, turned_to : the axis turned by an angle, towards what the named neighbour measures.
    mount_hz, mount_damping, mount_preload : a loose mount's resonance [Hz], its damping ratio, and the
        acceleration [m/s²] at which it lifts; 0 Hz for a sound mount.
    wire_break : 0 sound … 1 open; a current loop loses that share of its current.
    bias : offset as a fraction of span.
    scale : factor on the gain.
    drift_per_s, walk_per_sqrt_s : ramp and random walk, fractions of span.
    stuck : "transport" repeats the last code; "element" freezes the physical value and noise goes on.
    noise_gain : factor on every noise.
    hum, hum_hz : mains pick-up, amplitude as a fraction of span, and its frequency [Hz].
    crosstalk, neighbour : share of the named neighbour's signal that is added.
    spike_hz, spike_size, spike_at : spikes per second, their Laplace scale as a fraction of span, before or
        after the anti-alias filter.
    lag_factor : factor on the element's time constants.
    aliasing : 0 … 1, the share of the anti-alias filter that is missing.
    late_s, clock_drift_ppm, jitter_s : sample clock: late by [s], slow by [ppm], standard deviation [s].
    limit_factor : factor on the limits of saturation.
    bits_lost : bits the quantiser lost.
    dropout_gap_s : mean length of a gap in transport [s], 0 for none; dropout_every_s the mean time between
        them [s].
    swapped_with : the neighbour whose wires sit in this one's place.
    code_factor : factor on the number in the unit on the wire.
    word_swap : the two 16-bit words of the value are exchanged.

    """

    reversed: bool = False
    turned_rad: float = 0.0
    turned_to: str = ""
    mount_hz: float = 0.0
    mount_damping: float = 0.1
    mount_preload: float = 0.0
    wire_break: float = 0.0
    bias: float = 0.0
    scale: float = 1.0
    drift_per_s: float = 0.0
    walk_per_sqrt_s: float = 0.0
    stuck: Stuck | None = None
    noise_gain: float = 1.0
    hum: float = 0.0
    hum_hz: float = 50.0
    crosstalk: float = 0.0
    neighbour: str = ""
    spike_hz: float = 0.0
    spike_size: float = 0.0
    spike_at: SpikeAt = "before"
    lag_factor: float = 1.0
    aliasing: float = 0.0
    late_s: float = 0.0
    clock_drift_ppm: float = 0.0
    jitter_s: float = 0.0
    limit_factor: float = 1.0
    bits_lost: int = 0
    dropout_gap_s: float = 0.0
    dropout_every_s: float = 20.0
    swapped_with: str = ""
    code_factor: float = 1.0
    word_swap: bool = False

    @property
    def heard(self) -> str:
        """The neighbour whose signal this sensor needs before its own reading; empty for none."""
        return self.neighbour or self.turned_to

    @property
    def skewed(self) -> bool:
        """Whether the sample clock is off by more than jitter."""
        return self.late_s != 0.0 or self.clock_drift_ppm != 0.0

    @property
    def disturbed(self) -> bool:
        """Whether something foreign is added to the signal, or its circuit is open."""
        return self.hum != 0.0 or self.crosstalk != 0.0 or self.spike_hz != 0.0 or self.wire_break != 0.0

    def take(self, other: "SensorCondition") -> None:
        """Copy every field from `other`; faults keep hold of this object."""
        for item in fields(self):
            setattr(self, item.name, getattr(other, item.name))
