"""Clocks: when a block may begin, and how late it was."""

import asyncio

import pytest

from emulator.clock import LOCKSTEP_EPOCH_NS, LockstepClock, WallClock, clock_from

MILLISECOND = 1_000_000


def test_lockstep_is_always_due_and_never_late():
    assert asyncio.run(LockstepClock().wait_until(10**15)) == 0


def test_lockstep_stands_at_a_fixed_date_so_that_runs_repeat():
    assert LockstepClock().epoch_ns == LOCKSTEP_EPOCH_NS


def test_a_wall_clock_counts_from_one_origin_and_measures_lateness():
    async def late() -> list[int]:
        clock = WallClock()
        await clock.wait_until(0)
        return [await clock.wait_until(t * MILLISECOND) for t in (5, 10, 15)]

    lateness = asyncio.run(late())
    assert all(ns >= 0 for ns in lateness)


def test_a_grid_point_that_has_passed_is_reported_late_by_what_it_missed():
    async def late() -> int:
        clock = WallClock()
        await clock.wait_until(100 * MILLISECOND)
        # The grid began 100 ms before now: its origin is long past.
        return await clock.wait_until(0)

    assert asyncio.run(late()) >= 100 * MILLISECOND


@pytest.mark.parametrize(
    ("text", "kind"), [("wall", "wall"), ("lockstep", "lockstep"), ("x10", "x10"), ("x0.5", "x0.5")]
)
def test_a_clock_is_named_on_the_command_line(text: str, kind: str):
    assert clock_from(text).kind == kind


@pytest.mark.parametrize("text", ["", "fast", "x", "xyz", "x0", "x-1"])
def test_an_unknown_clock_is_refused(text: str):
    with pytest.raises(ValueError, match="clock"):
        clock_from(text)
