"""Thousands of measuring points followed at once: features and an envelope spectrum of each, every second.

    high-pass -> features
              -> band-pass -> complex FIR, decimated -> squared envelope -> spectrum -> chance of every line family

Samples of all points arrive side by side, float32[samples, points], in blocks of any size. Points are worked on in
groups of sixteen, one per SIMD lane (`kernels/lanes.py`), fewer than six one after the other (`kernels/solo.py`).
All buffers are made at the beginning; feeding a block allocates nothing, releases the GIL, and gives the same bits
however the samples are cut into blocks and however many threads work.

The pipeline watches; it does not diagnose. A point whose lines stand out is worth a full look with
`twin.dsp.analysis` or `twin.dsp.point`, which weigh many bands, modulation depth and rival explanations.
"""

import math
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from twin.dsp.bearing import FAMILIES
from twin.dsp.biquad import butterworth
from twin.dsp.iso20816 import velocity_sections
from twin.dsp.kernels._simd import LANES
from twin.dsp.kernels.fft import SILENT
from twin.dsp.kernels.pipeline import TILE, lanes_advance, pipeline_finish, solo_advance
from twin.dsp.pipeline_design import (
    MeasuringPoint,
    check,
    demodulator,
    highest_factor,
    lane_sections,
    padded,
    settled_state,
    solo_sections,
    twiddles,
    unit_sections,
)
from twin.dsp.pipeline_window import FEATURES, FLAGS, LineFinding, Window
from twin.dsp.quality import CLIPPED_SHARE
from twin.dsp.spectrum import fast_length, hann

Array = NDArray[np.float64]
Single = NDArray[np.float32]

FEWEST_SIDE_BY_SIDE = 6
HARMONICS = 4
TOLERANCE = 0.02
"""Slip and speed error looked through, as in `evidence`."""
SETTLING, GAP = 1 << FLAGS.index("settling"), 1 << FLAGS.index("gap")
STEADY = 0.01
"""Relative speed change within a window beyond which its lines are smeared."""


