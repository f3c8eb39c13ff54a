"""Finds out, by reading alone, what registers a live Modbus device has, and what they hold while one listens."""

import statistics
import struct
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from hil.importing.found import CannotImportError, FoundDevice, FoundValue
from hil.importing.modbus_client import Reader, Refused

BLOCK: Final = 100
MOST_REQUESTS: Final = 50_000
_FUNCTIONS: Final = {"coil": 1, "discrete": 2, "holding": 3, "input": 4}
_ILLEGAL_FUNCTION: Final = 1
_NOBODY: Final = (10, 11)
_PAIRS_IN_A_ROW: Final = 3
_IDENTITY: Final = {0: "vendor", 1: "product", 2: "revision", 4: "name"}

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Scan:
    """What to look at: units, tables and addresses, how often and how far apart [s]."""

    units: tuple[int, ...] = (1,)
    tables: tuple[str, ...] = ("holding", "input", "coil", "discrete")
    first: int = 0
    last: int = 999
    samples: int = 3
    pause_s: float = 0.5
    guess: bool = True


@dataclass(slots=True)
class _Run:
    """Neighbouring cells of a table that can be read, and each sample of them."""

    unit: int
    table: str
    first: int
    samples: list[list[int]] = field(default_factory=list)
    pieces: list[tuple[int, int]] = field(default_factory=list)  # as the device let itself be read


def scan(reader: Reader, url: str, protocol: str, wanted: Scan, progress: Progress) -> FoundDevice:
    """Scan a device.

    Parameters
    ----------
    reader : Reader
        Connected to it; only read functions (1 to 4, 43/14) are used.
    url, protocol
        For the binding and the rig.
    wanted : Scan
    progress : callable
        Told what is going on.

    Raises
    ------
    CannotImportError
        No unit answers.
    OSError
        The connection is lost or the peer talks something else.

    """
    runs: list[_Run] = []
    identities: list[dict[str, Any]] = []
    silent = []
    for unit in wanted.units:
        progress(f"unit {unit}")
        try:
            found = [run for table in wanted.tables for run in _table(reader, unit, table, wanted)]
        except TimeoutError:
            silent.append(unit)
            continue
        runs += found
        said = {_IDENTITY[k]: text for k, text in reader.identity(unit).items() if k in _IDENTITY and text}
        if found and said:
            identities.append({"unit": unit, **said})
    if not runs:
        raise CannotImportError(f"{url}: no unit of {_list(wanted.units)} answers a read; check units and addresses")
    for number in range(1, wanted.samples):
        progress(f"listening, {number + 1} of {wanted.samples}")
        time.sleep(wanted.pause_s)
        for run in runs:
            pieces = [_read(reader, run.unit, run.table, first, count) for first, count in run.pieces]
            run.samples.append([cell for piece in pieces for cell in piece])
    values = [value for run in runs for value in _values(run, guess=wanted.guess)]
    notes = [f"scanned from {url} by reading alone ({reader.asked} requests)"]
    guessed = sum(value.address["type"] == "f32" for value in values)
    if guessed:
        notes.append(f"{guessed} pairs of registers look like 32-bit floats: check them against the manual")
    if silent:
        notes.append(f"units {_list(silent)} do not answer")
    return FoundDevice(
        protocol, values, url=url, settings={"identities": identities} if identities else {}, notes=notes
    )


def _table(reader: Reader, unit: int, table: str, wanted: Scan) -> Iterator[_Run]:
    """Yield the readable stretches of a table; none if the device lacks the function or the unit."""
    run: _Run | None = None
    try:
        for first, cells in _pieces(reader, unit, table, wanted.first, wanted.last - wanted.first + 1):
            if run is None or run.first + len(run.samples[0]) != first:
                if run is not None:
                    yield run
                run = _Run(unit, table, first, [[]])
            run.samples[0] += cells
            run.pieces.append((first, len(cells)))
    except Refused as answer:
        if answer.code in _NOBODY:
            raise TimeoutError from None
        if answer.code != _ILLEGAL_FUNCTION:
            raise OSError(f"unit {unit} refuses to be read with exception {answer.code}") from None
    if run is not None:
        yield run


