import pytest

from emulator.sensors.loop import LoopReader, current_ma, fraction_of


@pytest.mark.parametrize(("current", "fraction"), [(4, 0.0), (20, 1.0), (3.8, -0.0125), (20.5, 1.03125)])
def test_what_a_current_means(current, fraction):
    assert fraction_of(current) == pytest.approx(fraction)
    assert current_ma(fraction) == pytest.approx(current)


@pytest.mark.parametrize(
    ("current", "status"),
    [(3.8, "good"), (12, "good"), (20.5, "good"), (3.7, "uncertain"), (3.61, "uncertain"), (20.9, "uncertain")],
)
def test_what_lies_between_alive_and_failed_is_neither(current, status):
    reader = LoopReader()
    assert {reader.status(current, 1.0) for _ in range(10)} == {status}


@pytest.mark.parametrize("current", [3.6, 0.0, 21.0, 24.0])
@pytest.mark.parametrize("scan_s", [0.1, 0.5])
def test_failure_is_declared_after_four_seconds(current, scan_s):
    reader = LoopReader()
    before = [reader.status(current, scan_s) for _ in range(round(4.0 / scan_s) - 1)]
    assert set(before) == {"uncertain"}
    assert reader.status(current, scan_s) == "bad"


def test_a_failure_that_passes_in_time_is_none():
    reader = LoopReader()
    for _ in range(39):
        reader.status(0.0, 0.1)
    assert reader.status(12.0, 0.1) == "good"
    assert reader.status(0.0, 0.1) == "uncertain"
