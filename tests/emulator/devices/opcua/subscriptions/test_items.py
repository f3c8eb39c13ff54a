"""Monitored items on the wire: what is refused, what is filtered, modes, triggers, groups, transfer."""

import numpy as np
from asyncua import ua

_FILTERS = {
    "percent_of_no_range": ("A/Running", 2, 1.0, ua.StatusCodes.BadFilterNotAllowed),
    "beyond_hundred": ("A/Flow", 2, 101.0, ua.StatusCodes.BadDeadbandFilterInvalid),
    "negative": ("A/Flow", 1, -1.0, ua.StatusCodes.BadDeadbandFilterInvalid),
    "not_a_number": ("A/Flow", 1, float("nan"), ua.StatusCodes.BadDeadbandFilterInvalid),
    "of_unknown_kind": ("A/Flow", 9, 1.0, ua.StatusCodes.BadDeadbandFilterInvalid),
}


def _filter(kind=0, value=0.0, trigger=1):
    return ua.DataChangeFilter(ua.DataChangeTrigger(trigger), kind, value)


async def _next(stage, client, **values):
    answer = client.publish()
    await client.settle()
    stage.commit(**values)
    return await answer


def _request(kind, **params):
    request = kind()
    for name, value in params.items():
        setattr(request.Parameters, name, value)
    return request


def test_each_wrong_wish_is_refused_in_its_place(on_stage):
    async def body(stage, client):
        number = await client.subscribe()
        wishes = [
            {"path": "A/Nobody"},
            {"path": "A/Flow", "attribute": 99},
            {"path": "A/Flow", "attribute": ua.AttributeIds.Executable},
            {"path": "A/Wave", "range": "5:2"},
            {"path": "A/Flow", "attribute": ua.AttributeIds.DisplayName, "filter": _filter(1, 1.0)},
            {"path": "A/Flow", "filter": ua.EventFilter()},
            {"path": "A", "attribute": ua.AttributeIds.EventNotifier},
            *({"path": path, "filter": _filter(kind, value)} for path, kind, value, _ in _FILTERS.values()),
            {"path": "A/Flow"},
        ]
        results = [r.StatusCode.value for r in await client.monitor(number, *wishes)]
        code = ua.StatusCodes
        assert results == [
            code.BadNodeIdUnknown, code.BadAttributeIdInvalid, code.BadAttributeIdInvalid, code.BadIndexRangeInvalid,
            code.BadFilterNotAllowed, code.BadFilterNotAllowed, code.BadNotSupported,
            *(status for *_, status in _FILTERS.values()), 0,
        ]  # fmt: skip
        assert await client.monitor(number + 1, {"path": "A/Flow"}) == code.BadSubscriptionIdInvalid
        assert await client.monitor(number) == code.BadNothingToDo
        assert await client.monitor(number, *([{"path": "A/Flow"}] * 21)) == code.BadTooManyOperations
        more = [r.StatusCode.value for r in await client.monitor(number, *([{"path": "A/Flow"}] * 5))]
        assert more == [
            0,
            0,
            code.BadTooManyMonitoredItems,
            code.BadTooManyMonitoredItems,
            code.BadTooManyMonitoredItems,
        ]
        assert [await client.subscribe() > 0, await client.subscribe()] == [True, code.BadTooManySubscriptions]

    limits = {"monitored_items_per_call": 20, "items_per_subscription": 3, "subscriptions_per_session": 2}
    on_stage(body, opcua={"limits": limits})


def test_a_percent_dead_band_is_of_the_range_and_against_the_last_reported(on_stage, said):
    async def body(stage, client):
        stage.commit(a__flow=10.0)
        number = await client.subscribe()
        await client.monitor(number, {"path": "A/Flow", "queue": 10, "filter": _filter(2, 1.0)})  # 1 % of 200
        for flow in (11.5, 12.0, 12.5, 14.0, 14.6):
            stage.commit(a__flow=flow)
        assert [v for _, v, _ in said(await client.publish())] == [10.0, 12.5, 14.6]

    on_stage(body)


