"""Gear frequencies against worked numbers and against counting teeth."""

import pytest

from twin.dsp.gear_kinematics import GearPair, PlanetaryGear


def test_the_reference_gearbox_has_its_worked_numbers():
    rates = GearPair(23, 67).rates_hz(1480 / 60)
    assert rates["input"] == pytest.approx(24.6667, abs=5e-5)
    assert rates["mesh"] == pytest.approx(567.333, abs=5e-4)
    assert rates["output"] == pytest.approx(8.46766, abs=5e-6)
    assert rates["hunting_tooth"] == pytest.approx(0.368159, abs=5e-7)


def meetings(z1, z2):
    """Turn tooth by tooth until the first pair meets again; count the different pairs that tooth 0 meets."""
    partners = set()
    tooth = 0
    while True:
        if tooth % z1 == 0:
            if tooth and tooth % z2 == 0:
                return tooth / z1, z2 // len(partners)
            partners.add(tooth % z2)
        tooth += 1


@pytest.mark.parametrize(("z1", "z2"), [(23, 67), (20, 30), (18, 27), (15, 15)])
def test_counting_teeth_gives_the_hunting_period_and_the_assembly_phases(z1, z2):
    gear = GearPair(z1, z2)
    turns, phases = meetings(z1, z2)
    assert 1.0 / gear.hunting_order == pytest.approx(turns, rel=1e-12)
    assert gear.assembly_phases == phases
    assert gear.assembly_phase_order == pytest.approx(z1 / phases)


def test_sidebands_are_spaced_by_the_shaft_that_carries_the_fault():
    gear = GearPair(20, 40)
    assert gear.sideband_orders(count=2) == (18.0, 19.0, 21.0, 22.0)
    assert gear.sideband_orders(harmonic=2, count=1, of="driven") == (39.5, 40.5)


def test_a_planetary_set_meshes_as_seen_from_its_carrier():
    gear = PlanetaryGear(sun_teeth=28, planet_teeth=22, ring_teeth=72, planets=4)
    rates = gear.rates_hz(25.0)
    assert rates["carrier"] == pytest.approx(7.0)
    assert rates["mesh"] == pytest.approx(28 * (25.0 - 7.0))  # sun teeth against the carrier
    assert rates["mesh"] == pytest.approx(72 * 7.0)  # ring teeth against the carrier
    assert rates["sun_fault"] == pytest.approx(4 * 18.0)
    assert rates["ring_fault"] == pytest.approx(rates["planet_pass"]) == pytest.approx(28.0)
    assert rates["planet_fault"] == pytest.approx(2 * 504 / 22)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: GearPair(3, 67), "driving_teeth = 3 must be a whole number, 5 or more"),
        (lambda: GearPair(23, 67.5), "driven_teeth = 67.5"),
        (lambda: GearPair(23, 67).rates_hz(0.0), "driving_hz = 0.0 must be positive"),
        (lambda: GearPair(23, 67).rates_hz(float("nan")), "driving_hz = nan"),
        (lambda: GearPair(23, 67).sideband_orders(0), "harmonic = 0"),
        (lambda: GearPair(23, 67).sideband_orders(of="ring"), "'driving' or 'driven'"),
        (lambda: PlanetaryGear(28, 22, 70), "sun \\+ 2 planet = 72"),
        (lambda: PlanetaryGear(28, 22, 72, planets=3), "multiple of 3"),
    ],
)
def test_gears_that_cannot_be_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
