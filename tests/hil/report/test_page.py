"""The report: complete, alone, and deaf to what names try to do to it."""

# Made-up data reads best one thing a line.

import dataclasses
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from hil.record import RunRecord, SignalTrace
from hil.report.page import POLICY, render, write_report

HOSTILE = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>&{}javascript:\u202egnp.exe\x00"


class Reader(HTMLParser):
    """Checks that elements close in order, and keeps what a browser would make of the page."""

    VOID = ("meta", "br")

    def __init__(self, page):
        super().__init__()
        self.open, self.seen, self.attributes, self.words = [], [], [], []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)
        self.attributes += [(tag, k, v) for k, v in attrs]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


def test_the_page_is_well_formed_and_says_the_verdicts_in_words(run):
    text = Reader(render(run)).text
    for words in ("✗ fail", "✓ pass", "? inconc", "! error", "seed 7", "plantbench run pump_skid --seed 7"):
        assert words in text


def test_the_page_loads_nothing_and_forbids_loading(run):
    page = Reader(render(run))
    assert ("meta", "content", POLICY) in page.attributes
    assert POLICY.startswith("default-src 'none'")
    assert not {"script", "link", "img", "iframe", "object", "form"} & set(page.seen)
    links = [v for _, k, v in page.attributes if k in ("href", "src", "xlink:href")]
    assert all(v.startswith("#") for v in links)
    assert "url(" not in render(run)
    assert "@import" not in render(run)


def test_hostile_names_are_shown_and_nothing_else(run):
    nasty = run.results[0]
    nasty = dataclasses.replace(
        nasty,
        name=HOSTILE,
        title=HOSTILE,
        notes=(HOSTILE,),
        truth=tuple(dataclasses.replace(f, kind=HOSTILE, on=HOSTILE) for f in nasty.truth),
        findings=tuple(
            f | {"fault": HOSTILE, "on": HOSTILE, "evidence": {**f["evidence"], HOSTILE: HOSTILE}}
            for f in nasty.findings
        ),
        measurements=tuple(
            dataclasses.replace(m, name=HOSTILE, unit=HOSTILE, note=HOSTILE) for m in nasty.measurements
        ),
        signals={HOSTILE: SignalTrace(np.arange(5.0), np.arange(5.0), HOSTILE, HOSTILE)},
        link={HOSTILE: {}},
    )
    hostile = dataclasses.replace(
        run, rig=HOSTILE, versions={HOSTILE: HOSTILE}, host={HOSTILE: HOSTILE}, binding={HOSTILE: HOSTILE},
        command=(HOSTILE,), errors=(HOSTILE,), results=(nasty,),
    )  # fmt: skip
    page = Reader(render(hostile))
    assert not {"script", "img"} & set(page.seen)
    assert not [k for _, k, _ in page.attributes if k.startswith("on")]
    assert "<script>alert(1)</script>" in page.text
    assert "\u202e" not in render(hostile)
    assert "\x00" not in render(hostile)


def test_the_timeline_shows_each_fault_and_each_finding(run):
    page = render(run)
    svg = page[page.index('<svg viewBox="0 0 980') :].split("</svg>")[0]
    for words in (
        "truth on pump1_de",
        "truth on plc1",
        "finding on pump1_de",
        "52.4 s after onset",
        "false alarm",
    ):
        assert words in svg


def test_the_spectrum_marks_the_lines_of_the_named_fault(run):
    page = render(run)
    figure = page[page.index("Envelope spectrum") :].split("</figure>")[0]
    assert "outer_race 105.90 Hz" in figure
    assert figure.count('class="mark"') == 4


@pytest.mark.parametrize(("evidence", "named", "unit"), [
    ({"envelope_spectrum": {"freq_hz": [1.0, 90.0, 400.0], "depth": [0.1, 0.4, 0.1]}, "found_hz": 89.9, "expected_hz": 90.0},
     "outer_race 89.90 Hz", "modulation depth"),
    ({"spectrum": {"freq_hz": [1.0, 24.0, 99.0], "amplitude_m_s2": [0.1, 0.4, 0.1]}, "order": 1.0, "speed_hz": 24.5},
     "1× speed 24.50 Hz", "m/s²"),
])  # fmt: skip
def test_spectra_are_understood_as_the_twin_states_them(run, evidence, named, unit):
    told = dataclasses.replace(run.results[0], findings=(run.results[0].findings[0] | {"evidence": evidence},))
    page = render(dataclasses.replace(run, results=(told,)))
    assert named in page
    assert f"[{unit}]" in page


def test_no_number_in_the_drawings_is_lost(run):
    assert not re.search(r'="(nan|inf|-inf)"|\b(nan|inf) |[ML](nan|inf)', render(run))


@pytest.mark.parametrize("evidence", [
    {"spectrum": [1, 2]}, {"spectrum": {"freq_hz": [1, 2], "amplitude": [1]}}, {"spectrum": "x", "lines": 3},
    {"envelope_spectrum": {"freq_hz": [0, 1, 2], "amplitude": [None, 1, 2]}, "lines": {"a": {"f_hz": None}}},
    {"lines": [{"label": "a", "f_hz": "x"}, 4]}, {}, None,
])  # fmt: skip
def test_evidence_of_any_shape_leaves_a_page(run, evidence):
    odd = dataclasses.replace(
        run.results[0], findings=tuple(f | {"evidence": evidence} for f in run.results[0].findings)
    )
    Reader(render(dataclasses.replace(run, results=(odd,))))


@pytest.mark.parametrize("values", [[], [1.0], [np.nan] * 5, [3.0] * 5, [0.0] * 5, [1e300, -1e300], [1e-300, 2e-300]])
def test_signals_of_any_shape_leave_a_page(run, values):
    y = np.array(values)
    odd = dataclasses.replace(run.results[0], signals={"x": SignalTrace(np.arange(y.size, dtype=float), y, "Pa")})
    page = render(dataclasses.replace(run, results=(odd,)))
    assert "nan" not in page[page.index("<figure") : page.index("Evidence")].replace("finan", "")


def test_an_empty_run_leaves_a_page(tmp_path):
    run = RunRecord("rig", "", 1, "wall", "", {}, {}, (), errors=("nothing could be started",))
    assert "nothing could be started" in write_report(tmp_path, run).read_text(encoding="utf-8")
