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


@pytest.fixture(params=["link_latency", "link_reset", "link_blackhole", "link_bandwidth"])
def fault(request) -> LinkFault:
    return create(request.param, {})


def test_every_link_fault_is_found_by_its_kind_and_acts_on_the_link_layer():
    kinds = registry()
    assert set(kinds) >= {"link_latency", "link_reset", "link_blackhole", "link_bandwidth"}
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
