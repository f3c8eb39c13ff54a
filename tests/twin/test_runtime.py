"""The runtime with connectors and an engine made of a few lines each; time moves by ticks."""

import asyncio

import pytest

from rigs.schema import Rig
from twin import runtime as runtime_module
from twin.batch import reading
from twin.connectors.base import ConnectorState
from twin.finding import Finding
from twin.runtime import TwinRuntime

SECOND = 1_000_000_000
T0 = 1_735_689_600 * SECOND

RIG = Rig.model_validate(
    {
        "rig": "small",
        "assets": [{"id": "tank1", "kind": "tank", "area": "1 m^2", "height": "2 m"}],
        "devices": [
            {"id": "fast", "protocol": "modbus-tcp", "poll": "100 ms", "stale_after": "1 s"},
            {"id": "slow", "protocol": "modbus-tcp", "poll": "1 s", "stale_after": "3 s"},
        ],
        "points": [
            {
                "id": f"{device}.level",
                "device": device,
                "asset": "tank1",
                "quantity": "level",
                "unit": "m",
                "signal": "tank1.level",
                "modbus": {"unit": 1, "table": "input", "register": 0},
            }
            for device in ("fast", "slow")
        ],
    }
)
ENDPOINTS = {"fast": "tcp://127.0.0.1:1", "slow": "tcp://127.0.0.1:2"}


class FakeConnector:
    def __init__(self, device, clock):
        self.device, self.clock = device, clock
        self.polled, self.closed, self.silent, self.hold = [], False, False, None
        self.state = ConnectorState("connected")

    async def poll(self, now_ns):
        self.polled.append(now_ns)
        if self.hold is not None:
            await self.hold.wait()
        return [] if self.silent else [reading(f"{self.device}.level", now_ns, len(self.polled), now_ns)]

    async def close(self):
        self.closed = True


class FakeEngine:
    def __init__(self):
        self.seen = []
        self.next = []

    def ingest(self, batches, states, now_ns):
        self.seen.append(([b.point for b in batches], sorted(states), now_ns))
        found, self.next = self.next, []
        return found

    def assets(self):
        return {"tank1": {"health": float("nan")}}


@pytest.fixture
def fakes(monkeypatch):
    made = {}

    def make(device, points, url, clock, seed):
        made[device.id] = FakeConnector(device.id, clock)
        return made[device.id]

    monkeypatch.setattr(runtime_module, "make_connector", make)
    return made


def lockstep(engine=None):
    return TwinRuntime(RIG, ENDPOINTS, "lockstep", engine=engine or FakeEngine())


def run(scenario, engine=None):
    async def inside():
        twin = lockstep(engine)
        await twin.start()
        try:
            return await scenario(twin)
        finally:
            await twin.stop()

    return asyncio.run(inside())


def test_each_device_is_polled_on_its_own_grid(fakes):
    async def scenario(twin):
        for step in range(25):
            await twin.tick(T0 + step * 100_000_000)

    run(scenario)
    assert len(fakes["fast"].polled) == 25
    assert fakes["slow"].polled == [T0, T0 + SECOND, T0 + 2 * SECOND]


def test_a_coarse_tick_polls_once_and_makes_up_for_nothing(fakes):
    async def scenario(twin):
        await twin.tick(T0)
        await twin.tick(T0 + 60 * SECOND)

    run(scenario)
    assert len(fakes["fast"].polled) == 2


def test_the_engine_gets_everything_of_a_tick_in_the_rigs_order(fakes):
    engine = FakeEngine()

    async def scenario(twin):
        fakes["fast"].hold = asyncio.Event()
        ticking = asyncio.create_task(twin.tick(T0))
        while not fakes["slow"].polled:  # noqa: ASYNC110 - the runtime has no event for it
            await asyncio.sleep(0)
        fakes["fast"].hold.set()
        await ticking

    run(scenario, engine)
    assert engine.seen == [(["fast.level", "slow.level"], ["fast", "slow"], T0)]


def test_time_does_not_go_back(fakes):
    async def scenario(twin):
        await twin.tick(T0)
        with pytest.raises(ValueError, match="time only moves forward"):
            await twin.tick(T0 - 1)

    run(scenario)


