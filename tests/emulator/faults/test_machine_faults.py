from types import SimpleNamespace

import pytest

from emulator.faults.bearing_inner_race import BearingInnerRace
from emulator.faults.bearing_outer_race import BearingOuterRace
from emulator.faults.imbalance import Imbalance
from emulator.physics.rolling_bearing import RollingBearingCondition
from emulator.physics.rotor import Rotor, RotorCondition


def bearing():
    return SimpleNamespace(condition=RollingBearingCondition())


@pytest.mark.parametrize(
    ("kind", "target"), [(BearingOuterRace, bearing), (BearingInnerRace, bearing), (Imbalance, Rotor)]
)
def test_severity_0_is_exactly_healthy_even_after_a_fault(kind, target):
    asset, healthy = target(), target()
    kind({}).apply(asset, 0.6, 0)
    assert asset.condition != healthy.condition
    kind({}).apply(asset, 0.0, 1)
    assert asset.condition == healthy.condition


@pytest.mark.parametrize(("kind", "name"), [(BearingOuterRace, "outer_spall_mm"), (BearingInnerRace, "inner_spall_mm")])
def test_a_developed_spall_is_four_millimetres_wide(kind, name):
    asset = bearing()
    kind({}).apply(asset, 1.0, 0)
    assert getattr(asset.condition, name) == pytest.approx(4.0)


def test_a_developed_imbalance_is_grade_250():
    rotor = Rotor()
    Imbalance({}).apply(rotor, 1.0, 0)
    assert rotor.condition.unbalance_grade_mm_s == pytest.approx(250.0)
    Imbalance({}).apply(rotor, 0.0, 0)
    assert rotor.condition == RotorCondition()


@pytest.mark.parametrize("kind", [BearingOuterRace, BearingInnerRace, Imbalance])
def test_parameters_nobody_knows_are_refused(kind):
    with pytest.raises(ValueError, match="has no parameter 'width'; it takes none"):
        kind({"width": 1})
