"""A subscription's life on the wire: intervals, keep-alive, lateness, lifetime, acknowledgement."""

import asyncio

from asyncua import Client, ua

from emulator.devices.image import DeviceImage, Reading
from emulator.devices.opcua.server import OpcUaDevice
from emulator.devices.opcua.subscriptions.engine import SubscriptionEngine
from emulator.devices.opcua.subscriptions.limits import Limits
from emulator.devices.timers import PacedTimers
from rigs.devices.device import Device
from rigs.schema import Point
from tests.emulator.devices.opcua.subscriptions.conftest import Bare

FLOW = {"path": "A/Flow", "queue": 10}


def _number(answer):
    return answer.Parameters.NotificationMessage.SequenceNumber


def test_wishes_are_revised_to_what_the_device_can_do(on_stage):
    async def body(stage, client):
        request = ua.CreateSubscriptionRequest()
        request.Parameters.RequestedPublishingInterval = float("nan")
        request.Parameters.RequestedLifetimeCount = 1
        request.Parameters.RequestedMaxKeepAliveCount = 7
        made = (await client.ask(request)).Parameters
        assert (made.RevisedPublishingInterval, made.RevisedLifetimeCount, made.RevisedMaxKeepAliveCount) == (
            100,
            21,
            7,
        )
        change = ua.ModifySubscriptionRequest()
        change.Parameters.SubscriptionId = made.SubscriptionId
        change.Parameters.RequestedPublishingInterval = 1e9
        changed = (await client.ask(change)).Parameters
        assert (changed.RevisedPublishingInterval, changed.RevisedLifetimeCount) == (60_000, 3)
        wishes = ({"path": "A/Flow", "sampling": s, "queue": q} for s, q in ((0, 0), (-1, 5), (250, 2**31), (1, 1)))
        results = await client.monitor(made.SubscriptionId, *wishes, {"path": "A/Slow", "sampling": 400})
        got = [(r.RevisedSamplingInterval, r.RevisedQueueSize) for r in results]
        assert got == [(100, 1), (60_000, 5), (300, 1000), (100, 1), (600, 1)]

    on_stage(body)


def test_first_the_initial_value_then_changes_then_keep_alives(on_stage, said):
    async def body(stage, client):
        stage.commit(a__flow=1.0)
        number = await client.subscribe()
        await client.monitor(number, FLOW)
        answers = [client.publish() for _ in range(3)]
        await client.settle()
        stage.commit(a__flow=1.0)
        first = await answers[0]
        assert said(first) == [(0, 1.0, 0)]
        assert (_number(first), first.Parameters.AvailableSequenceNumbers) == (1, [1])
        for _ in range(2):
            stage.commit(a__flow=1.0)
            await client.settle()
            assert not answers[1].done()
        stage.commit(a__flow=1.0)
        quiet = await answers[1]
        assert (said(quiet), _number(quiet)) == ([], 2)
        stage.commit(a__flow=2.0)
        second = await answers[2]
        assert (said(second), _number(second), second.Parameters.AvailableSequenceNumbers) == ([(0, 2.0, 0)], 2, [1, 2])

    on_stage(body)


def test_an_empty_subscription_says_at_its_first_interval_that_it_lives(on_stage, said):
    async def body(stage, client):
        await client.subscribe()
        answer = client.publish()
        await client.settle()
        stage.commit()
        assert (said(await answer), _number(await answer)) == ([], 1)

    on_stage(body)


def test_a_late_subscription_answers_the_next_request_at_once(on_stage, said):
    async def body(stage, client):
        number = await client.subscribe()
        await client.monitor(number, FLOW)
        for i in range(3):
            stage.commit(a__flow=float(i))
        answer = await client.publish()
        assert [value for _, value, _ in said(answer)] == [None, 0.0, 1.0, 2.0]

    on_stage(body)


