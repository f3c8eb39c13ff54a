"""Batch: samples of one point as the twin received them: SI values, quality, time and whose time it is."""

import enum
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

Stamp: TypeAlias = Literal["source", "device_clock", "poll"]
"""Whose clock set `t0_ns`: the value's source, a device clock register, or the twin's at the request."""

Values: TypeAlias = NDArray[np.float64] | NDArray[np.float32]


class Status(enum.IntEnum):
    """The OPC UA StatusCodes the twin itself assigns (OPC 10000-6, Annex A)."""

    GOOD = 0x00000000
    UNCERTAIN_LAST_USABLE_VALUE = 0x40900000
    BAD_COMMUNICATION_ERROR = 0x80050000
    BAD_DECODING_ERROR = 0x80070000
    BAD_TIMEOUT = 0x800A0000
    BAD_NODE_ID_UNKNOWN = 0x80340000
    BAD_OUT_OF_RANGE = 0x803C0000
    BAD_TYPE_MISMATCH = 0x80740000
    BAD_NO_DATA = 0x809B0000
    BAD_CONFIGURATION_ERROR = 0x80890000
    BAD_NOT_CONNECTED = 0x808A0000
    BAD_DEVICE_FAILURE = 0x808B0000


_SEVERITY_MASK = 0xC0000000
_GOOD_LOCAL_OVERRIDE = 0x00960000


def is_good(status: int) -> bool:
    """Whether a StatusCode says Good and means a measurement: Good_LocalOverride was set by hand."""
    return status & _SEVERITY_MASK == 0 and status & 0xFFFF0000 != _GOOD_LOCAL_OVERRIDE


def is_bad(status: int) -> bool:
    """Whether a StatusCode's severity bits say Bad; the reserved pattern 11 counts as Bad."""
    return bool(status & 0x80000000)


@dataclass(frozen=True, slots=True)
class Batch:
    """Samples of one point.

    Parameters
    ----------
    point : id of the point in the rig
    t0_ns : time of `values[0]`, UTC nanoseconds, by the clock that `stamp` names
    dt_ns : spacing of the samples [ns], rounded; 0 for a single reading. Waveform code uses `rate_hz`,
        which is exact
    values : float64[n] or float32[n], SI units. Empty when the quality is bad and no number came with it
    quality : OPC UA StatusCode (uint32), 0 is Good
    received_ns : when the twin had it, UTC nanoseconds
    n0 : the device's sample counter at `values[0]`; a jump against the previous batch is a gap. None for
        readings
    rate_hz : sample rate of a waveform, None for readings
    stamp : whose clock `t0_ns` is
    historical : from before an outage, sent late: it belongs into the history and says nothing of now
    """

    point: str
    t0_ns: int
    dt_ns: int
    values: Values
    quality: int
    received_ns: int
    n0: int | None = None
    rate_hz: float | None = None
    stamp: Stamp = "poll"
    historical: bool = False

    @property
    def good(self) -> bool:
        """Whether the samples may be used as measured values."""
        return is_good(self.quality)

    @property
    def waveform(self) -> bool:
        """Whether this is a block of a waveform and not a single reading."""
        return self.rate_hz is not None


_NOTHING: NDArray[np.float64] = np.empty(0, dtype=np.float64)
_NOTHING.flags.writeable = False


def reading(
    point: str,
    t_ns: int,
    value: float,
    received_ns: int,
    *,
    quality: int = Status.GOOD,
    stamp: Stamp = "poll",
) -> Batch:
    """Build the batch of a single reading in SI units."""
    return Batch(point, t_ns, 0, np.array([value], dtype=np.float64), quality, received_ns, None, None, stamp)


def no_reading(point: str, t_ns: int, received_ns: int, quality: int, stamp: Stamp = "poll") -> Batch:
    """Build the batch that says a point had no usable value: a bad quality and no number at all."""
    return Batch(point, t_ns, 0, _NOTHING, quality, received_ns, None, None, stamp)
