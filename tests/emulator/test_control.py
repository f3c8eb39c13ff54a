"""The control API: faults, truth and clock over HTTP, and what becomes of hostile requests."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from emulator.control import control_app
from emulator.devices.modbus.misbehaviour import ModbusMisbehaviour
from emulator.devices.opcua.misbehaviour import OpcUaMisbehaviour
from emulator.emulation import Emulation
from emulator.faults.base import registry
from emulator.http import BODY_BYTES, HttpService
from rigs.load import load_rig

pytestmark = pytest.mark.slow_without_jit
SECOND = 1_000_000_000


class Driver:
    """Steps when it is told to, as the bench's own does while the clock is paused."""

    def __init__(self, emulation: Emulation) -> None:
        self.emulation = emulation
        self.paused = True

    async def step(self, blocks: int) -> None:
        for _ in range(blocks):
            self.emulation.step()


def plant() -> Emulation:
    emulation = Emulation(load_rig("pump_skid"), 1)
    # Protocol faults need something to act on; the servers have tests of their own.
    faces = {
        "drive1": ModbusMisbehaviour(),
        "bus1": ModbusMisbehaviour(),
        "plc1": OpcUaMisbehaviour(),
    }
    emulation.faces.update({name: SimpleNamespace(misbehaviour=face) for name, face in faces.items()})
    return emulation


def on_api(body: Callable[[httpx.AsyncClient, Emulation], Awaitable[None]], emulation: Emulation | None = None) -> None:
    """Run a test body with a client whose requests reach the API without a socket."""

    async def main() -> None:
        live = emulation or plant()
        app = control_app(live, Driver(live), {"plc1": "opc.tcp://127.0.0.1:1/"})
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
            await body(client, live)

    asyncio.run(main())


def raw(text: str) -> dict[str, Any]:
    return {"content": text.encode("utf-8", "surrogatepass"), "headers": {"content-type": "application/json"}}


