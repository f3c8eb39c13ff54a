"""Declarations of life and regime: units, defaults, and what is refused."""

from typing import Any

import pytest

from rigs.life import LifeSettings, WienerLaw, in_si
from rigs.load import load_rig
from rigs.regime import RegimeSettings
from rigs.schema import FaultSpec, PlantSettings, RepairStep, Scenario, Step

HOUR = 3600.0


def growth(**more: Any) -> Any:
    return FaultSpec.model_validate({"kind": "impeller_wear", "on": "pump1", "growth": more}).growth


def test_the_defaults_of_the_laws_are_the_published_ones():
    law = growth(law="wiener")
    assert (law.drift * HOUR, law.diffusion * HOUR**0.5, law.limit) == pytest.approx((0.1, 0.2, 10.0))
    assert growth(law="wiener", drift="0.1 1/h", diffusion="0.2 1/h^0.5") == law
    assert growth(law="gamma").shape * HOUR == pytest.approx(0.5)
    assert growth(law="fouling").time_constant == 30 * 86_400.0
    assert growth(law="taylor").speed == pytest.approx(200.0 / 60.0)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"law": "paris"}, "needs cycles"),
        ({"law": "paris", "cycles": {"rate": "25 Hz"}, "start": "5 mm", "limit": "4 mm"}, "must lie above start"),
        ({"law": "iso281", "cycles": {"rate": "25 Hz"}, "life": "10 h"}, "follows from its load"),
        ({"law": "wiener", "drift": "0 1/h"}, "greater than 0"),
        ({"law": "wiener", "damage": {"start": 0.6, "end": 0.5}}, "must lie below end"),
        ({"law": "gamma", "load": [{"signal": "pump1.shaft_power_w", "reference": "9 bar"}]}, "not a power"),
        ({"law": "gamma", "cycles": {}}, "give one of them"),
    ],
)
def test_a_law_that_makes_no_sense_is_refused(given: dict[str, Any], message: str):
    with pytest.raises(ValueError, match=message):
        growth(**given)


def test_a_fault_in_damage_time_has_no_severity_of_the_clock():
    spec = FaultSpec.model_validate({"kind": "a", "on": "b", "growth": {"law": "gamma"}})
    with pytest.raises(ValueError, match="in damage time; ask the running plant"):
        spec.severity_at(10)


@pytest.mark.parametrize(
    ("name", "value", "si"),
    [("a.power_w", "9 kW", 9000.0), ("a.x_k", "20 degC", 293.15), ("a.sigma", 1.1, 1.1), ("a.speed_rad_s", "60 rpm", 6.2832),
     ("a.flow_m3_s", 0.02, 0.02)],
)  # fmt: skip
def test_a_value_is_read_in_the_unit_of_its_signal(name: str, value: Any, si: float):
    assert in_si(name, value) == pytest.approx(si, rel=1e-5)


def test_a_value_that_is_no_number_is_refused():
    with pytest.raises(ValueError, match="not finite"):
        in_si("a.sigma", float("nan"))


def test_names_are_used_once():
    wear = {"id": "a", "on": "pump1", "growth": {"law": "gamma"}}
    with pytest.raises(ValueError, match="'a' is used twice in wear"):
        LifeSettings.model_validate({"wear": [wear, wear]})


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"demand": [{"command": "vfd1.frequency_hz", "low": 50, "high": 25}]}, "must lie below high"),
        ({"demand": [{"command": "a.x", "low": 0, "high": 1}], "setpoints": [{"command": "a.x", "values": [1]}]},
         "moved by two profiles"),
        ({"starts": [{"drive": "vfd1", "mode": "ramped"}]}, "names the command"),
        ({"starts": [{"drive": "vfd1", "mode": "ramped", "command": "a.x"}]}, "no demand to ramp"),
        ({"starts": [{"drive": "vfd1", "per_day": 20, "off": "1 h"}]}, "too long for 20 stops a day"),
        ({"product": {"density": [1.1, 0.9]}}, "the lower first"),
    ],
)  # fmt: skip
def test_a_regime_that_makes_no_sense_is_refused(given: dict[str, Any], message: str):
    with pytest.raises(ValueError, match=message):
        RegimeSettings.model_validate(given)


@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), float("inf")])
def test_acceleration_is_a_number_above_0(value: float):
    with pytest.raises(ValueError, match=r"greater than 0|finite"):
        PlantSettings(damage_acceleration=value)


def test_a_step_is_a_command_or_a_repair():
    scenario = Scenario.model_validate({
        "scenario": "a", "duration": "60 s", "expect": [{"expect": "silent"}],
        "steps": [{"at": "1 s", "write": "pid1.auto", "value": True}, {"at": "2 s", "repair": "pump1", "quality": 0.3}],
    })  # fmt: skip
    command, repair = scenario.steps
    assert isinstance(command, Step)
    assert isinstance(repair, RepairStep)
    assert repair.quality == 0.3


def test_a_twin_sees_nothing_of_life_and_regime():
    rig = load_rig(
        "pump_skid", {"life": {"chains": {"cavitation": ["pump1"]}}, "regime": {"ambient": {}}, "scatter": 1}
    )
    assert rig.twin_view().plant == PlantSettings()


def test_a_wrong_key_of_a_law_is_told_with_its_place(tmp_path):
    from rigs.document import RigError

    with pytest.raises(RigError, match="unknown key 'difusion'; did you mean 'diffusion'"):
        load_rig(
            "pump_skid", {"life": {"wear": [{"id": "a", "on": "pump1", "growth": {"law": "wiener", "difusion": 1}}]}}
        )


def test_a_law_is_frozen():
    with pytest.raises(ValueError, match="frozen"):
        WienerLaw(law="wiener").limit = 3.0  # type: ignore[misc]