def test_an_overflow_is_marked_at_the_gap(on_stage, said):
    async def body(stage, client):
        number = await client.subscribe()
        await client.monitor(
            number,
            {"path": "A/Count", "queue": 2},
            {"path": "A/Count", "queue": 2, "newest": True},
            {"path": "A/Count", "queue": 1},
        )
        for count in (1, 2, 3):
            stage.commit(a__count=count)
        heard = said(await client.publish())
        waiting = ua.StatusCodes.BadWaitingForInitialData
        assert [h for h in heard if h[0] == 0] == [(0, 2, 0x480), (0, 3, 0)]
        assert [h for h in heard if h[0] == 1] == [(1, None, waiting), (1, 3, 0x480)]
        assert [h for h in heard if h[0] == 2] == [(2, 3, 0)]

    on_stage(body)


def test_any_attribute_and_any_part_can_be_watched(on_stage, said):
    async def body(stage, client):
        stage.commit(a__wave=np.arange(10, dtype=np.float32))
        number = await client.subscribe()
        results = await client.monitor(
            number,
            {"path": "A/Wave", "range": "2:4"},
            {"path": "A/Wave", "range": "90"},
            {"path": "A/Wave/SampleCounter"},
            {"path": "A/Flow", "attribute": ua.AttributeIds.DisplayName},
            {"node": ua.NodeId(2258)},
            times=3,
        )
        assert {r.StatusCode.value for r in results} == {0}
        first = {handle: (value, status) for handle, value, status in said(await _next(stage, client))}
        assert first[0] == ([2.0, 3.0, 4.0], 0)
        assert first[1] == (None, ua.StatusCodes.BadIndexRangeNoData)
        assert first[2] == (0, 0)
        assert first[3][0].Text == "Flow"
        assert first[4][1] == 0
        assert [handle for handle, *_ in said(await _next(stage, client))] == [4]  # only the clock went on

    on_stage(body)


def test_disabled_items_are_silent_and_sampling_ones_wait_to_be_triggered(on_stage, said):
    async def body(stage, client):
        number = await client.subscribe()
        flow, level, _off = await client.monitor(
            number,
            {"path": "A/Flow", "queue": 5},
            {"path": "A/Level", "queue": 5, "mode": 1},
            {"path": "A/Count", "mode": 0},
        )
        await _next(stage, client)
        links = {"SubscriptionId": number, "TriggeringItemId": flow.MonitoredItemId}
        add = _request(ua.SetTriggeringRequest, **links, LinksToAdd=[level.MonitoredItemId, 999])
        added = (await client.ask(add)).Parameters.AddResults
        assert [r.value for r in added] == [0, ua.StatusCodes.BadMonitoredItemIdInvalid]
        stage.commit(a__level=1.0)
        stage.commit(a__level=2.0)
        heard = said(await _next(stage, client, a__flow=5.0, a__level=3.0, a__count=7))
        assert [v for h, v, _ in heard if h == 1] == [None, 1.0, 2.0, 3.0]
        assert [v for h, v, _ in heard if h == 0] == [5.0]
        remove = _request(ua.SetTriggeringRequest, **links, LinksToRemove=[level.MonitoredItemId])
        assert [r.value for r in (await client.ask(remove)).Parameters.RemoveResults] == [0]
        assert said(await _next(stage, client, a__flow=6.0, a__level=4.0)) == [(0, 6.0, 0)]
        mode = _request(ua.SetMonitoringModeRequest, SubscriptionId=number, MonitoringMode=ua.MonitoringMode.Reporting)
        mode.Parameters.MonitoredItemIds = [level.MonitoredItemId, 999]
        changed = (await client.ask(mode)).Parameters.Results
        assert [r.value for r in changed] == [0, ua.StatusCodes.BadMonitoredItemIdInvalid]
        assert said(await _next(stage, client)) == [(1, 4.0, 0)]

    on_stage(body)


def test_a_slow_item_is_looked_at_now_and_then(on_stage, said):
    async def body(stage, client):
        number = await client.subscribe()
        await client.monitor(number, {"path": "A/Flow", "queue": 20, "sampling": 300.0})
        for i in range(1, 8):
            stage.commit(a__flow=float(i))
        assert [v for _, v, _ in said(await client.publish())] == [None, 3.0, 6.0]

    on_stage(body)


