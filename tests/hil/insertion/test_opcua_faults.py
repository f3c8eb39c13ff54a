"""Faults on OPC UA messages as a client sees them: one server for all, one short conversation for each."""

import asyncio
import struct

import pytest
from asyncua import ua
from asyncua.common.utils import Buffer
from asyncua.ua.ua_binary import struct_from_binary, struct_to_binary

from hil.insertion.link.base import create, registry
from hil.insertion.opcua.message import Message
from hil.traces.opcua import decode
from hil.traces.opcua_binary import blob
from hil.traces.opcua_client import Abort, number_id, read_body, status
from tests.hil.insertion.opcua_link import COUNT, FLOW, WAVE, Shared

KINDS = sorted(kind for kind in registry() if kind.startswith("opcua_"))


@pytest.fixture(scope="module")
def shared():
    found = Shared()
    yield found
    found.close()


async def until(true):
    """Give the loop time until something holds, 2 s at most."""
    async with asyncio.timeout(2):
        while not true():  # noqa: ASYNC110 - nobody there to set an event
            await asyncio.sleep(0.002)


async def subscribed(link, client):
    """Subscribe to the flow and see its first value; returns the subscription's id."""
    link.bench.commit()
    number = await client.subscribe(FLOW)
    assert "message 1: 1 = Double" in str(await client.answer(client.publish()))
    return number


async def notified(link, client):
    """Let the flow change and return what Publish brings."""
    request = client.publish()
    await asyncio.sleep(0)
    link.bench.commit()
    return await client.answer(request)


def test_a_refused_service_is_refused_and_then_is_not(shared):
    async def body(link):
        async with link.client() as client:
            fault = link.put("opcua_service_fault", service="Read", status="Bad_TooManyOperations")
            assert (await client.read(FLOW))[0].status == 0  # the proxy must have seen the server's numbers
            answer = await client.call("Read", read_body(FLOW))
            assert (answer.name, answer.status) == ("ServiceFault", status("Bad_TooManyOperations"))
            assert fault.hits == 1
            link.take_off()
            assert (await client.read(FLOW))[0].status == 0
            assert client.sequences == list(range(1, len(client.sequences) + 1))

    shared.run(body)


@pytest.mark.parametrize(
    ("kind", "service", "parameters", "name"),
    [
        ("opcua_publish_refused", "Publish", struct.pack("<i", 0), "Bad_TooManyPublishRequests"),
        ("opcua_republish_refused", "Republish", struct.pack("<II", 1, 1), "Bad_MessageNotAvailable"),
        ("opcua_transfer_refused", "TransferSubscriptions", struct.pack("<iI?", 1, 1, True), "Bad_ServiceUnsupported"),
        ("opcua_subscription_lost", "Publish", struct.pack("<i", 0), "Bad_NoSubscription"),
    ],
)
def test_a_service_is_refused_with_its_own_status(shared, kind, service, parameters, name):
    async def body(link):
        async with link.client() as client:
            link.put(kind)
            await client.read(FLOW)  # the proxy must have seen the server's numbers
            answer = await client.call(service, parameters)
            assert (answer.name, answer.status) == ("ServiceFault", status(name))

    shared.run(body)


def test_a_lost_notification_leaves_a_gap_and_can_be_had_again(shared):
    async def body(link):
        async with link.client() as client:
            number = await subscribed(link, client)
            fault = link.put("opcua_notification_lost")
            lost = client.publish()
            await asyncio.sleep(0)
            link.bench.commit()
            await until(lambda: fault.hits)
            link.take_off()
            assert "message 3" in str(await notified(link, client))
            assert "message 2" in str(await client.republish(number, 2))
            assert lost not in client._answers
            assert client.sequences == list(range(1, len(client.sequences) + 1))

    shared.run(body)


def test_a_lost_notification_may_show_at_once(shared):
    async def body(link):
        async with link.client() as client:
            await subscribed(link, client)
            link.put("opcua_notification_lost", answer="keep_alive")
            assert "keep-alive, next message 3" in str(await notified(link, client))

    shared.run(body)


