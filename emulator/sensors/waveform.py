"""The chain of a sensor that carries a waveform: blocks of samples, through all stages in their order."""

import copy
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emulator.physics.kernels.philox import fill_normal
from emulator.sensors import adc, transducers
from emulator.sensors.condition import SensorCondition
from emulator.sensors.dropout import Dropout
from emulator.sensors.front import NOMINAL_RATE_HZ, front_end
from emulator.sensors.kernels.waveform import add_noise, add_spikes, amplifier, digitise, fir
from emulator.sensors.mounting import FINER, Mounting
from emulator.sensors.skew import LateLook
from emulator.streams import Streams
from rigs.schema import SensorSpec

GRID_S = 0.1
Floats = NDArray[np.float64]


class WaveformChain:
    """One waveform sensor, digitised at `rate_hz`; ask the plant for true samples at `true_rate_hz`.

    Both filters are symmetric and delay the signal by `delay_s`. The converter takes ±`full_scale`: of the data
    sheet, else what its kind has (±50 g, ±100 A), else the larger end of `span`, the point's (low, high) in SI.
    """

    def __init__(
        self, spec: SensorSpec, streams: Streams, path: str, rate_hz: float, span: tuple[float, float] = (-1.0, 1.0)
    ) -> None:
        self.spec, self.path, self.rate_hz = spec, path, rate_hz
        self.name = path.rpartition("/")[2]
        self.neighbours: dict[str, Any] = {}
        front = front_end(spec)
        self.full_scale = spec.full_scale or front.full_scale or max(abs(span[0]), abs(span[1]))
        self.span = 2.0 * self.full_scale
        self.condition = SensorCondition()
        self.status = "good"
        self.mounting = Mounting(spec, rate_hz, mounted=front.mounted)
        self._filter_taps = transducers.anti_alias_fir()
        self._slope_taps = transducers.differentiator(self._filter_taps.size // 2, 0.42) * rate_hz
        self.delay_s = (self.mounting.half + self._filter_taps.size // 2) / rate_hz
        x = 2.0 * front.tau_s * rate_hz
        self._high_pass = ((x - 1.0) / (x + 1.0), x / (x + 1.0)) if front.tau_s else (1.0, 1.0)
        self._poles = transducers.flicker_poles(front.density, front.corner_hz, rate_hz)
        keys = [streams(f"{path}/flicker/{p}") for p in range(self._poles.mask.size)]
        self._keys = np.array([(k.key0, k.key1) for k in keys], np.int64).reshape(-1, 2)
        # a density: the data sheet's fraction of span is that of a sample at the nominal rate
        extra = spec.noise * self.span * math.sqrt(rate_hz / NOMINAL_RATE_HZ)
        self._white = math.hypot(front.density * math.sqrt(rate_hz / 2.0), extra)
        self._noise, self._walk = streams(f"{path}/noise"), streams(f"{path}/walk")
        self._jitter = streams(f"{path}/jitter")
        self._spikes = streams(f"{path}/spikes"), streams(f"{path}/spike_sizes")
        self._dropout = Dropout(streams, path)
        self._gain = 1.0 + (2.0 * streams(f"{path}/scatter").uniform(0, 1)[0] - 1.0) * spec.accuracy
        self._hum_turns = float(streams(f"{path}/hum").uniform(0, 1)[0])
        fade = 1.0 / (front.tau_s * rate_hz) if front.recovers else 0.0
        self._overload = (fade, math.exp(-fade)) if front.recovers else (0.0, 0.0)
        self._late = LateLook(rate_hz)
        self.one_rate = False  # the machine renders at no other rate
        self.finer = False
        self.sensed: tuple[int, Floats, Floats] = (0, np.zeros(0), np.zeros(0))
        self._state: dict[str, Floats] = {
            "amplifier": np.array([np.nan, 0.0, 0.0, 0.0, 0.0]),
            "flicker": np.zeros(self._poles.mask.size),
            "filter": np.zeros(self._filter_taps.size - 1),
            "overload": np.zeros(1),
            "last": np.full(1, np.nan),
        }

    @property
    def true_rate_hz(self) -> float:
        """Samples per second of true time: the nominal rate with the sample clock's error."""
        return self.rate_hz * (1.0 + self.spec.clock_error_ppm * 1e-6)

    @property
    def fine_rate_hz(self) -> float:
        """The rate [Hz] of what `read` takes as `fine`, if it must have it; else 0.

        Once asked for, it is asked for to the end: a machine renders each rate without a gap.
        """
        self.finer = self.finer or self.condition.aliasing > 0.0
        return FINER * self.true_rate_hz if self.finer else 0.0

    def read(self, n0: int, samples: Floats, m0: int = 0, fine: Floats | None = None) -> NDArray[np.float32]:
        """Return what the device stores for true samples n0, n0+1, …, float32[n], SI.

        fine : the same time at `fine_rate_hz`, its first sample numbered m0: what a missing anti-alias filter lets
        fold. Without it, only what is below half the rate is there to be seen.
        """
        c, s, count = self.condition, self._state, samples.shape[0]
        x, work, normal = np.empty(count), np.empty(count), np.empty(count)
        true = np.ascontiguousarray(samples, np.float64)
        self.mounting.read(self._mounted(n0, true), c, x)
        if fine is not None:
            picked = self.mounting.read_fine(m0, np.ascontiguousarray(fine, np.float64), n0, count)
            if c.aliasing > 0.0:
                x = (1.0 - c.aliasing) * x + c.aliasing * picked
        if self._high_pass[0] == 1.0 and math.isnan(s["amplifier"][0]) and count:
            s["filter"][:] = (x[0] * self._gain * c.scale) + c.bias * self.span
        amplifier(
            x,
            int(c.stuck == "element"),
            *self._high_pass,
            self._gain * c.scale,
            c.bias * self.span,
            c.drift_per_s * self.span,
            c.walk_per_sqrt_s * self.span,
            1.0 / self.rate_hz,
            n0,
            self._walk.key0,
            self._walk.key1,
            s["amplifier"],
        )
        self.sensed = (n0, true, x.copy())
        fill_normal(self._noise.key0, self._noise.key1, n0, normal)
        p = self._poles
        add_noise(x, n0, self._white, normal, p.mask, p.decay, p.drive, self._keys, s["flicker"], c.noise_gain)
        if c.disturbed:
            self._disturb(n0, x)
        taps = self._taps()
        if c.jitter_s > 0.0:
            fir(s["filter"].copy(), x, self._slope_taps, normal)
        fir(s["filter"], x, taps, work)
        if c.spike_hz > 0.0 and c.spike_at == "after":
            self._spike(n0, work)
        out = np.empty(count, np.float32)
        digitise(
            work,
            normal,
            c.jitter_s,
            n0,
            self._jitter.key0,
            self._jitter.key1,
            self.full_scale * c.limit_factor,
            *self._overload,
            self.full_scale,
            adc.step(self.span, self.spec.bits - c.bits_lost),
            s["overload"],
            out,
        )
        return self._transport(n0, out)

    # --- faults at their stages -------------------------------------------------------------------------------

    def _mounted(self, n0: int, true: Floats) -> Floats:
        """Return what the mount sees: a late look, a turned axis, a reversed one."""
        c = self.condition
        if c.turned_rad:
            true = math.cos(c.turned_rad) * true + math.sin(c.turned_rad) * self._of(c.turned_to, n0, true.size, 1)
        if c.reversed:
            true = -true
        if c.skewed:
            return self._late.read(true, c.late_s, c.clock_drift_ppm)
        if self._late.active:
            self._late.forget()
        return true

    def _of(self, name: str, n0: int, count: int, which: int) -> Floats:
        """Return what a neighbour met (1: at its mount, 2: behind its amplifier) at samples n0 …; 0 where unknown."""
        found = np.zeros(count)
        other = self.neighbours.get(name)
        if other is not None:
            start, theirs = other.sensed[0], other.sensed[which]
            a, b = max(n0, start), min(n0 + count, start + theirs.size)
            if b > a:
                found[a - n0 : b - n0] = theirs[a - start : b - start]
        return found

    def _disturb(self, n0: int, x: Floats) -> None:
        """Add hum, a neighbour and spikes in front of the anti-alias filter, in place."""
        c = self.condition
        if c.hum:
            # whole turns are taken out in integers, so that the phase is as good after ten days
            turns = np.arange(n0, n0 + x.size) % round(self.rate_hz * 1000.0) * (c.hum_hz / self.rate_hz)
            x += c.hum * self.span * np.sin(math.tau * (turns % 1.0 + self._hum_turns))
        if c.crosstalk:
            other = self.neighbours.get(c.neighbour)
            ratio = self.full_scale / other.full_scale if other is not None else 0.0
            x += c.crosstalk * ratio * self._of(c.neighbour, n0, x.size, 2)
        if c.spike_hz > 0.0 and c.spike_at == "before":
            self._spike(n0, x)

    def _spike(self, n0: int, x: Floats) -> None:
        c, (when, how) = self.condition, self._spikes
        chance = -math.expm1(-c.spike_hz / self.rate_hz)
        add_spikes(x, n0, chance, c.spike_size * self.span, when.key0, when.key1, how.key0, how.key1)

    def _taps(self) -> Floats:
        """Return the anti-alias filter, or what is left of it: the missing share is a wire of the same delay."""
        share = self.condition.aliasing
        if share == 0.0:
            return self._filter_taps
        taps = (1.0 - share) * self._filter_taps
        taps[taps.size // 2] += share
        return taps

    def _transport(self, n0: int, out: NDArray[np.float32]) -> NDArray[np.float32]:
        c, last = self.condition, self._state["last"]
        self.status = "good"
        if c.stuck == "transport" and out.shape[0]:
            out[:] = out[0] if math.isnan(last[0]) else last[0]
        if c.dropout_gap_s > 0.0 or self._dropout.missing:
            grid = max(round(GRID_S * self.rate_hz), 1)
            for cell in range(n0 // grid, (n0 + out.shape[0] - 1) // grid + 1):
                start, stop = max(cell * grid - n0, 0), min((cell + 1) * grid - n0, out.shape[0])
                if self._dropout.gone(cell, GRID_S, c):
                    out[start:stop] = out[start - 1] if start else np.nan_to_num(last[0])
                    self.status = "bad"
        if out.shape[0]:
            last[0] = out[-1]
        if c.code_factor != 1.0:
            out = out * np.float32(c.code_factor)
        return adc.swap_words_array(out) if c.word_swap else out

    # --- save and restore -------------------------------------------------------------------------------------

    def save(self) -> dict[str, Any]:
        """Return everything that changes from sample to sample."""
        names = ("condition", "status", "finer", "sensed", "_state")
        parts = {"dropout": self._dropout.save(), "late": self._late.save(), "mounting": self.mounting.save()}
        return copy.deepcopy({n: getattr(self, n) for n in names} | parts)

    def restore(self, saved: dict[str, Any]) -> None:
        """Take back what `save` gave."""
        self.condition.take(saved["condition"])
        self.status, self.finer, self.sensed = saved["status"], saved["finer"], copy.deepcopy(saved["sensed"])
        for name, value in saved["_state"].items():
            self._state[name][:] = value
        self._dropout.restore(saved["dropout"])
        self._late.restore(saved["late"])
        self.mounting.restore(saved["mounting"])
