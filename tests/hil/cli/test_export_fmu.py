import json

import pytest
from typer.testing import CliRunner

from hil.cli import app

pytest.importorskip("pythonfmu", reason="needs the extra fmi")


def test_an_asset_is_written_and_its_variables_are_named(tmp_path):
    out = tmp_path / "fan.fmu"
    answer = CliRunner().invoke(app, ["export-fmu", "fan_stand", "fan1", "--out", str(out), "--json"])
    assert answer.exit_code == 0, answer.output
    told = json.loads(answer.stdout)
    assert out.is_file()
    assert told["event"] == "fmu"
    assert "shaft.torque_nm" in told["variables"]


def test_an_unknown_asset_is_a_usage_error(tmp_path):
    answer = CliRunner().invoke(app, ["export-fmu", "fan_stand", "fan9", "--out", str(tmp_path / "a.fmu")])
    assert answer.exit_code == 2
    assert "no asset 'fan9' in fan_stand" in answer.stderr
