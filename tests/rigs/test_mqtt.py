from pathlib import Path

import pytest
import yaml

from rigs.devices.mqtt import MqttAccount, MqttSettings
from rigs.document import RigError
from rigs.load import load_rig

RIG = Path(__file__).parents[2] / "rigs" / "sparkplug_cell"


def changed(tmp_path, change):
    data = yaml.safe_load((RIG / "rig.yaml").read_text())
    data["points"] = yaml.safe_load((RIG / "points.yaml").read_text())
    change(data)
    (tmp_path / "rig.yaml").write_text(yaml.safe_dump(data))
    return load_rig(str(tmp_path / "rig.yaml"))


def test_two_metrics_of_one_name_are_refused(tmp_path):
    def change(data):
        data["points"][1]["mqtt"]["metric"] = data["points"][0]["mqtt"]["metric"]

    with pytest.raises(RigError, match="already that of"):
        changed(tmp_path, change)


@pytest.mark.parametrize(("broker", "rule"), [("edge2", "unknown device"), ("edge1", "no broker of its own")])
def test_a_broker_must_be_a_device_that_has_one(tmp_path, broker, rule):
    with pytest.raises(RigError, match=rule):
        changed(tmp_path, lambda data: data["devices"][0]["mqtt"].update(broker=broker))


def test_a_broker_outside_is_an_address():
    assert MqttSettings(broker="10.0.0.1:1883").external == ("10.0.0.1", 1883)
    assert MqttSettings(broker="edge1").external is None


def test_an_account_has_one_password():
    for more in ({}, {"password_env": "A", "password_hash": "scrypt$" + "0" * 16 + "$" + "0" * 64}):
        with pytest.raises(ValueError, match="needs one of"):
            MqttAccount.model_validate({"user": "u"} | more)
