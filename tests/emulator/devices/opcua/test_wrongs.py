"""Faults that the server acts out, as a client reads them off the wire: one server for all."""

import asyncio
import struct

import pytest

from emulator.faults.base import registry
from hil.traces.opcua_binary import text, time_text
from hil.traces.opcua_client import Abort, number_id, read_body, status, string_id
from tests.hil.insertion.opcua_link import COUNT, FLOW, WAVE, Shared

SETPOINT, METHOD, PUMP = (string_id(f"plc1/{path}", 2) for path in ("Pid1/Setpoint", "Motor1/Start", "Pump1"))
KINDS = registry()
GOOD = 0
HALF_HOUR_NS = 1_800_000_000_000


@pytest.fixture(scope="module")
def shared():
    found = Shared()
    yield found
    found.close()


class On:
    """A fault on the server from here on, to be let go at the end of the block."""

    def __init__(self, link, kind, severity=1.0, **params):
        self.link, self.severity = link, severity
        self.fault = KINDS[kind](params)

    def __enter__(self):
        self.fault.apply(self.link.bench.server.misbehaviour, self.severity, 0)
        return self.fault

    def __exit__(self, *_):
        self.fault.apply(self.link.bench.server.misbehaviour, 0.0, 0)
        self.link.bench.commit()


def shown(shared, kind, node=FLOW, commits=1, severity=1.0, **params):
    """Return what a client reads after each commit under a fault, and what it reads once it is gone."""
    seen = []

    async def body(link):
        async with link.client() as client:
            link.bench.commit()
            with On(link, kind, severity, **params):
                for _ in range(commits):
                    link.bench.commit()
                    seen.append((await client.read(node))[0])
            seen.append((await client.read(node))[0])

    shared.run(body)
    *during, after = seen
    assert after.status == GOOD
    assert after.text is not None
    return during


@pytest.mark.parametrize(
    ("params", "bits"),
    [
        ({}, 0x0600),
        ({"limit": "none"}, 0),
        ({"limit": "constant", "overflow": True}, 0x0780),
        ({"limit": "none", "semantics_changed": True, "structure_changed": True}, 0xC000),
    ],
)
def test_info_bits_leave_the_severity(shared, params, bits):
    (value,) = shown(shared, "opcua_info_bits", **params)
    assert value.status == bits
    assert value.text.startswith("Double ")


@pytest.mark.parametrize(
    ("what", "said"),
    [("null", None), ("1601", "null"), ("9999", "9999-12-31T23:59:59.000"), ("hour_behind", None), ("day_ahead", None)],
)
def test_a_source_time_is_absurd(shared, what, said):
    (value,) = shown(shared, "opcua_source_time", what=what)
    if what in ("hour_behind", "day_ahead"):
        assert value.source - value.server == {"hour_behind": -36_000_000_000, "day_ahead": 864_000_000_000}[what]
    else:
        assert (None if value.source is None else time_text(value.source)) == said
    assert value.status == GOOD


def test_source_times_run_backwards_or_repeat(shared):
    back = [v.source for v in shown(shared, "opcua_source_time", commits=3, what="backwards")]
    assert back == sorted(back, reverse=True)
    assert len(set(back)) == 3
    pairs = [v.source for v in shown(shared, "opcua_source_time", commits=4, what="equal")]
    assert pairs[0] == pairs[1] < pairs[2] == pairs[3]


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("nan", "Double nan"),
        ("infinity", "Double inf"),
        ("minus_infinity", "Double -inf"),
        ("minus_zero", "Double -0"),
        ("denormal", "Double 4.94066e-324"),
        ("huge", "Double 1e+308"),
        ("null", None),
        ("text", "String '#####'"),
        ("boolean", "Boolean true"),
        ("empty_array", "Double[0]"),
        ("structure", "ExtensionObject structure i=65001, 4 bytes"),
    ],
)
def test_a_value_is_a_lie(shared, what, said):
    (value,) = shown(shared, "opcua_value_lie", what=what)
    assert (value.text, value.status) == (said, GOOD)


def test_an_array_stands_for_a_scalar_and_nothing_in_an_array(shared):
    assert shown(shared, "opcua_value_lie", what="array")[0].text.startswith("Double[3] ")
    assert shown(shared, "opcua_value_lie", node=WAVE, what="array")[0].text == "Float[0]"


def test_a_frozen_value_has_moving_times(shared):
    first, second = shown(shared, "opcua_frozen_value", commits=2)
    assert first.text == second.text
    assert second.source > first.source


