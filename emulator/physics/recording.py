"""A machine known only by a recording of it: plays a measured waveform at its own rate."""

import dataclasses
import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emulator.physics.asset import Asset
from emulator.physics.water import GRAVITY_M_S2

Floats = NDArray[np.float64]
MAXIMUM_SAMPLES = 200_000_000
RATE_TOLERANCE = 1e-3
RATE_NAMES = ("rate_hz", "rate", "fs", "sampling_rate", "sample_rate")


UNITS = {"g": GRAVITY_M_S2, "m/s^2": 1.0}


class RecordingError(ValueError):
    """A recording that cannot be played; the message names the file, the trouble and the way out."""


@dataclass(frozen=True, slots=True)
class Waveform:
    """One channel of a recording.

    Samples float64[n] in the file's unit after its own scale, and rate [Hz].
    """

    samples: Floats
    rate_hz: float
    channel: str


@dataclass(frozen=True, slots=True)
class RecordingParameters:
    """What is played and how; `unit` is that of the file's numbers after its own scale: g or m/s^2."""

    file: str
    channel: str | None = None
    rate_hz: float | None = None
    speed_rad_s: float | None = None
    at_end: str = "loop"
    unit: str = "g"


class Recording(Asset):
    """Plays a recording; sample n of the plant is sample n of the file (modulo its length when it loops)."""

    def __init__(self, parameters: RecordingParameters) -> None:
        """Read the file.

        Raises
        ------
        RecordingError
            File missing, empty, of unknown kind, not finite, without that channel, or of unknown rate.

        """
        if parameters.at_end not in ("loop", "hold"):
            raise RecordingError(f"at_end = {parameters.at_end!r} must be 'loop' or 'hold'")
        if parameters.unit not in UNITS:
            raise RecordingError(f"unit = {parameters.unit!r} of a recording must be one of {', '.join(UNITS)}")
        self.parameters = parameters
        content = read_waveform(locate(parameters.file), parameters.channel, parameters.rate_hz)
        self.content = dataclasses.replace(content, samples=content.samples * UNITS[parameters.unit])

    @property
    def rate_hz(self) -> float:
        """Rate of the recording [Hz]."""
        return self.content.rate_hz

    @property
    def duration_s(self) -> float:
        """Length of the recording [s]."""
        return self.content.samples.size / self.content.rate_hz

    @property
    def speed_rad_s(self) -> float:
        """Shaft speed during the recording [rad/s]; NaN when nobody wrote it down."""
        return math.nan if self.parameters.speed_rad_s is None else self.parameters.speed_rad_s

    def ended(self, n: int) -> bool:
        """Whether sample ``n`` lies beyond the end.

        From there on the recording repeats or holds its last value.
        """
        return n >= self.content.samples.size

    def waveform(self, n0: int, count: int, rate_hz: float) -> Floats:
        """Return samples n0 … n0+count-1, float64[count] [m/s²].

        ``rate_hz`` may differ from the recording's by a sensor's clock error; a recording is not resampled.

        Raises
        ------
        RecordingError
            The rate asked for is another one.

        """
        if abs(rate_hz / self.rate_hz - 1.0) > RATE_TOLERANCE:
            raise RecordingError(
                f"{self.parameters.file}: asked for {rate_hz:g} Hz, recorded at {self.rate_hz:g} Hz; "
                "a recording is played at its own rate, leave the point's rate out"
            )
        samples = self.content.samples
        index = np.arange(n0, n0 + count)
        index = index % samples.size if self.parameters.at_end == "loop" else np.minimum(index, samples.size - 1)
        return samples[index]