def test_a_fault_is_injected_listed_seen_in_the_truth_and_cleared():
    async def body(client: httpx.AsyncClient, emulation: Emulation) -> None:
        await client.post("/clock/step", json={"blocks": 5})
        answer = await client.post("/faults", json={"kind": "imbalance", "on": "pump1", "severity": 0.7})
        assert answer.status_code == 201
        number = answer.json()["id"]
        await client.post("/clock/step", json={"blocks": 2})
        (listed,) = (await client.get("/faults")).json()
        assert (listed["id"], listed["kind"], listed["severity"]) == (number, "imbalance", 0.7)
        (happened,) = (await client.get("/truth")).json()["faults"]
        assert happened["severity"] == [[SECOND // 2, 0.7]]
        assert emulation.plant.assets["pump1"].condition != plant().plant.assets["pump1"].condition

        assert (await client.delete(f"/faults/{number}")).status_code == 204
        assert (await client.get("/faults")).json() == []
        (happened,) = (await client.get("/truth")).json()["faults"]
        assert happened["cleared_ns"] == 7 * SECOND // 10
        assert emulation.plant.assets["pump1"].condition == plant().plant.assets["pump1"].condition

    on_api(body)


def test_delay_growth_and_duration_count_from_the_request():
    async def body(client: httpx.AsyncClient, emulation: Emulation) -> None:
        await client.post("/clock/step", json={"blocks": 10})
        fault = {"kind": "sensor_bias", "on": "pump1.flow", "delay_s": 1, "growth_s": 2, "duration_s": 3}
        await client.post("/faults", json=fault)
        await client.post("/clock/step", json={"blocks": 50})
        (happened,) = (await client.get("/truth")).json()["faults"]
        t_s = [t / SECOND for t, _ in happened["severity"]]
        severities = [severity for _, severity in happened["severity"]]
        # linear from 0 at the onset: the first block edge with a severity is one block later
        assert t_s[0] == pytest.approx(2.1)
        assert severities[:-1] == sorted(severities[:-1])
        assert severities[-2] == 1.0
        assert (t_s[-1], severities[-1]) == (5.0, 0.0)

    on_api(body)


def test_the_truth_holds_the_plants_states_and_its_place_on_the_calendar():
    async def body(client: httpx.AsyncClient, emulation: Emulation) -> None:
        await client.post("/clock/step", json={})
        truth = (await client.get("/truth")).json()
        assert truth["t_ns"] == emulation.plant.block_ns
        assert truth["epoch_ns"] == emulation.epoch_ns
        assert truth["states"].keys() == emulation.plant.truth().keys()

    on_api(body)


def test_the_clock_steps_while_it_is_paused_and_refuses_while_it_runs():
    async def body(client: httpx.AsyncClient, emulation: Emulation) -> None:
        assert (await client.post("/clock/step", json={"blocks": 3})).json() == {"t_ns": 3 * emulation.plant.block_ns}
        assert (await client.post("/clock/resume")).json() == {"paused": False}
        refused = await client.post("/clock/step", json={"blocks": 3})
        assert refused.status_code == 409
        assert "POST /clock/pause first" in refused.json()["detail"]
        assert (await client.post("/clock/pause")).json() == {"paused": True}
        clock = (await client.get("/clock")).json()
        assert clock == {"t_ns": 3 * emulation.plant.block_ns, "epoch_ns": emulation.epoch_ns, "paused": True}

    on_api(body)


def test_it_says_what_it_serves():
    async def body(client: httpx.AsyncClient, emulation: Emulation) -> None:
        assert (await client.get("/health")).json() == {
            "rig": "pump_skid",
            "seed": 1,
            "t_ns": 0,
            "paused": True,
        }
        assert (await client.get("/endpoints")).json() == {"plc1": "opc.tcp://127.0.0.1:1/"}
        kinds = {entry["kind"]: entry for entry in (await client.get("/faults/kinds")).json()}
        assert kinds.keys() == registry().keys()
        assert kinds["imbalance"]["layer"] == "physics"
        assert all(entry["about"] for entry in kinds.values())
        paths = (await client.get("/openapi.json")).json()["paths"]
        assert {"/faults", "/truth", "/clock/step", "/clock/pause"} <= paths.keys()

    on_api(body)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ({"kind": "bearing_otter_race", "on": "pump1_de"}, "did you mean 'bearing_outer_race'?"),
        ({"kind": "bearing_outer_race", "on": "pump1_dee"}, "did you mean 'pump1_de'?"),
        ({"kind": "bearing_outer_race", "on": "pump1"}, "it fits pump1_de, pump1_nde"),
        ({"kind": "clock_offset", "on": "plc1", "params": {"offest_s": 3}}, "it takes offset_s"),
        (
            {"kind": "clock_offset", "on": "plc1", "params": {"offset_s": "nan"}},
            "offset_s = 'nan' must be a number",
        ),
        (
            {"kind": "clock_offset", "on": "plc1", "params": {"offset_s": 1e300}},
            "must be a number in [-1e+09, 1e+09]",
        ),
        ({"kind": "opcua_status", "on": "plc1", "params": {"keep_value": "no"}}, "must be true or false"),
        ({"kind": "suction_clogging", "on": "discharge1"}, "put the fault on a pipe between tank and pump"),
    ],
)
def test_a_fault_that_cannot_be_is_refused_with_the_way_out(fault: dict[str, Any], expected: str):
    async def body(client: httpx.AsyncClient, emulation: Emulation) -> None:
        answer = await client.post("/faults", json=fault)
        assert answer.status_code == 422
        assert expected in answer.json()["detail"]
        assert (await client.get("/faults")).json() == []

    on_api(body)


FAULT = '{"kind": "clock_offset", "on": "plc1", %s}'


@pytest.mark.parametrize(
    "text",
    [
        FAULT % '"severity": NaN',
        FAULT % '"severity": 1e999',
        FAULT % '"severity": 1.4',
        FAULT % '"severity": "1; drop"',
        FAULT % '"delay_s": -Infinity',
        FAULT % '"delay_s": NaN',
        FAULT % '"duration_s": NaN',
        FAULT % '"duration_s": 1e-12',
        FAULT % '"growth_s": NaN',
        FAULT % '"growth_s": 1e-12',
        FAULT % '"growth_s": Infinity',
        FAULT % '"params": {"offset_s": NaN}',
        FAULT % '"params": {"offset_s": 1e999}',
        FAULT % '"params": {"offset_s": [1]}',
        FAULT % '"params": {"\\ud800": 1}',
        FAULT % '"params": {"offset_s": "\\ud800"}',
        FAULT % f'"params": {{"offset_s": "{"x" * 300}"}}',
        FAULT % '"\\ud800": 1',
        FAULT % '"onset": 3',
        '{"kind": "clock_offset"}',
        '{"kind": "../../etc", "on": "plc1"}',
        '{"kind": "clock_offset", "on": null}',
        f'{{"kind": "clock_offset", "on": "{"x" * 1000}"}}',
        "[]",
        "null",
        "{",
        "",
        '"\ud800"',
        "[" * 50_000,
        '{"kind": %s}' % ("9" * 5000),
    ],
)  # fmt: skip
def test_a_hostile_body_is_refused_and_changes_nothing(text: str):
    async def body(client: httpx.AsyncClient, emulation: Emulation) -> None:
        answer = await client.post("/faults", **raw(text))
        assert answer.status_code in (400, 422), answer.text
        assert answer.json()["detail"]
        assert (await client.get("/faults")).json() == []
        assert (await client.post("/clock/step", json={})).status_code == 200

    on_api(body)


