import math

import pytest

from emulator.physics.rotor import RotorParameters, unbalance_grade_mm_s


def test_support_mode_lies_at_100_658_hz():
    assert RotorParameters().natural_frequency_hz == pytest.approx(100.658, abs=5e-4)


def test_grade_6_3_at_1480_rpm_is_40_65_micrometres_and_39_06_newton():
    rotor = RotorParameters()
    assert rotor.eccentricity_m(6.3) * 1e6 == pytest.approx(40.65, abs=5e-3)
    assert rotor.unbalance_force_n(6.3, 1480 * 2 * math.pi / 60) == pytest.approx(39.06, abs=5e-3)


def test_severity_maps_to_grades_from_2_5_to_250():
    assert unbalance_grade_mm_s(0.0) == 2.5
    assert unbalance_grade_mm_s(1.0) == pytest.approx(250.0)
