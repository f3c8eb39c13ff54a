"""What is heard of a gear mesh: its force along the shaft's angle, and the housing that passes it on."""

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emulator.physics.housing import DEFAULT_MODES, Mode, sample_grid
from emulator.physics.kernels.gearbox import line_spectrum, ring, run_mesh, turning
from emulator.physics.kernels.impacts import turns_at_ticks
from emulator.physics.shaft import ShaftTrace
from emulator.streams import Stream

Floats = NDArray[np.float64]


@dataclass(slots=True)
class MeshBlock:
    """The mesh during one block: what the machine tells its ear.

    Attributes
    ----------
    p : float64[P_SIZE], see the kernel · error1, error2 : tooth errors [m] · form : tooth form by harmonic [m]
    damping, play_m, noise_m_s2 : float64[k] per tick: of the mesh [N s/m], [m], and floor of vibration [m/s²/√Hz]
    drive_n : float64[k+1] mean mesh force at the ticks · longest_s : longest step of the integration
    am, fm, burst : of the line spectrum · lines_n : float64[k+1, m] its force lines [N] at the ticks
    heavy : float64[2] [kg m] unbalance of the two shafts

    """

    p: Floats
    error1: Floats
    error2: Floats
    form: Floats
    drive_n: Floats
    damping: Floats
    play_m: Floats
    noise_m_s2: Floats
    longest_s: float
    am: Floats
    fm: Floats
    burst: float
    lines_n: Floats
    heavy: Floats


@dataclass(slots=True)
class _Rate:
    """The mesh as sampled at one rate: state of the oscillator, and the block's samples."""

    state: Floats
    t0_ns: int = -1
    first: int = 0
    force: Floats = field(default_factory=lambda: np.zeros(0))
    contact: Floats = field(default_factory=lambda: np.zeros(0))
    along: Floats = field(default_factory=lambda: np.zeros(0))
    across: Floats = field(default_factory=lambda: np.zeros(0))
    turns: Floats = field(default_factory=lambda: np.zeros(0))
    noise: Floats = field(default_factory=lambda: np.zeros(0))


class Mesh:
    """The mesh force, once per block and rate; all channels of a rate hear the same."""

    def __init__(self) -> None:
        self._rates: dict[float, _Rate] = {}

    def heard(self, trace: ShaftTrace, block: MeshBlock, rate_hz: float, spectrum: bool) -> _Rate:
        """Return the block's samples; `spectrum` takes the line form instead of the oscillator."""
        known = self._rates.get(rate_hz)
        if known is None:
            known = self._rates[rate_hz] = _Rate(np.full(4, np.nan))
        if known.t0_ns == trace.t0_ns:
            return known
        first, lead = sample_grid(trace, rate_hz)
        revs, frac = np.empty(first.size, np.int64), np.empty(first.size)
        turns_at_ticks(trace.speed_rad_s, trace.tick_s, trace.revs0, trace.frac0, revs, frac)
        count = int(first[-1] - first[0])
        force, contact = np.empty(count), np.ones(count)
        speed, z1, z2 = trace.speed_rad_s, block.error1.size, block.error2.size
        if spectrum:
            phase = np.arange(block.form.size) * 0.37
            line_spectrum(
                first, lead, trace.tick_s, rate_hz, speed, revs, frac, block.lines_n, phase, z1, z2,
                block.am, block.fm, block.burst, force,
            )  # fmt: skip
        else:
            if math.isnan(known.state[0]):
                known.state[:] = at_rest(block, int(revs[0]), float(frac[0]))
            run_mesh(
                first, lead, trace.tick_s, rate_hz, speed, revs, frac, block.drive_n, block.damping, block.play_m,
                block.longest_s, block.p,
                block.error1, block.error2, block.form, known.state, force, contact,
            )  # fmt: skip
        along, across, turns = np.empty(count), np.empty(count), np.empty(count)
        turning(
            first, lead, trace.tick_s, rate_hz, speed, revs, frac, z1, z2, block.heavy, along, across, turns
        )  # fmt: skip
        known.t0_ns, known.first, known.force, known.contact = trace.t0_ns, int(first[0]), force, contact
        known.along, known.across, known.turns = along, across, turns
        known.noise = np.repeat(block.noise_m_s2, np.diff(first))
        return known

    def save(self) -> dict[float, _Rate]:
        """Return a copy."""
        return copy.deepcopy(self._rates)

    def restore(self, saved: dict[float, _Rate]) -> None:
        """Take back what `save` gave."""
        self._rates = copy.deepcopy(saved)


