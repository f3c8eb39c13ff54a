"""Records of current that must not be judged."""

import numpy as np
import pytest

from tests.oracles import motor as oracle
from twin.dsp.current_quality import unfit

RATE = 2000.0
T = np.arange(4000) / RATE
CURRENT = oracle.unbalanced(T, 50.0, 5.0, 0.1)


def altered(change):
    current = CURRENT.copy()
    change(current)
    return current


def put(phase, values):
    return altered(lambda current: current.__setitem__(phase, values))


@pytest.mark.parametrize(
    ("current", "flag", "words"),
    [
        (put((0, 3), np.nan), "nan", "1 of 12000 samples"),
        (put((0, 3), np.inf), "inf", "infinite"),
        (np.zeros((3, 4000)), "constant", "never changes"),
        (put(1, 0.3), "constant", "phase b .* dead sensor"),
        (put(1, CURRENT[0]), "duplicated", "recorded twice"),
        (np.clip(CURRENT, -4.5, 4.5), "clipped", "saturated"),
        (CURRENT[:, :300], "short", "8 supply periods"),
        (CURRENT[:, :0], "short", "8 supply periods"),
    ],
)
def test_each_defect_has_its_flag_and_its_words(current, flag, words):
    found = unfit(current, RATE, 50.0)
    assert found.flags == (flag,)
    assert found.entry is None
    import re

    assert re.search(words, found.reason)


def test_a_sound_record_passes_however_coarse_the_converter():
    for bits in (6, 8, 12, 16):
        step = 10.4 / 2**bits
        assert unfit(np.round(CURRENT / step) * step, RATE, 50.0) is None
        assert unfit(np.round(CURRENT[0] / step) * step, RATE, 50.0) is None


def test_an_open_phase_is_a_fault_of_the_supply():
    current = np.array([np.zeros(4000), CURRENT[1], -CURRENT[1]])
    found = unfit(current, RATE, 50.0)
    assert found.entry["fault"] == "supply_unbalance"
    assert "phase a is open" in found.reason
