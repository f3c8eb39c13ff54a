"""Quantiser arithmetic: steps, codes and what words look like when a device exchanges them."""

import math

import numpy as np
from numpy.typing import NDArray


def step(span: float, bits: int) -> float:
    """Return the value of one code, span/2^bits. Its error is uniform, variance step²/12."""
    return math.ldexp(span, -bits)


def quantisation_snr_db(bits: int) -> float:
    """Return the signal-to-noise ratio of a full-scale sine, 20·log10(2^bits·√1.5) dB (16 bits: 98.09)."""
    return 20.0 * math.log10(math.ldexp(math.sqrt(1.5), bits))


def swap_words(value: float) -> float:
    """Return the float32 `value` as read by someone who takes its 16-bit words in the wrong order."""
    return float(swap_words_array(np.array([value], np.float32))[0])


def swap_words_array(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return float32[n] with the two 16-bit words of each value exchanged; NaN may come out."""
    words = values.astype(np.float32).view(np.uint16).reshape(-1, 2)[:, ::-1]
    return np.ascontiguousarray(words).view(np.float32).ravel()
