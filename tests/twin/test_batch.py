import pytest

from twin.batch import Status, is_bad, is_good, no_reading, reading


@pytest.mark.parametrize(
    ("status", "good", "bad"),
    [
        (0x00000000, True, False),
        (0x00000480, True, False),  # overflow bit in a DataValue's info bits
        (0x00960000, False, False),  # Good_LocalOverride: set by hand, not measured
        (0x40900000, False, False),
        (0x80050000, False, True),
        (0xC0000000, False, True),  # reserved severity counts as bad
    ],
)
def test_the_two_severity_bits_decide(status, good, bad):
    assert (is_good(status), is_bad(status)) == (good, bad)


def test_a_point_without_a_value_has_no_number_at_all():
    batch = no_reading("p", 1, 2, Status.BAD_COMMUNICATION_ERROR)
    assert batch.values.size == 0
    assert not batch.good


def test_a_reading_is_one_float64():
    batch = reading("p", 1, 3, 2)
    assert (batch.values.dtype, batch.values.shape, batch.good, batch.waveform) == (
        "float64",
        (1,),
        True,
        False,
    )
