"""A run made up by hand: one scenario of each verdict, with everything a report can show."""

# Made-up data reads best one thing a line.

import numpy as np
import pytest

from hil.record import FaultTrace, MatchRow, RunRecord, ScenarioResult, SignalTrace, TimingStats
from hil.verdict.lattice import Judgement, Verdict
from hil.verdict.measurements import Measurement

T0 = 1_735_689_600_000_000_000
S = 1_000_000_000


def at(seconds):
    return T0 + round(seconds * S)


def envelope(bpfo=105.9):
    f = np.arange(0.5, 1000.0, 0.5)
    rng = np.random.default_rng(3)
    a = 0.02 + 0.01 * rng.random(f.size)
    for k in range(1, 6):
        for side, height in ((0.0, 0.5), (-24.6, 0.1), (24.6, 0.1)):
            a += height / k * np.exp(-(((f - k * bpfo - side) / 0.8) ** 2))
    return f, a


def signals():
    t = np.arange(0.0, 300.0, 0.1)
    rng = np.random.default_rng(5)
    grown = np.clip((t - 120.0) / 60.0, 0.0, 1.0)
    return {
        "pump1_de.vib_rms": SignalTrace(t, 0.9 + 2.4 * grown**2 + 0.05 * rng.standard_normal(t.size), "m/s²", "Vibration, drive end (rms)"),
        "pump1_de.kurtosis": SignalTrace(t, 3.0 + 5.0 * grown + 0.2 * rng.standard_normal(t.size), "", "Kurtosis"),
        "pump1.flow": SignalTrace(t, 0.0222 + 1e-4 * rng.standard_normal(t.size), "m³/s", "Flow"),
        "pump1.discharge_pressure": SignalTrace(t, np.where((t > 210) & (t < 218), np.nan, 4.1e5 + 800.0 * rng.standard_normal(t.size)), "Pa", "Discharge pressure"),
    }  # fmt: skip


def bearing(name="bearing_outer_race", verdict=Verdict.FAIL):
    f, a = envelope()
    good = verdict is Verdict.PASS
    delay = Measurement("detect[bearing_outer_race@pump1_de].delay", "s", low=0.0, high=60.0, marginal_high=48.0, missing=Verdict.FAIL)  # fmt: skip
    alarms = Measurement("false_alarms", "1", low=0.0, high=0.0)
    filled = (
        delay.fill(52.4),
        alarms.fill(0.0) if good else alarms.fill(1.0, "sensor_drift on pump1.discharge_pressure"),
        Measurement("lossless.compared", "1", low=1.0).fill(18240),
        Measurement("lossless.misattributed", "1", low=0.0, high=0.0).fill(0),
        Measurement("lossless.gaps", "1", low=0.0, high=0.0).fill(0),
        Measurement("lateness_max", "s", report_only=True).fill(0.0),
    )
    judgement = Judgement()
    for m in filled:
        if m.verdict is not Verdict.NONE:
            judgement = judgement.add(m.verdict, m.sentence)
    findings = [
        {
            "id": "bearing_outer_race:pump1_de:1", "fault": "bearing_outer_race", "on": "pump1_de", "category": "condition",
            "state": "open", "detected_ns": at(172.4), "onset_ns": at(151.0), "closed_ns": None, "severity": 0.6,
            "confidence": 0.97, "ambiguous": [],
            "evidence": {
                "envelope_spectrum": {"freq_hz": f.tolist(), "amplitude": a.tolist(), "unit": "m/s²"},
                "lines": {"bearing_outer_race": {"f_hz": 105.9, "expected_hz": 106.1, "score_db": 17.2, "harmonics": 4}},
                "speed_hz": 24.6, "window_s": 2.0, "band_hz": [3200.0, 6400.0],
            },
        },
    ]  # fmt: skip
    if not good:
        findings.append({"id": "sensor_drift:pump1.discharge_pressure:1", "fault": "sensor_drift", "on": "pump1.discharge_pressure",
                         "category": "sensor", "state": "closed", "detected_ns": at(231.0), "closed_ns": at(249.0), "onset_ns": None,
                         "severity": None, "confidence": 0.58, "ambiguous": [], "evidence": {"residual_pa": 3120.0}})  # fmt: skip
    return ScenarioResult(
        name=name,
        title="An outer race wears at the drive end",
        seed=7,
        clock="lockstep",
        t0_ns=T0,
        duration_s=300.0,
        judgement=judgement,
        truth=(
            FaultTrace("bearing_outer_race", "pump1_de", "physics", at(120), None,
                       tuple((at(120 + 5 * k), min(1.0, 2.0 ** (k / 8 - 3))) for k in range(36))),
            FaultTrace("link_blackhole", "plc1", "link", at(210), at(218), ((at(210), 1.0), (at(218), 0.0))),
        ),
        findings=tuple(findings),
        false_alarms=() if good else ("sensor_drift:pump1.discharge_pressure:1",),
        matches=(MatchRow("bearing_outer_race", "pump1_de", "found", "bearing_outer_race:pump1_de:1", 52.4),),
        measurements=filled,
        signals=signals(),
        lateness=TimingStats(3000, 0.0001, 0.0006, 0.002),
        jitter=TimingStats(3000, 0.00005, 0.0002, 0.0009),
        wall_s=14.2,
        image_digest="9f2c" * 16,
        link={"plc1": {"connections": 2, "bytes_up": 48213, "bytes_down": 9_812_113, "resets": 1}},
    )  # fmt: skip


def plain(name, title, verdict, why):
    return ScenarioResult(name, title, 7, "wall", T0, 120.0, Judgement().add(verdict, why))


@pytest.fixture
def run():
    return RunRecord(
        rig="pump_skid",
        rig_digest="77aa" * 16,
        seed=7,
        clock="lockstep",
        started_utc="2025-03-04T09:15:00Z",
        versions={"plantbench": "0.1.0", "python": "3.11.7", "numpy": "2.1.0"},
        host={"system": "Linux 6.1", "cores": 2},
        binding={"plc1": "emulated", "drive1": "10.0.0.7:502"},
        command=("plantbench", "run", "pump_skid", "--seed", "7"),
        wall_s=61.0,
        results=(
            bearing(),
            bearing("bearing_again", Verdict.PASS),
            plain("late", "A run on a busy machine", Verdict.INCONC, "the run fell 0.31 s behind its clock"),
            plain("broken", "A bench that broke", Verdict.ERROR, "device drive1 could not be opened"),
        ),
    )


@pytest.fixture
def healthy():
    return bearing(verdict=Verdict.PASS)