class Pipeline:
    """Follow many points of one sample rate.

    Parameters
    ----------
    points : what is measured, in the order of the columns of the blocks
    rate_hz : sample rate of all of them
    window_s : length of a window; rounded to whole decimated samples
    high_pass_hz : corner of the second-order high-pass in front of everything (DC, IEPE drift), float64 inside
    order : order of the band-pass's two flanks together (Butterworth, a multiple of 4)
    envelope_hz : highest frequency of interest in the envelope spectrum
    velocity : also give the rms velocity in 10 … 1000 Hz (ISO 20816-1) of points in m/s²
    far : rate of false alarms per point and window, all families together
    threads : how many threads share the groups

    Raises
    ------
    ValueError
        If rate, window, bands or names make no sense; the message says which and what would do.

    Notes
    -----
    Squaring a band of width B and looking at lags up to f folds nothing back when the decimated rate is at least
    B + f; the widest band sets it for all. The envelope FIR is a Kaiser low-pass of 40 dB, shifted to each band's
    middle, so that one filter passes the band, removes negative frequencies and decimates (Crochiere & Rabiner,
    Multirate Digital Signal Processing, §2.4); the band-pass before it adds its own slopes.
    """

    def __init__(
        self,
        points: Sequence[MeasuringPoint],
        rate_hz: float,
        *,
        window_s: float = 1.0,
        high_pass_hz: float = 2.0,
        order: int = 8,
        envelope_hz: float = 500.0,
        velocity: bool = False,
        far: float = 1e-3,
        threads: int = 1,
    ) -> None:
        check(points, rate_hz, window_s, high_pass_hz, order, envelope_hz, far, threads)
        self.points = tuple(points)
        self.rate_hz = rate_hz
        self.far = far
        self.factor = highest_factor(rate_hz, [point.band_hz for point in points], envelope_hz)
        self.values = max(round(window_s * rate_hz / self.factor), 16)
        self.window = self.values * self.factor
        self._side_by_side = len(points) >= FEWEST_SIDE_BY_SIDE
        # our own transform takes powers of two, numpy's any length that is quick
        size = (padded(self.values) if self._side_by_side else fast_length(self.values + self.values % 2)) // 2
        self.transform_length = 2 * size
        self.df_hz = rate_hz / self.factor / (2 * size)
        # what the highest frequency of interest needs beside it as neighbourhood
        self._bins = min(size + 1, math.ceil((envelope_hz + 25.0 / self.window * rate_hz) / self.df_hz) + 4)
        self._groups = -(-len(points) // LANES)
        self._velocity = velocity
        self._threads = min(threads, self._groups if self._side_by_side else len(points))
        self._pool: ThreadPoolExecutor | None = None
        self._design(high_pass_hz, order, envelope_hz)
        self._allocate(size)
        self.reset()

    def _design(self, high_pass_hz: float, order: int, envelope_hz: float) -> None:
        rate = self.rate_hz
        high = butterworth(2, high_pass_hz, rate, high=True)
        bands = [
            np.vstack([butterworth(order // 2, low, rate, high=True), butterworth(order // 2, top, rate, high=False)])
            for low, top in (point.band_hz for point in self.points)
        ]
        taps = [demodulator(rate, point.band_hz, self.factor, envelope_hz) for point in self.points]
        most = max(tap.size for tap in taps)
        if not self._side_by_side:
            most = -(-most // LANES) * LANES  # here the taps themselves stand side by side
        taps = [np.pad(tap, (0, most - tap.size)) for tap in taps]
        speed = velocity_sections(rate) if self._velocity else np.empty((0, 6))
        count = len(self.points)
        self._high, self._speed_sections = high, speed
        if self._side_by_side:
            self._hp: Array = unit_sections([high] * count, np.float64, with_gain=True)[0]
            band, gains = unit_sections(bands, np.float32, with_gain=False)
            self._band: Any = band
            taps = [tap * gain for tap, gain in zip(taps, gains, strict=True)]
            self._speed: Array = lane_sections([speed] * count, np.float64)
            stacked = np.zeros((self._groups, most, 2, LANES), np.float32)
            for c, tap in enumerate(taps):
                stacked[c // LANES, :, 0, c % LANES] = tap.real
                stacked[c // LANES, :, 1, c % LANES] = tap.imag
            self._taps: Single = stacked.reshape(self._groups, -1)
        else:
            designed = [solo_sections(np.vstack([high, band])) for band in bands]
            self._hp = np.stack([sections for sections, _ in designed])
            self._band = np.array([gains[0] for _, gains in designed])
            taps = [tap * float(gains[1:].prod()) for tap, (_, gains) in zip(taps, designed, strict=True)]
            self._speed = np.stack([np.column_stack([speed[:, :3], -speed[:, 4:]]).reshape(-1)] * count)
            # a plain convolution: oldest sample first
            self._taps = np.stack([np.concatenate([tap[::-1].real, tap[::-1].imag]) for tap in taps]).astype(np.float32)
        self._count = most

    def _allocate(self, size: int) -> None:
        channels, groups, side = len(self.points), self._groups, self._side_by_side
        rows = groups if side else channels
        width = LANES if side else 1
        self._tiles = np.zeros((rows, TILE * LANES if side else TILE + 1), np.float32)
        self._held = np.zeros((rows, LANES), np.float32)
        self._watch = np.zeros((rows, 5 * width), np.float32)
        self._hp_state = np.zeros((rows, 2 * LANES if side else self._hp.shape[1] // 3 * 2))
        self._band_state = np.zeros((rows, self._band.shape[1] // 3 * 2 if side else 0), np.float32)
        self._speed_state = np.zeros((rows, self._speed.shape[1] // 5 * 2))
        self._sums = np.zeros((rows, 7 * LANES))
        self._extremes = np.zeros((rows, 3 * LANES), np.float32)
        self._power = np.zeros((rows, LANES))
        self._history = np.zeros((rows, (self._count - 1 + TILE) * width), np.float32)
        self._env = np.zeros((groups, self.values * LANES), np.float32)
        self._mid = np.zeros((rows, TILE + 1), np.float32)
        self._out = np.zeros((rows, TILE + 1), np.float32)
        self._features = np.zeros((channels, len(FEATURES)))
        self._flags = np.zeros(channels, np.int64)
        self._mean = np.zeros((groups, LANES))
        self._spectrum = np.zeros((groups, self._bins * LANES), np.float32)
        self._work = [
            (np.zeros(2 * size * LANES, np.float32), np.zeros(2 * size * LANES, np.float32), np.zeros(size + 2))
            for _ in range(self._threads)
        ]
        self._window = hann(self.values).astype(np.float32)
        self._gain = 2.0 / float(self._window.sum())
        self._twiddle, self._half_turn = twiddles(size)
        self._scale = np.array([point.scale for point in self.points])
        none = (0.0,) * len(FAMILIES)
        self._orders = np.array(
            [tuple(point.bearing.orders().values()) if point.bearing else none for point in self.points]
        )
        self._chance = np.zeros((channels, len(FAMILIES)))
        self._found = np.zeros((channels, len(FAMILIES)))
        self._shaft = np.zeros(channels)
        self._slowest = np.zeros(channels)
        self._fastest = np.zeros(channels)

    def log10_chance(self) -> Array:
        """Decimal logarithm of the chance of the strongest family in the last window, float64[points]; 0: nothing.

        A copy; counts families and slips as `LineFinding.chance` does.
        """
        least = np.minimum(self._chance.min(axis=1) + math.log(len(FAMILIES)), 0.0)
        return np.asarray(np.where(self._flags == 0, least, 0.0) / math.log(10.0))

    @property
    def latency_samples(self) -> float:
        """How long the envelope lags behind the samples: the group delay of its FIR."""
        return (self._count - 1) / 2.0

    def reset(self) -> None:
        """Forget everything fed, as after a gap; sample numbers go on."""
        for array in (self._tiles, self._held, self._sums, self._power, self._history, self._mid):
            array[:] = 0.0
        self._extremes[:] = 0.0
        self._extremes[:, :LANES] = np.inf
        self._extremes[:, LANES : 2 * LANES] = -np.inf
        width = self._watch.shape[1] // 5
        self._watch[:] = 0.0
        self._watch[:, width : 2 * width] = np.inf
        self._watch[:, 2 * width : 3 * width] = -np.inf
        self._position = 0
        self._fresh = True
        self._settling = True
        self._gap = False
        self._extra = 0
        self._fed = getattr(self, "_fed", 0)
        self._slowest[:] = math.inf
        self._fastest[:] = -math.inf

    def close(self) -> None:
        """End the threads, where there are any; a later block starts them again."""
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *problem: object) -> None:
        self.close()

    def feed(self, block: Single, speed_hz: float | Array | None = None, *, gap: bool = False) -> Iterator[Window]:
        """Take a block and give the windows it completes, each to be looked at before the next is asked for.

        Parameters
        ----------
        block : float32[samples, points], C order; any number of samples
        speed_hz : shaft speed while it was taken, one for all or float64[points]; None, NaN, zero or negative:
            unknown, and then no lines are judged
        gap : whether samples were lost before this block: the unfinished window is dropped

        Raises
        ------
        ValueError
            If the block's shape or type is not what the pipeline was made for. Nothing was taken then.
        """
        if block.ndim != 2 or block.shape[1] != len(self.points):
            raise ValueError(f"block of shape {block.shape} must be [samples, {len(self.points)}], a column per point")
        if block.dtype != np.float32 or not block.flags.c_contiguous:
            raise ValueError(
                f"block of {block.dtype} must be float32 in C order; np.ascontiguousarray(block, np.float32) makes"
                " it so"
            )
        return self._windows(block, speed_hz, gap)

    def _windows(self, block: Single, speed_hz: float | Array | None, gap: bool) -> Iterator[Window]:
        if gap:
            self.reset()
            self._gap = True
        if self._fresh and block.shape[0]:
            self._prime(block[0])
        np.copyto(self._shaft, math.nan if speed_hz is None else speed_hz)
        flat = block.reshape(-1)
        row = 0
        while row < block.shape[0]:
            # Speed is an attribute of the samples taken with it: one comparison per block and window, not per sample.
            np.minimum(self._slowest, self._shaft, out=self._slowest)  # NaN, unknown, stays
            np.maximum(self._fastest, self._shaft, out=self._fastest)
            take = min(self.window - self._position, block.shape[0] - row)
            self._share(self._advance, flat, row, take)
            self._position += take
            self._fed += take
            row += take
            if self._position == self.window:
                yield self._finish()

    def _share(self, job: Any, *args: Any) -> None:
        parts = self._groups if self._side_by_side or job == self._close else len(self.points)
        if self._threads == 1:
            job(0, 0, parts, *args)
            return
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="dsp")
        cuts = [parts * k // self._threads for k in range(self._threads + 1)]
        for done in [
            self._pool.submit(job, k, cuts[k], cuts[k + 1], *args)
            for k in range(self._threads)
            if cuts[k] < cuts[k + 1]
        ]:
            done.result()

    def _advance(self, thread: int, first: int, last: int, flat: Single, row: int, take: int) -> None:
        if self._side_by_side:
            lanes_advance(
                flat, len(self.points), row, take, self._position, self.window, self.factor, first, last,
                self._tiles, self._held, self._watch, self._hp, self._hp_state, self._sums, self._extremes,
                self._speed, self._speed_state, self._power, self._band, self._band_state, self._taps, self._history,
                self._env,
            )  # fmt: skip
        else:
            solo_advance(
                flat, len(self.points), row, take, self._position, self.window, self.factor, first, last,
                self._tiles, self._watch, self._hp, self._band, self._hp_state, self._sums, self._extremes, self._speed,
                self._speed_state, self._power, self._taps, self._history, self._env, self._mid, self._out,
            )  # fmt: skip

    def _transform_few(self) -> None:
        """Spectra of channels alone: sixteen at a time would be mostly zeros."""
        env = self._env.reshape(self._groups, -1, LANES)
        spectrum = self._spectrum.reshape(self._groups, -1, LANES)
        for c in range(len(self.points)):
            values = np.ascontiguousarray(env[0, :, c])
            mean = float(values.mean(dtype=np.float64))
            self._mean[0, c] = mean
            level = np.float32(1.0 / mean) if mean > SILENT else np.float32(0.0)
            fluctuation = (values * level - np.float32(mean > SILENT)) * self._window
            line = np.fft.rfft(fluctuation, self.transform_length)[: self._bins]
            spectrum[0, :, c] = line.real**2 + line.imag**2

    def _close(self, thread: int, first: int, last: int) -> None:
        a, b, total = self._work[thread]
        # a Hann window halves the independent values, zeros behind it multiply them
        independent = 1.5 * (self.rate_hz / self.factor / self.values) / self.df_hz
        pipeline_finish(
            len(self.points), self._side_by_side, self.window, self.values, first, last,
            self._sums, self._extremes, self._watch, self._power, self._velocity, self._scale, CLIPPED_SHARE,
            self._features, self._flags, self._env, self._side_by_side, self._window, self._twiddle,
            self._half_turn, a, b, self._mean,
            self._spectrum, self.df_hz, self._slowest, self._fastest, STEADY, self._extra, self._orders,
            TOLERANCE, HARMONICS, independent, total,
            self._chance, self._found,
        )  # fmt: skip

    def _finish(self) -> Window:
        self._extra = (SETTLING if self._settling else 0) | (GAP if self._gap else 0)
        if not self._side_by_side:
            self._transform_few()
        self._share(self._close)
        findings = self._judge()
        self._position = 0
        self._settling = self._gap = False
        spectrum = self._spectrum.reshape(self._groups, -1, LANES)
        return Window(self._fed, self._features, self._flags, spectrum, findings, self.df_hz, self._gain)

    def _judge(self) -> tuple[LineFinding, ...]:
        """Name the family chance explains least; others may share a line with it (3 BPFO is nearly 2 BPFI)."""
        limit = math.log(self.far / len(FAMILIES))
        findings = []
        for c in np.flatnonzero((self._chance.min(axis=1) < limit) & (self._flags == 0)).tolist():
            f = int(self._chance[c].argmin())
            chance = math.exp(float(self._chance[c, f])) * len(FAMILIES)
            findings.append(
                LineFinding(c, self.points[c].name, FAMILIES[f], float(self._found[c, f]), chance, self._fed)
            )
        return tuple(findings)

    def _prime(self, first: Single) -> None:
        """Settle the filters as if the first samples had been there for ever: no step, no transient from DC."""
        start = np.where(np.isfinite(first), first, 0.0).astype(np.float32)
        self._fresh = False
        if self._side_by_side:
            lanes = np.zeros(self._groups * LANES, np.float32)
            lanes[: start.size] = start
            self._held[:] = lanes.reshape(self._groups, LANES)
            settled_state(self._high, lanes, self._hp_state, side_by_side=True)
            settled_state(self._speed_sections, lanes, self._speed_state, side_by_side=True)
            self._band_state[:] = 0.0
        else:
            self._tiles[:, 0] = start
            self._hp_state[:] = 0.0
            settled_state(self._high, start, self._hp_state, side_by_side=False)
            settled_state(self._speed_sections, start, self._speed_state, side_by_side=False)
