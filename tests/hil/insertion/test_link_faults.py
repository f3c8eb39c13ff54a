"""The link faults as pure answers: no socket, no clock."""

import pytest

from emulator.streams import Streams
from hil.insertion.link.base import LinkFault, create, registry
from hil.insertion.link.proxy import LinkProxy


class Target:
    def __init__(self):
        self.attached = []

    def stream(self, kind):
        return self

    def uniform(self, n0, count):
        return [((n0 + i) % 10) / 10 for i in range(count)]

    def attach(self, fault):
        if fault not in self.attached:
            fault.start()
            self.attached.append(fault)

    def detach(self, fault):
        if fault in self.attached:
            self.attached.remove(fault)


KINDS = sorted(kind for kind in registry() if kind.startswith("link_"))


@pytest.fixture(params=KINDS)
def fault(request) -> LinkFault:
    return create(request.param, {})


def test_every_link_fault_is_found_by_its_kind_and_acts_on_the_link_layer():
    kinds = registry()
    # toxiproxy's set, under our names.
    assert set(kinds) >= {
        "link_latency", "link_bandwidth", "link_slow_close", "link_timeout", "link_reset", "link_slicer", "link_limit",
    }  # fmt: skip
    assert len(KINDS) >= 20
    assert {cls.layer for cls in kinds.values()} == {"link"}


def test_severity_zero_takes_the_fault_off_the_data_path(fault):
    target = Target()
    fault.apply(target, 0.7, 0)
    assert target.attached == [fault]
    fault.apply(target, 0.0, 1)
    assert target.attached == []


def test_applying_the_same_severity_again_changes_nothing(fault):
    target = Target()
    fault.apply(target, 0.7, 0)
    fault.apply(target, 0.7, 100)
    assert target.attached == [fault]


def test_a_severity_beyond_one_is_refused_with_the_rule(fault):
    with pytest.raises(ValueError, match=r"severity = 1\.4 must be in \[0, 1\]; 1 is the fully developed fault"):
        fault.apply(Target(), 1.4, 0)


def test_a_misspelt_kind_is_answered_with_the_nearest():
    with pytest.raises(ValueError, match="unknown link fault 'link_latncy'; did you mean 'link_latency'"):
        create("link_latncy", {})


def test_a_misspelt_parameter_is_answered_with_the_nearest():
    with pytest.raises(ValueError, match="unknown parameter 'latency'; did you mean 'latency_ms'"):
        create("link_latency", {"latency": 3})


def test_a_parameter_out_of_bounds_names_the_bounds():
    with pytest.raises(ValueError, match=r"link_bandwidth\.rate_kb_s = 0 must be a number in \[0\.001, "):
        create("link_bandwidth", {"rate_kb_s": 0})
    with pytest.raises(ValueError, match=r"link_blackhole\.direction = 'left' must be one of up, down, both"):
        create("link_blackhole", {"direction": "left"})


def test_latency_grows_with_severity():
    latency = create("link_latency", {"latency_ms": 100})
    target = Target()
    latency.apply(target, 0.5, 0)
    assert latency.due(0, "down", 10.0, 5) == pytest.approx(10.05)
    latency.apply(target, 1.0, 0)
    assert latency.due(0, "down", 10.0, 5) == pytest.approx(10.10)


def test_latency_leaves_the_other_direction_alone():
    latency = create("link_latency", {"latency_ms": 100, "direction": "down"})
    latency.apply(Target(), 1.0, 0)
    assert latency.due(0, "up", 10.0, 5) == 10.0


def test_jitter_stays_in_its_band_and_never_makes_a_piece_arrive_before_it_left():
    latency = create("link_latency", {"latency_ms": 10, "jitter_ms": 30})
    latency.apply(Target(), 1.0, 0)
    delays = [latency.due(0, "down", 0.0, 1) for _ in range(10)]
    assert min(delays) == 0.0
    assert max(delays) == pytest.approx((10 + 30 * 0.8) * 1e-3)


def test_the_same_fault_injected_twice_jitters_alike():
    latency = create("link_latency", {"latency_ms": 100, "jitter_ms": 50})
    target = Target()

    def delays():
        latency.apply(target, 1.0, 0)
        out = [latency.due(0, "down", 0.0, 1) for _ in range(7)]
        latency.apply(target, 0.0, 0)
        return out

    assert delays() == delays()


def test_bandwidth_makes_pieces_queue_behind_each_other():
    band = create("link_bandwidth", {"rate_kb_s": 1})
    band.apply(Target(), 1.0, 0)
    assert band.due(0, "down", 5.0, 500) == pytest.approx(5.5)
    assert band.due(1, "down", 5.0, 500) == pytest.approx(6.0)
    assert band.due(0, "up", 5.0, 100) == pytest.approx(5.1)
    assert band.due(0, "down", 9.0, 500) == pytest.approx(9.5)


