"""Coverage: which relations a rig's points close."""

from rigs.load import load_rig
from twin.context.coverage import coverage


def test_the_shipped_skid_closes_every_relation():
    found = coverage(load_rig("pump_skid"))
    assert found.share == 1.0
    assert found.inaccurate == ()


def test_a_point_less_opens_exactly_the_relations_that_need_it():
    rig = load_rig("pump_skid")
    poorer = rig.model_copy(update={"points": tuple(p for p in rig.points if p.id != "tank1.level")})
    open_ = {relation.name: relation.missing for relation in coverage(poorer).relations if relation.missing}
    assert open_ == {"suction": ("level",), "inventory": ("level",)}


def test_a_critical_sensor_of_poor_accuracy_is_named():
    rig = load_rig("pump_skid")
    point = rig.point("pump1.flow")
    assert point.sensor is not None
    poor = point.model_copy(update={"sensor": point.sensor.model_copy(update={"accuracy": 0.1})})
    points = tuple(poor if p.id == point.id else p for p in rig.points)
    assert coverage(rig.model_copy(update={"points": points})).inaccurate == ("pump1.flow",)
