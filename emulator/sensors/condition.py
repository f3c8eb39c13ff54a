"""What may go wrong in a sensor: the fields its faults write, and nothing else."""

from dataclasses import dataclass, fields
from typing import Literal

Stuck = Literal["transport", "element"]


@dataclass(slots=True)
class SensorCondition:
    """Faultable parameters of a chain, healthy by default. Spans are the chain's `span`.

    Attributes
    ----------
    bias : offset as a fraction of span.
    scale : factor on the gain.
    drift_per_s, walk_per_sqrt_s : ramp and random walk, fractions of span.
    stuck : "transport" repeats the last code; "element" freezes the physical value and noise goes on.
    noise_gain : factor on every noise.
    lag_factor : factor on the element's time constants.
    dropout_gap_s : mean length of a gap in transport [s], 0 for none; dropout_every_s the mean time between
        them [s].
    limit_factor : factor on the limits of saturation.
    bits_lost : bits the quantiser lost.
    word_swap : the two 16-bit words of the value are exchanged.
    jitter_s : standard deviation of the sample clock [s] (waveforms).

    """

    bias: float = 0.0
    scale: float = 1.0
    drift_per_s: float = 0.0
    walk_per_sqrt_s: float = 0.0
    stuck: Stuck | None = None
    noise_gain: float = 1.0
    lag_factor: float = 1.0
    dropout_gap_s: float = 0.0
    dropout_every_s: float = 20.0
    limit_factor: float = 1.0
    bits_lost: int = 0
    word_swap: bool = False
    jitter_s: float = 0.0

    def take(self, other: "SensorCondition") -> None:
        """Copy every field from `other`; faults keep hold of this object."""
        for item in fields(self):
            setattr(self, item.name, getattr(other, item.name))
