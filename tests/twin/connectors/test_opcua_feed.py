"""Values by subscription: a client's duties against a server of few lines, and against a stock one."""

import asyncio
import logging
from datetime import UTC, datetime

import pytest
from asyncua import ua
from asyncua.ua.ua_binary import struct_to_binary

from rigs.devices.device import Device
from tests.twin.connectors.test_opcua import ALL, URI, Plc, by_point
from tests.twin.connectors.test_opcua_notifications import item, message
from twin.connectors.opcua import OpcUaConnector
from twin.connectors.opcua_feed import Feed
from twin.connectors.opcua_notifications import changes_in_order
from twin.connectors.opcua_session import ServiceRefusedError, SessionLostError
from twin.connectors.opcua_subscription import PUBLISH_AHEAD, Subscription, following

SECOND = 1_000_000_000
NOW = 1_735_689_600 * SECOND
NOT_AVAILABLE, TOO_MANY, NO_SUBSCRIPTION = 0x807B0000, 0x80780000, 0x80790000


class FakeSession:
    """What a subscription needs of a session; Publish requests wait in `waiting` until a test answers them."""

    def __init__(self):
        self.waiting, self.acks, self.kept, self.asked = [], [], {}, []
        self.refuse, self.transfer, self.resumed = None, 0, False

    def post(self, request, _hint):
        future = asyncio.get_running_loop().create_future()
        self.waiting.append(future)
        self.acks += [ack.SequenceNumber for ack in request.Parameters.SubscriptionAcknowledgements]
        return future

    def answer(self, *items, sequence=1, extra=(), subscription=7):
        response = ua.PublishResponse()
        response.Parameters.SubscriptionId = subscription
        response.Parameters.NotificationMessage = message(*items, sequence=sequence, extra=extra)
        self.waiting.pop(0).set_result(struct_to_binary(response))

    def fault(self, status):
        fault = ua.ServiceFault()
        fault.ResponseHeader.ServiceResult = ua.StatusCode(status)
        self.waiting.pop(0).set_result(struct_to_binary(fault))

    async def raw(self, request):
        number = request.Parameters.RetransmitSequenceNumber
        self.asked.append(number)
        if number not in self.kept:
            fault = ua.ServiceFault()
            fault.ResponseHeader.ServiceResult = ua.StatusCode(NOT_AVAILABLE)
            return struct_to_binary(fault)
        response = ua.RepublishResponse()
        response.NotificationMessage = message(self.kept[number], sequence=number)
        return struct_to_binary(response)

    async def request(self, request):
        if self.refuse is not None:
            raise ServiceRefusedError(self.refuse)
        if isinstance(request, ua.TransferSubscriptionsRequest):
            response = ua.TransferSubscriptionsResponse()
            response.Parameters.Results = [ua.TransferResult(ua.StatusCode(self.transfer))]
        elif isinstance(request, ua.CreateSubscriptionRequest):
            response = ua.CreateSubscriptionResponse()
            response.Parameters.SubscriptionId = 7
            response.Parameters.RevisedPublishingInterval = 2 * request.Parameters.RequestedPublishingInterval
            response.Parameters.RevisedMaxKeepAliveCount = 4
        else:
            response = ua.CreateMonitoredItemsResponse()
            response.Results = [ua.MonitoredItemCreateResult() for _ in request.Parameters.ItemsToCreate]
        return ua.utils.Buffer(struct_to_binary(response))


def scenario(body):
    async def main():
        session = FakeSession()
        subscription = Subscription(session, 7, 1.0, 0.5)
        subscription.pump()
        async with asyncio.timeout(10):
            await body(session, subscription)

    asyncio.run(main())


async def told(subscription):
    for _ in range(3):
        await asyncio.sleep(0)
    await subscription.heal()
    return [value.value for changes in subscription.take() for _, value in changes_in_order(changes)]


def test_some_requests_always_wait_and_each_message_is_acknowledged_once():
    async def body(session, subscription):
        assert len(session.waiting) == PUBLISH_AHEAD
        for number in range(1, 6):
            session.answer(item(0, float(number)), sequence=number)
            assert await told(subscription) == [float(number)]
            assert len(session.waiting) == PUBLISH_AHEAD
        session.answer(item(0, 5.0), sequence=5)
        assert await told(subscription) == []
        assert subscription.duplicates == 1
        assert session.acks == [1, 2, 3, 4, 5]

    scenario(body)


def test_a_missing_message_is_asked_for_and_put_in_its_place():
    async def body(session, subscription):
        session.kept = {2: item(0, 2.0), 3: item(0, 3.0)}
        session.answer(item(0, 1.0), sequence=1)
        session.answer(item(0, 4.0), sequence=4)
        assert await told(subscription) == [1.0, 2.0, 3.0, 4.0]
        assert session.asked == [2, 3]
        assert not subscription.gap

    scenario(body)


def test_what_the_server_no_longer_has_is_a_gap():
    async def body(session, subscription):
        session.answer(item(0, 1.0), sequence=3)
        assert await told(subscription) == [1.0]
        assert subscription.gap
        assert session.asked == [1]
        session.answer(item(0, 2.0), sequence=4)
        assert await told(subscription) == [2.0]

    scenario(body)


