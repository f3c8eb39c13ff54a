"""The chain of a scalar sensor: one reading per scan, through all stages in their order."""

import copy
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emulator.sensors import adc
from emulator.sensors.condition import SensorCondition
from emulator.sensors.dropout import Dropout
from emulator.sensors.elements import element_of
from emulator.sensors.kernels.scalar import STATES, scalar_chain
from emulator.sensors.loop import LIVE_MA, LoopReader, current_ma, fraction_of
from emulator.sensors.skew import LateLook
from emulator.streams import Streams
from rigs.schema import SensorSpec

OVER_RANGE = 0.05
NOMINAL_SCAN_S = 0.1
PT100_SECOND_POLE = 3.0 / 20.0
FLOW_FLOOR = 0.05
EVERYTHING = 1e300


class ScalarChain:
    """One scalar sensor, read once per scan.

    Parameters
    ----------
    spec : the data sheet.
    streams, path : where its scatter and noise come from.
    scan_s : time between readings [s].
    span : (low, high) of the measuring range in SI; readings may leave it by 5 % before they saturate, those of
        a 4–20 mA transmitter as far as a living one goes (3.8…20.5 mA).
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
        self.name = path.rpartition("/")[2]
        self.neighbours: dict[str, Any] = {}
        self.low, self.high, self.span = low, high, high - low
        self.condition = SensorCondition()
        self.status = "good"
        self._unit = unit
        self._noise, self._walk = streams(f"{path}/noise"), streams(f"{path}/walk")
        self._spikes, self._jitter = streams(f"{path}/spikes"), streams(f"{path}/jitter")
        self._dropout = Dropout(streams, path)
        scatter = streams(f"{path}/scatter").uniform(0, 4)
        # accuracy is a limit: half of it at most from the gain, half from the offset of this unit
        self._gain = 1.0 + (scatter[0] - 0.5) * spec.accuracy * (2.0 if spec.of_reading else 1.0)
        self._offset = 0.0 if spec.of_reading else (scatter[1] - 0.5) * spec.accuracy * self.span
        self._hum_turns = float(scatter[3])
        # the data sheet's noise is for one reading in 100 ms; a density in between, as everywhere
        self._sigma = spec.noise * math.sqrt(NOMINAL_SCAN_S / scan_s) * (1.0 if spec.of_reading else self.span)
        self._element = element_of(spec, 2.0 * float(scatter[2]) - 1.0)
        self._reader = LoopReader() if spec.kind == "transmitter_4_20ma" else None
        beyond = (fraction_of(LIVE_MA[0]), fraction_of(LIVE_MA[1])) if self._reader else (-OVER_RANGE, 1.0 + OVER_RANGE)
        self._bottom, self._top = low + beyond[0] * self.span, low + beyond[1] * self.span
        self._late = LateLook(1.0 / scan_s)
        # the lag of an element with a curve has a state of its own, in front of the curve
        self._state = np.zeros((2, STATES))
        self._state[:, 0] = np.nan
        self._scan = 0
        self._last = math.nan

    def read(self, true: float) -> float:
        """Return the reading for the true value of this scan, both SI; `status` says "good", "uncertain" or "bad"."""
        return float(self.read_block(np.array([true]))[0])

    def read_block(self, true: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the readings of consecutive scans, float64[n]; the same as reading them one by one."""
        c = self.condition
        x = np.ascontiguousarray(true, np.float64)
        out = np.empty(x.shape[0])
        scan, self._scan = self._scan, self._scan + x.shape[0]
        if c.reversed or c.skewed or c.jitter_s > 0.0 or self._late.active:
            x = self._mounted(x, scan)
        if self._element is None and not c.disturbed:
            self._convert(x, scan, self.spec.lag * c.lag_factor, 0.0, self._state[0], out)
        else:
            for i in range(x.shape[0]):
                self._one(x[i : i + 1], scan + i, out[i : i + 1])
        if c.stuck == "transport" and out.shape[0]:
            # the element behind the frozen code goes on living
            out[:] = out[0] if math.isnan(self._last) else self._last
        self._last = self._transport(scan, out)
        return out

    @property
    def level(self) -> float:
        """The physical value behind the newest reading, a fraction of span: what a neighbour's wire picks up."""
        first = self._state[0]
        return 0.0 if math.isnan(first[0]) else (float(first[1]) - self.low) / self.span

    def _mounted(self, x: NDArray[np.float64], scan: int) -> NDArray[np.float64]:
        """Return the true values that a late or jittering clock catches, mirrored if the leads are reversed."""
        c = self.condition
        if c.skewed or c.jitter_s > 0.0:
            moved = c.jitter_s * self._jitter.normal(scan, x.size) if c.jitter_s > 0.0 else None
            x = self._late.read(x, c.late_s, c.clock_drift_ppm, moved)
        else:
            self._late.forget()
        return 2.0 * (self._element.centre if self._element else 0.0) - x if c.reversed else x

    def _one(self, x: NDArray[np.float64], scan: int, out: NDArray[np.float64]) -> None:
        """Read one value of a sensor with a curve, or of a disturbed one."""
        lag, state = self.spec.lag * self.condition.lag_factor, self._state[0]
        if self._element is not None:
            self._lagged(x, lag, out)
            x = np.array([self._element.read(float(out[0]), self.scan_s)])
            lag, state = 0.0, self._state[1]
        self._convert(x, scan, lag, self._disturbance(scan), state, out)

    def _disturbance(self, scan: int) -> float:
        """Return what is added to the signal of this scan: spikes, hum, a neighbour, an open circuit [SI]."""
        c, added = self.condition, 0.0
        if c.hum:
            # the clock of the scan and the mains are both exact: keep whole turns out of the sine
            added += c.hum * math.sin(math.tau * ((c.hum_hz * self.scan_s % 1.0) * scan % 1.0 + self._hum_turns))
        if c.crosstalk and c.neighbour in self.neighbours:
            added += c.crosstalk * self.neighbours[c.neighbour].level
        if c.spike_hz:
            when, sign, size = self._spikes.uniform(3 * scan, 3)
            if when < -math.expm1(-c.spike_hz * self.scan_s):
                added += math.copysign(c.spike_size * -math.log(size), sign - 0.5)
        if c.wire_break and self.spec.kind in ("pt100", "thermocouple"):
            added += -1e3 if self.spec.kind == "thermocouple" and self.spec.burnout == "down" else 1e3
        return added * self.span

    def _lagged(self, x: NDArray[np.float64], lag: float, out: NDArray[np.float64]) -> None:
        """Pass `x` through the element's lag alone."""
        second = PT100_SECOND_POLE if self.spec.kind == "pt100" else 0.0
        frozen = int(self.condition.stuck == "element")
        scalar_chain(
            x, 0, self.scan_s, lag, lag * second, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, frozen,
            -EVERYTHING, EVERYTHING, 0.0, 0.0, 0, 0, 0, 0, self._state[0], out,
        )  # fmt: skip

    def _convert(
        self,
        x: NDArray[np.float64],
        scan: int,
        lag: float,
        added: float,
        state: NDArray[np.float64],
        out: NDArray[np.float64],
    ) -> None:
        c, spec = self.condition, self.spec
        scalar_chain(
            x,
            scan,
            self.scan_s,
            lag,
            lag * PT100_SECOND_POLE if spec.kind == "pt100" else 0.0,
            self._gain * c.scale,
            self._offset + c.bias * self.span + added,
            self._sigma * c.noise_gain,
            FLOW_FLOOR * self.span if spec.of_reading else 0.0,
            c.drift_per_s * self.span,
            c.walk_per_sqrt_s * self.span,
            int(c.stuck == "element"),
            self._bottom,
            self._top if c.limit_factor == 1.0 else self.low + self.span * c.limit_factor,
            self._bottom,
            adc.step(self._top - self._bottom, spec.bits - c.bits_lost),
            self._noise.key0,
            self._noise.key1,
            self._walk.key0,
            self._walk.key1,
            state,
            out,
        )

    def _transport(self, scan: int, out: NDArray[np.float64]) -> float:
        """Apply the current loop, gaps, wrong factors and exchanged words in place; return the last code before."""
        c, last = self.condition, self._last
        rewritten = c.word_swap or c.code_factor != 1.0
        watched = c.dropout_gap_s > 0.0 or self._dropout.missing
        if not (watched or rewritten or self._reader or c.wire_break):
            self.status = "good"
            return float(out[-1]) if out.shape[0] else last
        for i in range(out.shape[0]):
            gone = watched and self._dropout.gone(scan + i, self.scan_s, c)
            if gone and not math.isnan(last):
                out[i] = last
            last = float(out[i])
            self.status = "bad" if gone else self._judge(out, i)
            if rewritten:
                factor, offset = self._unit
                wire = c.code_factor * (out[i] - offset) / factor
                out[i] = (adc.swap_words(wire) if c.word_swap else wire) * factor + offset
        return last

    def _judge(self, out: NDArray[np.float64], i: int) -> str:
        """Return the status of a reading that arrived; a loop that lost current is read as what is left of it."""
        broken = self.condition.wire_break
        if self._reader is None:
            return "bad" if broken and self.spec.kind in ("pt100", "thermocouple") else "good"
        current = current_ma((out[i] - self.low) / self.span) * (1.0 - broken)
        if broken:
            out[i] = self.low + fraction_of(current) * self.span
        # the last code may lie a rounding error beyond the limits of a living transmitter
        return self._reader.status(round(current, 9), self.scan_s)

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
                "late": self._late.save(),
                "element": self._element.save() if self._element else None,
                "failing_s": self._reader.failing_s if self._reader else 0.0,
            }
        )

    def restore(self, saved: dict[str, Any]) -> None:
        """Take back what `save` gave."""
        self.condition.take(saved["condition"])
        self._state[:] = saved["state"]
        self._scan, self._last, self.status = saved["scan"], saved["last"], saved["status"]
        self._dropout.restore(saved["dropout"])
        self._late.restore(saved["late"])
        if self._element is not None:
            self._element.restore(saved["element"])
        if self._reader is not None:
            self._reader.failing_s = saved["failing_s"]