def locate(file: str) -> Path:
    """Return the path of a recording: absolute, or below the folder that PLANTBENCH_DATA names.

    Raises
    ------
    RecordingError
        No such file; the message says where it was looked for.

    """
    path = Path(file)
    base = os.environ.get("PLANTBENCH_DATA")
    if not path.is_absolute():
        if base is None:
            raise RecordingError(
                f"{file}: recording cannot be found, PLANTBENCH_DATA is not set; "
                "set it to the folder of recorded data or give an absolute path"
            )
        path = Path(base) / file
    if not path.is_file():
        raise RecordingError(f"{path}: no such recording; check plant.recordings and PLANTBENCH_DATA = {base!r}")
    return path


def read_waveform(path: Path, channel: str | None = None, rate_hz: float | None = None) -> Waveform:
    """Read one channel of a recording: npz, npy, mat (v5), csv or wav.

    Parameters
    ----------
    path : Path
        The file.
    channel : str, optional
        Array, variable or column name; may be left out when the file holds one channel only.
    rate_hz : float, optional
        Rate [Hz]; may be left out when the file says it.

    Raises
    ------
    RecordingError
        As said in `Recording`.

    """
    readers = {".npz": _npz, ".npy": _npy, ".mat": _mat, ".csv": _csv, ".txt": _csv, ".wav": _wav}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise RecordingError(f"{path}: unknown kind {path.suffix!r}; one of {', '.join(readers)} is read")
    try:
        channels, stated = reader(path)
    except RecordingError:
        raise
    except Exception as problem:
        raise RecordingError(f"{path}: cannot be read as {path.suffix} ({problem}); is the file whole?") from problem
    name, samples = _choose(path, channels, channel)
    samples = np.ascontiguousarray(samples, dtype=np.float64)
    if samples.size == 0:
        raise RecordingError(f"{path}: channel {name!r} is empty; a recording needs samples")
    bad = np.flatnonzero(~np.isfinite(samples))
    if bad.size:
        raise RecordingError(
            f"{path}: channel {name!r} holds {bad.size} values that are no finite numbers, "
            f"the first at sample {bad[0]}; cut the recording or choose another channel"
        )
    rate = rate_hz if rate_hz is not None else stated
    if rate is None or not math.isfinite(rate) or rate <= 0.0:
        raise RecordingError(f"{path}: the file does not say its rate ({rate}); give `rate` under plant.recordings")
    return Waveform(samples, float(rate), name)


