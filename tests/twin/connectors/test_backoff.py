from hypothesis import given
from hypothesis import strategies as st

from twin.connectors.backoff import CAP_NS, FIRST_NS, Backoff


def waits(backoff, count):
    now_ns, found = 0, []
    for _ in range(count):
        wait = backoff.failed(now_ns)
        found.append(wait)
        now_ns += wait
    return found


@given(st.text(max_size=20), st.integers(0, 2**32))
def test_waits_grow_to_the_cap_and_never_beyond(path, seed):
    found = waits(Backoff(path, seed), 40)
    assert found[0] <= FIRST_NS
    assert max(found) <= CAP_NS
    assert min(found[6:]) >= CAP_NS // 2


@given(st.integers(0, 2**32))
def test_there_are_never_more_than_five_tries_in_a_second(seed):
    times = [0]
    for wait in waits(Backoff("x", seed), 20):
        times.append(times[-1] + wait)
    for start in times:
        assert sum(start <= t < start + 1_000_000_000 for t in times) <= 5


def test_the_same_seed_gives_the_same_waits_and_neighbours_differ():
    assert waits(Backoff("a", 1), 9) == waits(Backoff("a", 1), 9)
    assert waits(Backoff("a", 1), 9) != waits(Backoff("b", 1), 9)


def test_success_makes_the_next_retry_quick_again():
    backoff = Backoff("a")
    waits(backoff, 9)
    backoff.succeeded()
    assert not backoff.waiting(0)
    assert backoff.failed(0) <= FIRST_NS


def test_a_clock_that_steps_back_an_hour_does_not_keep_the_link_down():
    backoff = Backoff("a")
    hour = 3_600_000_000_000
    backoff.failed(hour)
    assert backoff.waiting(hour + 1)
    assert not backoff.waiting(1)