def test_points_go_stale_in_tick_time(fakes):
    async def scenario(twin):
        await twin.tick(T0)
        for connector in fakes.values():
            connector.silent = True
        stale = []
        for step in (1, 2, 3, 4):
            await twin.tick(T0 + step * SECOND)
            stale.append([p["id"] for p in twin.live.all(twin.now_ns()) if p["stale"]])
        return stale

    assert run(scenario) == [[], ["fast.level"], ["fast.level"], ["fast.level", "slow.level"]]


def test_findings_are_reported_once_kept_and_stored(fakes):
    engine = FakeEngine()
    opened = Finding("f:1", "sensor_stuck", "fast.level", "sensor", "open", T0)

    async def scenario(twin):
        engine.next = [opened]
        first = await twin.tick(T0)
        second = await twin.tick(T0 + SECOND)
        engine.next = [opened.closed(T0 + 2 * SECOND)]
        await twin.tick(T0 + 2 * SECOND)
        stored = twin.history.query("SELECT id, state FROM findings")
        return first.findings, second.findings, twin.findings(), stored

    first, second, known, stored = run(scenario, engine)
    assert first == (opened,)
    assert second == ()
    assert [f.state for f in known] == ["closed"]
    assert stored == [{"id": "f:1", "state": "closed"}]


def test_every_received_value_is_in_the_history_after_stop(fakes, tmp_path):
    path = tmp_path / "h.duckdb"

    async def inside():
        twin = TwinRuntime(RIG, ENDPOINTS, "lockstep", path, engine=FakeEngine())
        for step in range(10):
            await twin.tick(T0 + step * SECOND)
        await twin.stop()

    asyncio.run(inside())
    assert all(connector.closed for connector in fakes.values())
    history = runtime_module.History(path)
    assert history.query("SELECT point, count(*) AS n FROM readings GROUP BY point ORDER BY point") == [
        {"point": "fast.level", "n": 10},
        {"point": "slow.level", "n": 10},
    ]
    history.close()


def test_two_runs_give_the_engine_the_same(fakes):
    def once():
        engine = FakeEngine()

        async def scenario(twin):
            for step in range(20):
                await twin.tick(T0 + step * 100_000_000)

        run(scenario, engine)
        return engine.seen

    assert once() == once()


def test_by_the_wall_clock_a_hanging_device_does_not_hold_up_the_others(fakes):
    async def inside():
        twin = TwinRuntime(RIG, ENDPOINTS, "wall", engine=FakeEngine())
        fakes["slow"].hold = asyncio.Event()
        await twin.start()
        while len(fakes["fast"].polled) < 3:  # noqa: ASYNC110 - the runtime has no event for it
            await asyncio.sleep(0)
        while twin.watermark_ns is None:  # noqa: ASYNC110 - the runtime has no event for it
            await asyncio.sleep(0)
        await twin.stop()
        return len(fakes["slow"].polled), twin.failure

    assert asyncio.run(inside()) == (1, None)


def test_a_wall_twin_is_not_stepped(fakes):
    async def inside():
        twin = TwinRuntime(RIG, ENDPOINTS, "wall", engine=FakeEngine())
        with pytest.raises(RuntimeError, match="start it with --clock lockstep"):
            await twin.tick(T0)
        await twin.stop()

    asyncio.run(inside())


def test_an_engine_that_fails_is_reported_and_polling_goes_on(fakes, caplog):
    class Broken(FakeEngine):
        def ingest(self, batches, states, now_ns):
            raise ZeroDivisionError

    async def inside():
        twin = TwinRuntime(RIG, ENDPOINTS, "wall", engine=Broken())
        await twin.start()
        while twin.failure is None or len(fakes["fast"].polled) < 2:  # noqa: ASYNC110 - the runtime has no event for it
            await asyncio.sleep(0)
        await twin.stop()
        return twin.failure

    assert "engine failed" in asyncio.run(inside())


def test_an_endpoint_of_no_device_is_refused(fakes):
    with pytest.raises(ValueError, match="unknown device 'nope'; the rig has fast, slow"):
        TwinRuntime(RIG, {"nope": "tcp://x:1"}, engine=FakeEngine())


def test_a_device_without_an_endpoint_is_down_and_says_why(fakes):
    async def inside():
        twin = TwinRuntime(RIG, {"fast": "tcp://127.0.0.1:1"}, "lockstep", engine=FakeEngine())
        await twin.tick(T0)
        await twin.stop()
        return twin.link_states()["slow"]

    state = asyncio.run(inside())
    assert (state.status, state.last_error) == ("down", "no endpoint given")
