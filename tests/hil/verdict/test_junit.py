"""What a build server reads."""

from xml.etree import ElementTree as ET

from hil.record import RunRecord, ScenarioResult
from hil.verdict.junit import write_junit
from hil.verdict.lattice import Judgement, Verdict


def run_of(*results):
    return RunRecord("pump_skid", "d1", 7, "wall", "2025-01-01T00:00:00Z", {"python": "3.11"}, {}, results)


def result(verdict, why="because", name="case"):
    judged = Judgement() if verdict is Verdict.NONE else Judgement().add(verdict, why)
    return ScenarioResult(name, name, 7, "wall", 0, 10.0, judged, wall_s=1.5)


def cases(path):
    return {c.get("name"): c for c in ET.parse(path).getroot().iter("testcase")}


def test_each_verdict_becomes_what_a_build_server_understands(tmp_path):
    run = run_of(*(result(v, name=v.label) for v in Verdict))
    path = write_junit(tmp_path, run)
    kinds = {
        name: next((child.tag for child in c if child.tag != "system-out"), None) for name, c in cases(path).items()
    }
    assert kinds == {"none": "skipped", "pass": None, "inconc": "error", "fail": "failure", "error": "error"}
    suite = ET.parse(path).getroot().find("testsuite")
    assert [suite.get(k) for k in ("tests", "failures", "errors", "skipped")] == ["5", "1", "2", "1"]
    assert cases(path)["inconc"].find("error").get("type") == "inconclusive"


def test_the_first_decisive_reason_is_the_message(tmp_path):
    path = write_junit(tmp_path, run_of(result(Verdict.FAIL, "too late")))
    assert cases(path)["case"].find("failure").get("message") == "too late"


def test_hostile_names_stay_text_and_the_file_stays_xml(tmp_path):
    nasty = "<b>&\"'\x00\x1b\ud800]]>"
    case = next(iter(cases(write_junit(tmp_path, run_of(result(Verdict.FAIL, nasty, nasty)))).values()))
    assert case.get("name") == "<b>&\"'���]]>"