def at_rest(block: MeshBlock, revs: int, frac: float) -> tuple[float, float, float, float]:
    """Return deflection, its rate, regime and lost contacts of a mesh pressed together at one angle."""
    from emulator.physics.kernels.gearbox import mesh_at

    stiffness, error = mesh_at(revs % block.error2.size, frac, block.p, block.error1, block.error2, block.form)
    pressed = block.drive_n[0] / max(stiffness, 1.0)
    if block.drive_n[0] < 0.0:
        return error - block.play_m[0] + pressed, 0.0, -1.0, 0.0
    return error + pressed, 0.0, 1.0, 0.0


class Ear:
    """An accelerometer on the gear housing: modes driven by its share of the mesh force, and a noise floor.

    Parameters
    ----------
    modes : of the housing in this direction.
    noise : its draws, by sample number.

    """

    def __init__(self, modes: Sequence[Mode], noise: Stream) -> None:
        self.modes = tuple(modes)
        self._noise = noise
        self._z = np.zeros(len(self.modes), np.complex128)
        self._last = np.zeros(1)
        self._rate_hz = 0.0
        self._next = -1
        self._others: dict[float, Ear] = {}

    def hear(self, force_n: Floats, n0: int, rate_hz: float, density_m_s2: Floats) -> Floats:
        """Return the acceleration [m/s²] of samples n0 …, under a force [N] and a noise density [m/s²/√Hz].

        Raises
        ------
        ValueError
            The samples do not follow those before.

        """
        if self._rate_hz not in (0.0, rate_hz):
            # each rate has a memory of its own
            other = self._others.setdefault(rate_hz, Ear(self.modes, self._noise))
            return other.hear(force_n, n0, rate_hz, density_m_s2)
        if self._next not in (-1, n0):
            raise ValueError(f"samples from {n0} do not follow: the next sample of this sensor is {self._next}")
        if rate_hz != self._rate_hz:
            self._rate_hz = rate_hz
            self._hold = hold(self.modes, rate_hz)
        if self._next == -1 and force_n.size:
            self._settle(float(force_n[0]))
        noise = density_m_s2 * math.sqrt(0.5 * rate_hz) * self._noise.normal(n0, force_n.size)
        out = np.empty(force_n.size)
        ring(np.ascontiguousarray(force_n), *self._hold, noise, self._z, self._last, out)
        self._next = n0 + force_n.size
        return out

    def _settle(self, force_n: float) -> None:
        grown, b0, b1 = self._hold[:3]
        self._z[:] = (b0 + b1) * force_n / (1.0 - grown)
        self._last[0] = force_n

    def save(self) -> dict[str, Any]:
        """Return what changes from sample to sample."""
        mine = copy.deepcopy({name: getattr(self, name) for name in ("_z", "_last", "_rate_hz", "_next")})
        return mine | {"others": {rate_hz: ear.save() for rate_hz, ear in self._others.items()}}

    def restore(self, saved: dict[str, Any]) -> None:
        """Take back what `save` gave."""
        rest = copy.deepcopy(saved)
        self._others = {rate_hz: Ear(self.modes, self._noise) for rate_hz in rest["others"]}
        for rate_hz, ear in rest.pop("others").items():
            self._others[rate_hz].restore(ear)
        for name, value in rest.items():
            setattr(self, name, value)
        if self._rate_hz:
            self._hold = hold(self.modes, self._rate_hz)


def hold(modes: Sequence[Mode], rate_hz: float) -> tuple[Any, Any, Any, Any, float]:
    """Return e^{λT}, the gains of the force before and now, λ²/(M ω_d), Σ 1/M: exact for a force linear between."""
    omega = np.array([2.0 * math.pi * m.frequency_hz for m in modes])
    zeta = np.array([m.damping for m in modes])
    mass = np.array([m.mass_kg for m in modes])
    damped = omega * np.sqrt(1.0 - zeta**2)
    pole = -zeta * omega + 1j * damped
    x = pole / rate_hz
    grown = np.exp(x)
    b1 = (grown - 1.0 - x) / (pole * x)
    return grown, (grown - 1.0) / pole - b1, b1, pole**2 / (mass * damped), float(np.sum(1.0 / mass))


def directional(factor: float) -> tuple[Mode, ...]:
    """Return the default housing with its frequencies moved by a factor: no two directions ring alike."""
    return tuple(Mode(m.frequency_hz * factor, m.damping, m.mass_kg) for m in DEFAULT_MODES)
