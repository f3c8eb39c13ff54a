"""At any multiple of real time everything a device does by itself happens at its plant time; no clock is waited for."""

import asyncio
import itertools
import selectors

import pytest

from emulator.devices.mqtt.misbehaviour import Plan
from emulator.devices.mqtt.packets import Publish
from emulator.devices.timers import PacedTimers
from tests.oracles.sparkplug import plain

BLOCK_S = 0.1


class Still(selectors.DefaultSelector):
    """Where a loop would wait, its clock jumps instead."""

    now_s = 0.0

    def select(self, timeout=None):
        found = super().select(0)
        if not found and timeout:
            self.now_s += timeout
        return found


class StillLoop(asyncio.SelectorEventLoop):
    def __init__(self):
        self.still = Still()
        super().__init__(self.still)

    def time(self):
        return self.still.now_s


def play(rate, make_bench, scenario):
    async def main():
        bench = make_bench(timers=PacedTimers(rate), refresh="500 ms")
        host, loop, got = bench.host(), asyncio.get_running_loop(), []
        arrived = host._take

        def take(data):
            arrived(data)
            got.extend((loop.time() * rate, packet) for packet in host.take() if isinstance(packet, Publish))

        host.talk._write = take
        begin = loop.time()
        scenario(bench)
        for block in range(1, 41):
            await asyncio.sleep(begin + block * BLOCK_S / rate - loop.time())
            bench.scan(still=True)
        return got

    with asyncio.Runner(loop_factory=StillLoop) as runner:
        return runner.run(main())


@pytest.mark.parametrize("rate", [1.0, 10.0])
def test_what_does_not_change_is_said_once_per_refresh_of_plant_time(make_bench, rate):
    got = play(rate, make_bench, lambda bench: None)
    at = [t for t, packet in got if "/DDATA/" in packet.topic]
    assert [b - a for a, b in itertools.pairwise(at)] == pytest.approx([0.5] * 6, abs=1e-6)
    stamps = [plain(packet.payload)["timestamp"] for _, packet in got if "/DDATA/" in packet.topic]
    assert {b - a for a, b in itertools.pairwise(stamps)} == {500}


@pytest.mark.parametrize("rate", [1.0, 10.0])
def test_delays_are_plant_time(make_bench, rate):
    def late(bench):
        bench.face.misbehaviour.set("mqtt_slow_broker", Plan(params=(("delay_s", 0.25),)))

    for t, packet in play(rate, make_bench, late):
        sent = (plain(packet.payload)["timestamp"] - 1_735_689_600_000) / 1000
        assert t - sent == pytest.approx(0.25, abs=1e-6)


def test_ten_times_as_fast_is_the_same_conversation(make_bench):
    slow, fast = (play(rate, make_bench, lambda bench: None) for rate in (1.0, 10.0))
    assert [packet for _, packet in slow] == [packet for _, packet in fast]
    assert [t for t, _ in slow] == pytest.approx([t for t, _ in fast])