def test_of_two_late_ones_the_higher_priority_goes_first(on_stage):
    async def body(stage, client):
        low, high = await client.subscribe(Priority=1), await client.subscribe(Priority=9)
        stage.commit()
        got = [(await client.publish()).Parameters.SubscriptionId for _ in range(2)]
        assert got == [high, low]

    on_stage(body)


def test_long_messages_are_cut_and_say_that_more_is_there(on_stage, said):
    async def body(stage, client):
        number = await client.subscribe(MaxNotificationsPerPublish=2)
        await client.monitor(number, {"path": "A/Flow", "queue": 10, "handle": 5})
        for i in range(4):
            stage.commit(a__flow=float(i))
        answers = [await client.publish() for _ in range(3)]
        assert [[v for _, v, _ in said(a)] for a in answers] == [[None, 0.0], [1.0, 2.0], [3.0]]
        assert [a.Parameters.MoreNotifications for a in answers] == [True, True, False]

    on_stage(body)


def test_acknowledged_messages_are_gone_and_others_can_be_had_again(on_stage, said):
    async def body(stage, client):
        number = await client.subscribe()
        await client.monitor(number, FLOW)
        for i in range(2):
            answer = client.publish()
            await client.settle()
            stage.commit(a__flow=float(i))
            first = await answer
        assert first.Parameters.AvailableSequenceNumbers == [1, 2]
        again = ua.RepublishRequest()
        again.Parameters.SubscriptionId, again.Parameters.RetransmitSequenceNumber = number, 2
        assert said(await client.ask(again)) == said(first)
        answer = client.publish((number, 2), (number, 77), (number + 1, 1))
        await client.settle()
        stage.commit(a__flow=9.0)
        got = [status.value for status in (await answer).Parameters.Results]
        assert got == [0, ua.StatusCodes.BadSequenceNumberUnknown, ua.StatusCodes.BadSubscriptionIdInvalid]
        assert await client.ask(again) == ua.StatusCodes.BadMessageNotAvailable

    on_stage(body)


def test_without_a_client_it_ends_with_its_lifetime_and_says_so(on_stage):
    async def body(stage, client):
        number = await client.subscribe(RequestedLifetimeCount=9)
        keeps = await client.subscribe(ms=60_000.0)
        for _ in range(9):
            stage.commit()
        answer = (await client.publish()).Parameters
        assert answer.SubscriptionId == number
        (change,) = answer.NotificationMessage.NotificationData
        assert change.Status.value == ua.StatusCodes.BadTimeout
        assert list(stage.server.subscriptions.subscriptions) == [keeps]

    on_stage(body)


def test_requests_without_a_subscription_too_many_or_too_old_are_refused(on_stage):
    async def body(stage, client):
        assert await client.publish() == ua.StatusCodes.BadNoSubscription
        number = await client.subscribe()
        answers = [client.publish() for _ in range(4)]
        assert await answers[0] == ua.StatusCodes.BadTooManyPublishRequests
        hurried = client.publish(hint_ms=1)
        assert await answers[1] == ua.StatusCodes.BadTooManyPublishRequests
        delete = ua.DeleteSubscriptionsRequest()
        delete.Parameters.SubscriptionIds = [number, number]
        results = (await client.ask(delete)).Results
        assert [r.value for r in results] == [0, ua.StatusCodes.BadSubscriptionIdInvalid]
        rest = [await a for a in (*answers[2:], hurried)]
        assert set(rest) <= {ua.StatusCodes.BadNoSubscription, ua.StatusCodes.BadTimeout}
        assert rest[0] == ua.StatusCodes.BadNoSubscription

    on_stage(body, opcua={"limits": {"publish_requests": 3}})


