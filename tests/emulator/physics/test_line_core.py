"""Lines of stations against what queueing theory knows in closed form."""

import copy

import pytest

from emulator.physics.line_core import SECOND, LineCore, State, StationPlan
from emulator.streams import Streams


def two(buffer: int, seconds: int = 30_000) -> LineCore:
    plan = {"failure": 0.01, "repair": 0.1, "buffer": buffer}
    core = LineCore((StationPlan("a", 1.0, **plan), StationPlan("b", 1.0, **plan)), Streams(3), "line")
    core.advance(seconds * SECOND)
    return core


def rate(core: LineCore) -> float:
    return core.finished / (core.t_ns / SECOND)


def test_a_lone_station_is_up_r_over_r_plus_p():
    core = LineCore((StationPlan("a", 1.0, failure=0.01, repair=0.1),), Streams(4), "line")
    core.advance(100_000 * SECOND)
    assert rate(core) == pytest.approx(0.90909, rel=0.01)


@pytest.mark.slow_without_jit
def test_two_stations_lie_between_no_buffer_and_each_alone_and_rise_with_the_buffer():
    rates = [rate(two(n)) for n in (0, 5, 20, 100)]
    assert rates == sorted(rates)
    assert rates[0] == pytest.approx(0.83333, rel=0.03)
    assert 0.87 < rates[-1] < 0.915


@pytest.mark.slow_without_jit
def test_m_m_1_and_littles_law():
    plans = (StationPlan("gate", 1e-6, buffer=10**9), StationPlan("server", 1.0, law="exponential"))
    core = LineCore(plans, Streams(5), "queue", arrivals_s=1.25)
    core.advance(80_000 * SECOND)
    gate, seconds = core.stations[0], core.t_ns / SECOND
    waiting, served = core.mean_level(0), core.spent_s(1, State.WORKING) / seconds
    wait_s = gate.waited_ns / gate.left_queue / SECOND
    arrivals = gate.left_queue / seconds
    assert waiting == pytest.approx(arrivals * wait_s, rel=0.01)
    assert waiting + served == pytest.approx(4.0, rel=0.12)
    assert wait_s + served / arrivals == pytest.approx(5.0, rel=0.12)


def test_parts_are_never_made_or_lost_and_time_is_spent_once():
    core = two(5, 5000)
    assert core.entered == core.finished + core.scrapped + core.in_process
    for index in range(2):
        assert sum(core.spent_s(index, state) for state in State) == pytest.approx(5000.0, abs=1e-6)


def test_a_stopped_station_empties_the_buffer_behind_it_in_the_time_it_holds():
    """The buffer of 12 parts lasts twelve cycles of the station behind it (plus the part in work)."""
    plans = (StationPlan("a", 1.0, buffer=12), StationPlan("b", 1.0, buffer=12), StationPlan("c", 1.0))
    core = LineCore(plans, Streams(1), "line")
    core.stations[2].cycle_gain = 5.0  # lets the buffers fill
    core.advance(200 * SECOND)
    assert [len(s.queue) for s in core.stations[:2]] == [12, 12]
    core.stations[2].cycle_gain = 1.0
    core.supply = 0  # nothing comes any more
    core.advance(204 * SECOND)
    left = core.in_process
    start = core.t_ns / SECOND
    while core.in_process:
        core.advance(core.t_ns + SECOND // 10)
    assert core.t_ns / SECOND - start == pytest.approx(left, abs=5.2)


def test_blocked_behind_and_starved_ahead_of_a_stop():
    plans = (StationPlan("a", 1.0, buffer=3), StationPlan("b", 1.0, buffer=3), StationPlan("c", 1.0))
    core = LineCore(plans, Streams(1), "line")
    core.advance(50 * SECOND)
    core.stations[1].life_ns = core.stations[1].age_ns  # it fails now
    core.stations[1].plan = StationPlan("b", 1.0, failure=0.5, repair=1e-4, buffer=3)
    core.advance(90 * SECOND)
    assert [s.state for s in core.stations] == [State.BLOCKED, State.ABORTED, State.STARVED]


def test_any_step_gives_the_same_line_and_a_saved_one_goes_on():
    whole, pieces = two(4, 3000), two(4, 1)
    saved = None
    for n in range(2, 3001):
        pieces.advance(n * SECOND)
        if n == 1500:
            saved = copy.deepcopy(pieces)
    saved.advance(3000 * SECOND)
    for core in (pieces, saved):
        assert (core.finished, core.entered) == (whole.finished, whole.entered)
        assert [s.spent_ns for s in core.stations] == [s.spent_ns for s in whole.stations]


def test_a_change_of_variant_takes_its_setup_time():
    core = LineCore((StationPlan("a", 1.0),), Streams(1), "line")
    core.setup_s = ((0.0, 60.0), (30.0, 0.0))
    core.advance(100 * SECOND)
    core.variant = 1
    core.advance(200 * SECOND)
    core.variant = 0
    core.advance(300 * SECOND)
    assert core.spent_s(0, State.CHANGEOVER) == pytest.approx(90.0)
    assert core.stations[0].setups == 2


def test_inspection_takes_out_bad_parts_with_its_own_errors():
    plans = (StationPlan("a", 0.01, reject=0.1), StationPlan("eye", 0.01, inspect=True, miss=0.05, alarm=0.02))
    core = LineCore(plans, Streams(9), "line")
    core.advance(200 * SECOND)
    n = core.entered
    assert core.stations[0].spoiled == pytest.approx(0.1 * n, rel=0.1)
    assert core.finished_bad == pytest.approx(0.1 * 0.05 * n, rel=0.25)
    assert core.stations[1].good_scrapped == pytest.approx(0.9 * 0.02 * n, rel=0.15)
