"""Housing: what an accelerometer on it feels, from the shaft angle, the impacts and the flow."""

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emulator.physics.kernels.impacts import collapses, turns_at_ticks
from emulator.physics.kernels.philox import fill_normal
from emulator.physics.kernels.vibration import render
from emulator.physics.rolling_bearing import RollingBearing
from emulator.physics.rotor import RotorCondition, RotorParameters
from emulator.physics.shaft import ShaftTrace
from emulator.streams import Streams

NANO = 1_000_000_000
MICRO = 1_000_000
FLOW_PLACES = 8


@dataclass(frozen=True, slots=True)
class Mode:
    """One structural mode: frequency [Hz], damping ratio, modal mass over participation [kg]."""

    frequency_hz: float
    damping: float
    mass_kg: float


@dataclass(frozen=True, slots=True)
class Path:
    """How a bearing elsewhere on the machine is heard here: gain, and delay [s]."""

    bearing: RollingBearing
    gain: float = 0.15
    delay_s: float = 180e-6


DEFAULT_MODES = (
    Mode(100.0, 0.05, 50.0),
    Mode(850.0, 0.04, 40.0),
    Mode(3200.0, 0.03, 16.0),
    Mode(5400.0, 0.03, 10.0),
    Mode(9000.0, 0.02, 30.0),
)


@dataclass(frozen=True, slots=True)
class HousingParameters:
    """Structure and noise of one housing.

    Attributes
    ----------
    contact_s : duration constants τ [s] of the soft entry, the sharp exit, and the flow's random force: the
        last keeps the broadband noise from aliasing.
    background_n : one-sided density of the broadband force at rated speed and best flow [N/√Hz].
    collapse_rate : bubble collapses per second at the peak · collapse_n_s : their mean impulse [N·s].
    vanes, vane_phase : pump vanes; pump impulses reach this housing with `pump_gain`.

    """

    rotor: RotorParameters = field(default_factory=RotorParameters)
    modes: tuple[Mode, ...] = DEFAULT_MODES
    contact_s: tuple[float, float, float] = (60e-6, 12e-6, 25e-6)
    background_n: float = 0.02
    collapse_rate: float = 6000.0
    collapse_n_s: float = 4.0e-4
    vanes: int = 6
    pump_gain: float = 1.0
    unbalance_gain: float = 1.0