def test_a_repeated_notification_answers_the_next_request_and_nothing_is_lost(shared):
    async def body(link):
        async with link.client() as client:
            await subscribed(link, client)
            link.put("opcua_notification_repeated")
            one, two = client.publish(), client.publish()
            link.bench.commit()
            first, second = await client.answer(one), await client.answer(two)
            assert str(first) == str(second)
            assert second.handle == two
            link.take_off()
            three = client.publish()
            link.bench.commit()
            third = await client.answer(three)
            assert "message 3" in str(third)
            assert third.handle == three

    shared.run(body)


def test_notifications_change_places(shared):
    async def body(link):
        async with link.client() as client:
            await subscribed(link, client)
            link.put("opcua_notification_reordered")
            one, two = client.publish(), client.publish()
            link.bench.commit()
            await asyncio.sleep(0.12)
            link.bench.commit()
            first = await client.answer()
            assert (first.request, "message 3" in str(first)) == (two, True)
            assert "message 2" in str(await client.answer(one))

    shared.run(body)


def test_a_subscription_is_given_up_once(shared):
    async def body(link):
        async with link.client() as client:
            await subscribed(link, client)
            link.put("opcua_status_change", status="Good_SubscriptionTransferred")
            assert "status change Good_SubscriptionTransferred" in str(await notified(link, client))
            assert "1 = Double" in str(await notified(link, client))

    shared.run(body)


def test_more_notifications_are_promised(shared):
    async def body(link):
        async with link.client() as client:
            await subscribed(link, client)
            link.put("opcua_more_notifications")
            assert "more to come" in str(await notified(link, client))

    shared.run(body)


def test_a_keep_alive_is_withheld_and_data_are_not(shared):
    async def body(link):
        async with link.client() as client:
            link.bench.commit()
            await client.subscribe(FLOW, keep_alive=1)
            await client.answer(client.publish())
            fault = link.put("opcua_keepalive_withheld")
            client.publish()
            await until(lambda: fault.hits)
            assert "1 = Double" in str(await notified(link, client))

    shared.run(body)


def test_a_late_answer_is_overtaken(shared):
    async def body(link):
        async with link.client() as client:
            await client.read(FLOW)
            link.put("opcua_late_response", service="Read", delay_s=0.05)
            late = client.ask("Read", read_body(FLOW))
            other = client.ask("Browse", b"\0\0" + struct.pack("<qIIi", 0, 0, 0, 0))
            assert [(await client.answer()).request, (await client.answer()).request] == [other, late]
            assert client.sequences == list(range(1, len(client.sequences) + 1))

    shared.run(body)


def test_what_is_late_leaves_when_the_fault_ends(shared):
    async def body(link):
        async with link.client() as client:
            await client.read(FLOW)
            link.put("opcua_late_response", delay_s=1000)
            request = client.ask("Read", read_body(FLOW))
            await asyncio.sleep(0.02)
            link.take_off()
            assert (await client.answer(request)).good

    shared.run(body)


def test_an_answer_may_be_lost_or_come_twice(shared):
    async def body(link):
        async with link.client() as client:
            await client.read(FLOW)
            link.put("opcua_response_lost", service="Browse")
            client.ask("Browse", b"\0\0" + struct.pack("<qIIi", 0, 0, 0, 0))
            assert (await client.read(FLOW))[0].status == 0
            link.take_off()
            link.put("opcua_response_repeated", service="Read")
            request = client.ask("Read", read_body(FLOW))
            assert [(await client.answer(request)).request for _ in range(2)] == [request, request]
            assert client.sequences == list(range(1, len(client.sequences) + 1))

    shared.run(body)


def test_answers_change_places_or_requests(shared):
    async def body(link):
        async with link.client() as client:
            await client.read(FLOW)
            link.put("opcua_swapped_responses", service="Read")
            one, two = client.ask("Read", read_body(FLOW)), client.ask("Read", read_body(COUNT))
            assert [(await client.answer()).request for _ in range(2)] == [two, one]
            link.take_off()
            link.put("opcua_swapped_responses", service="Read", what="ids")
            one, two = client.ask("Read", read_body(FLOW)), client.ask("Read", read_body(COUNT))
            first = await client.answer(one)
            assert "UInt32" in str(first)
            assert first.handle == one
            assert "Double" in str(await client.answer(two))
            client.ask("Read", read_body(FLOW))
            await asyncio.sleep(0.02)
            link.take_off()
            await client.answer()  # one that waited for another leaves with the fault

    shared.run(body)


