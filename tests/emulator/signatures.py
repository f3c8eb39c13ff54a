"""Thirteen features of the reference skid, healthy and with each fault of the published table, by differences."""

import math
from functools import cache

import numpy as np

from emulator.faults.base import registry
from emulator.plant import Plant
from tests.emulator.skids import direct_on_line

SECOND = 1_000_000_000
RATE_HZ = 25_600.0
CURRENT_HZ = 5_000.0
SKIPPED_S, SECONDS = 1.0, 9.0
ROWS = {
    "ring wear": ("impeller_wear", "pump1", {}),
    "suction clogging": ("suction_clogging", "pump1", {}),
    "unbalance": ("imbalance", "pump1", {}),
    "misalignment": ("misalignment", "pump1", {}),
    "outer spall": ("bearing_outer_race", "pump1_de", {}),
    "lubrication": ("bearing_lubrication", "pump1_de", {}),
    "broken bar": ("motor_broken_bars", "motor1", {}),
    "shorted turns": ("motor_shorted_turns", "motor1", {}),
    "blocked motor fan": ("motor_fan_blocked", "motor1", {}),
    "discharge valve shut": None,
}
COLUMNS = ("Q", "H", "P_el", "1x", "2x", "vane", "HF", "SES", "I 2sf", "I2", "T_w", "T_brg", "p_s")


@cache
def features(row: str, severity: float = 0.5) -> dict[str, float]:
    """Return the features in SI (lines as amplitudes; the side bands in dB below the supply's line)."""
    plant = Plant(direct_on_line(), seed=1)
    if row in ROWS and ROWS[row] is not None:
        kind, on, params = ROWS[row]
        registry()[kind](params).apply(plant.assets[on], severity, 0)
    elif row == "discharge valve shut":
        valve = plant.assets["valve1"]
        valve.place(valve.position * (1.0 - severity))
        plant._commands["pid1.manual_output"](valve.position)
    plant.machines.trains["motor1"].settle(50.0)
    phases = [f"motor1.current_{p}_a" for p in "abc"]
    for name in phases:
        plant.listen(name)
    shake: list[np.ndarray] = []
    currents: list[list[np.ndarray]] = [[], [], []]
    while plant.t_ns < round((SKIPPED_S + SECONDS) * SECOND):
        plant.step()
        n0, count = plant.sample_range(RATE_HZ)
        x = plant.waveform("pump1_de.acceleration_m_s2", n0, count, RATE_HZ)
        m0, few = plant.sample_range(CURRENT_HZ)
        i = [plant.waveform(name, m0, few, CURRENT_HZ) for name in phases]
        if plant.t_ns > SKIPPED_S * SECOND:
            shake.append(x)
            for kept, part in zip(currents, i, strict=True):
                kept.append(part)
    s, x = plant.signals, np.concatenate(shake)
    ia, ib, ic = (np.concatenate(part) for part in currents)
    f_r = s["pump1.speed_rad_s"] / (2.0 * math.pi)
    slip = 1.0 - f_r * 2.0 / 50.0
    turn = np.exp(2j * math.pi / 3.0)
    # the positive sequence of a current turns forward in the space vector, the negative one backward
    vector = (ia + turn * ib + turn**2 * ic) * 2.0 / 3.0
    main = _line(vector, CURRENT_HZ, 50.0)
    side = [_line(vector, CURRENT_HZ, (1.0 + sign * 2.0 * slip) * 50.0) for sign in (-1, 1)]
    return {
        "Q": s["pump1.flow_m3_s"],
        "H": s["pump1.discharge_pressure_pa"],
        "P_el": s["motor1.active_power_w"] - s["pump1.shaft_power_w"],
        "1x": _line(x, RATE_HZ, f_r),
        "2x": _line(x, RATE_HZ, 2.0 * f_r),
        "vane": s["pump1.vane_force_n"],
        "HF": _band(x, 5000.0, 12_000.0),
        "SES": _envelope_line(x, 3.5848 * f_r),
        "I 2sf": 20.0 * math.log10(max(sum(side) / main, 1e-6)),
        "I2": _line(vector, CURRENT_HZ, -50.0),
        "T_w": s["motor1.winding_temperature_k"],
        "T_brg": s["pump1_de.temperature_k"],
        "p_s": s["pump1.suction_pressure_pa"],
    }


def _line(x: np.ndarray, rate_hz: float, f_hz: float) -> float:
    t = np.arange(x.size) / rate_hz
    w = np.blackman(x.size)
    scale = 1.0 if np.iscomplexobj(x) else 2.0
    return scale * float(abs(np.sum(x * w * np.exp(-2j * math.pi * f_hz * t)))) / float(w.sum())


def _band(x: np.ndarray, low: float, high: float) -> float:
    power = np.abs(np.fft.rfft(x)) ** 2
    f = np.fft.rfftfreq(x.size, 1.0 / RATE_HZ)
    return math.sqrt(2.0 * float(power[(f >= low) & (f < high)].sum())) / x.size


def _envelope_line(x: np.ndarray, f_hz: float) -> float:
    """Strongest line of the squared envelope of 4 … 8 kHz within 2 % of a frequency, over its mean."""
    spectrum = np.fft.fft(x)
    f = np.fft.fftfreq(x.size, 1.0 / RATE_HZ)
    spectrum[(f < 4000.0) | (f > 8000.0)] = 0.0
    envelope = np.abs(np.fft.ifft(2.0 * spectrum)) ** 2
    lines = np.abs(np.fft.rfft(envelope - envelope.mean())) * 2.0 / envelope.sum()
    at = np.fft.rfftfreq(x.size, 1.0 / RATE_HZ)
    return float(lines[abs(at - f_hz) < 0.02 * f_hz].max())


# What counts as a change: what a minute of the feature's own sensor can tell, or twice what noise does to a line.
LIMITS = {
    "Q": 0.2 / 3600.0, "H": 1000.0, "P_el": 4.0, "1x": 0.03, "2x": 0.03, "vane": 0.1, "HF": 0.15, "SES": 0.12,
    "I 2sf": 12.0, "I2": 0.05, "T_w": 0.2, "T_brg": 0.6, "p_s": 100.0,
}  # fmt: skip


def changes(row: str) -> dict[str, float]:
    """Return the change of each feature against the healthy skid, in units of its limit."""
    healthy, faulty = features("healthy"), features(row)
    return {name: (faulty[name] - healthy[name]) / LIMITS[name] for name in COLUMNS}