def _pieces(reader: Reader, unit: int, table: str, first: int, count: int) -> Iterator[tuple[int, list[int]]]:
    """Yield what can be read of a stretch, halving it wherever the device says that an address does not exist."""
    if reader.asked > MOST_REQUESTS:
        raise CannotImportError(f"more than {MOST_REQUESTS} requests; scan fewer addresses at once")
    if count > BLOCK:
        for start in range(first, first + count, BLOCK):
            yield from _pieces(reader, unit, table, start, min(BLOCK, first + count - start))
        return
    try:
        yield first, _read(reader, unit, table, first, count)
    except Refused as answer:
        if answer.code not in (2, 3, 4):
            raise
        if count > 1:
            half = count // 2
            yield from _pieces(reader, unit, table, first, half)
            yield from _pieces(reader, unit, table, first + half, count - half)


def _read(reader: Reader, unit: int, table: str, first: int, count: int) -> list[int]:
    read = reader.bits if table in ("coil", "discrete") else reader.registers
    return read(unit, _FUNCTIONS[table], first, count)


def _values(run: _Run, *, guess: bool) -> Iterator[FoundValue]:
    count = len(run.samples[0])
    floats = _floats(run.samples) if guess and run.table in ("holding", "input") else {}
    place = 0
    while place < count:
        order = floats.get(place)
        seen = [_float(sample[place], sample[place + 1], order) if order else sample[place] for sample in run.samples]
        yield _value(run, place, order, seen)
        place += 2 if order else 1


def _value(run: _Run, place: int, order: str | None, seen: Sequence[float]) -> FoundValue:
    register = run.first + place
    address: dict[str, Any] = {"unit": run.unit, "table": run.table, "register": register}
    mean = statistics.fmean(seen)
    if run.table in ("coil", "discrete"):
        address["type"], low, high, mean = "bool", 0.0, 1.0, float(seen[-1])
    elif order:
        address |= {"type": "f32", "order": order}
        reach = max(10.0 * max(abs(x) for x in seen), 1.0)
        low, high = -reach, reach
    else:
        address["type"], low, high = "u16", 0.0, 65_535.0
    name = f"u{run.unit}_{run.table}_{register}"
    wander = statistics.pstdev(seen) if address["type"] != "bool" else 0.0
    about = "looks like a 32-bit float" if order else ""
    return FoundValue(name, address, mean, wander, low=low, high=high, description=about)


def _floats(samples: list[list[int]]) -> dict[int, str]:
    """Return where 32-bit floats seem to be, and their word order: at least three plausible ones in a row."""
    runs = []
    count = len(samples[0])
    for order in ("ABCD", "CDAB"):
        for start in range(count - 1):
            end = start
            while end + 1 < count and _plausible([_float(s[end], s[end + 1], order) for s in samples]):
                end += 2
            if end - start >= 2 * _PAIRS_IN_A_ROW:
                runs.append((end - start, start, order))
    found: dict[int, str] = {}
    taken: set[int] = set()
    # Shifted by one, or with words exchanged, a row of floats can look like a shorter one: the longest is right.
    for length, start, order in sorted(runs, key=lambda run: -run[0]):
        if not taken & set(range(start, start + length)):
            taken |= set(range(start, start + length))
            found.update(dict.fromkeys(range(start, start + length, 2), order))
    return found


def _plausible(seen: Sequence[float]) -> bool:
    sizes = [abs(x) for x in seen]
    return all(1e-3 <= size <= 1e7 for size in sizes) and max(sizes) <= 2.0 * min(sizes)


def _float(one: int, two: int, order: str) -> float:
    high, low = (one, two) if order == "ABCD" else (two, one)
    return float(struct.unpack(">f", struct.pack(">HH", high, low))[0])


def _list(numbers: Sequence[int]) -> str:
    return ", ".join(str(number) for number in numbers)
