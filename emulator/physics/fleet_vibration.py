"""Vibration of the first units of a fleet: what their shafts did since the last block, and a bank that renders it."""

import copy
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emulator.physics.asset import TICK_S
from emulator.physics.channel_parameters import BankParameters, ShaftBlock, Sources
from emulator.physics.channels import ChannelBank
from emulator.physics.rolling_bearing import RollingBearingParameters
from emulator.streams import Streams

Floats = NDArray[np.float64]
LONGEST_TICKS = 3000  # half a minute: nobody reads the waveforms of this rig


class FleetVibration:
    """Keeps the speeds of `count` units until somebody asks for their samples, then renders all at once."""

    def __init__(self, name: str, streams: Streams, count: int) -> None:
        self.count = count
        self._name, self._streams = name, streams
        self._bank: ChannelBank | None = None
        self._notes: list[Floats] = []
        self._start: tuple[int, Floats, Floats, Floats] | None = None
        self._block: tuple[int, NDArray[np.float32]] = (0, np.empty((0, count), np.float32))

    def begin(self, t_ns: int, speed_rad_s: Floats, turns: Floats, frac: Floats) -> None:
        """Note where a stretch of ticks begins."""
        if self._start is None:
            self._start = (t_ns, speed_rad_s.copy(), turns.copy(), frac.copy())

    def note(self, note: Floats, end_ns: int) -> None:
        """Note the ticks that were stepped: speed and radial load, float64[count, ticks, 2]."""
        if self.count == 0:
            return
        self._notes.append(note)
        if sum(n.shape[1] for n in self._notes) > LONGEST_TICKS:
            self._notes, self._start, self._bank = [], None, None

    def samples(self, unit: int, n0: int, count: int, rate_hz: float, spall_mm: Floats, grade: Floats) -> Floats:
        """Return a unit's samples of the block just stepped; `grade` is the unbalance over the healthy one."""
        if self._bank is None:
            self._bank = self._make(rate_hz)
        if rate_hz != self._bank.rate_hz:
            raise ValueError(f"{self._name}: rate = {rate_hz} Hz; all channels of a fleet have {self._bank.rate_hz} Hz")
        first, block = self._block
        if not first <= n0 or n0 + count > first + block.shape[0]:
            first, block = self._block = self._render(self._bank, spall_mm, grade)
        if not first <= n0 or n0 + count > first + block.shape[0]:
            raise ValueError(
                f"{self._name}: samples {n0}..{n0 + count - 1} are not in this block, which holds "
                f"{first}..{first + block.shape[0] - 1}"
            )
        return np.asarray(block[n0 - first : n0 - first + count, unit], np.float64)

    def _render(self, bank: ChannelBank, spall_mm: Floats, grade: Floats) -> tuple[int, NDArray[np.float32]]:
        if self._start is None or not self._notes:
            raise ValueError(f"{self._name}: no block has been stepped yet; step the plant first")
        t0_ns, speed, turns, frac = self._start
        noted = np.concatenate(self._notes, axis=1)
        bank.sources.width_mm[:] = spall_mm
        bank.condition.orders[:, 0] = grade
        block = ShaftBlock(
            t0_ns,
            TICK_S,
            turns.astype(np.int64),
            frac,
            np.concatenate((speed[:, None], noted[:, :, 0]), axis=1),
            np.ascontiguousarray(noted[:, :, 1]),
        )
        self._notes, self._start = [], None
        n0, count = bank.enter(block)
        return n0, bank.render(n0, count)

    def _make(self, rate_hz: float) -> ChannelBank:
        parameters = BankParameters.alike(self.count, scatter=1.0, streams=self._streams, chained=False)
        sources = Sources()
        for i in range(self.count):
            sources.hear(sources.add(RollingBearingParameters(), "outer", i), i)
        return ChannelBank(parameters, sources, self._streams, f"{self._name}/vibration", rate_hz)

    def save(self) -> dict[str, Any]:
        """Return everything that changes."""
        bank = None if self._bank is None else (self._bank.rate_hz, self._bank.save())
        return copy.deepcopy({"bank": bank, "notes": self._notes, "start": self._start, "block": self._block})

    def restore(self, saved: dict[str, Any]) -> None:
        """Take over what `save` returned."""
        saved = copy.deepcopy(saved)
        self._notes, self._start, self._block = saved["notes"], saved["start"], saved["block"]
        self._bank = None
        if saved["bank"] is not None:
            rate_hz, bank = saved["bank"]
            self._bank = self._make(rate_hz)
            self._bank.restore(bank)
