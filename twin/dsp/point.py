"""One vibration point, followed as its samples arrive: a result for every full window."""

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from twin.batch import Batch
from twin.dsp.bearing import BearingGeometry
from twin.dsp.biquad import BiquadCascade, high_pass
from twin.dsp.envelope import QUICK_TREE, EnvelopeSpectra, envelope_spectra
from twin.dsp.evidence import LineScore, max_order, score_families
from twin.dsp.iso20816 import ZoneTable, velocity_band_hz, zone_table
from twin.dsp.moments import Moments
from twin.dsp.orders import angle_track, tracked_amplitudes
from twin.dsp.quality import signal_flags
from twin.dsp.spectrum import (
    amplitude_spectrum,
    band_rms,
    fast_length,
    line_amplitude,
    peak_hold,
    velocity_rms,
)

Array = NDArray[np.float64]
Spectrum = tuple[Array, Array]

STEADY_SPREAD = 0.003
"""Relative speed change within a window up to which a spectrum in Hz is a spectrum in orders."""


@dataclass(frozen=True, slots=True)
class VibrationConfig:
    """What a vibration point is and how it is to be followed.

    Parameters
    ----------
    rate_hz : sample rate of the waveform; samples are m/s²
    bearing : geometry from the nameplate, None when the point watches no rolling bearing
    window_s : length of a window; choose it to hold at least `min_revs` revolutions
    hop : step between windows as a share of the window, in (0, 1]
    min_revs : fewer revolutions than this in a window are flagged `short` and get no line scores
    vanes : impeller vanes, None when there is no impeller
    zone_group, zone_support : velocity zone table (see `iso20816`), None for no zone
    limit_m_s2 : magnitude at which the measuring chain saturates, None when unknown
    high_pass_hz : corner of the filter that removes DC and slow recovery
    spectrum_points : most points of a reported spectrum
    """

    rate_hz: float
    bearing: BearingGeometry | None = None
    window_s: float = 2.0
    hop: float = 0.5
    min_revs: float = 12.0
    vanes: int | None = None
    zone_group: str | None = None
    zone_support: str = "rigid"
    limit_m_s2: float | None = None
    high_pass_hz: float = 0.5
    spectrum_points: int = 800

    def __post_init__(self) -> None:
        if self.rate_hz <= 0.0:
            raise ValueError(f"vibration rate {self.rate_hz} Hz must be positive")
        if not 0.0 < self.hop <= 1.0:
            raise ValueError(f"hop = {self.hop} must be in (0, 1], a share of the window")
        if self.window_s * self.rate_hz < 64:
            raise ValueError(f"window of {self.window_s} s holds fewer than 64 samples at {self.rate_hz} Hz")


@dataclass(frozen=True, slots=True)
class VibrationFeatures:
    """What one window showed.

    Parameters
    ----------
    t_ns : end of the window, UTC ns
    window_s : its length
    speed_hz : mean shaft speed over it, None when unknown or standing
    rms, peak : m/s²; crest, kurtosis (3 for normal noise), skewness : 1; all after the DC filter
    velocity_rms_mm_s : broad-band velocity, ISO 20816 band
    zone : A … D, None without a table
    order_amplitudes : peak acceleration [m/s²] of "1x", "2x", "3x", "vane"; empty without speed
    hf_rms : m/s², 5 kHz … 0.4 of the sample rate (NaN when the rate is too low)
    band_hz : the band in which the strongest bearing family was found, the whole band without one
    lines : evidence per bearing family; empty without speed, geometry or enough revolutions
    flags : any of clipped, coarse, constant, nan, inf, gap (samples were lost before this window), short
        (too few revolutions)
    spectrum, envelope_spectrum : (freq_hz, amplitude); acceleration m/s², and modulation depth of the
    squared envelope
    t0_ns : start of the window, UTC ns
    """

    t_ns: int
    window_s: float
    speed_hz: float | None
    rms: float
    peak: float
    crest: float
    kurtosis: float
    skewness: float
    velocity_rms_mm_s: float
    zone: str | None
    order_amplitudes: dict[str, float]
    hf_rms: float
    band_hz: tuple[float, float]
    lines: dict[str, LineScore]
    flags: tuple[str, ...]
    spectrum: Spectrum = field(repr=False)
    envelope_spectrum: Spectrum = field(repr=False)
    t0_ns: int = 0

    @property
    def usable(self) -> bool:
        """Whether the samples deserve interpretation."""
        return not {"clipped", "coarse", "constant", "nan", "inf"} & set(self.flags)