def test_in_a_burst_every_value_moves_by_its_step(shared):
    up, down = (float(v.text.split()[1]) for v in shown(shared, "opcua_change_burst", commits=2, step=0.25))
    assert up - down == pytest.approx(0.5 * 120 - 1)  # the flow itself rises by one at each commit


def test_a_retyped_node_says_another_type_and_sends_it(shared):
    (value,) = shown(shared, "opcua_node_retyped", point="pump1.flow", type="String")
    assert value.text.startswith("String '")

    async def body(link):
        async with link.client() as client:
            with On(link, "opcua_node_retyped", point="pump1.flow"):
                assert (await client.read(FLOW, attribute=14))[0].text == "NodeId i=6"
            assert (await client.read(FLOW, attribute=14))[0].text == "NodeId i=11"

    shared.run(body)


def test_semantics_change_with_value_range_and_one_bit(shared):
    async def body(link):
        async with link.client() as client:
            link.bench.commit()
            before = float((await client.read(FLOW))[0].text.split()[1])
            with On(link, "opcua_semantics_changed", point="pump1.flow", factor=10):
                link.bench.commit()
                first = (await client.read(FLOW))[0]
                assert (float(first.text.split()[1]), first.status) == (10 * (before + 1), 0x4000)
                link.bench.commit()
                assert (await client.read(FLOW))[0].status == GOOD
                answer = await client.call("Read", read_body(string_id("plc1/Pump1/Flow/EURange", 2)))
                assert struct.pack("<dd", 0.0, 1200.0) in answer.body
            answer = await client.call("Read", read_body(string_id("plc1/Pump1/Flow/EURange", 2)))
            assert struct.pack("<dd", 0.0, 120.0) in answer.body

    shared.run(body)


def _path(name, start=PUMP):
    qualified = struct.pack("<H", 2) + text(name)
    return struct.pack("<i", 1) + start + struct.pack("<i", 1) + number_id(47) + b"\x00\x01" + qualified


def test_a_moved_node_is_not_found_where_it_was(shared):
    async def body(link):
        async with link.client() as client:
            found = await client.call("TranslateBrowsePathsToNodeIds", _path("Flow"))
            with On(link, "opcua_node_moved", point="pump1.flow"):
                lost = await client.call("TranslateBrowsePathsToNodeIds", _path("Flow"))
                moved = await client.call("TranslateBrowsePathsToNodeIds", _path("Moved"))
                assert b"plc1/Pump1/Flow" not in lost.body
                assert b"plc1/Pump1/Flow" in moved.body
                assert (await client.read(FLOW))[0].status == GOOD
            assert b"plc1/Pump1/Flow" in found.body
            again = await client.call("TranslateBrowsePathsToNodeIds", _path("Flow"))
            assert b"plc1/Pump1/Flow" in again.body

    shared.run(body)


def test_the_servers_clock_is_ahead_and_the_plants_is_not(shared):
    (value,) = shown(shared, "opcua_server_time_skew", offset_s=60)
    assert value.server - value.source == 600_000_000

    async def body(link):
        async with link.client() as client:
            with On(link, "opcua_server_time_skew", offset_s=0, drift_ppm=100) as fault:
                fault.apply(link.bench.server.misbehaviour, 1.0, HALF_HOUR_NS)
                clock, flow = await client.read(number_id(2258), FLOW)
                assert flow.server - flow.source == 1_800_000
                assert clock.text == f"DateTime {time_text(flow.server)}"

    shared.run(body)


def _write(value):
    return (
        struct.pack("<i", 1) + SETPOINT + struct.pack("<I", 13) + text(None) + b"\x01" + struct.pack("<Bd", 11, value)
    )


@pytest.mark.parametrize(
    ("kind", "params", "answer", "taken"),
    [
        ("opcua_write_ignored", {}, "Good", []),
        ("opcua_write_ignored", {"status": "Good_CompletesAsynchronously"}, "Good_CompletesAsynchronously", []),
        ("opcua_write_refused", {}, "Bad_UserAccessDenied", []),
        ("opcua_write_refused", {"status": "Bad_OutOfRange"}, "Bad_OutOfRange", []),
        ("opcua_write_clamped", {"width": 0.5}, "Good", [("pid1.setpoint", 82.5)]),
        ("opcua_write_clamped", {"width": 0.5, "told": True}, "Good_Clamped", [("pid1.setpoint", 82.5)]),
    ],
)
def test_a_write_does_not_do_what_it_says(shared, kind, params, answer, taken):
    async def body(link):
        async with link.client() as client:
            link.bench.image.take_writes()
            with On(link, kind, **params):
                assert str(await client.call("Write", _write(100.0))) == answer
                assert link.bench.image.take_writes() == taken
            assert str(await client.call("Write", _write(100.0))) == "Good"
            assert link.bench.image.take_writes() == [("pid1.setpoint", 100.0)]

    shared.run(body)


