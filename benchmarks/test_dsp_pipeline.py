"""Streaming point pipeline beside the same thing in scipy: ``tox -e bench -- benchmarks/test_dsp_pipeline.py -s``.

high-pass (float64) -> features -> band-pass of 4 biquads -> complex FIR, decimated -> squared envelope -> spectrum
each second. float32 samples, one thread unless said. Rates are wall clock, medians of turns taken by both.
"""

import os
import time
import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest

from benchmarks.scipy_pipeline import ScipyPipeline
from benchmarks.side_by_side import medians, steady_medians
from twin.dsp.bearing import BEARINGS
from twin.dsp.kernel import kernel
from twin.dsp.kernels._simd import ahead, load, store
from twin.dsp.kernels.lanes import lane_features, lane_unit_biquads
from twin.dsp.pipeline import Pipeline
from twin.dsp.pipeline_design import MeasuringPoint
from twin.dsp.pipeline_window import Window

BAND = {25600.0: (2000.0, 4000.0), 10000.0: (1500.0, 3000.0)}


def made(channels: int, rate: float, *, bearing: bool = False, threads: int = 1) -> Pipeline:
    geometry = BEARINGS["6205"] if bearing else None
    points = [MeasuringPoint(f"point{i}", BAND[rate], geometry) for i in range(channels)]
    return Pipeline(points, rate, threads=threads)


def blocks(pipeline: Pipeline, channels: int, size: int) -> list[np.ndarray]:
    """One window of samples in blocks of a size (the last one shorter); noise is as good as any signal here."""
    x = np.random.default_rng(1).standard_normal((pipeline.window, channels)).astype(np.float32)
    return [np.ascontiguousarray(x[i : i + size]) for i in range(0, pipeline.window, size)]


def ours_on(pipeline: Pipeline, pieces: list[np.ndarray]) -> Callable[[], list[Window]]:
    return lambda: [window for piece in pieces for window in pipeline.feed(piece, 29.95)]


def theirs_on(peer: ScipyPipeline, pieces: list[np.ndarray]) -> Callable[[], list[object]]:
    return lambda: [result for piece in pieces for result in peer.feed(piece)]


