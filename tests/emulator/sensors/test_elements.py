import numpy as np
import pytest

from emulator.sensors.elements import Encoder, ResistanceThermometer, element_of
from emulator.sensors.scalar import ScalarChain
from emulator.sensors.thermocouple import TYPES
from emulator.streams import Streams
from rigs.schema import SensorSpec
from tests.oracles.sensor import lag_amplitude

ICE = 273.15
EXACT = {"accuracy": 0.0, "noise": 0.0, "bits": 32}


def scalar(kind, span=(ICE, ICE + 200.0), scan_s=0.1, seed=1, **spec):
    return ScalarChain(SensorSpec(kind=kind, **EXACT | spec), Streams(seed), "sensor/t", scan_s, span=span)


def test_two_wires_of_0_39_ohm_read_a_kelvin_high():
    assert scalar("pt100", lead="0.39 ohm").read(ICE + 20.0) - ICE == pytest.approx(21.0, abs=0.02)


def test_a_milliampere_warms_by_0_2_kelvin_per_milliwatt():
    assert scalar("pt100", measuring_current="1 mA").read(ICE) - ICE == pytest.approx(0.02, abs=1e-4)


def test_a_plain_pt100_has_no_curve_and_reads_the_truth():
    assert element_of(SensorSpec(kind="pt100"), 0.0) is None
    assert scalar("pt100").read(350.0) == pytest.approx(350.0, abs=1e-6)


@pytest.mark.parametrize(("tolerance", "limit"), [("A", 0.35), ("B", 0.80)])
def test_units_fill_their_class_and_stay_inside(tolerance, limit):
    spec = SensorSpec(kind="pt100", tolerance=tolerance)
    edges = [ResistanceThermometer(spec, luck).read(ICE + 100.0, 0.1) - ICE - 100.0 for luck in (-1.0, 1.0)]
    assert edges == pytest.approx([-limit, limit], abs=1e-6)
    units = [scalar("pt100", seed=s, tolerance=tolerance).read(ICE + 100.0) - ICE - 100.0 for s in range(30)]
    assert max(np.abs(units)) <= limit
    assert np.std(units) == pytest.approx(limit / np.sqrt(3), rel=0.3)


@pytest.mark.slow_without_jit
def test_a_pt100_with_a_curve_keeps_both_lags_of_its_well():
    chain = scalar("pt100", lag="20 s", lead="0.1 ohm", scan_s=0.5)
    t = 0.5 * np.arange(2400)
    y = chain.read_block(ICE + 100.0 + 10.0 * np.sin(2 * np.pi * 0.02 * t))
    assert np.ptp(y[1400:]) / 20.0 == pytest.approx(lag_amplitude(20, 0.02) * lag_amplitude(3, 0.02), rel=5e-3)


@pytest.mark.parametrize("kind", TYPES)
def test_a_thermocouple_with_sound_terminals_reads_the_truth(kind):
    chain = scalar("thermocouple", thermocouple=kind, span=(ICE, ICE + 400.0), cold_junction="305 K")
    assert chain.read(ICE + 150.0) - ICE == pytest.approx(150.0, abs=1e-5)


def test_terminals_believed_2_kelvin_too_warm_read_high_by_the_ratio_of_slopes():
    chain = scalar("thermocouple", span=(ICE, ICE + 1200.0), cold_junction="25 degC", cold_junction_error="2 K")
    k = TYPES["K"]
    slope = [(k.emf_mv(t + 0.5) - k.emf_mv(t - 0.5)) for t in (26.0, 900.0)]
    assert chain.read(ICE + 900.0) - ICE - 900.0 == pytest.approx(2.0 * slope[0] / slope[1], rel=5e-3)


def test_a_thermocouple_lags_before_its_curve():
    chain = scalar("thermocouple", lag="1 s", span=(ICE, ICE + 400.0))
    chain.read(ICE)
    assert chain.read(ICE + 100.0) < ICE + 10.0


def counted(speed, seconds=2.0, scan_s=0.1, **spec):
    encoder = Encoder(SensorSpec(kind="encoder", **spec))
    speed = np.broadcast_to(speed, round(seconds / scan_s))
    return np.array([encoder.read(float(w), scan_s) for w in speed])


@pytest.mark.parametrize("speed", [0.0, 3.7, 155.0, -80.0])
def test_an_encoder_is_right_to_a_line_and_loses_none(speed):
    count = 2 * np.pi / 1024
    read = counted(speed, 20.0)
    assert np.max(np.abs(read - speed)) * 0.1 <= count * (1 + 1e-9)
    assert abs(read.sum() * 0.1 - speed * 20.0) <= count * (1 + 1e-9)


def test_between_lines_the_count_flickers_by_one():
    steps = np.unique(np.round(counted(100.03) * 0.1 * 1024 / (2 * np.pi)))
    assert np.diff(steps).tolist() == [1.0]


def test_an_eccentric_disc_wavers_once_per_turn():
    """Speed ω(1 + e·cos θ): at one turn per second the amplitude in a short scan is e·ω."""
    omega, e = 2 * np.pi, 0.02
    encoder = {"pulses": 100_000, "eccentricity": "0.02 rad"}
    read = counted(omega, 10.0, 0.01, **encoder)[100:] - omega
    t = 0.01 * np.arange(read.size)
    line = 2 * np.abs(np.mean(read * np.exp(-2j * np.pi * t)))
    assert line == pytest.approx(e * omega, rel=0.01)
    assert 2 * np.abs(np.mean(read * np.exp(-4j * np.pi * t))) < 0.05 * line


def test_an_encoder_goes_on_after_a_restore():
    first, second = (scalar("encoder", span=(0.0, 300.0), eccentricity="0.01 rad") for _ in range(2))
    for w in np.linspace(0.0, 200.0, 17):
        first.read(w)
    second.restore(first.save())
    assert [first.read(151.7) for _ in range(20)] == [second.read(151.7) for _ in range(20)]


def test_a_transmitter_stops_where_a_living_one_does():
    chain = scalar("transmitter_4_20ma", span=(0.0, 100.0))
    assert chain.read(500.0) == pytest.approx(103.125)
    assert chain.status == "good"
    assert chain.read(-500.0) == pytest.approx(-1.25)
    assert chain.status == "good"


def test_a_class_that_the_sensor_does_not_have_is_refused():
    with pytest.raises(ValueError, match="tolerance = '1' is no class of a pt100; it has A or B"):
        SensorSpec(kind="pt100", tolerance="1")
