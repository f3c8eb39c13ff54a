"""Sensor chains: from a true value to what a device is given, through ten stages in a fixed order.

mount → element → gain, offset → noise → drift → anti-alias filter → sample clock → saturation → quantiser →
transport.
"""

import copy
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emulator.physics.kernels.philox import fill_normal
from emulator.sensors import adc, transducers
from emulator.sensors.condition import SensorCondition
from emulator.sensors.dropout import Dropout
from emulator.sensors.kernels.scalar import STATES, scalar_chain
from emulator.sensors.kernels.waveform import add_noise, amplifier, digitise, fir
from emulator.streams import Streams
from rigs.schema import SensorSpec

OVER_RANGE = 0.05
NOMINAL_SCAN_S = 0.1
PT100_SECOND_POLE = 3.0 / 20.0
FLOW_FLOOR = 0.05
GRID_S = 0.1


class ScalarChain:
    """One scalar sensor, read once per scan.

    Parameters
    ----------
    spec : the data sheet.
    streams, path : where its scatter and noise come from.
    scan_s : time between readings [s].
    span : (low, high) of the measuring range in SI; readings may leave it by 5 % before they saturate.
    unit : (factor, offset) with SI = factor·wire + offset: the unit in which exchanged words are exchanged.

    """

    def __init__(
        self,
        spec: SensorSpec,
        streams: Streams,
        path: str,
        scan_s: float,
        span: tuple[float, float] = (0.0, 1.0),
        unit: tuple[float, float] = (1.0, 0.0),
    ) -> None:
        low, high = span
        if not low < high:
            raise ValueError(f"range [{low}, {high}] of {path} is empty; low must be below high")
        self.spec, self.path, self.scan_s = spec, path, scan_s
        self.low, self.high, self.span = low, high, high - low
        self.condition = SensorCondition()
        self.status = "good"
        self._unit = unit
        self._noise, self._walk = streams(f"{path}/noise"), streams(f"{path}/walk")
        self._dropout = Dropout(streams, path)
        scatter = streams(f"{path}/scatter").uniform(0, 2)
        # accuracy is a limit: half of it at most from the gain, half from the offset of this unit
        self._gain = 1.0 + (scatter[0] - 0.5) * spec.accuracy * (2.0 if spec.of_reading else 1.0)
        self._offset = 0.0 if spec.of_reading else (scatter[1] - 0.5) * spec.accuracy * self.span
        # the data sheet's noise is for one reading in 100 ms; a density in between, as everywhere
        self._sigma = spec.noise * math.sqrt(NOMINAL_SCAN_S / scan_s) * (1.0 if spec.of_reading else self.span)
        self._state = np.zeros(STATES)
        self._state[0] = np.nan
        self._scan = 0
        self._last = math.nan

    def read(self, true: float) -> float:
        """Return the reading for the true value of this scan, both SI; `status` is then "good" or "bad"."""
        return float(self.read_block(np.array([true]))[0])

    def read_block(self, true: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the readings of consecutive scans, float64[n]; the same as reading them one by one."""
        c, spec = self.condition, self.spec
        second = PT100_SECOND_POLE if spec.kind == "pt100" else 0.0
        margin = OVER_RANGE * self.span
        bottom, top = self.low - margin, self.high + margin
        upper = top if c.limit_factor == 1.0 else self.low + self.span * c.limit_factor
        out = np.empty(true.shape[0])
        scan, self._scan = self._scan, self._scan + true.shape[0]
        if c.stuck == "transport" and not math.isnan(self._last):
            out[:] = self._last
        else:
            scalar_chain(
                np.ascontiguousarray(true, np.float64),
                scan,
                self.scan_s,
                spec.lag * c.lag_factor,
                spec.lag * second * c.lag_factor,
                self._gain * c.scale,
                self._offset + c.bias * self.span,
                self._sigma * c.noise_gain,
                FLOW_FLOOR * self.span if spec.of_reading else 0.0,
                c.drift_per_s * self.span,
                c.walk_per_sqrt_s * self.span,
                int(c.stuck == "element"),
                bottom,
                upper,
                bottom,
                adc.step(top - bottom, spec.bits - c.bits_lost),
                self._noise.key0,
                self._noise.key1,
                self._walk.key0,
                self._walk.key1,
                self._state,
                out,
            )
        self._last = self._transport(scan, out)
        return out

    def _transport(self, scan: int, out: NDArray[np.float64]) -> float:
        """Apply gaps and exchanged words in place; return the last code before the exchange."""
        c, last = self.condition, self._last
        self.status = "good"
        for i in range(out.shape[0]):
            gone = self._dropout.gone(scan + i, self.scan_s, c)
            self.status = "bad" if gone else "good"
            if gone and not math.isnan(last):
                out[i] = last
            last = float(out[i])
            if c.word_swap:
                factor, offset = self._unit
                out[i] = adc.swap_words((last - offset) / factor) * factor + offset
        return last

    def save(self) -> dict[str, Any]:
        """Return everything that changes from scan to scan."""
        return copy.deepcopy(
            {
                "condition": self.condition,
                "state": self._state,
                "scan": self._scan,
                "last": self._last,
                "status": self.status,
                "dropout": self._dropout.save(),
            }
        )

    def restore(self, saved: dict[str, Any]) -> None:
        """Take back what `save` gave."""
        self.condition.take(saved["condition"])
        self._state[:] = saved["state"]
        self._scan, self._last, self.status = saved["scan"], saved["last"], saved["status"]
        self._dropout.restore(saved["dropout"])


class WaveformChain:
    """One accelerometer, digitised at `rate_hz`; ask the plant for true samples at `true_rate_hz`.

    Both filters are symmetric and delay the signal by `delay_s`. `full_scale` comes from the data sheet,
    ±50 g if it names none; `noise` of the data sheet is added to the amplifier's own density, as a fraction
    of span per sample.
    """

    def __init__(self, spec: SensorSpec, streams: Streams, path: str, rate_hz: float) -> None:
        self.spec, self.path, self.rate_hz = spec, path, rate_hz
        self.full_scale = spec.full_scale or 50.0 * transducers.STANDARD_GRAVITY
        self.span = 2.0 * self.full_scale
        self.condition = SensorCondition()
        self.status = "good"
        self._mount_taps = transducers.mount_fir(transducers.MOUNTS[spec.mount], rate_hz)
        self._filter_taps = transducers.anti_alias_fir()
        self._slope_taps = transducers.differentiator(self._filter_taps.size // 2, 0.42) * rate_hz
        self.delay_s = (self._mount_taps.size // 2 + self._filter_taps.size // 2) / rate_hz
        x = 2.0 * transducers.IEPE_TAU_S * rate_hz
        self._high_pass = ((x - 1.0) / (x + 1.0), x / (x + 1.0))
        poles = transducers.flicker_poles(transducers.IEPE_DENSITY, transducers.IEPE_CORNER_HZ, rate_hz)
        self._poles = poles
        keys = [streams(f"{path}/flicker/{p}") for p in range(poles.mask.size)]
        self._keys = np.array([(k.key0, k.key1) for k in keys], np.int64)
        self._white = math.hypot(transducers.IEPE_DENSITY * math.sqrt(rate_hz / 2.0), spec.noise * self.span)
        self._noise, self._walk = streams(f"{path}/noise"), streams(f"{path}/walk")
        self._jitter = streams(f"{path}/jitter")
        self._dropout = Dropout(streams, path)
        self._gain = 1.0 + (2.0 * streams(f"{path}/scatter").uniform(0, 1)[0] - 1.0) * spec.accuracy
        self._overload = (
            1.0 / (transducers.IEPE_TAU_S * rate_hz),
            math.exp(-1.0 / (transducers.IEPE_TAU_S * rate_hz)),
        )
        self._state: dict[str, NDArray[np.float64]] = {
            "mount": np.zeros(self._mount_taps.size - 1),
            "amplifier": np.array([np.nan, 0.0, 0.0, 0.0, 0.0]),
            "flicker": np.zeros(poles.mask.size),
            "filter": np.zeros(self._filter_taps.size - 1),
            "overload": np.zeros(1),
            "last": np.full(1, np.nan),
        }

    @property
    def true_rate_hz(self) -> float:
        """Samples per second of true time: the nominal rate with the sample clock's error."""
        return self.rate_hz * (1.0 + self.spec.clock_error_ppm * 1e-6)

    def read(self, n0: int, samples: NDArray[np.float64]) -> NDArray[np.float32]:
        """Return what the device stores for true samples n0, n0+1, …, float32[n] [m/s²]."""
        c, s, count = self.condition, self._state, samples.shape[0]
        x, work, normal = np.empty(count), np.empty(count), np.empty(count)
        fir(s["mount"], np.ascontiguousarray(samples, np.float64), self._mount_taps, x)
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
        fill_normal(self._noise.key0, self._noise.key1, n0, normal)
        p = self._poles
        add_noise(x, n0, self._white, normal, p.mask, p.decay, p.drive, self._keys, s["flicker"], c.noise_gain)
        if c.jitter_s > 0.0:
            fir(s["filter"].copy(), x, self._slope_taps, normal)
        fir(s["filter"], x, self._filter_taps, work)
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

    def _transport(self, n0: int, out: NDArray[np.float32]) -> NDArray[np.float32]:
        c, last = self.condition, self._state["last"]
        self.status = "good"
        if c.stuck == "transport" and not math.isnan(last[0]):
            out[:] = last[0]
        if c.dropout_gap_s > 0.0 or self._dropout.missing:
            grid = max(round(GRID_S * self.rate_hz), 1)
            for cell in range(n0 // grid, (n0 + out.shape[0] - 1) // grid + 1):
                start, stop = max(cell * grid - n0, 0), min((cell + 1) * grid - n0, out.shape[0])
                if self._dropout.gone(cell, GRID_S, c):
                    out[start:stop] = out[start - 1] if start else np.nan_to_num(last[0])
                    self.status = "bad"
        if out.shape[0]:
            last[0] = out[-1]
        return adc.swap_words_array(out) if c.word_swap else out

    def save(self) -> dict[str, Any]:
        """Return everything that changes from sample to sample."""
        names = ("condition", "status", "_state")
        return copy.deepcopy({n: getattr(self, n) for n in names} | {"dropout": self._dropout.save()})

    def restore(self, saved: dict[str, Any]) -> None:
        """Take back what `save` gave."""
        self.condition.take(saved["condition"])
        self.status = saved["status"]
        for name, value in saved["_state"].items():
            self._state[name][:] = value
        self._dropout.restore(saved["dropout"])