class VibrationPoint:
    """Follows one waveform. Any split of the samples into batches gives the same features, bit for bit.

    Filters and windows work in place on buffers made once; spectra are computed once per window.
    """

    def __init__(self, config: VibrationConfig) -> None:
        self.config = config
        self.size = fast_length(round(config.window_s * config.rate_hz))
        self.hop = max(1, round(self.size * config.hop))
        self._raw: Array = np.zeros(self.size)
        self._clean: Array = np.zeros(self.size)
        self._speed: Array = np.zeros(self.size)
        self._filled = 0
        self._next: int | None = None
        self._fresh = True
        self._gap = False
        self._filter = BiquadCascade(high_pass(config.rate_hz, config.high_pass_hz))
        self._moments = Moments()
        self._table: ZoneTable | None = (
            zone_table(config.zone_group, config.zone_support) if config.zone_group else None
        )

    def reset(self) -> None:
        """Drop the unfinished window and the filter's memory, as after a gap."""
        self._filled = 0
        self._fresh = True

    def feed(self, batch: Batch, speed_hz: float | None) -> list[VibrationFeatures]:
        """Take the next samples and the shaft speed while they were taken; give the windows they complete.

        A bad batch, or a sample counter that does not follow on, is a gap: the unfinished window is dropped
        and the next result carries the flag `gap`.
        """
        lost = self._next is not None and batch.n0 is not None and batch.n0 != self._next
        if lost or not batch.good:
            self.reset()
            self._gap = self._gap or self._next is not None or not batch.good
        if not batch.good:
            self._next = None
            return []
        values = np.ascontiguousarray(batch.values, dtype=np.float64)
        results: list[VibrationFeatures] = []
        taken = 0
        while taken < values.size:
            count = min(self.size - self._filled, values.size - taken)
            self._take(values[taken : taken + count], speed_hz)
            taken += count
            if self._filled == self.size:
                end_ns = batch.t0_ns + round(taken * 1e9 / self.config.rate_hz)
                results.append(self._window(end_ns))
                keep = self.size - self.hop
                for buffer in (self._raw, self._clean, self._speed):
                    buffer[:keep] = buffer[self.hop :]
                self._filled = keep
        self._next = None if batch.n0 is None else batch.n0 + values.size
        return results

    def _take(self, values: Array, speed_hz: float | None) -> None:
        place = slice(self._filled, self._filled + values.size)
        self._raw[place] = values
        self._speed[place] = math.nan if speed_hz is None else speed_hz
        clean = self._clean[place]
        clean[:] = values
        if not math.isfinite(float(values.sum())):
            # A filter never forgets a NaN. Zeros keep it alive; the window carries the flag and is not
            # interpreted.
            clean[~np.isfinite(values)] = 0.0
        if self._fresh and values.size:
            self._filter.reset(float(clean[0]))
            self._fresh = False
        self._filter.process(clean, clean)
        self._filled += values.size

    def _window(self, end_ns: int) -> VibrationFeatures:
        config = self.config
        rate = config.rate_hz
        x = self._clean
        low, high = float(self._raw.min()), float(self._raw.max())
        nan_count = int(np.count_nonzero(np.isnan(self._raw))) if math.isnan(low) else 0
        if nan_count:
            low, high = -math.inf, math.inf
        flags = list(signal_flags(self._raw, nan_count=nan_count, low=low, high=high, limit=config.limit_m_s2))
        if self._gap:
            flags.append("gap")
            self._gap = False
        usable = not {"nan", "inf", "constant", "coarse"} & set(flags)
        self._moments.reset()
        self._moments.update(x)
        moments = self._moments

        speed, steady = self._mean_speed()
        if speed is not None and speed * self.size / rate < config.min_revs:
            flags.append("short")
        df = rate / self.size
        amplitude = amplitude_spectrum(x)
        band = velocity_band_hz(speed)
        velocity = 1e3 * velocity_rms(amplitude, df, band[0], min(band[1], 0.45 * rate))
        revs = None if speed is None or steady else angle_track(self._speed, rate)
        top = 0.4 * rate
        spectra: EnvelopeSpectra | None = None
        lines: dict[str, LineScore] = {}
        if usable and speed is not None and config.bearing is not None and "short" not in flags:
            spectra = envelope_spectra(x, rate, speed, max_order=max_order(config.bearing), tree=QUICK_TREE, revs=revs)
            lines = score_families(spectra, config.bearing)
        best = max(lines.values(), key=lambda line: line.score_db, default=None)
        shown = amplitude[: int(0.4 * self.size) + 1]
        return VibrationFeatures(
            t_ns=end_ns,
            t0_ns=end_ns - round(self.size * 1e9 / rate),
            window_s=self.size / rate,
            speed_hz=speed,
            rms=moments.rms,
            peak=moments.peak,
            crest=moments.crest,
            kurtosis=moments.kurtosis,
            skewness=moments.skewness,
            velocity_rms_mm_s=velocity,
            zone=self._table.zone(velocity) if self._table and usable else None,
            order_amplitudes=self._orders(amplitude, df, speed, revs),
            hf_rms=band_rms(amplitude, df, 5000.0, top) if top > 5000.0 else math.nan,
            band_hz=best.band_hz if best else (config.high_pass_hz, 0.49 * rate),
            lines=lines,
            flags=tuple(dict.fromkeys(flags)),
            spectrum=peak_hold(df, shown, config.spectrum_points),
            envelope_spectrum=self._shown_envelope(spectra, best),
        )

    def _mean_speed(self) -> tuple[float | None, bool]:
        """Mean speed over the window and whether it was steady; None when unknown, reversed or standing."""
        speed = self._speed
        mean = float(speed.mean())
        if not math.isfinite(mean) or mean < 0.5:
            return None, True
        low = float(speed.min())
        if low <= 0.0:
            return None, True
        return mean, float(speed.max()) - low <= STEADY_SPREAD * mean

    def _orders(self, amplitude: Array, df: float, speed: float | None, revs: Array | None) -> dict[str, float]:
        if speed is None:
            return {}
        wanted = {"1x": 1.0, "2x": 2.0, "3x": 3.0}
        if self.config.vanes is not None:
            wanted["vane"] = float(self.config.vanes)
        if revs is not None:
            values = tracked_amplitudes(self._clean, revs, np.array(list(wanted.values())))
            return {name: float(value) for name, value in zip(wanted, values, strict=True)}
        return {name: line_amplitude(amplitude, order * speed / df)[0] for name, order in wanted.items()}

    def _shown_envelope(self, spectra: EnvelopeSpectra | None, best: LineScore | None) -> Spectrum:
        if spectra is None or best is None:
            return np.empty(0), np.empty(0)
        return peak_hold(
            spectra.speed_hz / spectra.bins_per_order, spectra.depth(best.band), self.config.spectrum_points
        )
