"""What a rig file may say of an OPC UA device, and what it may not."""

import shutil

import pytest

from rigs.document import RigError
from rigs.load import SHIPPED, load_rig


def _skid(tmp_path, settings, address="Pump1/DriveEndVibration, type: Float"):
    """Return the pump skid with its PLC's settings, and one vibration's address, replaced."""
    folder = tmp_path / "pump_skid"
    shutil.copytree(SHIPPED / "pump_skid", folder)
    rig = (folder / "rig.yaml").read_text(encoding="utf-8")
    assert "    protocol: opcua\n" in rig
    rig = rig.replace("    protocol: opcua\n", f"    protocol: opcua\n    opcua: {settings}\n", 1)
    (folder / "rig.yaml").write_text(rig, encoding="utf-8")
    points = (folder / "points.yaml").read_text(encoding="utf-8")
    old = "Pump1/DriveEndVibration, type: Float"
    assert old in points
    (folder / "points.yaml").write_text(points.replace(old, address, 1), encoding="utf-8")
    return folder


def test_settings_are_read_with_their_defaults(tmp_path):
    folder = _skid(tmp_path, "{history: {depth: 500}, limits: {sessions: 4}, delay: 50 ms}",
                   "Pump1/DriveEndVibration, type: Float, structure: true, stream: 1024")  # fmt: skip
    rig = load_rig(folder)
    settings = rig.device("plc1").opcua
    assert (settings.history.depth, settings.limits.sessions, settings.limits.nodes_per_read) == (500, 4, 10_000)
    assert (settings.delay, settings.sampling, settings.profile) == (0.05, None, "plc")
    (point,) = [p for p in rig.points if p.opcua is not None and p.opcua.structure]
    assert point.opcua.stream == 1024


@pytest.mark.parametrize(
    ("settings", "address", "rule"),
    [
        ("{limits: {nodes_per_reed: 5}}", None, "unknown key 'nodes_per_reed'"),
        ("{limits: {sessions: 0}}", None, "sessions = 0 must be greater than or equal to 1"),
        ("{profile: slow_kit, history: {depth: 9}}", None, "a slow_kit has no history"),
        ("{limits: {array_length: 100}}", None, "samples are more than array_length 100 of 'plc1'"),
        ("{nodesets: [none.xml]}", None, "none.xml' is not a file; nodesets stand relative to the rig file"),
        ("{instances: [{type: T, name: N, bind: {A: pump1.none}}]}", None, "'pump1.none' is no point of 'plc1'"),
        ("{}", "Pump1/DriveEndVibration, type: Float, historize: true", "only scalars are historized"),
        ("{profile: slow_kit, limits: {array_length: 60000}}", None, "is a slow_kit, which has no methods"),
    ],
)
def test_what_does_not_fit_together_is_refused_where_it_stands(tmp_path, settings, address, rule):
    with pytest.raises(RigError) as refused:
        load_rig(_skid(tmp_path, settings, address or "Pump1/DriveEndVibration, type: Float"))
    assert rule in str(refused.value)


def test_a_slow_kit_has_small_limits_unless_told_otherwise():
    from rigs.devices.opcua import OpcUaSettings

    slow = OpcUaSettings.model_validate({"profile": "slow_kit", "limits": {"sessions": 3}})
    assert (slow.limits.sessions, slow.limits.nodes_per_read, slow.limits.queue_size) == (3, 20, 1)
    assert (slow.sampling, slow.delay) == (2_000_000_000, 0.15)
