"""What an OPC UA device offers beside plain values: history, structures, streams, methods, a slow gateway."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from asyncua import Client, ua

from emulator.devices.opcua.history import AGGREGATES
from emulator.devices.timers import PacedTimers, SteppedTimers
from rigs.schema import Point

BAD = ua.StatusCodes
EPOCH = datetime(2025, 1, 1, tzinfo=UTC)
HISTORY = {"history": {"depth": 50, "values_per_read": 20, "continuation_points": 2}}


def _t(blocks):
    return EPOCH + timedelta(milliseconds=100 * blocks)


async def _history(client, details, *nodes, point=None, release=False, times=ua.TimestampsToReturn.Source):
    params = ua.HistoryReadParameters(
        HistoryReadDetails=details,
        TimestampsToReturn=times,
        ReleaseContinuationPoints=release,
        NodesToRead=[ua.HistoryReadValueId(NodeId=node.nodeid, ContinuationPoint=point) for node in nodes],
    )
    return await client.uaclient.history_read(params)


def _raw(start=None, end=None, most=0, bounds=False, modified=False):
    details = ua.ReadRawModifiedDetails(IsReadModified=modified, NumValuesPerNode=most, ReturnBounds=bounds)
    null = datetime(1601, 1, 1, tzinfo=UTC)
    details.StartTime, details.EndTime = start or null, end or null
    return details


def _values(result):
    return [value.Value.Value for value in result.HistoryData.DataValues]


def test_a_past_longer_than_one_answer_comes_in_parts(on_bench):
    async def body(bench, client):
        for _ in range(70):
            bench.commit()
        flow = await bench.node(client, "Pump1/Flow")
        result = (await _history(client, _raw(_t(0), _t(1000)), flow))[0]
        assert _values(result) == list(range(21, 41))  # the ring holds 50 of 70, an answer 20
        found = _values(result)
        while result.ContinuationPoint:
            result = (await _history(client, _raw(_t(0), _t(1000)), flow, point=result.ContinuationPoint))[0]
            found += _values(result)
        assert found == list(range(21, 71))
        backwards = (await _history(client, _raw(None, _t(70), 3), flow))[0]
        assert _values(backwards) == [70.0, 69.0, 68.0]
        assert backwards.ContinuationPoint is None
        one = backwards.HistoryData.DataValues[0]
        assert (one.SourceTimestamp, one.ServerTimestamp) == (_t(70), None)
        assert await flow.read_raw_history(_t(30), _t(33)) != []

    on_bench(body, opcua=HISTORY)


def test_continuation_points_of_history_are_few_and_released(on_bench):
    async def body(bench, client):
        for _ in range(10):
            bench.commit()
        flow = await bench.node(client, "Pump1/Flow")
        details = _raw(_t(0), _t(100), most=2)
        results = await _history(client, details, flow, flow, flow)
        assert [r.StatusCode.value for r in results] == [0, 0, BAD.BadNoContinuationPoints]
        first = results[0].ContinuationPoint
        assert (await _history(client, details, flow, point=first, release=True))[0].StatusCode.value == 0
        gone = (await _history(client, details, flow, point=first))[0]
        assert gone.StatusCode.value == BAD.BadContinuationPointInvalid

    on_bench(body, opcua=HISTORY)


def test_a_bad_reading_has_a_place_in_the_past_but_no_value(on_bench):
    async def body(bench, client):
        bench.commit()
        bench.commit(status=0x808C0000)
        flow = await bench.node(client, "Pump1/Flow")
        result = (await _history(client, _raw(_t(0), _t(9)), flow))[0]
        assert [(v.Value.Value if v.Value else None, v.StatusCode.value) for v in result.HistoryData.DataValues] == [
            (1.0, 0),
            (None, 0x808C0000),
        ]

    on_bench(body, opcua=HISTORY)


def test_history_at_times_and_aggregates(on_bench):
    async def body(bench, client):
        for _ in range(20):
            bench.commit()
        flow = await bench.node(client, "Pump1/Flow")
        running = await bench.node(client, "Pump1/Running")
        at = ua.ReadAtTimeDetails(ReqTimes=[_t(3), _t(4.5), _t(0)], UseSimpleBounds=False)
        result = (await _history(client, at, flow))[0]
        assert _values(result)[:2] == [3.0, 4.5]
        assert [v.StatusCode.value for v in result.HistoryData.DataValues] == [0, 0x402, BAD.BadNoData]

        def wanted(*kinds, interval=500.0, start=5, end=20, **configuration):
            details = ua.ReadProcessedDetails(StartTime=_t(start), EndTime=_t(end), ProcessingInterval=interval)
            details.AggregateType = [ua.NodeId(kind) for kind in kinds]
            given = {"UseServerCapabilitiesDefaults": True, "PercentDataGood": 100, "PercentDataBad": 100}
            details.AggregateConfiguration = ua.AggregateConfiguration(**(given | configuration))
            return details

        ids = ua.ObjectIds
        results = await _history(
            client,
            wanted(ids.AggregateFunction_Average, ids.AggregateFunction_Count, ids.AggregateFunction_Minimum),
            flow, running, flow,
        )  # fmt: skip
        assert [_values(r) for r in results] == [[7.0, 12.0, 17.0], [5, 5, 5], [5.0, 10.0, 15.0]]
        assert results[1].HistoryData.DataValues[0].Value.VariantType == ua.VariantType.Int32
        average = results[0].HistoryData.DataValues
        assert [v.SourceTimestamp for v in average] == [_t(5), _t(10), _t(15)]
        assert [v.StatusCode.value for v in average] == [0x401] * 3
        for details, status in (
            (wanted(ids.AggregateFunction_WorstQuality), BAD.BadAggregateNotSupported),
            (wanted(ids.AggregateFunction_Count, start=5, end=5), BAD.BadInvalidArgument),
            (wanted(ids.AggregateFunction_Count, interval=-1.0), BAD.BadInvalidArgument),
            (
                wanted(ids.AggregateFunction_Count, UseServerCapabilitiesDefaults=False, PercentDataGood=101),
                BAD.BadAggregateConfigurationRejected,
            ),
        ):
            assert (await _history(client, details, flow))[0].StatusCode.value == status
        with pytest.raises(ua.uaerrors.BadAggregateListMismatch):
            await _history(client, wanted(ids.AggregateFunction_Count), flow, flow)

    on_bench(body, opcua=HISTORY)


def test_what_history_cannot_do_it_says(on_bench, fails_with):
    async def body(bench, client):
        bench.commit()
        flow = await bench.node(client, "Pump1/Flow")
        vibration = await bench.node(client, "Pump1/Vibration")
        for details, node, status in (
            (_raw(_t(0), _t(9), modified=True), flow, BAD.BadHistoryOperationUnsupported),
            (_raw(_t(0)), flow, BAD.BadHistoryOperationInvalid),
            (_raw(_t(0), _t(9)), vibration, BAD.BadHistoryOperationUnsupported),
            (_raw(_t(0), _t(9)), client.get_node(ua.NodeId("none", 2)), BAD.BadNodeIdUnknown),
            (_raw(_t(50), _t(90)), flow, ua.StatusCodes.GoodNoData),
            (ua.ReadEventDetails(), flow, BAD.BadHistoryOperationUnsupported),
        ):
            assert (await _history(client, details, node))[0].StatusCode.value == status
        neither = _history(client, _raw(_t(0), _t(9)), flow, times=ua.TimestampsToReturn.Neither)
        assert await fails_with(neither) == BAD.BadTimestampsToReturnInvalid
        assert await fails_with(_history(client, _raw(_t(0), _t(9)))) == BAD.BadNothingToDo
        assert ua.AccessLevel.HistoryRead in await flow.get_access_level()
        assert (await flow.read_attribute(ua.AttributeIds.Historizing)).Value.Value is True
        configuration = await flow.get_child("0:HA Configuration")
        assert await (await configuration.get_child("0:Stepped")).read_value() is False
        offered = client.get_node(ua.NodeId(ua.ObjectIds.HistoryServerCapabilities_AggregateFunctions))
        assert {n.nodeid.Identifier for n in await offered.get_children()} == set(AGGREGATES)

    on_bench(body, opcua=HISTORY)


def test_without_a_history_the_service_is_missing(on_bench, fails_with):
    async def body(bench, client):
        flow = await bench.node(client, "Pump1/Flow")
        assert await fails_with(_history(client, _raw(_t(0), _t(9)), flow)) == BAD.BadServiceUnsupported

    on_bench(body)


WAVE = Point(
    id="pump1.wave", device="plc1", asset="pump1", quantity="x", signal="s", unit="m/s^2", range=(-500, 500),
    waveform={"rate": "1 kHz", "buffer": "1 s"},
    opcua={"node": "Pump1/Wave", "type": "Float", "structure": True, "stream": 16},
)  # fmt: skip


def _with_wave(served, body, **device):
    async def main():
        async with served((WAVE,), **device) as bench:
            commit = bench.commit

            def both():
                commit()
                reading = bench.image.readings["pump1.vibration"]
                bench.image.commit({"pump1.wave": reading}, bench.t_ns)

            bench.commit = both
            client = await bench.client()
            await body(bench, client)
            await client.disconnect()

    asyncio.run(main())


def test_a_structure_carries_samples_with_their_counter_rate_and_time(served):
    async def body(bench, client):
        for _ in range(12):
            bench.commit()
        types = await client.load_data_type_definitions()
        assert types["VibrationBlock"].__name__ == "VibrationBlock"
        node = await bench.node(client, "Pump1/Wave/Block")
        block = await node.read_value()
        assert (block.n0, block.rate, len(block.samples)) == (200, 1000.0, 1000)
        assert (block.samples[0], block.samples[-1]) == (200.0, 1199.0)
        assert block.t0 == _t(2)

    _with_wave(served, body)


def test_a_stream_is_the_newest_samples_with_their_counter(served):
    async def body(bench, client):
        bench.commit()
        stream = await bench.node(client, "Pump1/Wave/Stream")
        counter = await bench.node(client, "Pump1/Wave/Stream/SampleCounter")
        assert await client.read_values([stream, counter]) == [[float(n) for n in range(84, 100)], 84]
        wanted = ua.ReadValueId(stream.nodeid, ua.AttributeIds.Value, IndexRange="14:20")
        part = (await client.uaclient.read(ua.ReadParameters(NodesToRead=[wanted])))[0]
        assert part.Value.Value == [98.0, 99.0]

    _with_wave(served, body)


def test_a_method_reads_samples_by_counter_and_checks_its_arguments(served):
    async def body(bench, client):
        for _ in range(12):
            bench.commit()
        pump = await bench.node(client, "Pump1")
        method = await bench.node(client, "Pump1/ReadWaveBlock")
        inputs = await (await method.get_child("0:InputArguments")).read_value()
        assert [(a.Name, a.DataType.Identifier) for a in inputs] == [("n0", 9), ("count", 7)]
        u64, u32 = ua.VariantType.UInt64, ua.VariantType.UInt32

        async def call(*arguments):
            request = ua.CallMethodRequest(pump.nodeid, method.nodeid, [ua.Variant(v, t) for v, t in arguments])
            return (await client.uaclient.call([request]))[0]

        good = await call((1198, u64), (10, u32))
        assert [v.Value for v in good.OutputArguments] == [[1198.0, 1199.0]]
        assert (await call((500, u64))).StatusCode.value == BAD.BadArgumentsMissing
        assert (await call((500, u64), (1, u32), (1, u32))).StatusCode.value == BAD.BadTooManyArguments
        for first, count, each in (
            ((500, u32), (1, u32), [BAD.BadTypeMismatch, 0]),
            (([500], u64), (1, u32), [BAD.BadTypeMismatch, 0]),
            ((199, u64), (0, u32), [BAD.BadOutOfRange, BAD.BadOutOfRange]),
            ((1200, u64), (1, u32), [BAD.BadOutOfRange, 0]),
        ):
            wrong = await call(first, count)
            assert wrong.StatusCode.value == BAD.BadInvalidArgument
            assert [status.value for status in wrong.InputArgumentResults] == each

    _with_wave(served, body)


def test_encodings_ages_and_unreadable_nodes_are_refused_by_name(on_bench, fails_with):
    async def body(bench, client):
        bench.commit()
        flow = await bench.node(client, "Pump1/Flow")
        range_ = await flow.get_child("0:EURange")

        async def status(node, attribute=ua.AttributeIds.Value, **more):
            wanted = ua.ReadValueId(node.nodeid, attribute, **more)
            return (await client.uaclient.read(ua.ReadParameters(NodesToRead=[wanted])))[0].StatusCode.value

        q = ua.QualifiedName
        assert await status(range_, DataEncoding=q("Default Binary", 0)) == 0
        assert await status(range_, DataEncoding=q("Default XML", 0)) == BAD.BadDataEncodingUnsupported
        assert await status(flow, DataEncoding=q("Default Binary", 0)) == BAD.BadDataEncodingInvalid
        assert await status(flow, IndexRange="0") == BAD.BadIndexRangeNoData
        assert await status(flow, IndexRange="x") == BAD.BadIndexRangeInvalid
        assert await status(flow, ua.AttributeIds.Executable) == BAD.BadAttributeIdInvalid
        read = [ua.ReadValueId(flow.nodeid, ua.AttributeIds.BrowseName)]
        old = ua.ReadParameters(MaxAge=-1.0, NodesToRead=read)
        assert await fails_with(client.uaclient.read(old)) == BAD.BadMaxAgeInvalid
        name = (await client.uaclient.read(ua.ReadParameters(NodesToRead=read)))[0]
        assert (name.SourceTimestamp, name.Value.Value.Name) == (None, "Flow")
        refused = range_.write_value(ua.Variant(ua.Range(0, 1), ua.VariantType.ExtensionObject))
        assert await fails_with(refused) == BAD.BadNotWritable
        long = flow.write_value(ua.Variant("x" * 100, ua.VariantType.String))
        assert await fails_with(long) == BAD.BadEncodingLimitsExceeded

    on_bench(body, opcua={"limits": {"string_length": 64}})


def test_a_slow_gateway_looks_now_and_then_and_can_do_little(on_bench, fails_with):
    async def body(bench, client):
        for _ in range(35):
            bench.commit()
        flow = await bench.node(client, "Pump1/Flow")
        read = await flow.read_data_value()
        assert (read.Value.Value, read.SourceTimestamp) == (20.0, _t(20))
        setpoint = await bench.node(client, "Pid1/Setpoint")
        await setpoint.write_value(50.0)
        assert bench.image.take_writes() == [("pid1.setpoint", 50.0)]
        with pytest.raises(ua.uaerrors.BadNoMatch):
            await bench.node(client, "Motor1/Start")
        call = [ua.CallMethodRequest(flow.nodeid, flow.nodeid)]
        assert await fails_with(client.uaclient.call(call)) == BAD.BadServiceUnsupported

    on_bench(body, opcua={"profile": "slow_kit", "delay": "0 s", "limits": {"nodes_per_translate": 10}})


def test_a_slow_gateway_answers_after_its_delay_in_plant_time(served):
    async def main():
        timers = SteppedTimers()
        async with served(opcua={"delay": "0.2 s"}) as bench:
            bench.server._server.iserver.timers = timers
            bench.commit()
            client = Client(bench.server.url, timeout=4)
            connecting = asyncio.create_task(client.connect())
            while not connecting.done():
                timers.advance(timers._now_ns + 200_000_000)
                await asyncio.sleep(0)
            read = asyncio.create_task(client.get_node(ua.NodeId("plc1/Pump1/Flow", 2)).read_value())
            async with asyncio.timeout(4):
                while not timers._heap:  # noqa: ASYNC110 - the request comes with one of the loop's next turns
                    await asyncio.sleep(0)
            timers.advance(timers._now_ns + 199_000_000)
            for _ in range(20):
                await asyncio.sleep(0)
            assert not read.done()
            timers.advance(timers._now_ns + 1_000_000)
            assert await read == 1.0
            bench.server._server.iserver.timers = PacedTimers(1e6)
            await client.disconnect()

    asyncio.run(main())


class _Heard:
    def __init__(self):
        self.values = asyncio.Queue()

    def datachange_notification(self, node, value, data):
        self.values.put_nowait(value)


def test_a_client_asks_which_items_it_has_and_hears_their_values_again(on_bench):
    async def body(bench, client):
        bench.commit()
        server = client.nodes.server
        heard = _Heard()
        subscription = await client.create_subscription(50, heard)
        item = await subscription.subscribe_data_change(await bench.node(client, "Pump1/Flow"))
        assert await asyncio.wait_for(heard.values.get(), 4) == 1.0
        number = ua.Variant(subscription.subscription_id, ua.VariantType.UInt32)
        servers, clients = await server.call_method(ua.NodeId(ua.ObjectIds.Server_GetMonitoredItems), number)
        assert (servers, len(clients)) == ([item], 1)
        await server.call_method(ua.NodeId(ua.ObjectIds.Server_ResendData), number)
        bench.commit(pump1__flow=1.0)
        assert await asyncio.wait_for(heard.values.get(), 4) == 1.0
        other = await bench.client()
        with pytest.raises(ua.uaerrors.BadUserAccessDenied):
            await other.nodes.server.call_method(ua.NodeId(ua.ObjectIds.Server_GetMonitoredItems), number)
        none = ua.Variant(99_999, ua.VariantType.UInt32)
        with pytest.raises(ua.uaerrors.BadSubscriptionIdInvalid):
            await other.nodes.server.call_method(ua.NodeId(ua.ObjectIds.Server_ResendData), none)
        await other.disconnect()
        await subscription.delete()

    on_bench(body)