def test_publishing_switched_off_leaves_keep_alives(on_stage, said):
    async def body(stage, client):
        number = await client.subscribe(PublishingEnabled=False)
        await client.monitor(number, FLOW)
        answers = [client.publish() for _ in range(2)]
        await client.settle()
        stage.commit(a__flow=1.0)
        assert said(await answers[0]) == []
        switch = ua.SetPublishingModeRequest()
        switch.Parameters.PublishingEnabled, switch.Parameters.SubscriptionIds = True, [number]
        assert [r.value for r in (await client.ask(switch)).Parameters.Results] == [0]
        stage.commit(a__flow=2.0)
        assert [v for _, v, _ in said(await answers[1])] == [None, 1.0, 2.0]

    on_stage(body)


def test_a_paced_device_publishes_by_its_own_time():
    """At a hundred times real time a publishing interval of a second is ten milliseconds."""

    async def main():
        image = DeviceImage(Device(id="d", protocol="opcua"), (), 0)
        engine = SubscriptionEngine(None, image, PacedTimers(100.0), Limits())
        params = ua.CreateSubscriptionParameters(1000.0, 9, 3, 0, True, 0)

        class Session:
            session_id, described, user = 1, None, None

        made = engine.create(Session(), params)
        loop = asyncio.get_running_loop()
        began = loop.time()
        while made.lifetime_left > 4:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.002)
        assert 0.03 < loop.time() - began < 1.0
        engine.close()

    asyncio.run(main())


def test_a_peer_that_takes_short_messages_gets_all_of_it_in_several(on_stage, said):
    async def body(stage, client):
        number = await client.subscribe()
        await client.monitor(number, *({"path": f"G/P{i}", "queue": 50} for i in range(40)))
        (session,) = [s.client.session for s in stage.server.subscriptions.subscriptions.values()]
        session.processor._limits.peer_message_size = 8_192
        for k in range(10):
            stage.commit(**{f"g__p{i}": float(k) for i in range(40)})
        heard, more = {i: [] for i in range(40)}, True
        messages = 0
        while more:
            answer = await client.publish((number, 1))
            more = answer.Parameters.MoreNotifications
            messages += 1
            assert len(said(answer)) * 26 < 8_192
            for row, value, _ in said(answer):
                heard[row].append(value)
        assert messages > 2
        assert {tuple(values[-10:]) for values in heard.values()} == {tuple(map(float, range(10)))}

    on_stage(body)


def test_cancel_takes_back_the_publish_requests_of_a_handle(on_stage):
    async def body(stage, client):
        await client.subscribe()
        waiting = [client.publish(), client.publish()]
        await client.settle()
        (subscription,) = stage.server.subscriptions.subscriptions.values()
        request = ua.CancelRequest()
        request.Parameters.RequestHandle = subscription.client.requests[0].handle
        assert (await client.ask(request)).Parameters.CancelCount == 1
        assert await waiting[0] == ua.StatusCodes.BadRequestCancelledByClient
        assert (await client.ask(request)).Parameters.CancelCount == 0
        stage.commit()
        assert (await waiting[1]).Parameters.SubscriptionId

    on_stage(body)


def test_a_paced_device_publishes_over_the_wire_by_its_own_time(said):
    async def main():
        described = Device(id="plc1", protocol="opcua", namespace="urn:p")
        points = (Point(id="a.x", device="plc1", asset="a", quantity="x", signal="s", opcua={"node": "A/X"}),)
        image = DeviceImage(described, points, 0)
        async with OpcUaDevice(described, points, image, timers=PacedTimers(100.0), block_s=0.1) as server:
            client = Bare(Client(server.url, timeout=4), 2)
            await client.client.connect()
            client.index = await client.client.get_namespace_index("urn:p")
            loop, began = asyncio.get_running_loop(), None
            number = await client.subscribe(ms=5_000.0)
            await client.monitor(number, {"path": "A/X", "queue": 9})
            for k in range(3):
                now = (k + 1) * 1_000_000_000
                image.commit({"a.x": Reading(float(k), 0, now)}, now)
                answer = await client.publish()
                assert said(answer)[-1][1] == float(k)
                began = began or loop.time()
            assert 0.08 < loop.time() - began < 2.0  # two intervals of 50 ms
            await client.client.disconnect()

    asyncio.run(main())