def test_an_answer_is_broken_off_and_the_next_one_is_not(shared):
    async def body(link):
        async with link.client() as client:
            await client.read(FLOW)
            link.put("opcua_chunk_abort", service="Read")
            with pytest.raises(Abort, match=str(status("Bad_ResponseTooLarge"))):
                await client.read(FLOW)
            link.take_off()
            assert (await client.read(FLOW))[0].status == 0

    shared.run(body)


def test_an_error_comes_and_then_the_end(shared):
    async def body(link):
        async with link.client() as client:
            await client.read(FLOW)
            link.put("opcua_error_then_close")
            with pytest.raises(Abort, match=str(status("Bad_TcpInternalError"))):
                await client.read(FLOW)
            with pytest.raises(ConnectionError):
                await client.chunk()

    shared.run(body)


@pytest.mark.parametrize("direction", ["up", "down"])
def test_a_handshake_stops_half_way(shared, direction):
    async def body(link):
        link.put("opcua_half_hello", direction=direction, bytes=5)
        async with link.client(connect=False) as client:
            link.heard.pieces.clear()
            hello = asyncio.ensure_future(client.hello())
            await until(lambda: any(piece.direction == direction for piece in link.heard.pieces))
            assert [len(p.data) for p in link.heard.pieces if p.direction == direction] == [5]
            link.take_off()
            with pytest.raises(ConnectionError):  # it could not go on from there
                await hello

    shared.run(body)


@pytest.mark.parametrize(
    ("kind", "params", "seen"),
    [
        ("opcua_channel_id_wrong", {}, "[foreign channel]"),
        ("opcua_token_id_wrong", {}, "[foreign token]"),
        ("opcua_request_id_wrong", {"offset": 7}, "req 13 "),
        ("opcua_sequence_gap", {"jump": 5}, "seq 11 "),
        ("opcua_sequence_gap", {"jump": -1}, "seq 5 "),
        ("opcua_unknown_response", {}, "unknown type i=65001"),
        ("opcua_garbage_chunk", {"what": "empty"}, "not understood"),
        ("opcua_garbage_chunk", {"what": "type"}, "begins no chunk"),
        ("opcua_garbage_chunk", {"what": "body"}, "MSG seq 6 req 6"),
        ("opcua_chunk_size_lie", {"size": "huge"}, "begins no chunk"),
        ("opcua_chunk_size_lie", {"size": "long"}, "unfinished chunk"),
        ("opcua_chunk_size_lie", {"size": "short"}, "unfinished chunk"),
        ("opcua_many_chunks", {"bytes": 40}, "chunks, "),
        ("opcua_request_handle_wrong", {"offset": 3}, "ReadResponse"),
    ],
)
def test_an_answers_framing_is_wrong(shared, kind, params, seen):
    async def body(link):
        link.heard.pieces.clear()
        async with link.client() as client:
            await client.read(FLOW)
            await client.read(FLOW)
            only = {} if kind == "opcua_sequence_gap" else {"service": "Read"}
            fault = link.put(kind, **only, **params)
            client.ask("Read", read_body(FLOW))
            await until(lambda: fault.hits and any(seen in line for line in decode(link.heard.pieces)[-3:]))

    shared.run(body)


def test_small_buffers_are_granted(shared):
    async def body(link):
        link.put("opcua_small_buffers", chunks=3)
        async with link.client(connect=False) as client:
            granted = struct.unpack_from("<4I", await client.hello(), 12)
            assert granted == (8192, 8192, 16384, 3)

    shared.run(body)


def test_a_new_subscription_ends_the_loss_of_the_old(shared):
    async def body(link):
        async with link.client() as client:
            await subscribed(link, client)
            link.put("opcua_subscription_lost")
            assert (await notified(link, client)).status == status("Bad_NoSubscription")
            number = await client.subscribe(COUNT)
            assert f"subscription {number}, " in str(await client.answer(client.publish()))

    shared.run(body)


