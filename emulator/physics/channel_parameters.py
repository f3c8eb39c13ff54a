"""What a bank of channels is made of: shapes, checks, and their fold into lanes of sixteen."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from emulator.physics.kernels import synthesis as k
from emulator.physics.kernels.trains import FIXED, ROLLING, TURNING, Trains
from emulator.physics.rolling_bearing import RollingBearingParameters
from emulator.physics.shaft import ShaftTrace
from emulator.sensors import transducers
from emulator.streams import Streams

if TYPE_CHECKING:
    from emulator.physics.channels import BankCondition

Floats = NDArray[np.float64]
Complexes = NDArray[np.complex128]

# §2.3: modes of the default housing
MODE_HZ = (100.0, 850.0, 3200.0, 5400.0, 9000.0)
MODE_DAMPING = (0.05, 0.04, 0.03, 0.03, 0.02)
MODE_MASS_KG = (50.0, 40.0, 16.0, 10.0, 30.0)
RATED_RAD_S = 1480.0 * math.pi / 30.0


@dataclass(frozen=True, slots=True)
class ShaftBlock:
    """A block of many shafts, on the tick grid: the arrays of `ShaftTrace`, one row a shaft.

    Attributes
    ----------
    t0_ns, tick_s : plant time of its start [ns], tick [s].
    revs0 int64[s], frac0 float64[s] : angle at its start, whole turns and fraction.
    speed_rad_s float64[s, k+1], radial_load_n float64[s, k].

    """

    t0_ns: int
    tick_s: float
    revs0: NDArray[np.int64]
    frac0: Floats
    speed_rad_s: Floats
    radial_load_n: Floats

    @classmethod
    def of(cls, traces: Sequence[ShaftTrace]) -> Self:
        """Join traces of one block."""
        return cls(
            traces[0].t0_ns,
            traces[0].tick_s,
            np.array([t.revs0 for t in traces], np.int64),
            np.array([t.frac0 for t in traces]),
            np.stack([t.speed_rad_s for t in traces]),
            np.stack([t.radial_load_n for t in traces]),
        )


@dataclass(frozen=True)
class BankParameters:
    """Constants of c channels with m modes and k orders, in SI.

    Attributes
    ----------
    shaft int64[c] : the shaft each listens to.
    mode_hz, mode_damping, mode_mass_kg float64[c, m] : structure; mass over participation.
    order_line complex128[c, k] : acceleration at orders 1 … k of the shaft, whatever its speed [m/s²].
    order_standing_n, order_growing_n complex128[c, k] : forces at orders 1 … k; the second is that at rated speed and
        grows with its square (unbalance m·e·ω²). They pass through the modes.
    rated_speed_rad_s, background_n float64[c] : of the orders; one-sided density of the broadband force [N/√Hz].
    contact_s : duration constants of soft entry, sharp exit and flow [s].
    chained : whether there is a sensor chain; without one the samples are acceleration plus white noise.
    mount_hz, mount_damping float64[c] · noise_density, noise_corner_hz, full_scale, bits : of the accelerometer;
        density in m/s²/√Hz [c], full scale in m/s² [c], 0 bits for no quantiser.

    """

    shaft: NDArray[np.int64]
    mode_hz: Floats
    mode_damping: Floats
    mode_mass_kg: Floats
    order_line: Complexes
    order_standing_n: Complexes
    order_growing_n: Complexes
    rated_speed_rad_s: Floats
    background_n: Floats
    mount_hz: Floats
    mount_damping: Floats
    noise_density: Floats
    full_scale: Floats
    noise_corner_hz: float = transducers.IEPE_CORNER_HZ
    bits: int = 16
    contact_s: tuple[float, float, float] = (60e-6, 12e-6, 25e-6)
    chained: bool = True

    @property
    def channels(self) -> int:
        """Number of channels."""
        return int(self.shaft.size)

    @property
    def orders(self) -> int:
        """Number of orders."""
        return int(self.order_line.shape[1])

    def __post_init__(self) -> None:
        """Refuse what no structure and no sensor can be."""
        c = self.channels
        for name in ("mode_hz", "mode_damping", "mode_mass_kg", "rated_speed_rad_s", "full_scale", "mount_hz"):
            _positive(name, getattr(self, name), c)
        for name in ("order_line", "order_standing_n", "order_growing_n"):
            value = getattr(self, name)
            if value.shape != (c, self.orders) or not np.all(np.isfinite(value)):
                raise ValueError(f"{name} must be finite numbers of shape ({c}, {self.orders}), is {value.shape}")
        if np.any(self.mode_damping >= 1.0):
            raise ValueError(f"mode_damping = {self.mode_damping.max():g} must be below 1: a mode has to ring")

    @classmethod
    def alike(
        cls,
        count: int,
        *,
        shaft: Sequence[int] | None = None,
        orders: int = 12,
        unbalance_grade_mm_s: float = 2.5,
        rotor_mass_kg: float = 40.0,
        vanes: int = 6,
        vane_force_n: float = 12.0,
        background_n: float = 0.02,
        scatter: float = 0.0,
        streams: Streams | None = None,
        chained: bool = True,
        line: Complexes | None = None,
    ) -> Self:
        """Make `count` channels on default housings, each on a shaft of its own unless told otherwise.

        `scatter` 1 spreads modal frequencies by 5 %, damping by 30 % and noise floors by 20 % (§2.5), drawn by
        channel from `streams`.
        """
        draws = np.zeros((4, count, len(MODE_HZ)))
        if streams is not None and scatter > 0.0:
            for i, name in enumerate(("hz", "damping", "background", "noise")):
                drawn = streams(f"scatter/{name}").uniform(0, count * len(MODE_HZ)).reshape(count, -1)
                draws[i] = scatter * (2.0 * drawn - 1.0)
        growing = np.zeros((count, orders), np.complex128)
        if orders:
            grade = unbalance_grade_mm_s * 1e-3
            growing[:, 0] += rotor_mass_kg * grade * RATED_RAD_S * np.exp(0.7j)
        if orders >= vanes:
            growing[:, vanes - 1] += vane_force_n
        nothing = np.zeros((count, orders), np.complex128)
        return cls(
            np.arange(count) if shaft is None else np.asarray(shaft, np.int64),
            np.array(MODE_HZ) * (1.0 + 0.05 * draws[0]),
            np.array(MODE_DAMPING) * (1.0 + 0.3 * draws[1]),
            np.broadcast_to(np.array(MODE_MASS_KG), (count, len(MODE_HZ))).copy(),
            nothing if line is None else line,
            nothing,
            growing,
            np.full(count, RATED_RAD_S),
            background_n * (1.0 + 0.2 * draws[2, :, 0]),
            np.full(count, transducers.MOUNTS["stud"].frequency_hz),
            np.full(count, transducers.MOUNTS["stud"].damping),
            transducers.IEPE_DENSITY * (1.0 + 0.2 * draws[3, :, 0]),
            np.full(count, 50.0 * transducers.STANDARD_GRAVITY),
            chained=chained,
        )


def _positive(name: str, value: Floats, channels: int) -> None:
    if value.shape[0] != channels:
        raise ValueError(f"{name} has {value.shape[0]} rows for {channels} channels")
    bad = np.flatnonzero(~(np.isfinite(value) & (value > 0.0)).reshape(channels, -1).all(axis=1))
    if bad.size:
        raise ValueError(f"{name} of channel {bad[0]} = {value[bad[0]]} must be above 0")


@dataclass
class Sources:
    """Impact sources: spalled surfaces of bearings, and who hears them.

    `add` surfaces, then `hear` them; the bank turns them into arrays. ``width_mm`` float64[s] is the condition.
    """

    rows: list[tuple[RollingBearingParameters, str, int]] = field(default_factory=list)
    links: list[tuple[int, int, float, float]] = field(default_factory=list)
    width_mm: Floats = field(default_factory=lambda: np.zeros(0))

    def add(self, bearing: RollingBearingParameters, surface: str, shaft: int, width_mm: float = 0.0) -> int:
        """Add a surface (outer, inner, ball, cage) of a bearing on a shaft; return its number."""
        if surface not in ("outer", "inner", "ball", "cage"):
            raise ValueError(f"surface = {surface!r} must be outer, inner, ball or cage")
        self.rows.append((bearing, surface, shaft))
        self.width_mm = np.append(self.width_mm, width_mm)
        return len(self.rows) - 1

    def hear(self, source: int, channel: int, gain: float = 1.0, delay_s: float = 0.0) -> None:
        """Let a channel hear a source, `delay_s` ≥ 0 later."""
        if delay_s < 0.0:
            raise ValueError(f"delay_s = {delay_s} must not be negative: nobody hears an impact before it happens")
        self.links.append((source, channel, gain, delay_s))

    def trains(self, streams: Streams, path: str) -> Trains:
        """Return the arrays the kernels use; `width_mm` is shared with them."""
        order = sorted(self.links, key=lambda link: link[0])
        counts = np.bincount([link[0] for link in order], minlength=len(self.rows))
        self.link_start = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
        self.link_channel = np.array([link[1] for link in order], np.int64)
        self.link_gain = np.array([link[2] for link in order], np.float64)
        self.link_delay_s = np.array([link[3] for link in order], np.float64)
        self.most_listeners = int(counts.max(initial=0))
        numbers, keys, starts = [], [], []
        for i, (p, surface, _) in enumerate(self.rows):
            base, lag = _orders(p, surface)
            zone = {"outer": FIXED, "inner": TURNING, "ball": ROLLING, "cage": FIXED}[surface]
            epsilon = 1e9 if surface == "cage" else p.load_zone  # a cage has no load zone
            numbers.append((
                zone, base, lag, p.cage_order, p.slip, p.slip_sigma, p.reference_load_n, p.impulse_n_s, p.entry_ratio,
                epsilon, p.outer_angle_rad, p.scatter, p.exit_delay_s(1e-3, 1.0),
            ))  # fmt: skip
            slip, scatter = streams(f"{path}/source/{i}/slip"), streams(f"{path}/source/{i}/scatter")
            keys.append((slip.key0, slip.key1, scatter.key0, scatter.key1))
            starts.append(streams(f"{path}/source/{i}/start").uniform(0, 1)[0])
        columns = np.array(numbers, np.float64).reshape(len(self.rows), 13).T
        to_go = np.zeros((len(self.rows), 2))
        to_go[:, 0] = starts
        arrays = [
            np.array([row[2] for row in self.rows], np.int64),
            columns[0].astype(np.int64),
            *(np.ascontiguousarray(column) for column in columns[1:]),
            np.array(keys, np.int64).reshape(-1, 4),
            self.width_mm,
            to_go,
            np.zeros(len(self.rows), np.int64),
        ]
        return Trains(*arrays)


def _orders(p: RollingBearingParameters, surface: str) -> tuple[float, float]:
    """Return passages per turn without slip, and what a relative lag of the cage of 1 adds."""
    cage = p.cage_order
    return {
        "outer": (p.balls * cage, -p.balls * cage),
        "inner": (p.balls * (1.0 - cage), p.balls * cage),
        "ball": (p.ball_order, -p.ball_order),
        "cage": (cage, -cage),
    }[surface]


# --- into lanes -------------------------------------------------------------------------------------------------


def per_lane(values: NDArray[np.generic], idle: float = 0.0) -> NDArray[np.generic]:
    """Return [c, …] as [groups, …, 16], filled up with idle lanes."""
    count = values.shape[0]
    groups = -(-count // k.LANES)
    full = np.full((groups * k.LANES, *values.shape[1:]), idle, values.dtype)
    full[:count] = values
    return np.ascontiguousarray(np.moveaxis(full.reshape(groups, k.LANES, *values.shape[1:]), 1, -1))


def fold(values: Floats) -> Floats:
    """`per_lane` of float64."""
    return np.asarray(per_lane(values), np.float64)


def _flat(values: NDArray[np.generic], keep: int = 1) -> NDArray[np.float32]:
    """Return `per_lane` in float32, all but the first `keep` axes in one."""
    lanes = per_lane(values)
    return np.ascontiguousarray(lanes.reshape(*lanes.shape[:keep], -1).astype(np.float32))


def _split(values: Complexes) -> Floats:
    """Return complex [..., ] as [..., 2], re and im."""
    return np.stack((values.real, values.imag), axis=-1)


def structure_of(p: BankParameters, rate_hz: float, key0: Sequence[int], key1: Sequence[int]) -> k.Structure:
    """Return the structure's constants by lane: poles and residues of Σ (s²/m)/(s²+2ζωs+ω²)/(1+sτ)²."""
    omega = 2.0 * math.pi * p.mode_hz
    if np.any(p.mode_hz >= 0.5 * rate_hz):
        raise ValueError(f"mode_hz = {p.mode_hz.max():g} Hz must be below half the rate of {rate_hz:g} Hz")
    pole = -p.mode_damping * omega + 1j * omega * np.sqrt(1.0 - p.mode_damping**2)
    gains, contact_gain = [], []
    for tau in p.contact_s:
        a = 1.0 / tau
        gains.append(2.0 * pole**2 * a**2 / (p.mode_mass_kg * (pole - pole.conj()) * (pole + a) ** 2))
        quadratic = a**2 - 2.0 * p.mode_damping * omega * a + omega**2
        slope = 2.0 * p.mode_damping * omega - 2.0 * a
        value = a**2 / p.mode_mass_kg
        contact_gain.append((
            np.sum(value * (-2.0 * a * quadratic - a**2 * slope) / quadratic**2, axis=1),
            np.sum(value * a**2 / quadratic, axis=1),
        ))  # fmt: skip
    late = np.arange(k.PLACES) / (k.PLACES * rate_hz)
    tau = p.contact_s[2]
    place = gains[2][:, :, None] * np.exp(pole[:, :, None] * late)
    groups = -(-p.channels // k.LANES)
    unfolded = np.moveaxis(per_lane(_split(pole)), -1, 1).reshape(groups * k.LANES, *p.mode_hz.shape[1:], 2)
    hits = _split(np.stack(gains[:2], axis=1))
    hit_gain = np.moveaxis(per_lane(hits), -1, 1).reshape(groups * k.LANES, *hits.shape[1:])
    contacts = np.moveaxis(np.array(contact_gain), 2, 0)
    return k.Structure(
        _flat(_split(np.expm1(pole / rate_hz)), 2),
        _flat(_split(place), 2),
        _flat(1.0 / omega),
        _flat(2.0 * p.mode_damping),
        _flat(1.0 / p.mode_mass_kg),
        _flat(1.0 / p.rated_speed_rad_s),
        _flat(_split(p.order_line)),
        forces_of(p, np.ones(p.order_line.shape)),
        _flat(contacts, 2),
        np.exp(-1.0 / (rate_hz * np.array(p.contact_s))).astype(np.float32),
        np.array(p.contact_s),
        np.stack((np.exp(-late / tau), late * np.exp(-late / tau)), axis=1).astype(np.float32),
        np.ascontiguousarray(unfolded.astype(np.float64)),
        np.ascontiguousarray(hit_gain.astype(np.float64)),
        np.ascontiguousarray(per_lane(np.array(key0, np.uint32)).astype(np.uint32)),
        np.ascontiguousarray(per_lane(np.array(key1, np.uint32)).astype(np.uint32)),
        np.asarray((fold(p.background_n) > 0.0).any(axis=1), np.int64),
    )


def forces_of(p: BankParameters, factor: Floats) -> NDArray[np.float32]:
    """Return the rotor forces by lane, times `factor` float64[c, k]."""
    standing, growing = p.order_standing_n * factor, p.order_growing_n * factor
    return _flat(np.concatenate((_split(standing), _split(growing)), axis=-1))


def sensor_of(p: BankParameters, rate_hz: float, condition: "BankCondition", known: k.Sensor | None = None) -> k.Sensor:
    """Return the sensor chain by lane under a condition; filters and 1/f poles are taken from `known`."""
    if known is None:
        mount, anti_alias = _filters(p, rate_hz)
        poles = transducers.flicker_poles(1.0, p.noise_corner_hz, rate_hz)
        tau = transducers.IEPE_TAU_S
        constant = np.array([1.0 / (tau * rate_hz + 0.5), 1.0 / (tau * rate_hz)], np.float32)
        decay, drive = (a[::-1].astype(np.float32) for a in (poles.decay, poles.drive))
        mask = np.ascontiguousarray(poles.mask[::-1])
        decay, drive = np.ascontiguousarray(decay), np.ascontiguousarray(drive)
    else:
        mount, anti_alias, constant = known.mount, known.anti_alias, known.constant
        decay, drive, mask = known.decay, known.drive, known.mask
    noise = p.noise_density * condition.noise
    bits = p.bits - condition.bits_lost
    step = np.where(p.bits > 0, np.ldexp(2.0 * p.full_scale, -bits), 0.0)
    inverse = np.divide(1.0, step, out=np.zeros_like(step), where=step > 0.0)
    by_channel = (
        condition.gain, condition.offset, noise * math.sqrt(0.5 * rate_hz), noise,
        p.full_scale * condition.limit, p.full_scale, step, inverse,
    )  # fmt: skip
    gain, offset, white, pink, limit, full_scale, quantum, inverse_quantum = (_flat(a) for a in by_channel)
    return k.Sensor(
        mount, anti_alias, gain, offset, white, pink, limit, full_scale, quantum, inverse_quantum,
        constant, decay, drive, mask,
    )  # fmt: skip


def _filters(p: BankParameters, rate_hz: float) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the taps of mount and anti-alias filter by lane, the middle one first; none without a chain."""
    if not p.chained:
        one = np.ones((p.channels, 1))
        return _flat(one), _flat(one)
    kinds, which = np.unique(np.stack((p.mount_hz, p.mount_damping), axis=1), axis=0, return_inverse=True)
    taps = [transducers.mount_fir(transducers.Mount(float(f), float(d)), rate_hz) for f, d in kinds]
    half = max(t.size // 2 for t in taps)
    mounts = np.zeros((len(taps), half + 1))
    for row, t in zip(mounts, taps, strict=True):
        row[: t.size // 2 + 1] = t[t.size // 2 :]
    filter_taps = transducers.anti_alias_fir()
    side = filter_taps[filter_taps.size // 2 :]
    return _flat(mounts[which.reshape(-1)]), _flat(np.broadcast_to(side, (p.channels, side.size)))
