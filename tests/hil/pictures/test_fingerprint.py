"""Fingerprints: the same plant, healthy and faulty, drawn over one another."""

import re
import xml.etree.ElementTree as ET

import pytest

from hil.pictures.fingerprint import Request, fingerprint
from rigs.load import load_rig
from rigs.schema import FaultSpec

SVG = "{http://www.w3.org/2000/svg}"


def draw(*signals, fault=None, **more):
    faults = (FaultSpec(kind=fault[0], on=fault[1], severity=fault[2]),) if fault else ()
    more = {"settle_s": 0.2, "span_s": 1.0, "rate_hz": 12_800.0} | more
    return fingerprint(load_rig("pump_skid"), Request(signals, faults, **more))


def rms(line: str) -> float:
    return float(re.search(r"rms ([\d.e+-]+)", line)[1])


@pytest.mark.slow_without_jit
def test_a_spall_shows_in_the_numbers_and_as_a_second_curve():
    picture, told = draw("pump1_de.acceleration_m_s2", fault=("bearing_outer_race", "pump1_de", 0.7))
    assert rms(told[1]) > 2.0 * rms(told[0])
    root = ET.fromstring(picture.encode())
    curves = [g.get("class") for g in root.iter(f"{SVG}g") if g.get("class")]
    assert curves.count("healthy") == curves.count("faulty")
    assert any(text.text == "BPFO" for text in root.iter(f"{SVG}text"))


@pytest.mark.slow_without_jit
def test_without_fault_there_is_one_curve_and_a_fault_of_no_severity_draws_the_same_one():
    _, healthy = draw("pump1_de.acceleration_m_s2")
    _, both = draw("pump1_de.acceleration_m_s2", fault=("bearing_outer_race", "pump1_de", 0.0))
    assert len(healthy) == 1
    assert {line.partition(": ")[2] for line in both} == {healthy[0].partition(": ")[2]}


def test_scalars_are_drawn_over_time_with_their_first_and_last_value():
    _, told = draw("pump1.head_m", "pump1.discharge_pressure", fault=("impeller_wear", "pump1", 1.0))
    first, last = (float(v) for v in re.search(r": ([\d.]+) → ([\d.]+)", told[1]).groups())
    assert last < 0.95 * float(re.search(r"→ ([\d.]+)", told[0])[1])
    assert "bar" in told[2]
    assert first > 0


@pytest.mark.slow_without_jit
def test_a_measured_waveform_is_drawn_at_its_own_rate_without_a_gap():
    picture, told = draw("pump1_de.vibration", span_s=0.8)
    assert told[0].startswith("pump1_de.vibration, healthy: rms")
    ET.fromstring(picture.encode())


def test_what_does_not_exist_offers_the_nearest():
    with pytest.raises(ValueError, match=r"no point or signal 'pump1.hed_m'; did you mean 'pump1.head_m'"):
        draw("pump1.hed_m")
    with pytest.raises(ValueError, match="does not fit"):
        draw("pump1.head_m", fault=("impeller_wear", "motor1", 1.0))
