"""The book of findings."""

import json

import numpy as np

from twin.diagnose.ledger import Ledger
from twin.finding import CATEGORY_OF, Finding

SECOND = 1_000_000_000


def test_a_fault_is_told_once_and_again_when_it_ends():
    ledger = Ledger()
    for t in range(5):
        ledger.raise_("sensor_bias", "a.b", t * SECOND, severity=0.5)
    assert [f.state for f in ledger.take_changes()] == ["open"]
    ledger.clear("sensor_bias", "a.b", 9 * SECOND)
    assert [(f.state, f.closed_ns) for f in ledger.take_changes()] == [("closed", 9 * SECOND)]


def test_each_episode_has_its_own_id():
    ledger = Ledger()
    first = ledger.raise_("data_gap", "a.b", 0)
    ledger.clear("data_gap", "a.b", 1)
    second = ledger.raise_("data_gap", "a.b", 2)
    assert (first.id, second.id) == ("data_gap:a.b:1", "data_gap:a.b:2")
    assert [f.id for f in ledger.findings] == [first.id, second.id]


def test_a_fault_that_flickers_stays_open():
    ledger = Ledger()
    ledger.raise_("bad_quality", "a.b", 0)
    ledger.clear("bad_quality", "a.b", SECOND, hold_ns=3 * SECOND)
    ledger.raise_("bad_quality", "a.b", 2 * SECOND)
    ledger.clear("bad_quality", "a.b", 3 * SECOND, hold_ns=3 * SECOND)
    assert ledger.is_open("bad_quality", "a.b")
    ledger.clear("bad_quality", "a.b", 6 * SECOND, hold_ns=3 * SECOND)
    assert not ledger.is_open("bad_quality", "a.b")


def test_a_growing_severity_is_worth_telling():
    ledger = Ledger()
    ledger.raise_("imbalance", "pump1", 0, severity=0.2)
    ledger.take_changes()
    ledger.raise_("imbalance", "pump1", 1, severity=0.25)
    assert ledger.take_changes() == []
    ledger.raise_("imbalance", "pump1", 2, severity=0.5)
    assert [f.severity for f in ledger.take_changes()] == [0.5]


def test_findings_are_plain_json_whatever_numpy_left_in_them():
    evidence = {"a": np.float64(1.5), "b": np.array([1.0, np.nan]), "c": (np.int64(3), float("inf"))}
    finding = Finding("x", "unknown", "p", CATEGORY_OF["unknown"], "open", 0, evidence=evidence)
    text = json.dumps(finding.as_dict(), allow_nan=False)
    assert json.loads(text)["evidence"] == {"a": 1.5, "b": [1.0, None], "c": [3, None]}
