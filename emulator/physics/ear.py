"""One direction of a housing: its modes, struck by the impacts and the noise that reach it."""

import copy
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emulator.physics.kernels.impacts import collapses
from emulator.physics.kernels.philox import fill_normal
from emulator.physics.kernels.vibration import render, sections
from emulator.physics.rolling_bearing import RollingBearing
from emulator.physics.shaft import ShaftTrace
from emulator.physics.structure import NANO, Direction, HousingParameters, Path, modal_bank
from emulator.streams import Stream, Streams

AXES = {"h": 0, "v": 1, "axial": 2}
ASPERITY_BAND_HZ = (5000.0, 20_000.0)
HIGHEST = 0.45  # corners above this share of the rate are left out
BUTTERWORTH_4 = (0.541196100146197, 1.3065629648763766)  # Q of the two sections
FLOW_PLACES = 8
Grid = tuple[NDArray[np.int64], NDArray[np.float64]]


class Ear:
    """One direction of a housing at one rate: its modes, struck by the impacts that reach it."""

    STATES = ("_z", "_s", "_cursor", "_queue", "next", "block_ns", "_background", "_asperity", "_filter")

    def __init__(
        self, parameters: HousingParameters, streams: Streams, path: str, direction: str, rate_hz: float
    ) -> None:
        p = self.parameters = parameters
        self.rate_hz = rate_hz
        self.axis = AXES[direction]
        self.path: Direction = getattr(p, direction)
        self._noise = streams(f"{path}/background" if direction == "h" else f"{path}/background/{direction}")
        self._rough = streams(f"{path}/asperity/{direction}")
        self._poles, self._gains, self._contact_gains = modal_bank(p.modes, p.contact_s)
        self._decay = np.exp(self._poles / rate_hz)
        self._contact = np.array(p.contact_s)
        late_s = np.arange(FLOW_PLACES) / (FLOW_PLACES * rate_hz)
        self._flow_gains = self._gains[2] * np.exp(np.outer(late_s, self._poles))
        faded = np.exp(-late_s / p.contact_s[2])
        self._flow_contact = np.stack((faded, late_s * faded), axis=1)
        self._band = asperity_band(rate_hz)
        self._z = np.zeros(len(p.modes), np.complex128)
        self._s = np.zeros(6)
        self._cursor = np.zeros(1, np.int64)
        self._queue = _empty_queue()
        self._background = self._asperity = np.zeros(0)
        self._filter = np.zeros((self._band.shape[0], 2))
        self.next = self.block_ns = -1

    def render(self, first: NDArray[np.int64], shaken: NDArray[np.float64], n0: int, count: int) -> NDArray[np.float64]:
        """Return samples n0 …; `shaken` is the support's acceleration over the whole block."""
        normal = np.empty(count)
        fill_normal(self._noise.key0, self._noise.key1, n0, normal)
        out = np.empty(count)
        at = n0 - int(first[0])
        render(
            n0,
            self.rate_hz,
            first,
            self._background,
            normal,
            self._poles,
            self._decay,
            self._gains,
            self._contact,
            self._contact_gains,
            self._flow_gains,
            self._flow_contact,
            shaken[at : at + count],
            *self._queue,
            self._z,
            self._s,
            self._cursor,
            out,
        )
        if self._asperity.any() or self._filter.any():
            fill_normal(self._rough.key0, self._rough.key1, n0, normal)
            sections(self._band, self._asperity, first, n0, normal, self._filter, out)
        self.next = n0 + count
        return out

    def enter(
        self,
        trace: ShaftTrace,
        grid: Grid,
        frac: NDArray[np.float64],
        bearing: RollingBearing,
        heard: Sequence[Path],
        bubbles: Stream,
    ) -> None:
        """Queue the impulses of the block behind those still to come, in sample order."""
        first, lead = grid
        self._background = self._flow_noise(trace)
        self._asperity = self._asperity_noise(trace, bearing)
        parts = [tuple(part[self._cursor[0] :] for part in self._queue)]
        for path in (Path(bearing, 1.0, 0.0), *heard):
            hits = path.bearing.impacts(trace)
            if hits.tick.size:
                t = hits.offset_s + path.delay_s + self.path.delay_s
                impulse = path.gain * self.path.gain * hits.impulse_n_s
                parts.append(_on_samples(hits.tick, t, impulse, hits.sharp, first, lead, self.rate_hz))
        parts.append(self._collapses(trace, grid, frac, bubbles))
        sample, late, impulse, sharp = (np.concatenate(column) for column in zip(*parts, strict=True))
        order = np.lexsort((late, sample))
        self._queue = (sample[order], late[order], impulse[order], sharp[order])
        self._cursor[0] = 0
        self.block_ns = trace.t0_ns

    def _collapses(self, trace: ShaftTrace, grid: Grid, frac: NDArray[np.float64], bubbles: Stream) -> "_Queue":
        p = self.parameters
        if not np.any(trace.cavitation_sigma < 3.5):
            return _empty_queue()
        room = 1024 * trace.cavitation_sigma.size
        tick, offset, impulse = np.empty(room, np.int64), np.empty(room), np.empty(room)
        count = collapses(
            trace.t0_ns // round(trace.tick_s * NANO),
            trace.speed_rad_s,
            frac,
            trace.cavitation_sigma,
            trace.tick_s,
            p.collapse_rate,
            float(p.vanes),
            p.pump_gain * p.collapse_n_s * self.path.gain,
            bubbles.key0,
            bubbles.key1,
            tick,
            offset,
            impulse,
        )
        return _on_samples(
            tick[:count],
            offset[:count] + self.path.delay_s,
            impulse[:count],
            np.ones(count, np.int64),
            *grid,
            self.rate_hz,
        )

    def _flow_noise(self, trace: ShaftTrace) -> NDArray[np.float64]:
        """Return the broadband impulse per sample [N·s], float64[k]: more with speed and off best flow."""
        p = self.parameters
        speed = np.abs(trace.speed_rad_s[:-1]) / p.rotor.rated_speed_rad_s
        off_design = np.minimum(np.abs(trace.flow_ratio - 1.0), 1.0)
        level = np.maximum(speed**1.5, 0.02) * (1.0 + off_design**2)
        # density S [N/√Hz] -> force sigma S·√(fs/2) -> impulse over one sample S·√(fs/2)/fs
        return np.asarray(p.background_n * self.path.gain * level / math.sqrt(2.0 * self.rate_hz))

    def _asperity_noise(self, trace: ShaftTrace, bearing: RollingBearing) -> NDArray[np.float64]:
        """Return σ of the noise of metal on metal, float64[k] [m/s²]: with speed and √load, none on a full film."""
        p = self.parameters
        speed = np.abs(trace.speed_rad_s[:-1]) / p.rotor.rated_speed_rad_s
        load = np.sqrt(np.maximum(bearing.load_n(trace.radial_load_n), 0.0) / bearing.parameters.reference_load_n)
        density = p.asperity_m_s2 * self.path.gain * bearing.film_lack
        return np.asarray(density * speed * load * math.sqrt(0.5 * self.rate_hz))

    def save(self) -> dict[str, Any]:
        """Return everything that changes from sample to sample."""
        return copy.deepcopy({name: getattr(self, name) for name in self.STATES})

    def restore(self, saved: dict[str, Any]) -> None:
        """Take back what `save` gave."""
        for name, value in copy.deepcopy(saved).items():
            setattr(self, name, value)


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


def asperity_band(rate_hz: float) -> NDArray[np.float64]:
    """Return the sections float64[s, 5] that pass 5 … 20 kHz flat, or what of it lies below half the rate.

    Fourth-order Butterworth on either side by the bilinear transform, warped so that its corners lie where they
    should at any rate. One row of zeros where nothing can pass.
    """
    low, high = ASPERITY_BAND_HZ
    if low >= HIGHEST * rate_hz:
        return np.zeros((1, 5))
    rows = [_butterworth(low / rate_hz, q, high_pass=True) for q in BUTTERWORTH_4]
    if high < HIGHEST * rate_hz:
        rows += [_butterworth(high / rate_hz, q, high_pass=False) for q in BUTTERWORTH_4]
    return np.array(rows)


def _butterworth(corner: float, q: float, *, high_pass: bool) -> list[float]:
    w = math.tan(math.pi * corner)
    norm = 1.0 / (1.0 + w / q + w * w)
    gain = norm if high_pass else w * w * norm
    middle = -2.0 * gain if high_pass else 2.0 * gain
    return [gain, middle, gain, 2.0 * (w * w - 1.0) * norm, (1.0 - w / q + w * w) * norm]