class Housing:
    """A bearing housing; `render` gives its acceleration, in any chunking the same bits.

    `pump_path` names the pump whose bubbles are heard: housings of one pump share it and so hear the same
    collapses.
    """

    def __init__(self, parameters: HousingParameters, streams: Streams, path: str, pump_path: str = "pump") -> None:
        self.parameters = parameters
        self._noise = streams(f"{path}/background")
        self._bubbles = streams(f"{pump_path}/cavitation")
        self._poles, self._gains, self._contact_gains = modal_bank(parameters.modes, parameters.contact_s)
        self._z = np.zeros(len(parameters.modes) + 1, np.complex128)
        self._s = np.zeros(7)
        self._cursor = np.zeros(2, np.int64)
        self._queue = _empty_queue()
        self._next = -1
        self._block_ns = -1
        self._rate_hz = 0.0
        self._vane_n = math.nan

    def render(
        self,
        trace: ShaftTrace,
        rotor: RotorCondition,
        bearing: RollingBearing,
        n0: int,
        count: int,
        rate_hz: float,
        heard: Sequence[Path] = (),
    ) -> NDArray[np.float64]:
        """Return the radial acceleration at sample instants n0/rate_hz …, float64[count] [m/s²].

        Raises
        ------
        ValueError
            The samples do not lie in the block of `trace`, or do not follow those rendered before.

        """
        if rate_hz != self._rate_hz:
            self._set_rate(rate_hz)
        entering = trace.t0_ns != self._block_ns
        first, lead = sample_grid(trace, rate_hz) if entering else self._grid
        if n0 < first[0] or n0 + count > first[-1]:
            raise ValueError(
                f"samples {n0}..{n0 + count - 1} are not in this block, which holds "
                f"{first[0]}..{first[-1] - 1} "
                f"at {rate_hz} Hz; step the plant and ask its sample_range"
            )
        if self._next not in (-1, n0):
            raise ValueError(f"samples from {n0} do not follow: the next sample of this housing is {self._next}")
        p = self.parameters
        if entering:
            self._enter_block(trace, bearing, heard, first, lead)
        normal = np.empty(count)
        fill_normal(self._noise.key0, self._noise.key1, n0, normal)
        out = np.empty(count)
        moment = p.unbalance_gain * p.rotor.mass_kg * p.rotor.eccentricity_m(rotor.unbalance_grade_mm_s)
        render(
            n0,
            rate_hz,
            first,
            lead,
            trace.tick_s,
            trace.speed_rad_s,
            self._frac,
            moment,
            p.rotor.unbalance_phase_rad / (2.0 * math.pi),
            self._vane_ramp,
            float(p.vanes),
            self._background,
            normal,
            self._poles,
            self._decay,
            self._gains,
            self._contact,
            self._contact_gains,
            self._flow_gains,
            self._flow_contact,
            self._support,
            *self._queue,
            self._z,
            self._s,
            self._cursor,
            out,
        )
        self._next = n0 + count
        return out

    def _set_rate(self, rate_hz: float) -> None:
        p = self.parameters
        self._rate_hz = rate_hz
        self._decay = np.exp(self._poles / rate_hz)
        self._contact = np.array(p.contact_s)
        late_s = np.arange(FLOW_PLACES) / (FLOW_PLACES * rate_hz)
        self._flow_gains = self._gains[2] * np.exp(np.outer(late_s, self._poles))
        faded = np.exp(-late_s / p.contact_s[2])
        self._flow_contact = np.stack((faded, late_s * faded), axis=1)
        self._support = support_mode(p.rotor, rate_hz)

    def _enter_block(
        self,
        trace: ShaftTrace,
        bearing: RollingBearing,
        heard: Sequence[Path],
        first: NDArray[np.int64],
        lead: NDArray[np.float64],
    ) -> None:
        """Queue the impulses of the block behind those still to come, in sample order."""
        p = self.parameters
        self._grid = (first, lead)
        revs, self._frac = np.empty(first.size, np.int64), np.empty(first.size)
        turns_at_ticks(trace.speed_rad_s, trace.tick_s, trace.revs0, trace.frac0, revs, self._frac)
        self._background = self._flow_noise(trace)
        if self._cursor[1] == 0:
            self._vane_n = float(trace.vane_force_n[0])
        self._vane_ramp = p.pump_gain * np.concatenate(([self._vane_n], trace.vane_force_n))
        self._vane_n = float(trace.vane_force_n[-1])
        parts = [tuple(part[self._cursor[0] :] for part in self._queue)]
        for path in (Path(bearing, 1.0, 0.0), *heard):
            hits = path.bearing.impacts(trace)
            if hits.tick.size:
                t = hits.offset_s + path.delay_s
                parts.append(
                    _on_samples(hits.tick, t, path.gain * hits.impulse_n_s, hits.sharp, first, lead, self._rate_hz)
                )
        parts.append(self._collapses(trace, first, lead))
        sample, late, impulse, sharp = (np.concatenate(column) for column in zip(*parts, strict=True))
        order = np.lexsort((late, sample))
        self._queue = (sample[order], late[order], impulse[order], sharp[order])
        self._cursor[0] = 0
        self._block_ns = trace.t0_ns

    def _collapses(self, trace: ShaftTrace, first: NDArray[np.int64], lead: NDArray[np.float64]) -> "_Queue":
        p = self.parameters
        if not np.any(trace.cavitation_sigma < 3.5):
            return _empty_queue()
        room = 1024 * trace.cavitation_sigma.size
        tick, offset, impulse = np.empty(room, np.int64), np.empty(room), np.empty(room)
        count = collapses(
            trace.t0_ns // round(trace.tick_s * NANO),
            trace.speed_rad_s,
            self._frac,
            trace.cavitation_sigma,
            trace.tick_s,
            p.collapse_rate,
            float(p.vanes),
            p.pump_gain * p.collapse_n_s,
            self._bubbles.key0,
            self._bubbles.key1,
            tick,
            offset,
            impulse,
        )
        return _on_samples(
            tick[:count],
            offset[:count],
            impulse[:count],
            np.ones(count, np.int64),
            first,
            lead,
            self._rate_hz,
        )

    def _flow_noise(self, trace: ShaftTrace) -> NDArray[np.float64]:
        """Return the broadband impulse per sample [N·s], float64[k]: more with speed and off best flow."""
        p = self.parameters
        speed = np.abs(trace.speed_rad_s[:-1]) / p.rotor.rated_speed_rad_s
        off_design = np.minimum(np.abs(trace.flow_ratio - 1.0), 1.0)
        level = np.maximum(speed**1.5, 0.02) * (1.0 + off_design**2)
        # density S [N/√Hz] -> force sigma S·√(fs/2) -> impulse over one sample S·√(fs/2)/fs
        return np.asarray(p.background_n * level / math.sqrt(2.0 * self._rate_hz))

    def save(self) -> dict[str, Any]:
        """Return everything that changes from sample to sample."""
        names = (
            "_z",
            "_s",
            "_cursor",
            "_queue",
            "_next",
            "_block_ns",
            "_vane_n",
            "_vane_ramp",
            "_rate_hz",
            "_grid",
            "_frac",
            "_background",
        )
        return copy.deepcopy({name: getattr(self, name) for name in names if hasattr(self, name)})

    def restore(self, saved: dict[str, Any]) -> None:
        """Take back what `save` gave, anywhere in a block."""
        for name, value in copy.deepcopy(saved).items():
            setattr(self, name, value)
        if self._rate_hz:
            self._set_rate(self._rate_hz)


