import math
from itertools import pairwise

import numpy as np
import pytest

from emulator.physics.dc_link import ripple_v

CREST = 400.0 * math.sqrt(2.0)


def simulated(current, farad, pulses):
    """Peak-to-peak of an ideal bridge feeding a capacitor and a current, stepped slowly."""
    t = np.linspace(0.0, 0.06, 120_001)
    span = 2.0 * math.pi / pulses
    angle = (2.0 * math.pi * 50.0 * t + 0.5 * span) % span - 0.5 * span
    source = CREST * np.cos(angle)
    v, out = CREST, np.empty_like(t)
    for n, s in enumerate(source):
        v = max(s, v - current / farad * (t[1] - t[0]))
        out[n] = v
    return np.ptp(out[60_000:])


@pytest.mark.parametrize(("current", "farad", "pulses"), [(10.0, 1e-3, 6), (10.0, 5e-4, 6), (5.0, 1e-3, 2)])
def test_the_ripple_is_that_of_a_stepped_bridge(current, farad, pulses):
    found = ripple_v(current, farad, CREST, 50.0 * pulses, 2.0 * math.pi / pulses)
    assert found == pytest.approx(simulated(current, farad, pulses), rel=5e-3)


def test_less_capacitance_or_more_load_ripples_more_up_to_the_bare_bridge():
    ripples = [ripple_v(10.0, 1e-3 * gain, CREST, 300.0, math.pi / 3) for gain in (1.0, 0.8, 0.5, 0.2)]
    assert all(a < b for a, b in pairwise(ripples))
    assert ripple_v(10.0, 1e-6, CREST, 300.0, math.pi / 3) == pytest.approx(CREST * (1.0 - math.cos(math.pi / 6)))
    assert ripple_v(0.0, 1e-3, CREST, 300.0, math.pi / 3) == 0.0
