"""What stands in front of a waveform's converter, by kind of sensor: coupling, noise floor, mount."""

import math
from dataclasses import dataclass
from typing import Final

from emulator.sensors import transducers
from rigs.schema import SensorSpec

NOMINAL_RATE_HZ: Final = 25_600.0


@dataclass(frozen=True, slots=True)
class FrontEnd:
    """Full scale (SI; 0: the point's range), high-pass τ [s] (0: coupled to DC), noise [SI/√Hz], 1/f corner [Hz].

    `mounted` : screwed or held on a machine, so that its mount resonates and can come loose.
    `recovers` : the amplifier remembers an overload for its τ.
    """

    full_scale: float = 0.0
    tau_s: float = 0.0
    density: float = 0.0
    corner_hz: float = 0.0
    mounted: bool = False
    recovers: bool = False


# Of kinds not listed, the signal is coupled to DC and its noise is that of the data sheet.
FRONT_ENDS: Final = {
    "accelerometer": FrontEnd(
        50.0 * transducers.STANDARD_GRAVITY,
        transducers.IEPE_TAU_S,
        transducers.IEPE_DENSITY,
        transducers.IEPE_CORNER_HZ,
        mounted=True,
        recovers=True,
    ),
    # integrated in the sensor; from 1.5 Hz, as ISO 2954 instruments need for 10 Hz
    "vibration_velocity": FrontEnd(0.1, 1.0 / (math.tau * 1.5), 2e-7, 30.0, mounted=True, recovers=True),
    "current_clamp": FrontEnd(100.0, density=1e-4),
    # a measuring microphone: down 3 dB at 3 Hz, about 30 dB(A) of its own
    "microphone": FrontEnd(200.0, 1.0 / (math.tau * 3.0), 5e-6, 100.0),
}


def front_end(spec: SensorSpec) -> FrontEnd:
    """Return the front end of a data sheet.

    A current clamp is a transformer: its magnetising inductance makes it a high-pass, which leads by the data sheet's
    phase error φ at the line frequency f: τ = 1/(2π f tan φ).
    """
    front = FRONT_ENDS.get(spec.kind, FrontEnd())
    if spec.kind == "current_clamp":
        tau_s = 1.0 / (math.tau * spec.line_frequency * math.tan(spec.phase_error))
        return FrontEnd(front.full_scale, tau_s, front.density, front.corner_hz)
    return front
