"""``plantbench doctor``: what it measures, what it concludes, and its exit code."""

import json
from typing import Any

import pytest

from hil import doctoring
from hil.doctoring import Result, examine


def with_checks(monkeypatch: pytest.MonkeyPatch, *results: Any) -> None:
    def made(result: Any) -> Any:
        def _check() -> Result:
            if isinstance(result, Exception):
                raise result
            return result

        return _check

    monkeypatch.setattr(doctoring, "CHECKS", tuple(made(result) for result in results))


GOOD = Result("cores", "good", "2", "side by side")
LIMITED = Result("sleeping timer", "limited", "late by 9 ms", "paces scans")
BAD = Result("pseudo terminals", "bad", "bytes changed", "Modbus RTU cannot open")


@pytest.mark.parametrize(
    ("results", "code", "said"),
    [
        ((GOOD,), 0, "This machine can judge: verdicts hold."),
        ((GOOD, LIMITED), 0, "This machine can judge: lockstep verdicts hold"),
        ((GOOD, LIMITED, BAD), 4, "This machine cannot judge yet: pseudo terminals."),
    ],
)
def test_the_conclusion_and_the_exit_code_follow_from_the_worst(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], results: Any, code: int, said: str
):
    monkeypatch.setenv("COLUMNS", "200")
    with_checks(monkeypatch, *results)
    assert examine(json_lines=False) == code
    assert said in capsys.readouterr().out


@pytest.mark.parametrize(
    "problem", [PermissionError(13, "Permission denied"), ModuleNotFoundError("No module named 'pty'")]
)
def test_what_the_system_refuses_is_a_result(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], problem: Exception
):
    with_checks(monkeypatch, problem)
    assert examine(json_lines=True) == 4
    (line,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert (line["name"], line["grade"], line["found"]) == ("check", "bad", str(problem))


def test_a_script_gets_one_json_object_per_examination_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    with_checks(monkeypatch, GOOD, LIMITED)
    examine(json_lines=True)
    said = capsys.readouterr()
    assert [json.loads(line)["event"] for line in said.out.splitlines()] == ["examination"] * 2
    assert "This machine can judge" in said.err


@pytest.mark.wire
def test_this_machine_is_examined_in_all_respects(capsys: pytest.CaptureFixture[str]):
    code = examine(json_lines=True)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(lines) == len(doctoring.CHECKS)
    assert {line["grade"] for line in lines} <= {"good", "limited", "bad"}
    assert code == (4 if any(line["grade"] == "bad" for line in lines) else 0)
    named = {line["name"]: line for line in lines}
    assert named["loopback ports"]["grade"] == named["pseudo terminals"]["grade"] == "good"
    assert all(line["found"] and line["means"] for line in lines)