def test_the_server_says_that_it_goes_down(shared):
    async def body(link):
        async with link.client() as client:
            status_nodes = tuple(number_id(node) for node in (2259, 2992, 2267))
            with On(link, "opcua_server_state", seconds_till_shutdown=30, service_level=10) as fault:
                fault.apply(link.bench.server.misbehaviour, 1.0, 12_000_000_000)
                said = [value.text for value in await client.read(*status_nodes)]
                assert said == ["Int32 4", "UInt32 18", "Byte 10"]
            said = [value.text for value in await client.read(*status_nodes)]
            assert said == ["Int32 0", "UInt32 0", "Byte 255"]

    shared.run(body)


def test_services_are_unsupported_unanswered_or_too_narrow(shared):
    async def body(link):
        async with link.client() as client:
            with On(link, "opcua_subscriptions_unsupported"), pytest.raises(Abort) as refused:
                await client.subscribe(FLOW)
            assert refused.value.args == (status("Bad_ServiceUnsupported"),)
            with On(link, "opcua_limits_small", nodes=2):
                assert len(await client.read(FLOW, COUNT)) == 2
                with pytest.raises(Abort) as refused:
                    await client.read(FLOW, COUNT, WAVE)
            assert refused.value.args == (status("Bad_TooManyOperations"),)
            assert len(await client.read(FLOW, COUNT, WAVE)) == 3
            link.bench.image.take_writes()
            with On(link, "opcua_method_hangs"):
                motor = string_id("plc1/Motor1", 2)
                call = struct.pack("<i", 1) + motor + METHOD + struct.pack("<i", 0)
                client.ask("Call", call)
                assert (await client.read(FLOW))[0].status == GOOD
                assert link.bench.image.take_writes() == []
            assert str(await client.call("Call", call)) == "Good"

    shared.run(body)


def test_revised_values_are_worse_than_asked(shared):
    async def body(link):
        async with link.client() as client:
            wanted = struct.pack("<dIIIBB", 100.0, 1000, 10, 0, 1, 0)
            with On(link, "opcua_revised_worse", slower=4):
                assert "every 400 ms, lifetime 30, keep-alive 10" in str(
                    await client.call("CreateSubscription", wanted)
                )
            assert "every 100 ms, lifetime 1000" in str(await client.call("CreateSubscription", wanted))

    shared.run(body)


async def _restarted(link):
    started = link.bench.server._restarting
    await started
    link.bench.commit()


def test_a_restart_forgets_sessions_and_keeps_the_port(shared):
    async def body(link):
        async with link.client() as client:
            port = link.bench.server.port
            with On(link, "opcua_server_restart"):
                await _restarted(link)
            with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
                await client.read(FLOW)
            assert link.bench.server.port == port
        async with link.client() as client:
            assert (await client.read(FLOW))[0].status == GOOD

    shared.run(body)


def test_after_a_namespace_shift_the_old_index_leads_astray(shared):
    async def body(link):
        with On(link, "opcua_namespace_shift"):
            await _restarted(link)
            async with link.client() as client:
                right = (await client.read(string_id("plc1/Pump1/Flow", 3)))[0]
                wrong, setpoint = await client.read(FLOW, string_id("plc1/Pid1/Setpoint", 3))
                assert right.status == wrong.status == GOOD
                assert wrong.text == setpoint.text != right.text
                said = (await client.read(number_id(2255)))[0].text
                assert "urn:plantbench:decoy" in said
        await _restarted(link)
        async with link.client() as client:
            assert (await client.read(FLOW))[0].text not in (None, setpoint.text)

    shared.run(body)


def test_two_faults_change_one_reading_and_a_share_repeats(shared):
    async def body(link):
        async with link.client() as client:
            with On(link, "opcua_value_lie", what="nan"), On(link, "opcua_source_time", what="null"):
                link.bench.commit()
                value = (await client.read(FLOW))[0]
                assert (value.text, value.source) == ("Double nan", None)
            wrongs = link.bench.server.misbehaviour.wrongs
            with On(link, "opcua_frozen_value", 0.3):
                struck = [bool(list(wrongs.changes_of("pump1.flow", i))) for i in range(1000)]
                assert struck == [bool(list(wrongs.changes_of("pump1.flow", i))) for i in range(1000)]
                assert 250 < sum(struck) < 350
            assert not link.bench.server.misbehaviour.on

    shared.run(body)
