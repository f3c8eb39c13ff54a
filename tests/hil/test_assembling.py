"""What cannot be put together is refused before anything starts, with its place in the file."""

import shutil

import pytest

from hil.assembling import check_plant
from rigs.document import RigError
from rigs.load import find, shipped


@pytest.mark.parametrize("name", [n for n in shipped() if n != "recorded_bearing"])
def test_every_shipped_rig_can_be_put_together(name):
    check_plant(name)


@pytest.mark.parametrize(
    ("old", "new", "place", "message"),
    [
        ("{kind: belt, joins: [motor1, fan1]}", "{kind: belt, joins: [motor1, fan1_de]}", "connections[1]", None),
        ("[fan1_de, fan1, fan1_nde]", "[fan1_de, fan1_nde]", "connections[2]", "nothing turns it"),
        ("shutoff_pressure: 2000 Pa", "shutoff_pressure: 1200 Pa", "assets[2]", "must be above pressure_pa"),
        ("  ambient: 20 degC", "  ambient: 20 degC\n  parameters: {fan1: {belt_tension_n: 10}}", "plant.parameters.fan1", "cannot pull"),
        ("[motor1, fan1]", "[motor1, vfd1, fan1]", "connections[1]", "'vfd1' does not turn"),
    ],
)  # fmt: skip
def test_an_impossible_plant_is_refused_where_it_stands(tmp_path, old, new, place, message):
    shutil.copytree(find("fan_stand").parent, tmp_path / "rig")
    path = tmp_path / "rig" / "rig.yaml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    if message is None:  # a fan that hangs on no shaft just stands: no mistake
        check_plant(str(path))
        return
    with pytest.raises(RigError) as caught:
        check_plant(str(path))
    assert message in str(caught.value)
    assert place in str(caught.value)
    if place.startswith("connections"):
        assert f"rig.yaml:{text[: text.index(old)].count(chr(10)) + 1}:" in str(caught.value)
