"""The reference lists the options, routes, fields and files that are there, and no others."""

import re
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from tests.docs.blocks import ROOT, pages

REFERENCE = ROOT / "docs" / "reference"


def text_of(name: str) -> str:
    return (REFERENCE / name).read_text(encoding="utf-8")


def sections(text: str) -> dict[str, str]:
    parts = re.split(r"^## ", text, flags=re.MULTILINE)[1:]
    return {part.partition("\n")[0].strip(): part.partition("\n")[2] for part in parts}


def help_of(verb: str) -> str:
    from hil.cli import app

    answer = CliRunner().invoke(app, [verb, "--help"], env={"COLUMNS": "160", "TERM": "dumb", "NO_COLOR": "1"})
    assert answer.exit_code == 0, answer.output
    return answer.output


@pytest.mark.parametrize(
    "verb", ["run", "serve", "twin", "check", "analyze", "score", "doctor", "export-fmu", "import"]
)
def test_the_options_of_a_verb_are_those_of_its_help(verb):
    listed = set(
        re.findall(r"^\| `(--[a-z-]+)", sections(text_of("command-line.md"))[f"plantbench {verb}"], re.MULTILINE)
    )
    offered = set(re.findall(r"^\W*(--[a-z-]+)", help_of(verb), re.MULTILINE)) - {"--help"}
    assert listed == offered


def test_every_verb_is_described():
    from hil.cli import app

    verbs = {f"plantbench {command.name}" for command in app.registered_commands}
    assert verbs == {title for title in sections(text_of("command-line.md")) if title.startswith("plantbench ")}


def routes(app) -> set[tuple[str, str]]:
    return {(method.upper(), path) for path, item in app.openapi()["paths"].items() for method in item}


def documented(text: str) -> set[tuple[str, str]]:
    return set(re.findall(r"^\| `(GET|POST|DELETE|PUT|PATCH) (/[^`]*)`", text, re.MULTILINE))


def test_the_control_api_has_the_routes_described():
    from emulator.control import control_app

    app = control_app(SimpleNamespace(), SimpleNamespace(paused=False), {})
    assert documented(text_of("control-api.md")) == routes(app)


def test_the_twin_api_has_the_routes_described():
    from twin.api.app import create_app

    assert documented(text_of("twin-api.md")) == routes(create_app(SimpleNamespace()))


@pytest.mark.parametrize(
    "model",
    ["FindingModel", "LinkModel", "HealthModel", "PointModel", "AssetModel", "TickModel", "HistoryModel"],
)
def test_the_twin_api_page_names_every_field(model):
    from twin.api import models

    page = text_of("twin-api.md")
    assert [name for name in getattr(models, model).model_fields if f"`{name}`" not in page] == []


def test_an_injection_has_the_fields_described():
    from emulator.control import Injection

    page = text_of("control-api.md")
    assert [name for name in Injection.model_fields if f"| `{name}` |" not in page] == []


def test_the_record_has_the_fields_described():
    from hil.record import FaultTrace, MatchRow, RunRecord, ScenarioResult, TimingStats
    from hil.verdict.lattice import Judgement
    from hil.verdict.measurements import Measurement

    run = RunRecord("r", "d", 1, "lockstep", "t", {}, {}, ()).to_json()
    scenario = ScenarioResult("s", "t", 1, "lockstep", 0, 1.0, Judgement()).to_json()
    rows = (
        FaultTrace("k", "o", "physics", 0).to_json(), MatchRow("f", "o", "found").to_json(),
        Measurement("m", "s").to_json(), TimingStats().to_json(),
    )  # fmt: skip
    page = text_of("files.md")
    names = {name for row in (run, scenario, *rows) for name in row}
    assert [name for name in sorted(names) if f"`{name}`" not in page] == []


def test_the_capture_has_the_columns_described(tmp_path):
    import pyarrow.parquet as pq

    from hil.capture.scenario import write_capture
    from hil.verdict.evaluate import Facts

    page = sections(text_of("files.md"))["capture/"]
    for path in write_capture(tmp_path, (), (), Facts(t0_ns=0)):
        row = re.search(rf"^\| `{path.name}` \| (.*) \|$", page, re.MULTILINE)
        assert row is not None, path.name
        assert re.findall(r"`(\w+)`", row[1]) == pq.read_schema(path).names


def test_the_history_has_the_tables_described():
    from twin.history.tables import SCHEMAS

    page = sections(text_of("files.md"))["capture/"]
    assert [name for name, schema in SCHEMAS.items() if f"`{name}`" not in page or not schema.names] == []


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    targets = [target.partition("#")[0] for target in re.findall(r"\]\(([^)\s]+)\)", text)]
    lost = [t for t in targets if t and "://" not in t and not (page.parent / t).exists()]
    assert lost == []
