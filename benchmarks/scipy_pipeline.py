"""The pipeline of `twin.dsp.pipeline` written with scipy.signal and numpy, as well as we can.

Channels first and contiguous, which is what scipy likes; filters keep their state from block to block; the FIR
that demodulates and decimates is a matrix product with strided windows where that is faster than `upfirdn`
(it is, for all sizes tried); every block is worked on in one call for all channels.
"""

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy import fft, signal

from twin.dsp.biquad import butterworth
from twin.dsp.pipeline import Pipeline
from twin.dsp.pipeline_design import demodulator


class ScipyPipeline:
    """The same filters, features and envelope spectrum for `ours.points`, all of them with the same band."""

    def __init__(self, ours: Pipeline, channels: int, high_pass_hz: float = 2.0, order: int = 8) -> None:
        rate, band = ours.rate_hz, ours.points[0].band_hz
        self.hp = butterworth(2, high_pass_hz, rate, high=True)
        self.bp = np.vstack(
            [butterworth(order // 2, band[0], rate, high=True), butterworth(order // 2, band[1], rate, high=False)]
        )
        taps = demodulator(rate, band, ours.factor, 500.0)[::-1]
        self.taps = np.column_stack([taps.real, taps.imag]).astype(np.float32)
        self.factor, self.window, self.values = ours.factor, ours.window, ours.values
        self.hp_state = np.zeros((1, channels, 2))
        self.bp_state = np.zeros((self.bp.shape[0], channels, 2), np.float32)
        self.bp = self.bp.astype(np.float32)
        self.history = np.zeros((channels, taps.size - 1), np.float32)
        self.hann = signal.get_window("hann", self.values).astype(np.float32)
        self.size = ours.transform_length
        self.channels = channels
        self.seen = 0
        self.sums: list[Any] = []
        self.envelopes: list[Any] = []
        self.last = np.zeros((channels, 1), np.float32)

    def feed(self, x: Any) -> list[tuple[Any, Any]]:
        """Take float32[channels, n]; the block must not reach beyond the window's end."""
        y, self.hp_state = signal.sosfilt(self.hp, x, zi=self.hp_state)
        y = y.astype(np.float32)
        size = np.abs(y)
        square = y * y
        signs = np.signbit(np.concatenate([self.last, y], axis=1))
        self.last = y[:, -1:]
        self.sums.append(
            np.stack(
                [
                    y.sum(1), square.sum(1), (square * y).sum(1), (square * square).sum(1), size.sum(1),
                    np.sqrt(size).sum(1), (signs[:, 1:] != signs[:, :-1]).sum(1), y.min(1), y.max(1),
                ]
            )
        )  # fmt: skip
        z, self.bp_state = signal.sosfilt(self.bp, y, zi=self.bp_state)
        joined = np.concatenate([self.history, z], axis=1)
        skip = self.factor - 1 - self.seen % self.factor
        self.seen += x.shape[1]
        self.history = joined[:, joined.shape[1] - self.history.shape[1] :]
        if skip < x.shape[1]:
            windows = sliding_window_view(joined, self.taps.shape[0], axis=1)[:, skip :: self.factor]
            demodulated = np.ascontiguousarray(windows) @ self.taps
            self.envelopes.append(np.einsum("cmk,cmk->cm", demodulated, demodulated))
        if self.seen % self.window:
            return []
        return [self.finish()]

    def finish(self) -> tuple[Any, Any]:
        parts = np.stack(self.sums).astype(np.float64)
        totals, low, high = parts[:, :7].sum(0), parts[:, 7].min(0), parts[:, 8].max(0)
        m1, m2, m3, m4, size, root = totals[:6] / self.window
        var = m2 - m1 * m1
        rms, peak = np.sqrt(m2), np.maximum(-low, high)
        features = np.stack(
            [
                m1, rms, np.sqrt(var), peak, peak / rms, (m4 - 4 * m1 * m3 + 6 * m1**2 * m2 - 3 * m1**4) / var**2,
                (m3 - 3 * m1 * m2 + 2 * m1**3) / var**1.5, rms / size, peak / size, peak / root**2, high - low,
                totals[6],
            ]
        )  # fmt: skip
        e = np.concatenate(self.envelopes, axis=1)
        line = fft.rfft(self.hann * (e / e.mean(1, keepdims=True) - 1.0), self.size, axis=1)
        self.sums.clear()
        self.envelopes.clear()
        return features, line.real**2 + line.imag**2
