import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.sensors.transducers import (
    MOUNTS,
    anti_alias_fir,
    differentiator,
    flicker_poles,
    mount_fir,
    pt100_resistance_ohm,
    pt100_self_heating_k,
    pt100_temperature_c,
    pt100_tolerance_k,
)


def gain(taps, frequency):
    n = np.arange(taps.size) - taps.size // 2
    return np.exp(-2j * np.pi * np.outer(frequency, n)) @ taps


@pytest.mark.parametrize(
    ("celsius", "ohm"), [(-100, 60.2558), (0, 100.0), (100, 138.5055), (200, 175.8560), (850, 390.4811)]
)
def test_pt100_gives_the_resistances_of_the_standard(celsius, ohm):
    assert pt100_resistance_ohm(celsius) == pytest.approx(ohm, abs=5e-5)


@given(st.floats(-200, 850))
def test_pt100_temperature_undoes_resistance(celsius):
    assert pt100_temperature_c(pt100_resistance_ohm(celsius)) == pytest.approx(celsius, abs=1e-6)


def test_pt100_lead_resistance_reads_high():
    assert pt100_temperature_c(pt100_resistance_ohm(20.0, lead_ohm=0.39)) == pytest.approx(21.0, abs=0.02)


def test_pt100_classes_and_self_heating():
    assert pt100_tolerance_k(-100.0, "A") == pytest.approx(0.35)
    assert pt100_tolerance_k(200.0, "B") == pytest.approx(1.30)
    assert pt100_self_heating_k(1e-3, 0.0) == pytest.approx(0.02)


def test_stud_mounted_accelerometer_gains():
    stud = MOUNTS["stud"]
    assert float(stud.gain(stud.frequency_hz / 5)) == pytest.approx(1.0416, abs=1e-4)
    assert float(stud.gain(stud.frequency_hz / 3)) == pytest.approx(1.1249, abs=1e-4)
    assert float(stud.gain(stud.frequency_hz / 2)) == pytest.approx(1.3329, abs=1e-4)


@pytest.mark.parametrize("name", ["stud", "magnet"])
@pytest.mark.parametrize("rate", [12_800.0, 25_600.0, 51_200.0])
def test_the_digital_mount_has_the_analog_gain_below_nyquist(name, rate):
    f = np.linspace(0.0, 0.45, 91)
    wanted = MOUNTS[name].gain(f * rate)
    ours = gain(mount_fir(MOUNTS[name], rate), f)
    tolerance = 1e-3 if name == "stud" else 0.03
    assert np.max(np.abs(ours - wanted) / wanted) < tolerance


def test_the_anti_alias_filter_is_flat_to_0_4_and_stops_what_would_fold():
    taps = anti_alias_fir()
    assert np.max(np.abs(20 * np.log10(np.abs(gain(taps, np.linspace(0, 0.4, 81)))))) < 0.05
    assert abs(gain(taps, np.array([0.5]))[0]) < 0.05


def test_the_differentiator_gives_the_slope():
    taps = differentiator(31, 0.42)
    f = np.linspace(0.0, 0.4, 41)
    assert np.max(np.abs(gain(taps, f) - 2j * np.pi * f)) < 2e-3


def test_flicker_poles_add_up_to_one_over_f():
    poles = flicker_poles(2.0, 100.0, 25_600.0)
    every = poles.mask + 1
    f0 = -np.log(poles.decay) * 25_600.0 / every / (2 * np.pi)
    variance = poles.drive**2 / (1 - poles.decay**2)
    for f in np.geomspace(0.5, 100.0, 12):
        psd = np.sum(variance * 2 / (np.pi * f0) / (1 + (f / f0) ** 2))
        assert 10 * np.log10(psd / (4.0 * 100.0 / f)) == pytest.approx(0.0, abs=0.7)
