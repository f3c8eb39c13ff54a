"""When to try a lost link again: quickly at first, then more slowly, never in step with the neighbours."""

import hashlib

FIRST_NS = 250_000_000
"""First retry within a quarter of a second: most outages are a dropped connection and nothing more."""
CAP_NS = 8_000_000_000
"""Longest wait. Below the customary 30 s so that a healed link is in use again within ten seconds."""


class Backoff:
    """Exponential back-off with jitter, counted in whatever time the caller passes in.

    The jitter is a hash of seed, path and attempt: two connectors never retry in step, and a run repeats
    exactly.

    Parameters
    ----------
    path : names the link, for instance the device id
    seed : seed of the run
    first_ns, cap_ns : first and longest wait [ns]
    """

    __slots__ = ("_cap_ns", "_failures", "_first_ns", "_key", "_until_ns")

    def __init__(self, path: str, seed: int = 0, *, first_ns: int = FIRST_NS, cap_ns: int = CAP_NS) -> None:
        self._key = f"{seed}/{path}/"
        self._first_ns = first_ns
        self._cap_ns = cap_ns
        self._failures = 0
        self._until_ns: int | None = None

    @property
    def failures(self) -> int:
        """Failures in a row since the last success."""
        return self._failures

    def waiting(self, now_ns: int) -> bool:
        """Whether it is still too early to try again."""
        if self._until_ns is None:
            return False
        # A clock stepped back by an hour must not keep the link down for that hour.
        return self._until_ns - self._cap_ns <= now_ns < self._until_ns

    def failed(self, now_ns: int, *, at_least_ns: int = 0) -> int:
        """Note a failure and return the wait before the next try [ns], at least `at_least_ns`."""
        full = min(self._cap_ns, self._first_ns << min(self._failures, 40))
        digest = hashlib.blake2b(f"{self._key}{self._failures}".encode(), digest_size=8).digest()
        fraction = int.from_bytes(digest, "big") / 2**64
        # Jitter only shortens, and by at most half: the cap stays a cap and there are never more than five
        # tries a second.
        wait = max(int(full * (1.0 - 0.5 * fraction)), min(at_least_ns, self._cap_ns))
        self._failures += 1
        self._until_ns = now_ns + wait
        return wait

    def succeeded(self) -> None:
        """Note that the device answered properly: the next outage starts with a quick retry again."""
        self._failures = 0
        self._until_ns = None