def test_a_crowd_of_items_is_one_group_until_one_is_changed(on_stage, said):
    async def body(stage, client):
        wishes = [{"path": f"G/P{i}", "queue": 3, "handle": i} for i in range(40)]
        number = await client.subscribe()
        made = await client.monitor(number, *wishes)
        engine = stage.server.subscriptions.subscriptions[number]
        await _next(stage, client)
        assert [len(group.items) for group in engine.groups] == [40]
        heard = said(await _next(stage, client, **{f"g__p{i}": float(i) for i in range(40)}))
        assert heard == [(i, float(i), 0) for i in range(40)]
        heard = said(await _next(stage, client, g__p3=7.0, g__p5=(8.0, 0x40930000), g__p7=(0.0, 0x808C0000)))
        assert heard == [(3, 7.0, 0), (5, 8.0, 0x40930000), (7, None, 0x808C0000)]
        for value in (1.5, 2.5, 3.5, 4.5):
            stage.commit(g__p3=value, g__p9=value)
        modify = _request(ua.ModifyMonitoredItemsRequest, SubscriptionId=number)
        modify.Parameters.TimestampsToReturn = ua.TimestampsToReturn.Both
        asked = ua.MonitoringParameters(77, 0.0, _filter(1, 10.0), 2, True)
        modify.Parameters.ItemsToModify = [ua.MonitoredItemModifyRequest(made[3].MonitoredItemId, asked)]
        assert (await client.ask(modify)).Results[0].RevisedQueueSize == 2
        gone = _request(ua.DeleteMonitoredItemsRequest, SubscriptionId=number)
        gone.Parameters.MonitoredItemIds = [made[9].MonitoredItemId, 999]
        results = (await client.ask(gone)).Results
        assert [r.value for r in results] == [0, ua.StatusCodes.BadMonitoredItemIdInvalid]
        assert said(await client.publish()) == [(77, 3.5, 0x480), (77, 4.5, 0)]
        heard = said(await _next(stage, client, g__p3=9.0, g__p4=9.0, g__p9=9.0))
        assert heard == [(4, 9.0, 0)]
        assert [len(group.items) for group in engine.groups] == [38]

    on_stage(body)


def test_a_subscription_outlives_its_session_and_is_its_users_to_take(on_stage, said):
    async def body(stage, client):
        number = await client.subscribe(RequestedLifetimeCount=1000)
        await client.monitor(number, {"path": "A/Flow"}, *({"path": f"G/P{i}", "handle": 1 + i} for i in range(20)))
        first = await _next(stage, client, a__flow=4.0)
        other = await stage.bare()
        take = _request(ua.TransferSubscriptionsRequest, SubscriptionIds=[number, 5], SendInitialValues=True)
        delete = _request(ua.DeleteSubscriptionsRequest, SubscriptionIds=[number])
        refused = (await other.ask(delete)).Results
        assert [r.value for r in refused] == [ua.StatusCodes.BadSubscriptionIdInvalid]
        waiting = client.publish()
        await client.settle()
        moved, unknown = (await other.ask(take)).Parameters.Results
        assert (moved.StatusCode.value, moved.AvailableSequenceNumbers) == (0, [1])
        assert unknown.StatusCode.value == ua.StatusCodes.BadSubscriptionIdInvalid
        (notice,) = (await waiting).Parameters.NotificationMessage.NotificationData
        assert notice.Status.value == ua.StatusCodes.GoodSubscriptionTransferred
        again = _request(ua.RepublishRequest, SubscriptionId=number, RetransmitSequenceNumber=1)
        assert said(await other.ask(again)) == said(first)
        heard = said(await _next(stage, other))
        assert (heard[0], len(heard)) == ((0, 4.0, 0), 21)
        close = ua.CloseSessionRequest()
        close.DeleteSubscriptions = False
        await other.ask(close)
        third = await stage.bare()
        moved, _ = (await third.ask(take)).Parameters.Results
        assert moved.StatusCode.value == 0
        close.DeleteSubscriptions = True
        await third.ask(close)
        assert not stage.server.subscriptions.subscriptions

    on_stage(body)