def _choose(path: Path, channels: dict[str, NDArray[Any]], wanted: str | None) -> tuple[str, NDArray[Any]]:
    if not channels:
        raise RecordingError(f"{path}: holds no channel of numbers")
    if wanted is None:
        if len(channels) > 1:
            raise RecordingError(f"{path}: holds several channels; name one of {', '.join(sorted(channels))}")
        return next(iter(channels.items()))
    if wanted not in channels:
        import difflib

        near = difflib.get_close_matches(wanted, channels, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"it holds {', '.join(sorted(channels))}"
        raise RecordingError(f"{path}: no channel {wanted!r}; {hint}")
    return wanted, channels[wanted]


def _vector(array: NDArray[Any]) -> NDArray[Any] | None:
    """Return a channel as a vector; None for what is no channel (scalars, text, matrices)."""
    flat = np.squeeze(array)
    is_channel = flat.ndim == 1 and np.issubdtype(array.dtype, np.number) and not np.iscomplexobj(array)
    if array.ndim and array.size == 0:
        return np.zeros(0)
    return flat if is_channel and array.size > 1 else None


def _columns(name: str, array: NDArray[Any]) -> list[tuple[str, NDArray[Any]]]:
    """Return the channels of an array: itself, or the columns of a matrix as ``name.0`` and so on."""
    vector = _vector(array)
    if vector is not None:
        return [(name, vector)]
    if array.ndim == 2 and np.issubdtype(array.dtype, np.number) and array.size:
        return [(f"{name}.{i}", array[:, i]) for i in range(array.shape[1])]
    return []


def _npz(path: Path) -> tuple[dict[str, NDArray[Any]], float | None]:
    channels: dict[str, NDArray[Any]] = {}
    with np.load(path, allow_pickle=False) as archive:
        for name in archive.files:
            if name == "scale" or name.startswith("scale_"):
                continue
            own = next((n for n in (f"scale_{name}", "scale") if n in archive.files), None)
            scale = 1.0 if own is None else float(archive[own])
            for label, vector in _columns(name, archive[name]):
                channels[label] = vector.astype(np.float64) * scale
        rate = next((float(np.squeeze(archive[n])) for n in RATE_NAMES if n in archive.files), None)
    return channels, rate


def _npy(path: Path) -> tuple[dict[str, NDArray[Any]], float | None]:
    vector = _vector(np.load(path, allow_pickle=False))
    return ({} if vector is None else {path.stem: vector}), None


def _mat(path: Path) -> tuple[dict[str, NDArray[Any]], float | None]:
    from scipy.io import loadmat

    content = {name: value for name, value in loadmat(path).items() if not name.startswith("__")}
    channels: dict[str, NDArray[Any]] = {}
    rate = None
    for name, value in _mat_leaves(content):
        if name.rpartition(".")[2] in (*RATE_NAMES, "sr") and value.size == 1:
            rate = float(np.squeeze(value))
        vector = _vector(value)
        if vector is not None:
            channels[name] = vector
    return channels, rate


def _mat_leaves(content: dict[str, Any], prefix: str = "") -> list[tuple[str, NDArray[Any]]]:
    """Return the numeric arrays of a mat file, those in structures as ``structure.field``."""
    leaves: list[tuple[str, NDArray[Any]]] = []
    for name, value in content.items():
        array = np.asarray(value)
        if array.dtype.names and array.size == 1:
            record = array.reshape(-1)[0]
            leaves += _mat_leaves({field: record[field] for field in array.dtype.names}, f"{prefix}{name}.")
        elif np.issubdtype(array.dtype, np.number):
            leaves.append((prefix + name, array))
    return leaves


def _csv(path: Path) -> tuple[dict[str, NDArray[Any]], float | None]:
    """Read columns; a first column called time or t gives the rate."""
    with path.open(encoding="utf-8-sig") as file:
        first = file.readline()
    if not first.strip():
        raise RecordingError(f"{path}: is empty; a recording needs samples")
    separator = next((s for s in ("\t", ";", ",") if s in first), None)
    head = [cell.strip() for cell in (first.split(separator) if separator else first.split())]
    try:
        [float(cell) for cell in head]
        names, skip = [f"column{i + 1}" for i in range(len(head))], 0
    except ValueError:
        names, skip = head, 1
    table = np.loadtxt(
        path, delimiter=separator, skiprows=skip, ndmin=2, encoding="utf-8-sig", max_rows=MAXIMUM_SAMPLES
    )
    if table.size == 0:
        return {name: np.zeros(0) for name in names}, None
    channels = {name: table[:, i] for i, name in enumerate(names)}
    rate = None
    for name in ("t", "time", "time_s", "t_s"):
        if name in channels and len(channels) > 1:
            t = channels.pop(name)
            rate = float((t.size - 1) / (t[-1] - t[0])) if t.size > 1 and t[-1] > t[0] else None
    return channels, rate


def _wav(path: Path) -> tuple[dict[str, NDArray[Any]], float | None]:
    from scipy.io import wavfile

    rate, data = wavfile.read(path)
    full = float(np.iinfo(data.dtype).max) + 1.0 if np.issubdtype(data.dtype, np.integer) else 1.0
    offset = 128.0 if data.dtype == np.uint8 else 0.0
    scale = 128.0 if data.dtype == np.uint8 else full
    columns = data[:, None] if data.ndim == 1 else data
    names = ["mono"] if data.ndim == 1 else [f"channel{i + 1}" for i in range(columns.shape[1])]
    return {n: (columns[:, i].astype(np.float64) - offset) / scale for i, n in enumerate(names)}, float(rate)
