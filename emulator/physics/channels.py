"""A bank of many vibration channels at once: parameters as arrays, sixteen channels side by side in the processor.

Each channel listens to one shaft and to any number of impact sources. Rotor forces are orders of the shaft angle that
pass through the structure's modes (quasi-steady in speed), impacts ring the modes from their exact fractional time, a
broadband force keeps them murmuring, and the sensor chain makes of it what a device stores: mount, high-pass, gain,
offset, white and 1/f noise, anti-alias filter, saturation with slow recovery, quantiser.

`Housing` with `WaveformChain` is the same physics for one channel in float64, with cavitation and rough spalls; the
bank is float32 and for thousands. Blocks, cuts and threads never show in the bits.
"""

import copy
import itertools
import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emulator.physics.channel_parameters import (
    BankParameters,
    ShaftBlock,
    Sources,
    fold,
    forces_of,
    sensor_of,
    structure_of,
)
from emulator.physics.kernels import synthesis as k
from emulator.physics.kernels import trains
from emulator.physics.sample_grid import sample_grid
from emulator.streams import Streams

Floats = NDArray[np.float64]


@dataclass(slots=True)
class BankCondition:
    """What faults and operators may change, one value a channel; read when a block is entered.

    Attributes
    ----------
    gain, offset : factor, and bias after the high-pass [m/s²].
    noise : factor on white and 1/f noise.
    limit : factor on the limits of saturation.
    bits_lost : of the quantiser.
    background : factor on the broadband force.
    orders : factor on the rotor forces, float64[c, k].

    """

    gain: Floats
    offset: Floats
    noise: Floats
    limit: Floats
    bits_lost: NDArray[np.int64]
    background: Floats
    orders: Floats


@dataclass(slots=True)
class _Block:
    motion: k.Motion
    events: k.Events
    grid: tuple[int, int]
    tick_s: float
    t0_ns: int = field(default=-1)