@pytest.mark.parametrize(
    "text", ['{"blocks": 0}', '{"blocks": 1e999}', '{"blocks": NaN}', '{"blocks": 100001}', '{"block": 1}']
)
def test_a_hostile_step_is_refused(text: str):
    async def body(client: httpx.AsyncClient, emulation: Emulation) -> None:
        assert (await client.post("/clock/step", **raw(text))).status_code == 422
        assert emulation.t_ns == 0

    on_api(body)


def test_every_fault_takes_the_wildest_parameters_it_accepts_without_stopping_the_plant():
    """What one request configures must not be able to end everybody's plant at the next block edge."""
    targets = {
        "pump1": "imbalance",
        "pump1_de": "bearing",
        "suction1": "",
        "motor1": "",
        "pump1.flow": "",
        "drive1": "",
        "bus1": "",
        "plc1": "",
    }
    protocols = {"drive1": "modbus-tcp", "bus1": "modbus-rtu", "plc1": "opcua"}
    wild: list[Any] = [1e9, -1e9, 0.0, 1e-300, True, "nan", "inf", "", "x" * 200]

    async def body(client: httpx.AsyncClient, emulation: Emulation) -> None:
        accepted = 0
        for kind in (await client.get("/faults/kinds")).json():
            fault = registry()[kind["kind"]]
            names = _parameters_of(fault)
            for params in [{}, *({name: value} for name in names for value in wild)]:
                for on in targets:
                    if fault.layer == "protocol" and params and protocols.get(on) not in fault.targets:
                        continue  # refused whatever the parameters are
                    answer = await client.post("/faults", json={"kind": kind["kind"], "on": on, "params": params})
                    assert answer.status_code in (201, 422), answer.text
                    if answer.status_code == 201:
                        accepted += 1
                        assert (await client.post("/clock/step", json={})).status_code == 200, (kind, params)
                        assert (await client.get("/faults")).status_code == 200
                        assert (await client.delete(f"/faults/{answer.json()['id']}")).status_code == 204
        assert accepted > len(registry())

    on_api(body)


def _parameters_of(fault: Any) -> list[str]:
    """Names a fault takes, from its own complaint about one that it does not."""
    try:
        fault({"no_such": 1.0})
    except ValueError as problem:
        names = str(problem).split("it takes ")[1]
        return [] if names == "none" else names.split(", ")
    raise AssertionError(fault)


def test_an_unknown_fault_number_is_not_found():
    async def body(client: httpx.AsyncClient, emulation: Emulation) -> None:
        answer = await client.delete("/faults/99999999999999999999")
        assert answer.status_code == 404
        assert "GET /faults lists them" in answer.json()["detail"]
        assert (await client.delete("/faults/one")).status_code == 422

    on_api(body)


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "", "[::2]:80"])
def test_a_foreign_host_name_is_refused(host: str):
    async def body(client: httpx.AsyncClient, emulation: Emulation) -> None:
        answer = await client.get("/truth", headers={"host": host})
        assert answer.status_code == 421
        assert "use 127.0.0.1" in answer.json()["detail"]

    on_api(body)


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8080", "127.0.0.1", "[::1]", "[::1]:8080"])
def test_every_name_of_loopback_is_served(host: str):
    async def body(client: httpx.AsyncClient, emulation: Emulation) -> None:
        assert (await client.get("/health", headers={"host": host})).status_code == 200

    on_api(body)


