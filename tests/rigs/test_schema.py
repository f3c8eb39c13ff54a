"""Severity over time, as scenario files state it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from rigs.schema import FaultSpec, Growth

SECOND = 1_000_000_000


def fault(**more) -> FaultSpec:
    return FaultSpec.model_validate({"kind": "k", "on": "x", "onset": "10 s"} | more)


def test_a_step_is_there_at_its_onset_and_gone_at_its_end():
    spec = fault(severity=0.7, until="20 s")
    assert [spec.severity_at(t * SECOND) for t in (9, 10, 19, 20)] == [0.0, 0.7, 0.7, 0.0]


def test_linear_growth_reaches_its_severity_after_its_duration():
    spec = fault(severity=0.8, growth={"law": "linear", "duration": "40 s"})
    assert [spec.severity_at(t * SECOND) for t in (10, 30, 50, 90)] == pytest.approx([0.0, 0.4, 0.8, 0.8])


def test_exponential_growth_doubles_in_its_doubling_time():
    spec = fault(severity=1.0, growth={"law": "exponential", "doubling_time": "10 s"})
    assert spec.severity_at(30 * SECOND) == pytest.approx(2 * spec.severity_at(20 * SECOND))
    assert spec.severity_at(60 * SECOND) == 1.0


@given(st.integers(0, 10**12), st.integers(0, 10**12))
def test_severity_never_falls_while_a_fault_grows(first: int, second: int):
    spec = fault(growth={"law": "linear", "duration": "100 s"})
    early, late = sorted((first, second))
    assert spec.severity_at(early) <= spec.severity_at(late)


@pytest.mark.parametrize("growth", [{"law": "linear"}, {"law": "exponential"}])
def test_growth_without_its_time_is_refused(growth: dict):
    with pytest.raises(ValidationError, match="needs a"):
        Growth.model_validate(growth)
