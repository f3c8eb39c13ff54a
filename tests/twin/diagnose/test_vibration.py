"""Verdicts on vibration features, with features made by hand."""

from dataclasses import dataclass, field

import numpy as np

from twin.diagnose.ledger import Ledger
from twin.diagnose.vibration import VibrationMonitor

SECOND = 1_000_000_000
FAMILIES = ("bearing_outer_race", "bearing_inner_race", "bearing_ball", "bearing_cage")


@dataclass
class Line:
    confidence: float = 0.0
    depth: float = 0.1
    score_db: float = 1.0
    f_hz: float = 88.0
    expected_hz: float = 88.1
    harmonics: tuple = (1.0, 1.0)
    sidebands: tuple = (0.0, 0.0)
    band_hz: tuple = (4000.0, 6000.0)


@dataclass
class Features:
    t_ns: int
    speed_hz: float = 24.6
    rms: float = 1.0
    kurtosis: float = 3.0
    velocity_rms_mm_s: float = 0.4
    zone: str = "A"
    hf_rms: float = 0.5
    order_amplitudes: dict = field(default_factory=lambda: {"1x": 0.02, "2x": 0.001, "3x": 0.001})
    lines: dict = field(default_factory=lambda: {name: Line() for name in FAMILIES})
    flags: tuple = ()
    usable: bool = True
    spectrum: tuple = (np.arange(500.0), np.ones(500))
    envelope_spectrum: tuple = (np.arange(500.0), np.ones(500))

    @property
    def t0_ns(self):
        return self.t_ns - 2 * SECOND


def monitor():
    ledger = Ledger()
    return VibrationMonitor({"de.vib": "de", "nde.vib": "nde"}, "pump1", ledger), ledger


def watch(room, start, count, trusted=True, **per_point):
    for i in range(start, start + count):
        for point in ("de.vib", "nde.vib"):
            features = Features(i * SECOND)
            for name, value in per_point.get(point.partition(".")[0], {}).items():
                setattr(features, name, value)
            room.update(point, features, trusted=trusted, learn=True)
        room.conclude(i * SECOND)


def lines(family, confidence, depth):
    return {name: Line(confidence, depth) if name == family else Line() for name in FAMILIES}


def test_a_healthy_machine_is_left_alone():
    room, ledger = monitor()
    watch(room, 0, 200)
    assert ledger.findings == []


def test_a_damaged_race_is_reported_on_the_louder_housing():
    room, ledger = monitor()
    watch(room, 0, 20)
    hurt = lines("bearing_outer_race", 0.99, 2.0)
    watch(room, 20, 6, de={"lines": hurt, "hf_rms": 1.0}, nde={"lines": hurt, "hf_rms": 6.0})
    assert [(f.fault, f.on) for f in ledger.open] == [("bearing_outer_race", "nde")]
    evidence = ledger.open[0].evidence
    assert evidence["expected_hz"] == 88.1
    assert len(evidence["envelope_spectrum"]["freq_hz"]) <= 250


def test_two_windows_by_chance_are_no_finding():
    room, ledger = monitor()
    watch(room, 0, 20)
    watch(room, 20, 2, de={"lines": lines("bearing_inner_race", 0.9, 1.0)})
    watch(room, 22, 20)
    assert ledger.findings == []


def test_nothing_is_said_of_transients():
    room, ledger = monitor()
    watch(room, 0, 20)
    watch(room, 20, 20, trusted=False, de={"lines": lines("bearing_outer_race", 0.99, 2.0)})
    assert ledger.findings == []


def test_once_per_turn_alone_in_both_housings_is_unbalance():
    room, ledger = monitor()
    watch(room, 0, 20)
    up = {"order_amplitudes": {"1x": 0.12, "2x": 0.001, "3x": 0.001}}
    watch(room, 20, 5, de=up, nde=up)
    assert [(f.fault, f.on) for f in ledger.open] == [("imbalance", "pump1")]
    assert 0.3 < ledger.open[0].severity < 0.5


def test_once_per_turn_follows_the_fourth_power_of_speed_without_alarm():
    room, ledger = monitor()
    slow = {"speed_hz": 12.3, "order_amplitudes": {"1x": 0.02 / 16, "2x": 0.001, "3x": 0.001}}
    watch(room, 0, 20, de=slow, nde=slow)
    watch(room, 20, 20)
    assert ledger.findings == []


def test_lasting_noise_without_a_known_cause_is_unknown():
    room, ledger = monitor()
    watch(room, 0, 20)
    watch(room, 20, 40, de={"hf_rms": 4.0}, nde={"hf_rms": 4.0})
    assert [f.fault for f in ledger.open] == ["unknown"]
    assert ledger.open[0].ambiguous == ("suction_clogging@pump1",)
