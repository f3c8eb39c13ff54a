import pytest

from emulator.physics.water import density_kg_m3, vapour_pressure_pa


@pytest.mark.parametrize(
    ("celsius", "density", "vapour"),
    # IAPWS-95 at 101.325 kPa and saturation
    [
        (4, 999.972, 813.55),
        (20, 998.207, 2339.3),
        (50, 988.03, 12351.0),
        (80, 971.79, 47414.0),
        (90, 965.31, 70182.0),
    ],
)
def test_density_and_vapour_pressure_are_those_of_the_tables(celsius, density, vapour):
    assert density_kg_m3(273.15 + celsius) == pytest.approx(density, rel=3e-5)
    assert vapour_pressure_pa(273.15 + celsius) == pytest.approx(vapour, rel=5e-4)


def test_twenty_degrees_is_exact():
    assert density_kg_m3(293.15) == 998.207
    assert vapour_pressure_pa(293.15) == 2339.3
