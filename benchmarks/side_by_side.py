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


def steady_medians(jobs: dict[str, Callable[[], object]], rounds: int = 9, turn_s: float = 0.03) -> dict[str, float]:
    """Like `medians`, but each turn runs its job again and again for about turn_s: the caches are its own.

    That is how a stream is processed; a single run after somebody else's turn mostly measures memory. Returned are
    seconds for one run.
    """
    counts = {}
    for name, job in jobs.items():
        job()
        begun = time.perf_counter()
        job()
        counts[name] = max(1, round(turn_s / (time.perf_counter() - begun)))

    def repeated(name: str) -> Callable[[], None]:
        def run() -> None:
            for _ in range(counts[name]):
                jobs[name]()

        return run

    times = medians({name: repeated(name) for name in jobs}, rounds)
    return {name: seconds / counts[name] for name, seconds in times.items()}
