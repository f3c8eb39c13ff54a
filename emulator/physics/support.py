"""The support of a housing: how the machine moves on its foundation under what turns in it, in three directions."""

import copy
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from emulator.physics.kernels.support import linear, nonlinear, shaft_forces
from emulator.physics.rotor import RotorCondition, RotorParameters
from emulator.physics.shaft import ShaftTrace

NANO = 1_000_000_000
DEFAULT_LINE_HZ = 50.0
LIGHT_DAMPING = 0.95
Floats = NDArray[np.float64]


class Support:
    """Acceleration of the support, block by block, at one sample rate.

    Both radial axes and the axial one move at once, since a rub couples them; a foot that lifts and a shaft that rubs
    are integrated with their events, all else exactly. Horizontal and vertical springs are alike.

    Attributes
    ----------
    acceleration : float64[3, n] [m/s²]
        Of the block entered last: horizontal, vertical, axial.
    contact_n : float64[n] [N]
        Pressure of a rub at the samples of that block; empty without one.

    """

    def __init__(self, parameters: RotorParameters, rate_hz: float) -> None:
        self.parameters = parameters
        self.rate_hz = rate_hz
        self.acceleration = np.zeros((3, 0))
        self.contact_n = np.zeros(0)
        self._z = np.zeros(3, np.complex128)
        self._last = np.zeros(5)  # drive by axis, then the contact force
        self._moves = np.zeros((2, 2))  # position and speed of the radial axes while they are not linear
        self._stiffness = parameters.support_stiffness_n_m
        self._bent = False
        self._started = False
        self._line_turns = math.nan
        self._set_mode()

    def enter(
        self,
        trace: ShaftTrace,
        first: NDArray[np.int64],
        lead: Floats,
        frac: Floats,
        vane_n: Floats,
        vanes: float,
        moment_kg_m: float,
        shares: tuple[float, float, float, float],
        condition: RotorCondition,
    ) -> None:
        """Move through the block of `trace`.

        Parameters
        ----------
        trace, first, lead, frac
            The block, its sample grid, and the turns at its ticks.
        vane_n, vanes
            Amplitude of the vane force at the ticks, float64[k+1] [N], and its order.
        moment_kg_m : float
            Unbalance m·e.
        shares : tuple of float
            Vane force horizontal, vertical, axial; unbalance along the shaft.
        condition : RotorCondition

        """
        p, c = self.parameters, condition
        n0, count = int(first[0]), int(first[-1] - first[0])
        force, drive = np.empty((3, count)), np.empty((3, count))
        turned = p.coupling_stiffness_n_m * p.coupling_radius_m * c.angle_rad
        numbers = np.array(
            [
                moment_kg_m,
                p.unbalance_phase_rad / (2.0 * math.pi),
                p.shaft_stiffness_n_m * c.bow_m,
                p.coupling_stiffness_n_m * c.offset_m,
                turned,
                0.5 * turned,
                c.soft_foot_n,
                *shares,
            ]
        )
        line_hz, line = self._line(trace)
        bow = bow_turns(trace, c.bow_period_s)
        shaft_forces(
            n0, self.rate_hz, first, lead, trace.tick_s, trace.speed_rad_s, frac, bow, line, line_hz,
            vane_n, vanes, numbers, force, drive,
        )  # fmt: skip
        if not self._started and count:
            self._started = True
            self._last[:3] = drive[:, 0]
        self._become(p.support_stiffness_n_m * (1.0 - c.support_loss), c.looseness > 0.0 or c.rub_closure > 0.0)
        self.acceleration = np.empty((3, count))
        self.contact_n = np.zeros(0)
        if self._bent:
            self._integrate(trace, first, force, drive, c)
        linear(self._mode, force, drive, 2 if self._bent else 0, self._z, self._last, self.acceleration)

    def _integrate(
        self, trace: ShaftTrace, first: NDArray[np.int64], force: Floats, drive: Floats, c: RotorCondition
    ) -> None:
        p = self.parameters
        numbers = np.array(
            [
                p.support_mass_kg,
                2.0 * p.support_damping * math.sqrt(p.support_stiffness_n_m * p.support_mass_kg),
                self._stiffness,
                self._stiffness * (1.0 - c.looseness),
                p.rub_clearance_m * (1.0 - c.rub_closure) if c.rub_closure > 0.0 else math.inf,
                p.rub_offset_m,
                p.rub_stiffness_n_m,
                p.rub_friction,
            ]
        )
        sense = np.repeat(np.sign(trace.speed_rad_s[:-1]), np.diff(first))
        last = self._last[[0, 1, 3, 4]]
        self.contact_n = np.empty(force.shape[1])
        nonlinear(self.rate_hz, numbers, sense, force, drive, self._moves, last, self.acceleration, self.contact_n)
        self._last[[0, 1, 3, 4]] = last

    def _line(self, trace: ShaftTrace) -> tuple[Floats, Floats]:
        """Return frequency [Hz] and phase [turns] of the supply at the ticks, float64[k+1] each."""
        edges = trace.speed_rad_s.size
        tick_ns = round(trace.tick_s * NANO)
        if trace.line_hz is None:
            at = (trace.t0_ns + np.arange(edges) * tick_ns) % NANO
            return np.full(edges, DEFAULT_LINE_HZ), np.mod(at * (DEFAULT_LINE_HZ / NANO), 1.0)
        if math.isnan(self._line_turns):
            self._line_turns = 0.0
        turns = np.empty(edges)
        turns[0] = self._line_turns
        for i in range(edges - 1):  # tick by tick, so that the length of a block does not show
            turns[i + 1] = (turns[i] + 0.5 * (trace.line_hz[i] + trace.line_hz[i + 1]) * trace.tick_s) % 1.0
        self._line_turns = float(turns[-1])
        return trace.line_hz, turns

    def _become(self, stiffness_n_m: float, bent: bool) -> None:
        """Carry position and speed over to another stiffness or another way of integrating."""
        if stiffness_n_m == self._stiffness and bent == self._bent:
            return
        mass, pole = self.parameters.support_mass_kg, complex(self._mode[0])
        x = self._z.imag / (mass * pole.imag)
        v = (pole * self._z).imag / (mass * pole.imag)
        if self._bent:
            x[:2], v[:2] = self._moves[:, 0], self._moves[:, 1]
        if not bent:
            self._last[3:] = 0.0
        self._stiffness, self._bent = stiffness_n_m, bent
        self._set_mode()
        pole = complex(self._mode[0])
        self._z[:] = mass * (v - pole.real * x) + 1j * mass * pole.imag * x
        self._moves[:] = np.stack((x[:2], v[:2]), axis=1)

    def _set_mode(self) -> None:
        self._mode = support_mode(self.parameters, self.rate_hz, self._stiffness)

    def save(self) -> dict[str, Any]:
        """Return all that changes."""
        return copy.deepcopy({name: value for name, value in vars(self).items() if name != "parameters"})

    def restore(self, saved: dict[str, Any]) -> None:
        """Take back what `save` gave."""
        for name, value in copy.deepcopy(saved).items():
            setattr(self, name, value)


