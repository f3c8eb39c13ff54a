"""A three-phase energy meter: active and reactive power and the power factor, from one set of samples."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Power:
    """What a meter shows: active [W], reactive [var], apparent [VA], power factor (signed as the active power)."""

    active_w: float
    reactive_var: float
    apparent_va: float

    @property
    def factor(self) -> float:
        """P/S; 0 where nothing flows."""
        return self.active_w / self.apparent_va if self.apparent_va > 0.0 else 0.0


def phasor(x: Floats, frequency_hz: float, rate_hz: float) -> NDArray[np.complex128]:
    """Return the rms phasors of the rows of `x` float64[k, n] at `frequency_hz`, complex128[k], by least squares.

    A constant is fitted beside the sine, and no whole number of cycles is needed.
    """
    turns = math.tau * frequency_hz * np.arange(x.shape[1]) / rate_hz
    basis = np.stack([np.cos(turns), np.sin(turns), np.ones(turns.size)], axis=1)
    cosine, sine, _ = np.linalg.lstsq(basis, x.T, rcond=None)[0]
    return np.asarray((cosine - 1j * sine) / math.sqrt(2.0))


def measure(voltage_v: Floats, current_a: Floats, frequency_hz: float, rate_hz: float) -> Power:
    """Return the power of three phases, float64[3, n] each, sampled together at `rate_hz` [Hz].

    Active and reactive power are those of the fundamental, ΣV·I* of the phasors (IEEE 1459: P1, Q1); apparent power
    is the sum of the phases' true rms products, harmonics included, so that distortion lowers the power factor.

    Raises
    ------
    ValueError
        The two are not of one shape, or hold less than a cycle.

    """
    if voltage_v.shape != current_a.shape or voltage_v.ndim != 2:
        raise ValueError(f"voltages {voltage_v.shape} and currents {current_a.shape} must be of one shape [phases, n]")
    if voltage_v.shape[1] * frequency_hz < rate_hz:
        raise ValueError(f"{voltage_v.shape[1]} samples at {rate_hz:g} Hz hold no cycle of {frequency_hz:g} Hz")
    power = complex(np.sum(phasor(voltage_v, frequency_hz, rate_hz) * phasor(current_a, frequency_hz, rate_hz).conj()))
    true_rms = np.sqrt(np.mean(voltage_v**2, axis=1) * np.mean(current_a**2, axis=1))
    return Power(power.real, power.imag, float(true_rms.sum()))
