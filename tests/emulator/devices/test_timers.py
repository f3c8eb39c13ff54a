import asyncio

import pytest

from emulator.devices.timers import PacedTimers, SteppedTimers


def test_stepped_timers_fire_in_the_order_of_their_times():
    timers, fired = SteppedTimers(), []
    timers.later(0.3, lambda: fired.append(("late", timers.now_s())))
    timers.later(0.1, lambda: fired.append(("soon", timers.now_s())))
    timers.later(0.1, lambda: fired.append(("next", timers.now_s())))
    timers.advance(99_999_999)
    assert fired == []
    timers.advance(300_000_000)
    assert fired == [("soon", 0.1), ("next", 0.1), ("late", 0.3)]


def test_a_timer_set_by_a_timer_counts_from_that_timer():
    timers, fired = SteppedTimers(), []

    def again() -> None:
        fired.append(timers.now_s())
        if len(fired) < 5:
            timers.later(0.1, again)

    timers.later(0.1, again)
    timers.advance(10_000_000_000)
    assert fired == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5])


def test_a_cancelled_timer_stays_silent():
    timers, fired = SteppedTimers(), []
    timers.later(0.1, lambda: fired.append(1)).cancel()
    timers.advance(1_000_000_000)
    assert fired == []


def test_paced_timers_run_at_the_rate_of_the_plant():
    async def run() -> float:
        timers, done = PacedTimers(rate=1000.0), asyncio.Event()
        begin = timers.now_s()
        timers.later(5.0, done.set)  # 5 ms
        await done.wait()
        return timers.now_s() - begin

    assert 4.9 < asyncio.run(run()) < 600.0


def test_a_rate_of_nothing_is_refused():
    with pytest.raises(ValueError, match="rate = 0"):
        PacedTimers(0.0)


def test_in_lockstep_an_answer_within_a_step_does_not_wait_for_the_next():
    async def run() -> list[str]:
        timers, gone = SteppedTimers(block_s=0.1), []
        timers.answer(0.05, lambda: gone.append("quick"))
        timers.answer(0.2, lambda: gone.append("late"))
        await asyncio.sleep(0)
        before = list(gone)
        timers.advance(200_000_000)
        return [*before, "step", *gone[len(before) :]]

    assert asyncio.run(run()) == ["quick", "step", "late"]
