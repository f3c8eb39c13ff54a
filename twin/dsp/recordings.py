"""Recorded waveforms from files: npz, MATLAB (version 5), wav and csv."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from twin.dsp.quality import duplicated_channels

Array = NDArray[np.float64]

_RATE_KEYS = ("fs", "rate_hz", "sample_rate", "sr")
_RPM_KEYS = ("rpm", "rpm_file", "rpm_nominal", "speed_rpm")
_SPEED_KEYS = ("shaft_hz", "speed_hz")
_TIME_COLUMNS = ("t", "time", "time_s", "t_s", "seconds")


class RecordingError(ValueError):
    """The file cannot be read as a recording; the message says what is wrong and what would do."""


@dataclass(frozen=True, slots=True)
class Recording:
    """A recorded waveform.

    Parameters
    ----------
    channels : name → float64[n], in the file's unit
    rate_hz : sample rate where the file knows it
    speed_hz : shaft speed where the file knows it
    source : file name for messages
    tables : name of a two-dimensional array → the channels its columns became
    """

    channels: dict[str, Array] = field(repr=False)
    rate_hz: float | None
    speed_hz: float | None
    source: str
    tables: dict[str, tuple[str, ...]] = field(default_factory=dict, repr=False)

    def channel(self, name: str | None) -> tuple[str, Array]:
        """Pick a channel by name (any case, or the tail of a MATLAB name), or the first one.

        Raises
        ------
        RecordingError
            If there is no such channel; the message lists those there are.
        """
        if name is None:
            return next(iter(self.channels.items()))
        for known, values in self.channels.items():
            if known.lower() == name.lower():
                return known, values
        raise RecordingError(f"{self.source}: no channel {name!r}; the file has {', '.join(self.channels)}")

    def pick(self, names: Sequence[str]) -> dict[str, Array]:
        """Pick channels by name, in the order named; a table's name stands for all its columns; none: the first.

        Raises
        ------
        RecordingError
            If there is no such channel, or one is named twice.
        """
        if not names:
            return dict([self.channel(None)])
        picked: dict[str, Array] = {}
        for name in names:
            columns = self.tables.get(name, ())
            for known, values in [self.channel(column) for column in columns or (name,)]:
                if known in picked:
                    raise RecordingError(f"{self.source}: channel {known!r} is named twice; name each once")
                picked[known] = values
        return picked

    def duplicates(self) -> tuple[tuple[str, str], ...]:
        """Give the pairs of channels that are one signal up to a factor: a fault of wiring or acquisition."""
        return tuple((first, second) for first, second, _ in duplicated_channels(self.channels))


def load_recording(path: Path | str) -> Recording:
    """Read a recording by its suffix.

    Raises
    ------
    RecordingError
        If the file is missing, of an unknown kind, damaged, or holds no waveform.
    """
    path = Path(path)
    if not path.is_file():
        raise RecordingError(f"{path}: no such file" if not path.exists() else f"{path}: is not a file")
    readers = {".npz": _npz, ".npy": _npy, ".mat": _mat, ".csv": _csv, ".txt": _csv, ".wav": _wav}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise RecordingError(
            f"{path}: cannot read {path.suffix or 'a file without a suffix'}; give npz, mat, wav or csv"
        )
    try:
        recording = reader(path)
    except RecordingError:
        raise
    except Exception as error:  # every damaged file ends here, whatever its library raises
        raise RecordingError(
            f"{path}: not a readable {path.suffix[1:]} file ({type(error).__name__}: {error})"
        ) from error
    if not recording.channels:
        raise RecordingError(f"{path}: holds no waveform; expected a one-dimensional numeric array")
    return recording


def _npz(path: Path) -> Recording:
    with np.load(path, allow_pickle=False) as archive:
        return _from_variables({name: np.asarray(archive[name]) for name in archive.files}, path)


def _npy(path: Path) -> Recording:
    return _from_variables({"x": np.load(path, allow_pickle=False)}, path)


def _mat(path: Path) -> Recording:
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    try:
        content = loadmat(path, squeeze_me=True)
    except NotImplementedError:
        raise RecordingError(f"{path}: MATLAB 7.3 (HDF5) files cannot be read; save with -v7 or as npz") from None
    except MatReadError as error:
        raise RecordingError(f"{path}: not a MATLAB file ({error})") from None
    variables: dict[str, NDArray[np.generic]] = {}
    for name, value in content.items():
        if name.startswith("__"):
            continue
        if isinstance(value, np.ndarray) and value.dtype.names:
            # one struct with its fields, the way the MFPT files come: bearing.gs, bearing.sr, bearing.rate
            for part in value.dtype.names:
                variables[part] = np.asarray(value[part].item() if value.shape == () else value[part])
        else:
            variables[name] = np.asarray(value)
    return _from_variables(_cwru_names(variables), path)


def _cwru_names(variables: dict[str, NDArray[np.generic]]) -> dict[str, NDArray[np.generic]]:
    """`X118_DE_time` → `DE`, `X118RPM` → `rpm`; the first record wins when a file holds two (as 99 does)."""
    plain: dict[str, NDArray[np.generic]] = {}
    for name, value in variables.items():
        matched = re.fullmatch(r"X?\d+_?([A-Za-z]+?)(?:_time)?", name)
        short = {"RPM": "rpm"}.get(matched.group(1), matched.group(1)) if matched else name
        plain.setdefault(short, value)
    return plain


def _csv(path: Path) -> Recording:
    text = path.read_text(encoding="utf-8-sig")
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    if not lines:
        raise RecordingError(f"{path}: is empty")
    separator = next((mark for mark in (",", ";", "\t") if mark in lines[0]), None)
    names = [cell.strip().strip('"') for cell in lines[0].split(separator)]
    try:
        [float(cell) for cell in names]
        names = [f"column{i + 1}" for i in range(len(names))] if len(names) > 1 else ["x"]
        rows = lines
        first = 1
    except ValueError:
        rows = lines[1:]
        first = 2
    table = np.empty((len(rows), len(names)))
    for i, line in enumerate(rows):
        cells = line.split(separator)
        if len(cells) != len(names):
            raise RecordingError(f"{path}: row {i + first} has {len(cells)} values, the first row has {len(names)}")
        for j, cell in enumerate(cells):
            table[i, j] = _number(cell, path, i + first)
    rate: float | None = None
    channels: dict[str, Array] = {}
    for j, name in enumerate(names):
        column = np.ascontiguousarray(table[:, j])
        if name.lower() in _TIME_COLUMNS:
            step = float(np.median(np.diff(column))) if column.size > 1 else 0.0
            rate = 1.0 / step if step > 0.0 else None
        else:
            channels[name] = column
    return Recording(channels, rate, None, str(path))


def _number(cell: str, path: Path, row: int) -> float:
    text = cell.strip()
    if not text:
        return math.nan
    try:
        return float(text)
    except ValueError:
        raise RecordingError(f"{path}: row {row}: {text!r} is not a number") from None


def _wav(path: Path) -> Recording:
    from scipy.io import wavfile

    rate, samples = wavfile.read(path)
    if samples.dtype.kind in "iu":
        # full scale is 1; unsigned 8-bit is centred at 128
        span = np.iinfo(samples.dtype)
        middle = (span.max + span.min + 1) / 2
        samples = (samples.astype(np.float64) - middle) / (span.max - middle + 1)
    table = np.asarray(samples, dtype=np.float64).reshape(samples.shape[0], -1)
    names = ["x"] if table.shape[1] == 1 else [f"ch{i + 1}" for i in range(table.shape[1])]
    channels = {name: np.ascontiguousarray(table[:, i]) for i, name in enumerate(names)}
    return Recording(channels if table.size else {}, float(rate), None, str(path))


def _from_variables(variables: dict[str, NDArray[np.generic]], path: Path) -> Recording:
    numbers: dict[str, float] = {}
    arrays: dict[str, NDArray[np.generic]] = {}
    tables: dict[str, tuple[str, ...]] = {}
    table_of: dict[str, str] = {}
    deep: list[str] = []
    for name, value in variables.items():
        if value.dtype.kind not in "fiub":
            continue
        squeezed = np.squeeze(value)
        if squeezed.ndim == 0:
            numbers[name] = float(squeezed)
        elif squeezed.ndim == 1:
            arrays[name] = squeezed
        elif squeezed.ndim == 2:
            long = squeezed if squeezed.shape[0] <= squeezed.shape[1] else squeezed.T
            tables[name] = tuple(f"{name}{i + 1}" for i in range(long.shape[0]))
            table_of |= dict.fromkeys(tables[name], name)
            arrays.update(zip(tables[name], long, strict=True))
        else:
            deep.append(f"{name} {list(squeezed.shape)}")
    longest = max((values.size for values in arrays.values()), default=0)
    step = 0.0
    for name in [name for name in arrays if name.lower() in _TIME_COLUMNS and len(arrays) > 1]:
        times = arrays[name].astype(np.float64)
        if times.size == longest and times.size > 1 and bool(np.all(np.diff(times) > 0.0)):
            step = float(times[-1] - times[0]) / (times.size - 1)
            del arrays[name]
    if deep and not arrays:
        raise RecordingError(
            f"{path}: {', '.join(deep)} has more than two dimensions; save one record of it, samples by channels"
        )
    channels: dict[str, Array] = {}
    for name, values in arrays.items():
        own, whole = f"scale_{name}", f"scale_{table_of.get(name, name)}"
        scale = numbers.get(own, numbers.get(whole, numbers.get("scale", 1.0)))
        channels[name] = np.ascontiguousarray(values, dtype=np.float64) * scale
    rate = _first(numbers, _RATE_KEYS) or (1.0 / step if step > 0.0 else None)
    rpm = _first(numbers, _RPM_KEYS)
    speed = rpm / 60.0 if rpm is not None else _first(numbers, _SPEED_KEYS)
    if speed is None and "gs" in channels:
        speed = numbers.get("rate")  # the MFPT files name the shaft's frequency so; `sr` is the sample rate
    return Recording(channels, rate, speed, str(path), tables)


def _first(numbers: dict[str, float], keys: tuple[str, ...]) -> float | None:
    for key in keys:
        value = numbers.get(key, math.nan)
        if math.isfinite(value) and value > 0.0:
            return value
    return None