def test_a_page_of_another_origin_cannot_pause_the_plant():
    async def body(client: httpx.AsyncClient, emulation: Emulation) -> None:
        for origin in ("https://evil.example", "null", "http://127.0.0.1.evil.example"):
            assert (await client.post("/clock/resume", headers={"origin": origin})).status_code == 403
        assert (await client.get("/clock")).json()["paused"]
        own = {"origin": "http://127.0.0.1:8000"}
        assert (await client.post("/clock/resume", headers=own)).status_code == 200

    on_api(body)


def test_an_endless_body_is_refused_before_it_is_read():
    async def endless():
        raise AssertionError("it was read")
        yield b""

    async def body(client: httpx.AsyncClient, emulation: Emulation) -> None:
        answer = await client.post("/faults", content=b"{}", headers={"content-length": str(BODY_BYTES + 1)})
        assert answer.status_code == 413
        assert (await client.post("/faults", content=endless())).status_code == 411

    on_api(body)


@pytest.mark.wire
def test_it_answers_on_a_real_socket_and_leaves_nothing_behind():
    async def main() -> None:
        emulation = plant()
        service = HttpService(control_app(emulation, Driver(emulation), {}))
        url = await service.start()
        async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
            answer = await client.post("/faults", json={"kind": "imbalance", "on": "pump1"})
            assert answer.status_code == 201
            await client.post("/clock/step", json={"blocks": 2})
            assert json.loads((await client.get("/truth")).text)["faults"][0]["kind"] == "imbalance"
            hostile = raw('{"kind": "imbalance", "on": "pump1", "severity": NaN}')
            assert (await client.post("/faults", **hostile)).status_code == 422
            await service.stop()  # with a connection still open
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(main())


# --- life, repairs, interlocks ------------------------------------------------------------------------------


def ageing() -> Emulation:
    wear = {"id": "ring", "on": "pump1", "kind": "impeller_wear", "growth": {"law": "gamma", "life": "10 h"}}
    hot = {"id": "hot", "cause": {"signal": "motor1.winding_temperature_k", "above": "0 degC"}, "trip": "vfd1"}
    settings = {"life": {"wear": [wear], "interlocks": [hot]}, "damage_acceleration": 36_000}
    return Emulation(load_rig("pump_skid", settings), 1)


def test_life_shows_damage_and_remaining_life_and_a_repair_resets_them():
    async def body(client: httpx.AsyncClient, emulation: Emulation) -> None:
        await client.post("/clock/step", json={"blocks": 11})
        (part,) = (await client.get("/life")).json()["parts"].values()
        assert part["damage"] > 0.0
        assert part["rul_s"] > 0.0
        assert (await client.get("/truth")).json()["life"]["pump1/ring"] == part
        answer = await client.post("/repairs", json={"on": "pump1", "mode": "ring", "quality": 0.5})
        assert (answer.status_code, answer.json()) == (202, {"due_ns": emulation.t_ns})
        (mended,) = (await client.get("/life")).json()["parts"].values()
        assert mended["generation"] == 1
        assert mended["damage"] == pytest.approx(0.5 * part["damage"])

    on_api(body, ageing())


def test_a_wrong_repair_is_refused_with_the_nearest():
    async def body(client: httpx.AsyncClient, emulation: Emulation) -> None:
        answer = await client.post("/repairs", json={"on": "pmp1"})
        assert answer.status_code == 422
        assert "did you mean 'pump1'?" in answer.json()["detail"]
        assert (await client.post("/repairs", json={"on": "pump1", "quality": 2})).status_code == 422

    on_api(body, ageing())


def test_an_interlock_is_not_reset_while_its_cause_stands():
    async def body(client: httpx.AsyncClient, emulation: Emulation) -> None:
        await client.post("/clock/step", json={"blocks": 2})
        assert (await client.get("/life")).json()["interlocks"]["hot"]["latched"]
        assert (await client.post("/interlocks/hot/reset")).status_code == 409
        assert (await client.post("/interlocks/cold/reset")).status_code == 404

    on_api(body, ageing())


def test_a_fault_may_be_injected_with_a_law_in_damage_time():
    async def body(client: httpx.AsyncClient, emulation: Emulation) -> None:
        law = {"law": "wiener", "life": "10 h"}
        answer = await client.post("/faults", json={"kind": "imbalance", "on": "pump1", "law": law})
        assert answer.status_code == 201
        assert "pump1/imbalance" in (await client.get("/life")).json()["parts"]
        wrong = await client.post("/faults", json={"kind": "imbalance", "on": "pump1", "law": {"law": "paris"}})
        assert wrong.status_code == 422

    on_api(body, ageing())