def test_a_slow_link_cuts_pieces_to_a_tenth_of_a_second():
    band = create("link_bandwidth", {"rate_kb_s": 2})
    band.apply(Target(), 1.0, 0)
    assert band.slice_bytes("down") == 200
    band.apply(Target(), 0.5, 0)
    assert band.slice_bytes("down") == 400


def test_a_blackhole_swallows_its_direction_and_remembers_whom_it_harmed():
    hole = create("link_blackhole", {"direction": "up"})
    hole.apply(Target(), 1.0, 0)
    assert hole.due(3, "down", 1.0, 10) == 1.0
    assert not hole.maims(3)
    assert hole.due(3, "up", 1.0, 10) is None
    assert hole.maims(3)


def test_a_partial_blackhole_takes_its_share_of_connections():
    hole = create("link_blackhole", {})
    hole.apply(Target(), 0.3, 0)
    assert [hole.due(n, "up", 0.0, 1) is None for n in range(10)] == [True] * 3 + [False] * 7


def test_a_reset_takes_all_standing_connections_and_its_share_of_new_ones():
    reset = create("link_reset", {})
    reset.apply(Target(), 0.3, 0)
    assert all(reset.refuses(n, existing=True) for n in range(10))
    assert [reset.refuses(n, existing=False) for n in range(10)] == [True] * 3 + [False] * 7


def test_two_links_of_one_seed_draw_apart_and_alike_every_time():
    streams = Streams(7)
    first = [LinkProxy(name, "127.0.0.1", 1, streams).stream("link_reset").uniform(0, 4).tolist() for name in "ab"]
    again = [LinkProxy(name, "127.0.0.1", 1, Streams(7)).stream("link_reset").uniform(0, 4).tolist() for name in "ab"]
    assert first == again
    assert first[0] != first[1]


def test_a_fault_may_be_on_one_connection_only():
    only = create("link_blackhole", {"connection": 2})
    assert [only.covers(number) for number in range(4)] == [False, True, False, False]
    assert all(create("link_blackhole", {}).covers(number) for number in range(4))
    with pytest.raises(ValueError, match="unknown parameter 'connection'"):
        create("link_refuse", {"connection": 2})


def test_slices_leave_one_pause_after_each_other_on_each_connection():
    slicer = create("link_slicer", {"size": 3, "delay_ms": 10})
    slicer.apply(Target(), 0.5, 0)
    assert slicer.slice_bytes("down") == 3
    assert slicer.slice_bytes("up") is None
    assert [slicer.due(0, "down", 1.0, 3) for _ in range(3)] == pytest.approx([1.0, 1.005, 1.01])
    assert slicer.due(1, "down", 1.0, 3) == 1.0


def test_dripped_bytes_keep_their_interval():
    drip = create("link_drip", {"interval_ms": 4})
    drip.apply(Target(), 1.0, 0)
    assert [drip.due(0, "down", 1.0, 1) for _ in range(3)] == pytest.approx([1.004, 1.008, 1.012])


def test_what_is_gathered_leaves_at_the_end_of_its_window():
    gather = create("link_coalesce", {"window_ms": 50})
    gather.apply(Target(), 1.0, 0)
    assert [gather.due(0, "down", at, 5) for at in (1.0, 1.03, 1.06)] == pytest.approx([1.05, 1.05, 1.11])


def test_a_limit_lets_so_many_bytes_pass_and_ends_there():
    limit = create("link_limit", {"bytes": 10, "ending": "rst"})
    limit.apply(Target(), 1.0, 0)
    assert limit.allows(0, "up", 100) is None
    assert [limit.allows(0, "down", size) for size in (6, 6)] == [None, (4, "rst")]
    assert limit.allows(1, "down", 6) is None


def test_a_flapping_link_is_down_at_the_start_of_each_period_and_up_for_the_rest():
    flap, target = create("link_flap", {"period_s": 2, "down_s": 1}), Target()
    seen = []
    for t in range(0, 5000, 500):
        flap.apply(target, 0.5, t * 1_000_000 + 7_000_000_000)
        seen.append(bool(target.attached))
    assert seen == [True, False, False, False] * 2 + [True, False]
    flap.apply(target, 0.0, 99)
    assert target.attached == []


@pytest.mark.parametrize("kind", ["link_corrupt", "link_duplicate_bytes", "link_drop_bytes"])
def test_bytes_are_hit_alike_in_whatever_pieces_they_come(kind):
    def through(sizes):
        fault = create(kind, {"per_byte": 0.05})
        target = Target()
        target.stream = Streams(3)
        fault.apply(target, 1.0, 0)
        data, out = bytes(range(250)), b""
        for size in sizes:
            out += fault.altered(0, "down", data[:size])
            data = data[size:]
        return out

    assert through([250]) == through([1] * 250) == through([100, 150])
    assert through([250]) != bytes(range(250))


def test_a_closing_is_late_and_bytes_are_not():
    slow = create("link_slow_close", {"delay_ms": 100})
    slow.apply(Target(), 0.5, 0)
    assert slow.due(0, "down", 1.0, 7) == 1.0
    assert slow.due(0, "down", 1.0, 0) == pytest.approx(1.05)
