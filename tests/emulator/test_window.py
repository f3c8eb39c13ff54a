"""The newest samples: views that never change, whatever is appended after them."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from emulator.window import SampleWindow


@given(st.lists(st.integers(0, 37), min_size=1, max_size=40))
def test_the_window_is_the_tail_of_everything_appended(lengths: list[int]):
    window, everything = SampleWindow(25), np.empty(0, np.float32)
    taken: list[tuple[np.ndarray, np.ndarray]] = []
    for length in lengths:
        block = np.arange(len(everything), len(everything) + length, dtype=np.float32)
        window.append(len(everything), block)
        everything = np.concatenate([everything, block])
        view = window.view()
        assert np.array_equal(view, everything[-25:])
        assert window.n0 == len(everything) - len(view)
        taken.append((view, view.copy()))
    assert all(np.array_equal(view, then) for view, then in taken)


def test_a_jump_in_the_counter_begins_anew():
    window = SampleWindow(10)
    window.append(0, np.ones(5, np.float32))
    window.append(100, np.zeros(3, np.float32))
    assert window.n0 == 100
    assert np.array_equal(window.view(), np.zeros(3, np.float32))
