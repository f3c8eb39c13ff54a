"""The API as a client sees it, over a real socket; the twin behind it polls nothing."""

import asyncio
import contextlib
import json

import httpx
import pytest

from rigs.load import load_rig
from twin.api.app import create_app
from twin.api.server import ApiServer
from twin.batch import no_reading, reading
from twin.finding import Finding
from twin.runtime import TwinRuntime

T0 = 1_735_689_600_000_000_000


class Engine:
    def __init__(self):
        self.next = []

    def ingest(self, batches, states, now_ns):
        found, self.next = self.next, []
        return found

    def assets(self):
        return {"pump1": {"health": float("inf")}}


def serve(scenario, clock="lockstep"):
    async def inside():
        engine = Engine()
        twin = TwinRuntime(load_rig("pump_skid"), {}, clock, engine=engine)
        server = ApiServer(create_app(twin))
        url = await server.start()
        try:
            async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
                return await scenario(client, twin, engine)
        finally:
            await server.stop()
            await twin.stop()

    return asyncio.run(inside())


def strictly(answer):
    """Parse JSON as the standard has it: no NaN, no Infinity."""

    def refuse(text):
        raise AssertionError(f"{text} is not JSON")

    return json.loads(answer.text, parse_constant=refuse)


def test_a_tick_moves_the_clock_and_reports_findings():
    async def scenario(client, twin, engine):
        engine.next = [Finding("f:1", "unknown", "pump1", "condition", "open", T0, severity=float("nan"))]
        answer = await client.post("/clock/tick", json={"t_ns": T0})
        body = strictly(answer)
        assert answer.status_code == 200
        assert (body["watermark_ns"], body["findings"][0]["id"], body["findings"][0]["severity"]) == (
            T0,
            "f:1",
            None,
        )
        assert strictly(await client.post("/clock/tick", json={"t_ns": T0 + 1}))["findings"] == []
        assert strictly(await client.get("/findings/f:1"))["fault"] == "unknown"
        assert len(strictly(await client.get("/findings?state=open"))) == 1
        assert strictly(await client.get("/findings?state=closed")) == []

    serve(scenario)


def test_a_tick_backwards_is_a_conflict():
    async def scenario(client, twin, engine):
        await client.post("/clock/tick", json={"t_ns": T0})
        answer = await client.post("/clock/tick", json={"t_ns": T0 - 1})
        assert answer.status_code == 409
        assert "time only moves forward" in answer.text

    serve(scenario)


def test_a_tick_of_a_wall_clock_twin_is_a_conflict():
    async def scenario(client, twin, engine):
        assert (await client.post("/clock/tick", json={"t_ns": T0})).status_code == 409

    serve(scenario, "wall")


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        "{}",
        "null",
        '{"t_ns": 1e999}',
        '{"t_ns": NaN}',
        '{"t_ns": -1}',
        '{"t_ns": 1.5}',
        '{"t_ns": "1"}',
        '{"t_ns": true}',
        '{"t_ns": 99999999999999999999}',
        '{"t_ns": 1, "more": 2}',
        "\ud800".encode("utf-8", "surrogatepass"),
        b"\xff\xfe",
        "[" * 5000,
    ],
)
def test_a_malformed_tick_is_refused_and_moves_nothing(body):
    async def scenario(client, twin, engine):
        answer = await client.post("/clock/tick", content=body, headers={"content-type": "application/json"})
        assert answer.status_code == 422
        strictly(answer)
        assert twin.watermark_ns is None

    serve(scenario)


def test_points_show_value_unit_quality_and_age():
    async def scenario(client, twin, engine):
        await client.post("/clock/tick", json={"t_ns": T0})
        twin.live.update([reading("pump1.flow", T0, 0.02, T0, stamp="source")], T0)
        await client.post("/clock/tick", json={"t_ns": T0 + 2_000_000_000})
        points = {p["id"]: p for p in strictly(await client.get("/points"))}
        flow = points["pump1.flow"]
        assert (flow["value"], flow["unit"], flow["good"], flow["age_s"], flow["stale"]) == (
            0.02,
            "m^3/s",
            True,
            2.0,
            False,
        )
        assert points["tank1.level"]["stale"]

    serve(scenario)


