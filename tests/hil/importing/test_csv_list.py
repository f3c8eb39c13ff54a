from pathlib import Path

import pytest

from hil.importing.csv_list import read_csv
from hil.importing.found import CannotImportError
from hil.importing.writing import write_rig
from rigs.load import load_rig

LIST = """\
Tag;Address;Type;Scale;Unit;Access;Min;Max;Value;Description
Speed set-point;40002;int16;0.1;rpm;R/W;0;3000;1480;Set-point
Actual speed;30101;uint16;0.1;1/min;R;0;3000;1476;
Power;30103;float;;kW;R;;;42.5;
Running;10001;;;;R;;;1;
# a comment;1;;;;;;;;
Start;1;;;;W;;;;Starts it
Energy;0x300;uint32;;kWh;R;0;1e9;12;
"""


def listed(tmp_path: Path, text: str = LIST) -> Path:
    path = tmp_path / "drive.csv"
    path.write_text(text, encoding="utf-8-sig")
    return path


def test_a_list_becomes_a_rig(tmp_path: Path):
    text = LIST.replace("Address;", "Address;Table;").replace("\nStart;1;", "\nStart;0;coil;")
    for code in ("40002", "30101", "30103", "10001", "0x300", ";1;"):
        text = text.replace(f"{code};", f"{code};;", 1) if code != ";1;" else text
    found = read_csv(listed(tmp_path, text))
    written = write_rig(found, tmp_path / "out", "drive9")
    assert [path.name for path in written] == ["rig.yaml", "points.yaml", "healthy.yaml"]
    rig = load_rig(tmp_path / "out")
    seen = {p.id: (p.modbus.table, p.modbus.register_, p.modbus.type, p.modbus.scale, p.unit) for p in rig.points}
    assert seen == {
        "drive9.speed_set_point": ("holding", 1, "i16", 0.1, "rpm"),
        "drive9.actual_speed": ("input", 100, "u16", 0.1, "rpm"),
        "drive9.power": ("input", 102, "f32", 1.0, "kW"),
        "drive9.running": ("discrete", 0, "bool", 1.0, ""),
        "drive9.start": ("coil", 0, "bool", 1.0, ""),
        "drive9.energy": ("holding", 0x300, "u32", 1.0, "kW*h"),
    }
    assert rig.point("drive9.speed_set_point").write is not None
    assert rig.point("drive9.actual_speed").write is None
    assert rig.point("drive9.start").signal is None
    assert rig.assets[0].holds["power"].value == pytest.approx(42_500.0)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Name,Value\na,1\n", r"drive.csv:1: no column 'address'; the first line must name one: address or register"),
        ("Name,Address\na,ten\n", r"drive.csv:2: address 'ten' must be a whole number"),
        ("Name,Address,Type\na,40001,quaternion\n", r"drive.csv:2: type: .*'u16'"),
        ("Name,Address,Table\na,1,attic\n", r"drive.csv:2: table 'attic' must be one of coil"),
        ("Name,Address,Type\na,10001,u16\n", r"drive.csv:2: .*coils and discrete inputs hold bool only"),
        ("Name,Address,Scale\na,40001,0\n", r"drive.csv:2: .*scale = 0"),
        ("Name,Address,Min,Max\na,40001,5,5\n", r"drive.csv:2: the range 5 … 5 is empty"),
        ("", r"no column 'name'"),
    ],
)
def test_a_wrong_line_is_told_with_its_number(tmp_path: Path, text: str, says: str):
    with pytest.raises(CannotImportError, match=says):
        read_csv(listed(tmp_path, text))


def test_names_stay_identifiers_and_apart(tmp_path: Path):
    found = read_csv(listed(tmp_path, "name,address\nU1-N [V],0\nu1 n v,1\n2nd,2\n°°,3\n" + "x" * 90 + ",4\n"))
    assert [value.name for value in found.values] == ["u1_n_v", "u1_n_v_2", "value_2nd", "value", "x" * 40]


def test_nothing_is_overwritten(tmp_path: Path):
    found = read_csv(listed(tmp_path, "name,address\na,0\n"))
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "mine.txt").write_text("keep")
    with pytest.raises(CannotImportError, match="not empty; name another folder"):
        write_rig(found, tmp_path / "there", "dev")
    with pytest.raises(CannotImportError, match="found no value"):
        write_rig(read_csv(listed(tmp_path, "name,address\n")), tmp_path / "none", "dev")