def bow_turns(trace: ShaftTrace, period_s: float) -> Floats:
    """Return the slow turning of a bow at the ticks, float64[k+1] in [0, 1): a function of plant time alone."""
    edges = trace.speed_rad_s.size
    period_ns = round(period_s * NANO)
    if period_ns <= 0:
        return np.zeros(edges)
    tick_ns = round(trace.tick_s * NANO)
    return np.array([(trace.t0_ns + i * tick_ns) % period_ns / period_ns for i in range(edges)])


def support_mode(rotor: RotorParameters, rate_hz: float, stiffness_n_m: float = 0.0) -> NDArray[np.complex128]:
    """Return λ, e^{λT}, b0, b1 and (1/(M·ω_d) + j/M): exact for a force linear between samples.

    A `stiffness_n_m` other than the healthy one keeps the damper, so that ζ grows as the spring weakens.
    """
    mass, damping, omega = rotor.support_mass_kg, rotor.support_damping, 2.0 * math.pi * rotor.natural_frequency_hz
    if stiffness_n_m not in (0.0, rotor.support_stiffness_n_m):
        damping = min(damping * math.sqrt(rotor.support_stiffness_n_m / stiffness_n_m), LIGHT_DAMPING)
        omega = math.sqrt(stiffness_n_m / mass)
    damped = omega * math.sqrt(1.0 - damping**2)
    pole = complex(-damping * omega, damped)
    x = pole / rate_hz
    grown = np.exp(x)
    b1 = (grown - 1.0 - x) / (pole * x)
    b0 = (grown - 1.0) / pole - b1
    return np.array([pole, grown, b0, b1, complex(1.0 / (mass * damped), 1.0 / mass)])
