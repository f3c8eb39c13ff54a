"""Randomness by name: every draw is a pure function of (seed, path, index).

No stream has a position, so any chunking, order or restart gives the same bits, and a new sensor cannot
change an old one's noise.
"""

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from emulator.physics.kernels.philox import fill_normal, fill_uniform


@dataclass(frozen=True, slots=True)
class Stream:
    """One named sequence of draws; kernels take the two 32-bit key words and draw for themselves."""

    path: str
    key0: int
    key1: int

    def normal(self, n0: int, count: int) -> NDArray[np.float64]:
        """Return standard normals n0 … n0+count-1, float64[count]."""
        out = np.empty(count)
        fill_normal(self.key0, self.key1, _index(n0), out)
        return out

    def uniform(self, n0: int, count: int) -> NDArray[np.float64]:
        """Return uniforms in (0, 1) n0 … n0+count-1, float64[count]."""
        out = np.empty(count)
        fill_uniform(self.key0, self.key1, _index(n0), out)
        return out


@dataclass(frozen=True, slots=True)
class Streams:
    """The streams of one run: `Streams(seed)("pump1/vib_x/noise")`."""

    seed: int

    def __call__(self, path: str) -> Stream:
        """Return the stream of that path; its key is BLAKE2b-64 of seed and path, on every machine."""
        digest = hashlib.blake2b(f"{int(self.seed)}\0{path}".encode(), digest_size=8, person=b"plantbench").digest()
        return Stream(path, int.from_bytes(digest[:4], "little"), int.from_bytes(digest[4:], "little"))


def _index(n0: int) -> int:
    if n0 < 0:
        raise ValueError(f"n0 = {n0} must not be negative; draws are counted from 0")
    return n0
