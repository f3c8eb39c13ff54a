"""Serial lines of a rig: devices join them, take their speed, and share neither unit nor contradiction."""

import shutil
from pathlib import Path

import pytest

from rigs.document import RigError
from rigs.load import SHIPPED, load_rig

LINE = "lines:\n  - {id: pair1, baud: 38400, parity: none}\n"
SECOND = """  - {id: bus2, protocol: modbus-rtu, line: pair1}
"""


def skid(tmp_path: Path, *, lines: str = LINE, bus1: str = "line: pair1", second: str = SECOND) -> Path:
    """Put the skid's transmitters on a line, the last of them on a second device."""
    folder = tmp_path / "pump_skid"
    shutil.copytree(SHIPPED / "pump_skid", folder)
    text = (folder / "rig.yaml").read_text(encoding="utf-8")
    text = text.replace("    baud: 115200\n", f"    {bus1}\n").replace(
        "\npoints: points.yaml", f"{second}\npoints: points.yaml"
    )
    (folder / "rig.yaml").write_text(text.replace("devices:\n", lines + "devices:\n", 1), encoding="utf-8")
    points = (folder / "points.yaml").read_text(encoding="utf-8")
    before, after = points.rsplit("device: bus1", 1)
    (folder / "points.yaml").write_text(before + "device: bus2" + after, encoding="utf-8")
    return folder


def test_devices_of_a_line_have_its_speed_and_parity(tmp_path):
    rig = load_rig(skid(tmp_path))
    assert [(d.id, d.baud, d.parity) for d in rig.devices if d.line == "pair1"] == [
        ("bus1", 38400, "none"),
        ("bus2", 38400, "none"),
    ]
    assert rig.twin_view().device("bus2").baud == 38400


@pytest.mark.parametrize(
    ("changed", "rule"),
    [
        ({"bus1": "line: pair2"}, "unknown line 'pair2'; did you mean 'pair1'?"),
        ({"bus1": "{line: pair1, baud: 9600}".strip("{}").replace(", ", "\n    ")}, "baud 9600 is not that of line 'pair1', 38400"),
        ({"second": SECOND.replace("modbus-rtu", "modbus-tcp")}, "speaks modbus-tcp; only modbus-rtu goes over a line"),
        ({"lines": LINE + "  - {id: pair1}\n"}, "id 'pair1' is used twice in lines; rename one"),
        ({"second": SECOND.replace("}", ", modbus: {framing: ascii}}")}, "framing ascii is not that of 'bus1' on line 'pair1', rtu"),
        ({"second": SECOND.replace("}", ", modbus: {framing: tcp}}")}, "'bus2': framing belongs to modbus-tcp"),
        ({"second": SECOND.replace("}", ", modbus: {tls: {}}}")}, "'bus2': tls belongs to modbus-tcp"),
        ({"lines": LINE.replace("parity: none", "client_port: /dev/ttyUSB1")}, "client_port needs a port"),
    ],
)  # fmt: skip
def test_a_contradiction_on_a_line_is_named(tmp_path, changed, rule):
    with pytest.raises(RigError) as caught:
        load_rig(skid(tmp_path, **changed))
    assert rule in str(caught.value)


def test_two_devices_of_a_line_cannot_both_be_one_unit(tmp_path):
    folder = skid(tmp_path)
    points = folder / "points.yaml"
    before, after = points.read_text(encoding="utf-8").rsplit("unit: 13", 1)
    points.write_text(f"{before}unit: 11{after}", encoding="utf-8")
    with pytest.raises(RigError, match="unit 11 of 'bus2' is already that of 'bus1' on line 'pair1'; move one"):
        load_rig(folder)
