"""Medians of jobs that take turns, so that a noisy machine disturbs all of them alike."""

import statistics
import time
from collections.abc import Callable


def medians(jobs: dict[str, Callable[[], object]], rounds: int = 9) -> dict[str, float]:
    """Run every job once to warm it, then all in turn; return the median wall time of each [s]."""
    for job in jobs.values():
        job()
    times: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(rounds):
        for name, job in jobs.items():
            begun = time.perf_counter()
            job()
            times[name].append(time.perf_counter() - begun)
    return {name: statistics.median(values) for name, values in times.items()}