def test_the_history_of_a_point_is_served_with_gaps_as_null():
    async def scenario(client, twin, engine):
        twin.history.add([reading("tank1.level", 10, 1.5, 11), no_reading("tank1.level", 20, 21, 0x80050000)])
        body = strictly(await client.get("/points/tank1.level/history"))
        assert [(row["t_ns"], row["value"]) for row in body["rows"]] == [(10, 1.5), (20, None)]
        body = strictly(await client.get("/points/tank1.level/history?from_ns=15&to_ns=30&limit=5"))
        assert len(body["rows"]) == 1

    serve(scenario)


@pytest.mark.parametrize("path", ["/points/nope/history", "/findings/nope", "/nope", "/points/..%2f..%2fetc/history"])
def test_what_is_not_there_is_not_found(path):
    async def scenario(client, twin, engine):
        assert (await client.get(path)).status_code == 404

    serve(scenario)


@pytest.mark.parametrize("query", ["limit=0", "limit=1e9", "from_ns=-1", "from_ns=x", "to_ns=1e999"])
def test_a_malformed_query_is_refused(query):
    async def scenario(client, twin, engine):
        answer = await client.get(f"/points/tank1.level/history?{query}")
        assert answer.status_code == 422
        strictly(answer)

    serve(scenario)


def test_assets_health_and_metrics_never_speak_nan_where_json_is_promised():
    async def scenario(client, twin, engine):
        await client.post("/clock/tick", json={"t_ns": T0})
        assets = {a["id"]: a for a in strictly(await client.get("/assets"))}
        assert assets["pump1"]["condition"] == {"health": None}
        assert "pump1.flow" in assets["pump1"]["points"]
        health = strictly(await client.get("/health"))
        assert (health["status"], health["clock"], health["watermark_ns"]) == ("degraded", "lockstep", T0)
        metrics = await client.get("/metrics")
        assert metrics.headers["content-type"].startswith("text/plain; version=0.0.4")
        assert 'twin_link_up{device="plc1"} 0.0\n' in metrics.text

    serve(scenario)


def test_the_api_describes_itself():
    async def scenario(client, twin, engine):
        paths = strictly(await client.get("/openapi.json"))["paths"]
        assert set(paths) == {
            "/health",
            "/points",
            "/points/{name}/history",
            "/findings",
            "/findings/{name}",
            "/assets",
            "/metrics",
            "/clock/tick",
        }

    serve(scenario)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "evil.example"}, 421),
        ({"host": "localhost:1234"}, 200),
        ({"host": "[::1]:80"}, 200),
        ({"host": "127.0.0.1.evil.example"}, 421),
    ],
)
def test_only_our_own_names_are_answered(headers, status):
    async def scenario(client, twin, engine):
        assert (await client.get("/health", headers=headers)).status_code == status

    serve(scenario)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"content-type": "text/plain"}, 415),
        ({"content-type": "application/json", "origin": "http://evil.example"}, 403),
        ({"content-type": "application/json", "origin": "null"}, 403),
        ({"content-type": "application/json", "origin": "http://localhost:5173"}, 200),
    ],
)
def test_writes_from_other_pages_are_refused(headers, status):
    async def scenario(client, twin, engine):
        answer = await client.post("/clock/tick", content=json.dumps({"t_ns": T0}), headers=headers)
        assert answer.status_code == status

    serve(scenario)


def test_a_huge_body_is_refused_before_it_is_read():
    async def scenario(client, twin, engine):
        content = b" " * 200_000
        answer = await client.post("/clock/tick", content=content, headers={"content-type": "application/json"})
        assert answer.status_code == 413

    serve(scenario)


def test_a_body_without_a_length_is_cut_off_where_the_limit_is():
    async def scenario(client, twin, engine):
        sent = 0

        async def drip():
            nonlocal sent
            for _ in range(200_000):
                sent += 1000
                yield b" " * 1000

        # The answer comes while the client is still sending, and so may be lost with the connection.
        with contextlib.suppress(httpx.TransportError):
            answer = await client.post("/clock/tick", content=drip(), headers={"content-type": "application/json"})
            assert answer.status_code == 413
        assert sent < 100_000_000
        assert (await client.get("/health")).status_code == 200

    serve(scenario)
