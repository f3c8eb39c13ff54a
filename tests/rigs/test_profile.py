from pathlib import Path

import pytest

from rigs.document import RigError
from rigs.load import load_rig
from rigs.profile import SHIPPED, load_profile, profiles

RIG = """\
rig: panel
assets:
  - {id: motor1, kind: stand_in, holds: {power: 42 kW, speed: 1480 rpm, running: 1}}
devices:
  - id: meter1
    protocol: modbus-tcp
    profile: {use: energy_meter, bind: {active_power: motor1.power}}
  - id: drive1
    protocol: modbus-tcp
    profile:
      - use: vfd
        bind:
          speed: {signal: motor1.speed, critical: true}
          running: motor1.running
          speed_setpoint: {write: motor1.speed}
      - {use: vfd, unit: 2, name: spare}
"""


def rig(tmp_path: Path, text: str = RIG):
    (tmp_path / "rig.yaml").write_text(text)
    return load_rig(tmp_path / "rig.yaml")


def test_there_are_eight_kinds_of_device():
    assert len(profiles()) >= 8
    for name in profiles():
        profile = load_profile(SHIPPED / f"{name}.yaml")
        assert profile.profile == name
        assert profile.provenance


def test_bound_registers_are_points_and_the_others_stand_in_the_device(tmp_path: Path):
    loaded = rig(tmp_path)
    assert [point.id for point in loaded.points] == [
        "meter1.active_power", "drive1.speed_setpoint", "drive1.running", "drive1.speed",
    ]  # fmt: skip
    power = loaded.point("meter1.active_power")
    assert (power.asset, power.quantity, power.unit, power.modbus.register_) == ("motor1", "power", "W", 52)
    assert loaded.point("drive1.speed").critical
    constants = {
        (c.address.unit, c.address.table, c.address.register_): c.value
        for c in loaded.device("drive1").modbus.constants
    }
    assert constants[1, "holding", 110] == 0.0
    assert constants[2, "holding", 101] == 1476.0
    assert constants[2, "holding", 1010] == "VFD-55-400-IP54"
    assert (1, "holding", 101) not in constants
    # Bit 2 of the status word is bound; the other bits of 567 stay as they are.
    word = [c for c in loaded.device("drive1").modbus.constants if c.address.register_ == 100 and c.address.unit == 1]
    assert [(c.address.type, c.address.bit) for c in word] == [("bool", bit) for bit in (0, 1, 4, 5, 9)]
    kept = {(c.address.unit, c.address.register_): c for c in loaded.device("drive1").modbus.constants}
    assert (kept[2, 1].writable, kept[2, 1].range) == (True, (-3000.0, 3000.0))
    assert not kept[2, 101].writable


def test_what_a_profile_says_of_the_server_gives_way_to_the_rig(tmp_path: Path):
    text = RIG.replace(
        "protocol: modbus-tcp\n    profile: {", "protocol: modbus-tcp\n    modbus: {max_registers: 10}\n    profile: {"
    )
    meter = rig(tmp_path, text).device("meter1")
    assert (meter.modbus.max_registers, meter.modbus.when_full) == (10, "drop_oldest")
    assert meter.identities[0].product == "EM-3"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("use: energy_meter", "use: energy_metre", r"rig.yaml:7:20: unknown profile 'energy_metre'; did you mean 'energy_meter'"),
        ("active_power:", "active_pwr:", r"rig.yaml:7:41: profile 'energy_meter' has no register 'active_pwr'; did you mean 'active_power'"),
        ("use: energy_meter", "use: ../other.yaml", "leads out of the rig's folder"),
        ("unit: 2", "unit: 300", r"rig.yaml:16:26: unit: .*less than or equal to 247"),
        ("name: spare", "nam: spare", "nam"),
    ],
)  # fmt: skip
def test_a_wrong_use_is_told_with_its_place(tmp_path: Path, old: str, new: str, says: str):
    with pytest.raises(RigError, match=says):
        rig(tmp_path, RIG.replace(old, new))


def test_a_profile_of_ones_own_lies_beside_the_rig(tmp_path: Path):
    own = "profile: mine\ntitle: Mine\nprovenance: made up\nregisters:\n  - {id: a, table: holding, register: 3}\n"
    (tmp_path / "mine.yaml").write_text(own)
    text = RIG.replace("use: energy_meter, bind: {active_power:", "use: mine.yaml, bind: {a:").replace(
        "motor1.power}", "motor1.running}"
    )
    assert rig(tmp_path, text).point("meter1.a").modbus.register_ == 3
    (tmp_path / "mine.yaml").write_text(own + "  - {id: b, table: coil, register: 3, type: u16}\n")
    with pytest.raises(RigError, match=r"mine.yaml:6:5: register 'b': .*coils and discrete inputs hold bool only"):
        rig(tmp_path, text)
