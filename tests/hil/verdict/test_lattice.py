"""The lattice and the measurements that climb it."""

import itertools

import pytest

from hil.verdict.lattice import Judgement, Verdict, worst
from hil.verdict.measurements import Measurement


@pytest.mark.parametrize(("first", "second"), list(itertools.product(Verdict, Verdict)))
def test_a_verdict_only_ever_worsens(first, second):
    judged = Judgement().add(first, "a").add(second, "b")
    assert judged.verdict == max(first, second)
    assert judged.verdict >= first


def test_the_order_is_none_pass_inconc_fail_error():
    assert [v.label for v in sorted(Verdict)] == ["none", "pass", "inconc", "fail", "error"]
    assert [v.exit_code for v in sorted(Verdict)] == [3, 0, 3, 1, 4]


def test_reasons_survive_what_outranks_them_and_the_decisive_ones_are_known():
    judged = Judgement().add(Verdict.PASS, "fine").add(Verdict.FAIL, "late").merge(Judgement().add(Verdict.INCONC, "?"))
    assert [r.text for r in judged.reasons] == ["fine", "late", "?"]
    assert [r.text for r in judged.decisive] == ["late"]


def test_the_whole_is_the_worst_of_its_parts():
    assert worst([Verdict.PASS, Verdict.INCONC]) is Verdict.INCONC
    assert worst([]) is Verdict.NONE


def test_an_unknown_verdict_word_is_answered_with_those_there_are():
    assert Verdict.parse("inconc") is Verdict.INCONC
    with pytest.raises(ValueError, match="verdict = 'ok' must be one of none, pass, inconc, fail, error"):
        Verdict.parse("ok")


@pytest.mark.parametrize(("value", "verdict"), [(0.0, "pass"), (5.0, "pass"), (5.01, "fail"), (-0.01, "fail")])
def test_limits_are_inclusive(value, verdict):
    assert Measurement("x", "s", low=0.0, high=5.0).fill(value).verdict.label == verdict


def test_a_value_near_its_limit_passes_and_says_so():
    measured = Measurement("x", "s", high=5.0, marginal_high=4.0)
    assert measured.fill(4.5).marginal
    assert not measured.fill(3.0).marginal
    assert not measured.fill(6.0).marginal


@pytest.mark.parametrize("value", [None, float("nan")])
def test_no_value_proves_nothing(value):
    assert Measurement("x", "s", high=5.0).fill(value).verdict is Verdict.INCONC
    assert Measurement("x", "s", high=5.0, missing=Verdict.FAIL).fill(value).verdict is Verdict.FAIL


def test_a_reported_value_is_judged_by_nobody():
    assert Measurement("x", "s", report_only=True).fill(99.0).verdict is Verdict.NONE


def test_a_measurement_is_taken_once():
    with pytest.raises(ValueError, match="'x' already holds 3 s; declare a second one"):
        Measurement("x", "s").fill(3.0).fill(4.0)


def test_limits_that_nothing_can_meet_are_refused():
    with pytest.raises(ValueError, match="low = 5 must not exceed high = 1"):
        Measurement("x", "s", low=5.0, high=1.0)
