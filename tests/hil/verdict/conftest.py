"""A small rig, and builders for scenarios, truths and findings in seconds since the start."""

# Made-up data reads best one thing a line.

import pytest

from hil.record import FaultTrace
from hil.verdict.evaluate import Facts, evaluate
from rigs.load import load_rig
from rigs.schema import Scenario

T0 = 1_735_689_600_000_000_000
S = 1_000_000_000


class Case:
    """Seconds in, verdicts out."""

    def __init__(self, rig):
        self.rig = rig
        self.faults, self.expect, self.allow = [], [], []
        self.truth, self.findings = [], []
        self.facts = {"t0_ns": T0}

    def inject(self, kind, on, onset, until=None, layer="physics", skipped=None):
        spec = {"kind": kind, "on": on, "onset": f"{onset} s"}
        self.faults.append(spec | ({"until": f"{until} s"} if until else {}))
        cleared = None if until is None else T0 + until * S
        self.truth.append(FaultTrace(kind, on, layer, T0 + onset * S, cleared, ((T0 + onset * S, 1.0),), skipped))
        return self

    def find(self, fault, on, detected, closed=None, ambiguous=()):
        self.findings.append(
            {
                "id": f"{fault}:{on}:{len(self.findings)}", "fault": fault, "on": on, "detected_ns": T0 + round(detected * S),
                "closed_ns": None if closed is None else T0 + round(closed * S), "state": "open", "confidence": 0.9,
                "ambiguous": list(ambiguous), "evidence": {},
            }
        )  # fmt: skip
        return self

    def detect(self, fault="bearing_outer_race", on="pump1_de", within=60, **more):
        self.expect.append({"expect": "detect", "fault": fault, "on": on, "within": f"{within} s", **more})
        return self

    def want(self, expect, **more):
        self.expect.append({"expect": expect, **more})
        return self

    def judge(self):
        scenario = Scenario.model_validate(
            {
                "scenario": "case", "duration": "300 s", "faults": self.faults, "expect": self.expect, "allow": self.allow,
            }
        )  # fmt: skip
        return evaluate(scenario, self.rig, self.truth, self.findings, Facts(**self.facts))


@pytest.fixture(scope="session")
def rig():
    return load_rig("pump_skid")


@pytest.fixture
def case(rig):
    return Case(rig)
