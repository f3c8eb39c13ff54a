"""Binding files: which devices are real, and where."""

from pathlib import Path

import pytest

from hil.binding import load_binding
from rigs.document import RigError
from rigs.load import load_rig


@pytest.fixture(scope="module")
def rig():
    return load_rig("pump_skid")


def bound(rig, tmp_path: Path, text: str) -> dict[str, str]:
    path = tmp_path / "binding.yaml"
    path.write_text(text)
    return load_binding(path, rig)


def test_without_a_file_everything_is_emulated(rig):
    assert load_binding(None, rig) == {}


def test_real_devices_have_addresses_of_their_protocol(rig, tmp_path: Path):
    text = "binding:\n  drive1: 192.0.2.10:502\n  bus1: /dev/null\n  plc1: emulated\n"
    assert bound(rig, tmp_path, text) == {"drive1": "modbus-tcp://192.0.2.10:502", "bus1": "/dev/null"}


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("plc: emulated", "unknown device 'plc'; did you mean 'plc1'?"),
        ("plc1: 192.0.2.10:502", "does not fit opcua; write opc.tcp://"),
        ("drive1: 192.0.2.10", "does not fit modbus-tcp; write 192.0.2.10:502"),
        ("drive1: 192.0.2.10:99999", "does not fit modbus-tcp"),
        ("bus1: COM3", "does not fit modbus-rtu; write /dev/ttyUSB0"),
        ("bus1: /dev/ttyNOTHERE", "there is no serial device /dev/ttyNOTHERE for 'bus1'; plug it in or check the name"),
    ],
)
def test_an_address_that_does_not_fit_says_what_would(rig, tmp_path: Path, entry: str, expected: str):
    with pytest.raises(RigError) as caught:
        bound(rig, tmp_path, f"binding:\n  {entry}\n")
    assert expected in str(caught.value)
    assert "binding.yaml:2:" in str(caught.value)