def test_a_keep_alive_announces_the_next_number():
    async def body(session, subscription):
        session.answer(sequence=1)
        assert await told(subscription) == []
        session.kept = {1: item(0, 1.0)}
        session.answer(sequence=2)
        assert await told(subscription) == [1.0]
        assert session.acks == []
        session.answer(item(0, 2.0), sequence=2)
        assert await told(subscription) == [2.0]

    scenario(body)


def test_too_many_requests_make_fewer():
    async def body(session, subscription):
        session.fault(TOO_MANY)
        await told(subscription)
        assert len(session.waiting) == PUBLISH_AHEAD - 1
        session.answer(item(0, 1.0), sequence=1)
        await told(subscription)
        assert len(session.waiting) == PUBLISH_AHEAD - 1
        assert subscription.lost is None

    scenario(body)


@pytest.mark.parametrize("how", ["fault", "status"])
def test_a_subscription_that_is_gone_is_said_to_be(how):
    async def body(session, subscription):
        if how == "fault":
            session.fault(NO_SUBSCRIPTION)
        else:
            session.answer(extra=(ua.StatusChangeNotification(ua.StatusCode(0x800A0000)),))
        await told(subscription)
        assert subscription.gone in ("Bad_NoSubscription", "BadTimeout", "Bad_Timeout")
        subscription.pump()
        assert len(session.waiting) == PUBLISH_AHEAD - 1

    scenario(body)


def test_silence_is_a_lost_session(monkeypatch):
    async def body(_session, subscription):
        subscription.check()
        from twin.clock import stopwatch_s

        later = stopwatch_s() + 2.1
        monkeypatch.setattr("twin.connectors.opcua_subscription.stopwatch_s", lambda: later)
        with pytest.raises(SessionLostError, match="keep-alive"):
            subscription.check()

    scenario(body)


def test_junk_is_a_lost_session():
    async def body(session, subscription):
        session.waiting.pop(0).set_result(b"\x01\x00\x3d\x03\x00")
        await told(subscription)
        with pytest.raises(SessionLostError, match="truncated"):
            subscription.check()

    scenario(body)


@pytest.mark.parametrize(("same", "transfer", "moved"), [(True, 0, True), (False, 0, True), (False, 0x80280000, False)])
def test_another_connection_carries_it_on_or_says_that_it_cannot(same, transfer, moved):
    async def body(session, subscription):
        session.answer(item(0, 1.0), sequence=1)
        assert await told(subscription) == [1.0]
        new = FakeSession()
        new.transfer, new.kept = transfer, {2: item(0, 2.0), 3: item(0, 3.0)}
        assert await subscription.move(new, same=same) is moved
        if moved:
            assert await told(subscription) == [2.0, 3.0]
            assert new.asked == [2, 3, 4]
            subscription.pump()
            assert len(new.waiting) == PUBLISH_AHEAD
            assert new.acks == [2, 3]

    scenario(body)


def test_numbers_wrap_to_one():
    assert following(0xFFFFFFFF) == 1
    assert following(1) == 2


def test_a_server_without_subscriptions_is_read_for_a_while():
    async def main():
        session, feed = FakeSession(), Feed(0.1, 3.0, 0.5)
        session.refuse = 0x800B0000
        assert not await feed.ready(session, [ua.NodeId(1, 2)], 0, 0)
        session.refuse = None
        assert not await feed.ready(session, [ua.NodeId(1, 2)], SECOND, 0)
        assert "read" in feed.warning
        assert await feed.ready(session, [ua.NodeId(1, 2)], 61 * SECOND, 0)
        session.answer(item(0, 1.0, status=0x4480), sequence=1)
        await asyncio.sleep(0)
        assert [value.value for _, value in await feed.changes()] == [1.0]
        assert (feed.overflows, feed.semantics_changed) == (1, True)

    asyncio.run(main())


def test_a_stock_server_reports_and_a_cut_connection_goes_on():
    logging.getLogger("asyncua").setLevel(logging.CRITICAL + 1)

    async def main():
        async with Plc() as plc, asyncio.timeout(30):
            settings = {"id": "plc1", "protocol": "opcua", "timeout": "2 s", "namespace": URI, "poll": "20 ms"}
            settings["opcua"] = {"client": {"mode": "subscribe"}}
            now = NOW
            client = OpcUaConnector(Device.model_validate(settings), ALL, plc.url, lambda: now)
            await plc.put_wave(0, 4)

            async def until(value):
                nonlocal now
                while True:
                    now += 20_000_000
                    got = by_point(await client.poll(now))
                    if "p.pressure" in got and got["p.pressure"].values.tolist() == [value]:
                        return got

            async def write(value):
                stamp = datetime.fromtimestamp(now / 1e9, UTC)
                data = ua.DataValue(ua.Variant(value, ua.VariantType.Double), SourceTimestamp=stamp)
                await plc.server.write_attribute_value(plc.nodes["pressure"].nodeid, data)

            await until(320_000.0)
            await write(4.0)
            got = await until(400_000.0)
            assert got["p.pressure"].stamp == "source"
            held = client._feed.subscription
            client._session._client.uaclient.protocol.transport.abort()
            await write(5.0)
            await until(500_000.0)
            assert client._session.resumed
            assert client._feed.subscription is held
            assert client.state.reconnects == 1
            assert client.state.last_error is None
            await client.close()

    asyncio.run(main())
    logging.getLogger("asyncua").setLevel(logging.NOTSET)