_Queue = tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]


def _empty_queue() -> _Queue:
    return np.zeros(0, np.int64), np.zeros(0), np.zeros(0), np.zeros(0, np.int64)


def _on_samples(
    tick: NDArray[np.int64],
    offset_s: NDArray[np.float64],
    impulse: NDArray[np.float64],
    sharp: NDArray[np.int64],
    first: NDArray[np.int64],
    lead: NDArray[np.float64],
    rate_hz: float,
) -> _Queue:
    """Return impulses with the first sample at or after each, and how late that sample is [s]."""
    ahead = np.ceil((offset_s - lead[tick]) * rate_hz)
    late = np.maximum(ahead / rate_hz - (offset_s - lead[tick]), 0.0)
    return first[tick] + ahead.astype(np.int64), late, impulse, sharp


def sample_grid(trace: ShaftTrace, rate_hz: float) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return first int64[k+1], lead float64[k] [s]: each tick's first sample, and its time into the tick.

    Integer arithmetic on an absolute grid (rates to 1 µHz): the same after ten days as at the start.
    """
    rate_uhz = round(rate_hz * MICRO)
    tick_ns = round(trace.tick_s * NANO)
    scale = NANO * MICRO
    edges = [(trace.t0_ns + i * tick_ns) * rate_uhz for i in range(trace.speed_rad_s.size)]
    first = [-(-edge // scale) for edge in edges]
    lead = [(n * scale - edge) / (rate_uhz * NANO) for n, edge in zip(first, edges, strict=True)]
    return np.array(first, np.int64), np.array(lead[:-1])


def modal_bank(
    modes: Sequence[Mode], contact_s: Sequence[float]
) -> tuple[NDArray[np.complex128], NDArray[np.complex128], NDArray[np.float64]]:
    """Return poles [m], gains [c, m] and contact gains [c, 2] of the acceleration after a unit impulse.

    Partial fractions of Σ (s²/m_j)/(s²+2ζωs+ω²)·1/(1+sτ)²: residues 2R_j at the poles, and at the double
    pole −1/τ the value (for t·e^{−t/τ}) and the derivative (for e^{−t/τ}) of what is left.
    """
    omega = np.array([2.0 * math.pi * m.frequency_hz for m in modes])
    zeta = np.array([m.damping for m in modes])
    mass = np.array([m.mass_kg for m in modes])
    pole = -zeta * omega + 1j * omega * np.sqrt(1.0 - zeta**2)
    gains = np.empty((len(contact_s), len(modes)), np.complex128)
    contact_gains = np.empty((len(contact_s), 2))
    for kind, tau in enumerate(contact_s):
        a = 1.0 / tau
        gains[kind] = 2.0 * pole**2 * a**2 / (mass * (pole - pole.conj()) * (pole + a) ** 2)
        s = -a
        quadratic, slope = s**2 + 2.0 * zeta * omega * s + omega**2, 2.0 * s + 2.0 * zeta * omega
        contact_gains[kind, 0] = np.sum(a**2 / mass * (2.0 * s * quadratic - s**2 * slope) / quadratic**2)
        contact_gains[kind, 1] = np.sum(a**2 / mass * s**2 / quadratic)
    return pole, gains, contact_gains


def support_mode(rotor: RotorParameters, rate_hz: float) -> NDArray[np.complex128]:
    """Return λ, e^{λT}, b0, b1 and (1/(M·ω_d) + j/M): exact for a force linear between samples."""
    omega = 2.0 * math.pi * rotor.natural_frequency_hz
    damped = omega * math.sqrt(1.0 - rotor.support_damping**2)
    pole = complex(-rotor.support_damping * omega, damped)
    x = pole / rate_hz
    grown = np.exp(x)
    b1 = (grown - 1.0 - x) / (pole * x)
    b0 = (grown - 1.0) / pole - b1
    mass = rotor.support_mass_kg
    return np.array([pole, grown, b0, b1, complex(1.0 / (mass * damped), 1.0 / mass)])