class ChannelBank:
    """The bank.

    Parameters
    ----------
    parameters : BankParameters
        Shapes and constants, one row a channel.
    sources : Sources
        Impact sources and who hears them; `sources.width_mm` may be changed between blocks.
    streams, path : Streams, str
        Where its randomness comes from: ``f"{path}/{channel}"``, whatever the number of channels.
    rate_hz : float
        Samples per second.

    Attributes
    ----------
    condition : BankCondition
        May be changed between blocks.

    """

    def __init__(
        self, parameters: BankParameters, sources: Sources, streams: Streams, path: str, rate_hz: float = 25_600.0
    ) -> None:
        self.parameters, self.sources, self.rate_hz = parameters, sources, rate_hz
        count = parameters.channels
        self.condition = BankCondition(
            np.ones(count), np.zeros(count), np.ones(count), np.ones(count), np.zeros(count, np.int64), np.ones(count),
            np.ones((count, parameters.orders)),
        )  # fmt: skip
        self._heeded: BankCondition | None = None
        keys = [streams(f"{path}/{c}") for c in range(count)]
        self._structure = structure_of(parameters, rate_hz, [key.key0 for key in keys], [key.key1 for key in keys])
        self._sensor = sensor_of(parameters, rate_hz, self.condition)
        self._trains = sources.trains(streams, path)
        self._groups = g = -(-count // k.LANES)
        modes, lanes = parameters.mode_hz.shape[1], k.LANES
        shapes = (
            (g, modes, 2 * lanes), (g, 3, 2 * lanes),
            (g, 2 * (self._sensor.mount.shape[1] - lanes)), (g, 2 * (self._sensor.anti_alias.shape[1] - lanes)),
            (g, 2 * lanes), (g, self._sensor.mask.size * lanes), (g, lanes),
        )  # fmt: skip
        self._state = k.State(*[*(np.zeros(shape, np.float32) for shape in shapes), np.zeros(g, np.int64)])
        self._block: _Block | None = None
        self._events = _no_events(g)
        self._next = -1

    @property
    def delay_s(self) -> float:
        """How late the sensor chain is: both its filters are symmetric [s]; 0 without a chain."""
        if not self.parameters.chained:
            return 0.0
        taps = int(self._sensor.mount.shape[1] + self._sensor.anti_alias.shape[1])
        return float(taps / k.LANES - 2) / self.rate_hz

    @property
    def bytes_per_channel(self) -> float:
        """Memory that states and constants take, blocks apart [B]."""
        arrays = (*self._structure, *self._sensor, *self._state)
        return float(sum(a.nbytes for a in arrays)) / self.parameters.channels

    # --- time ---------------------------------------------------------------------------------------------

    def enter(self, block: ShaftBlock) -> tuple[int, int]:
        """Take the next block of the shafts; return (n0, count) of its samples.

        Raises
        ------
        ValueError
            The block does not follow the last one, that one is not rendered to its end, or shafts are missing.

        """
        p = self.parameters
        needed = 1 + max(int(p.shaft.max()), int(self._trains.shaft.max(initial=-1)))
        if block.speed_rad_s.shape[0] < needed:
            raise ValueError(f"the block has {block.speed_rad_s.shape[0]} shafts, the channels listen to {needed}")
        first, lead = sample_grid(block.t0_ns, block.tick_s, block.speed_rad_s.shape[1], self.rate_hz)
        n0, end = int(first[0]), int(first[-1])
        if self._next not in (-1, n0):
            raise ValueError(f"the block begins at sample {n0}, the next sample of this bank is {self._next}")
        self._heed()
        motion = self._motion(block, first, lead)
        self._events = self._impacts(block, first, lead)
        self._state.cursor[:] = self._events.start[:-1]
        self._block = _Block(motion, self._events, (n0, end), block.tick_s, block.t0_ns)
        self._next = n0
        return n0, end - n0

    def render(
        self, n0: int, count: int, threads: int = 1, out: NDArray[np.float32] | None = None
    ) -> NDArray[np.float32]:
        """Return samples n0 … n0+count-1 of every channel, float32[count, channels] [m/s²], in `out` where it is given.

        Any cut into calls and any number of threads gives the same bits.

        Raises
        ------
        ValueError
            The samples are not in the block entered last or do not follow those rendered before; `out` does not fit.

        """
        if self._block is None:
            raise ValueError("no block has been entered yet; call enter() first")
        low, high = self._block.grid
        if n0 != self._next:
            raise ValueError(f"samples from {n0} do not follow: the next sample of this bank is {self._next}")
        if count < 0 or n0 + count > high:
            raise ValueError(f"samples {n0}..{n0 + count - 1} are not in this block, which holds {low}..{high - 1}")
        shape = count, self.parameters.channels
        if out is None:
            out = np.empty(shape, np.float32)
        elif out.shape != shape or out.dtype != np.float32 or not out.flags.c_contiguous:
            raise ValueError(f"out must be a contiguous float32 array of shape {shape}, is {out.dtype} {out.shape}")
        if count:
            edges = np.linspace(0, self._groups, max(1, min(threads, self._groups)) + 1).astype(int)
            jobs = [(int(a), int(b)) for a, b in itertools.pairwise(edges)]
            if len(jobs) == 1:
                self._render(jobs[0][0], jobs[0][1], n0, out)
            else:
                with ThreadPoolExecutor(len(jobs)) as pool:
                    list(pool.map(lambda job: self._render(job[0], job[1], n0, out), jobs))
        self._next = n0 + count
        return out

    def _render(self, group0: int, group1: int, n0: int, out: NDArray[np.float32]) -> None:
        assert self._block is not None
        b = self._block
        k.render(
            group0, group1, n0, out.shape[0], self.rate_hz, b.tick_s, int(self.parameters.chained),
            self.parameters.orders, b.motion, self._structure, self._sensor, self._state, b.events, out,
        )  # fmt: skip

    def _heed(self) -> None:
        """Turn the condition into the kernels' arrays, if it changed."""
        c, old = self.condition, self._heeded
        if old is not None and all(np.array_equal(getattr(c, n), getattr(old, n)) for n in BankCondition.__slots__):
            return
        self._sensor = sensor_of(self.parameters, self.rate_hz, c, self._sensor)
        self._structure = self._structure._replace(force=forces_of(self.parameters, c.orders))
        self._heeded = copy.deepcopy(c)

    def _motion(self, block: ShaftBlock, first: NDArray[np.int64], lead: Floats) -> k.Motion:
        p, shafts = self.parameters, block.speed_rad_s.shape[0]
        edges = block.speed_rad_s.shape[1]
        frac = np.empty((shafts, edges))
        trains.angles(block.speed_rad_s, block.tick_s, block.frac0, frac)
        ratio = np.abs(block.speed_rad_s[p.shaft, :-1]) / p.rated_speed_rad_s[:, None]
        # density S [N/√Hz] -> force sigma S·√(fs/2) -> impulse over one sample S/√(2 fs); grows with speed
        level = (p.background_n * self.condition.background)[:, None] * np.maximum(ratio**1.5, 0.02)
        level /= math.sqrt(2.0 * self.rate_hz)
        return k.Motion(
            first,
            lead,
            fold(block.speed_rad_s[p.shaft]),
            fold(frac[p.shaft, :-1]),
            fold(level).astype(np.float32),
        )

    def _impacts(self, block: ShaftBlock, first: NDArray[np.int64], lead: Floats) -> k.Events:
        speed, t = block.speed_rad_s, self._trains
        turns = np.abs(speed).sum(axis=1) * block.tick_s / (2.0 * math.pi)
        per_turn = 2.0 * (t.order + np.abs(t.lag_order))
        room = 2 * int(np.sum(turns[t.shaft] * per_turn + 8.0)) + 16 if t.shaft.size else 1
        source, tick, kind, number = (np.empty(room, np.int64) for _ in range(4))
        offset, impulse = np.empty(room), np.empty(room)
        count = trains.strike(
            speed, block.revs0, block.frac0, block.radial_load_n, block.tick_s, t,
            source, tick, offset, impulse, kind, number,
        )  # fmt: skip
        s, old = self.sources, self._events
        wanted = count * max(s.most_listeners, 1) + old.sample.size
        start = np.zeros(self._groups + 1, np.int64)
        sample, lane, out_kind, tag = (np.zeros(wanted, np.int64) for _ in range(4))
        late, size = np.zeros(wanted), np.zeros(wanted)
        total = trains.deliver(
            count, source, tick, offset, impulse, kind, number, first, lead, self.rate_hz,
            s.link_start, s.link_channel, s.link_gain, s.link_delay_s, old, self._state.cursor, self._groups,
            start, sample, lane, out_kind, late, size, tag,
        )  # fmt: skip
        return k.Events(*[start, *(a[:total] for a in (sample, lane, out_kind, late, size, tag))])

    # --- save and restore ---------------------------------------------------------------------------------

    def save(self) -> dict[str, Any]:
        """Return everything that changes, copied; anywhere in a block, amid an impact too."""
        names = ("condition", "_state", "_block", "_events", "_next", "_heeded")
        saved = {name: copy.deepcopy(getattr(self, name)) for name in names}
        t = self._trains
        moved = (t.to_go.copy(), t.index.copy(), t.width_mm.copy())
        return saved | {"trains": moved, "sensor": self._sensor, "force": self._structure.force}

    def restore(self, saved: dict[str, Any]) -> None:
        """Take over what `save` returned, in a bank of the same parameters, sources and streams."""
        for name in BankCondition.__slots__:
            getattr(self.condition, name)[...] = getattr(saved["condition"], name)
        for mine, theirs in zip(self._state, saved["_state"], strict=True):
            mine[...] = theirs
        self._block, self._events = copy.deepcopy(saved["_block"]), copy.deepcopy(saved["_events"])
        self._next, self._sensor, self._heeded = saved["_next"], saved["sensor"], copy.deepcopy(saved["_heeded"])
        self._structure = self._structure._replace(force=saved["force"])
        t = self._trains
        t.to_go[...], t.index[...], t.width_mm[...] = saved["trains"]


def _no_events(groups: int) -> k.Events:
    none = np.zeros(0, np.int64)
    return k.Events(np.zeros(groups + 1, np.int64), none, none, none, np.zeros(0), np.zeros(0), none)


__all__ = ["BankCondition", "BankParameters", "ChannelBank", "ShaftBlock", "Sources"]
