"""Confidence is a probability, made by data that says where it comes from."""

import json
from importlib.resources import files

import numpy as np
import pytest

from twin.dsp.confidence import WIDEST, calibrated, log_odds, slope


def test_even_odds_stay_even_and_more_evidence_never_makes_less_sure():
    assert calibrated(0.5) == pytest.approx(0.5)
    values = [calibrated(e) for e in np.linspace(0.0, 1.0, 101)]
    assert values == sorted(values)


def test_a_small_sample_never_makes_certain():
    assert calibrated(1.0) < 0.99
    assert calibrated(0.0) > 0.01
    assert log_odds(1.0) == pytest.approx(WIDEST)


def test_the_constant_names_the_records_that_made_it():
    content = json.loads(files("twin.dsp").joinpath("data/confidence.json").read_text())
    assert content["slope"] == slope()
    assert content["fitted_to"]
    assert content["reported_on"]
    assert 0.0 < slope() <= 1.0