def test_events_wait_in_their_items_queue(on_stage):
    class Happening:
        def fields(self, clauses):
            return [ua.Variant(clause.BrowsePath[0].Name) for clause in clauses]

        def passes(self, where):
            return not where.Elements

    async def body(stage, client):
        number = await client.subscribe()
        clause = ua.SimpleAttributeOperand(BrowsePath=[ua.QualifiedName("Message")], AttributeId=13)
        chosen = ua.EventFilter(SelectClauses=[clause])
        server = {"node": ua.NodeId(ua.ObjectIds.Server), "attribute": ua.AttributeIds.EventNotifier}
        results = await client.monitor(number, server | {"filter": chosen, "queue": 2, "handle": 6}, server)
        assert [r.StatusCode.value for r in results] == [0, ua.StatusCodes.BadEventFilterInvalid]
        for _ in range(3):
            stage.server.subscriptions.publish_event(ua.NodeId(ua.ObjectIds.Server), Happening())
        answer = await _next(stage, client)
        (data,) = answer.Parameters.NotificationMessage.NotificationData
        told = [(event.ClientHandle, [field.Value for field in event.EventFields]) for event in data.Events]
        assert [handle for handle, _ in told] == [6, 6, 6]
        assert told[1:] == [(6, ["Message"])] * 2
        assert told[0][1][0].Text == "events were lost"

    on_stage(body)


def test_a_full_event_queue_that_keeps_the_oldest_ends_in_the_overflow(on_stage):
    class Happening:
        def __init__(self, name):
            self.name = name

        def fields(self, clauses):
            return [ua.Variant(self.name) for _ in clauses]

        def passes(self, where):
            return True

    async def body(stage, client):
        number = await client.subscribe()
        clause = ua.SimpleAttributeOperand(BrowsePath=[ua.QualifiedName("SourceName")], AttributeId=13)
        server = {"node": ua.NodeId(ua.ObjectIds.Server), "attribute": ua.AttributeIds.EventNotifier}
        chosen = {"filter": ua.EventFilter(SelectClauses=[clause]), "queue": 2, "newest": True}
        await client.monitor(number, server | chosen)
        for name in "abcd":
            stage.server.subscriptions.publish_event(ua.NodeId(ua.ObjectIds.Server), Happening(name))
        answer = await _next(stage, client)
        (data,) = answer.Parameters.NotificationMessage.NotificationData
        assert [event.EventFields[0].Value for event in data.Events] == ["a", "d", "Internal/EventQueueOverflow"]
        stage.server.subscriptions.publish_event(ua.NodeId(ua.ObjectIds.Server), Happening("e"))
        (data,) = (await _next(stage, client)).Parameters.NotificationMessage.NotificationData
        assert [event.EventFields[0].Value for event in data.Events] == ["e"]

    on_stage(body)


def test_a_refused_event_filter_says_which_clause_and_why(on_stage):
    async def body(stage, client):
        number = await client.subscribe()
        server = {"node": ua.NodeId(ua.ObjectIds.Server), "attribute": ua.AttributeIds.EventNotifier}
        clauses = [ua.SimpleAttributeOperand(BrowsePath=[ua.QualifiedName("Message")], AttributeId=13) for _ in "abcd"]
        clauses[1].AttributeId = 99
        clauses[2].TypeDefinitionId = ua.NodeId(987654)
        clauses[3].IndexRange = "5:1"
        (result,) = await client.monitor(number, server | {"filter": ua.EventFilter(SelectClauses=clauses)})
        assert result.StatusCode.value == ua.StatusCodes.BadEventFilterInvalid
        assert [status.value for status in result.FilterResult.SelectClauseResults] == [
            0, ua.StatusCodes.BadAttributeIdInvalid, ua.StatusCodes.BadNodeIdUnknown,
            ua.StatusCodes.BadIndexRangeInvalid,
        ]  # fmt: skip

    on_stage(body)