@pytest.mark.parametrize("rate", sorted(BAND))
@pytest.mark.parametrize("size", [64, 256, 1024, 10240])
@pytest.mark.parametrize("channels", [1, 16, 256, 1024])
def test_point_pipeline(channels: int, size: int, rate: float):
    pipeline = made(channels, rate)
    pieces = blocks(pipeline, channels, size)
    across = [np.ascontiguousarray(piece.T) for piece in pieces]
    peer = ScipyPipeline(pipeline, channels)
    # the same numbers first: from the second window on, both filters have settled
    run, peer_run = ours_on(pipeline, pieces), theirs_on(peer, across)
    for _ in range(2):
        mine, other = run()[0], peer_run()[0]
    np.testing.assert_allclose(mine.features[:, :12].T, other[0], rtol=2e-3, atol=2e-3)
    for c in {0, channels - 1}:
        power = mine.spectrum[c // 16, :, c % 16]
        np.testing.assert_allclose(power, other[1][c][: power.size], rtol=0, atol=1e-3 * float(other[1][c].max()))
    rounds = 5 if channels > 16 else 9
    targets = [np.empty_like(piece) for piece in pieces]

    def copied() -> None:
        for target, piece in zip(targets, pieces, strict=True):
            np.copyto(target, piece)

    times = steady_medians({"ours": run, "scipy": peer_run, "copy": copied}, rounds)
    samples = pipeline.window * channels
    rates = {name: samples / seconds for name, seconds in times.items()}
    print(
        f"\n{rate / 1e3:g} kS/s, {channels} channels, blocks of {size}: {rates['ours'] / 1e6:.0f} MS/s, scipy"
        f" {rates['scipy'] / 1e6:.1f} MS/s, ratio {rates['ours'] / rates['scipy']:.1f};"
        f" {rates['ours'] / rate:,.0f} channels in real time per core; {100 * rates['ours'] / rates['copy']:.0f} % of a"
        " memory copy"
    )


@pytest.mark.parametrize(("size", "channels"), [(256, 16), (256, 1024), (10240, 256)])
def test_with_line_families_and_two_threads(size: int, channels: int):
    """What a bearing at every point costs, and what a second core brings."""
    jobs, windows = {}, 0
    for name, options in {
        "plain": {}, "bearings": {"bearing": True}, "bearings, 2 threads": {"bearing": True, "threads": 2},
    }.items():  # fmt: skip
        pipeline = made(channels, 10000.0, **options)
        jobs[name] = ours_on(pipeline, blocks(pipeline, channels, size))
        windows = pipeline.window
    times = steady_medians(jobs, 7)
    for name, seconds in times.items():
        rate = windows * channels / seconds
        print(
            f"\n10 kS/s, {channels} channels, blocks of {size}, {name}:"
            f" {rate / 1e6:.0f} MS/s, {rate / 1e4:,.0f} channels"
        )


@kernel
def filtered_and_summed(x, channels, n, coefficients, state, sums, extremes, tile, through):
    for g in range(channels // 16):
        for row in range(0, n, 64):
            for i in range(64):
                ahead(x, min(row + i + 64, n - 1) * channels + 16 * g)
                store(tile, 16 * i, load(x, (row + i) * channels + 16 * g))
            lane_unit_biquads(coefficients, state[g], tile, 64, through, 0)
            lane_features(through, 64, sums[g], extremes[g])


@pytest.mark.parametrize("channels", [16, 256])
def test_filter_and_features_beside_a_memory_copy(channels: int):
    """Four biquads and the features alone, as a share of the bandwidth of a copy of the same block."""
    n = 10240
    groups = channels // 16
    x = np.random.default_rng(1).standard_normal((n, channels)).astype(np.float32)
    target = np.empty_like(x)
    coefficients = np.full(4 * 48, 0.1, np.float32)
    state = np.zeros((groups, 128), np.float32)
    sums, extremes = np.zeros((groups, 112)), np.zeros((groups, 48), np.float32)
    tile, through = np.zeros(1024, np.float32), np.zeros(1024, np.float32)

    def ours() -> None:
        filtered_and_summed(x.reshape(-1), channels, n, coefficients, state, sums, extremes, tile, through)

    times = medians({"filter and features": ours, "copy": lambda: np.copyto(target, x)}, 15)
    rates = {name: n * channels / seconds / 1e6 for name, seconds in times.items()}
    share = rates["filter and features"] / rates["copy"]
    print(
        f"\n{channels} channels, blocks of {n}: "
        + ", ".join(f"{name} {rate:.0f} MS/s" for name, rate in rates.items())
        + f"; {100 * share:.0f} % of a copy; {rates['filter and features'] * 100:,.0f} channels of 10 kS/s per core"
    )


@pytest.mark.parametrize("channels", [64, 1024])
def test_a_block_allocates_nothing_and_a_finding_comes_at_once(channels: int):
    pipeline = made(channels, 25600.0, bearing=True)
    pieces = blocks(pipeline, channels, 256)
    run = ours_on(pipeline, pieces)
    for _ in range(2):
        run()
    tracemalloc.start()
    list(pipeline.feed(pieces[0][:0], 29.95))
    before = tracemalloc.get_traced_memory()[0]
    peak = 0
    for piece in pieces[:-1]:
        tracemalloc.reset_peak()
        base = tracemalloc.get_traced_memory()[0]
        for _ in pipeline.feed(piece, 29.95):
            pass
        peak = max(peak, tracemalloc.get_traced_memory()[1] - base)
    after = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    print(
        f"\n{channels} channels, blocks of 256: {after - before} bytes kept after {len(pieces) - 1} blocks,"
        f" at most {peak} in flight"
    )
    assert after - before < 1024
    list(pipeline.feed(pieces[-1], 29.95))
    waits = []
    for _ in range(20):
        for _ in [window for piece in pieces[:-1] for window in pipeline.feed(piece, 29.95)]:
            pass
        begun = time.perf_counter()
        assert list(pipeline.feed(pieces[-1], 29.95))
        waits.append(1e3 * (time.perf_counter() - begun))
    print(
        f"last sample to findings, {channels} channels: {np.median(waits):.2f} ms, at most {max(waits):.2f};"
        f" {os.cpu_count()} cores"
    )