@pytest.mark.parametrize("kind", KINDS)
def test_at_severity_nought_a_conversation_is_what_it_was(shared, kind):
    async def body(link):
        async def talk():
            link.heard.pieces.clear()
            async with link.client() as client:
                await client.read(FLOW, WAVE)
                await client.read(COUNT)
            sent = [p.data for p in link.heard.pieces if p.direction == "down"][-2:]
            return [data[:8] + data[16:] for data in sent]  # without the channel and its token

        link.bench.commit()
        plain = await talk()
        link.put(kind, 0.0)
        assert await talk() == plain
        link.put(kind)
        link.take_off()
        assert await talk() == plain

    shared.run(body)


def test_two_faults_work_on_the_same_answer(shared):
    async def body(link):
        link.heard.pieces.clear()
        async with link.client() as client:
            await client.read(FLOW)
            link.put("opcua_many_chunks", bytes=50)
            link.put("opcua_response_repeated", service="Read")
            request = client.ask("Read", read_body(FLOW))
            assert [(await client.answer(request)).good for _ in range(2)] == [True, True]
            assert client.sequences == list(range(1, len(client.sequences) + 1))
            assert len(client.sequences) > 8

    shared.run(body)


def test_the_same_seed_strikes_the_same_answers(shared):
    async def body(link):
        async def struck():
            async with link.client() as client:
                await client.read(FLOW)
                link.put("opcua_service_fault", 0.4)
                answers = [await client.call("Read", read_body(FLOW)) for _ in range(30)]
                link.take_off()
                return [answer.good for answer in answers]

        first = await struck()
        assert await struck() == first
        assert 5 < first.count(False) < 20

    shared.run(body)


def test_a_fault_put_on_amid_a_conversation_finds_its_chunks(shared):
    async def body(link):
        async with link.client() as client:
            await client.read(WAVE)
            link.put("opcua_response_lost", 0.5, service="Browse")
            for _ in range(3):
                assert (await client.read(WAVE))[0].status == 0
            link.take_off()
            await client.read(WAVE)
            assert link.proxy._connections[max(link.proxy._connections)].messages is None

    shared.run(body)


BROWSE = b"\0\0" + struct.pack("<qIIi", 0, 0, 0, 1) + number_id(85) + struct.pack("<i", 0) + number_id(33)
BROWSE += struct.pack("<?II", True, 0, 63)


def test_browsing_never_ends_until_it_is_let_go(shared):
    async def body(link):
        async with link.client() as client:
            link.put("opcua_endless_browse", pages=3)
            first = str(await client.call("Browse", BROWSE))
            assert first.endswith("and more to come")
            for more in (True, True, False):
                following = struct.pack("<?i", False, 1) + blob(b"endless")
                said = str(await client.call("BrowseNext", following))
                assert said == (first if more else first.removesuffix(" and more to come"))
            assert client.sequences == list(range(1, len(client.sequences) + 1))

    shared.run(body)


def test_a_stalled_server_answers_everything_in_the_end(shared):
    async def body(link):
        async with link.client() as client:
            await client.read(FLOW)
            fault = link.put("opcua_stall")
            asked = [client.ask("Read", read_body(FLOW)) for _ in range(3)]
            await until(lambda: fault.hits == 3)
            link.take_off()
            assert [(await client.answer()).request for _ in asked] == asked

    shared.run(body)


def test_history_has_a_hole(shared):
    """The answer is made by hand: whether a device keeps history is not the link's affair."""
    history = ua.HistoryData([ua.DataValue(ua.Variant(float(i))) for i in range(10)])
    data = ua.ExtensionObject(ua.NodeId(658), struct_to_binary(history))
    response = ua.HistoryReadResponse(Results=[ua.HistoryReadResult(HistoryData=data)])
    body = struct_to_binary(response)
    chunk = struct.pack("<3scIIIII", b"MSG", b"F", 24 + len(body), 1, 1, 5, 5) + body
    fault = create("opcua_history_gaps", {"gap": 0.4})
    fault.severity = 1.0
    (thinned,) = fault.rewrite(Message(0, "down", (chunk,)), None)
    kept = struct_from_binary(ua.HistoryReadResponse, Buffer(thinned.body)).Results[0].HistoryData
    assert [value.Value.Value for value in kept.DataValues] == [0.0, 1.0, 2.0, 7.0, 8.0, 9.0]
