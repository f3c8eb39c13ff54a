"""Alarms over the wire, to somebody else's client."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from asyncua import Client, ua

from emulator.devices.image import DeviceImage, Reading
from emulator.devices.opcua.server import OpcUaDevice
from rigs.devices.device import Device
from rigs.schema import Point

EPOCH_NS = 1_735_689_600_000_000_000
BLOCK_NS = 100_000_000
FIELDS = ("EventId", "EventType", "SourceName", "Severity", "Message", "Retain", "AckedState/Id", "ActiveState/Id")


def point(name: str, node: str, **opcua) -> Point:
    return Point(
        id=name, device="plc1", asset="pump1", quantity="x", signal="s", range=(0, 100), opcua={"node": node, **opcua}
    )


POINTS = (
    point("pump1.flow", "Pump1/Flow", alarm={"high": 80, "high_high": 90, "hysteresis": 2, "message": "Flow"}),
    point("pump1.trip", "Pump1/Trip", type="Boolean", alarm={"off_normal": True, "confirm": False}),
    point("pump1.speed", "Pump1/Speed"),
)


class Plant:
    def __init__(self) -> None:
        self.image = DeviceImage(Device(id="plc1", protocol="opcua"), POINTS, EPOCH_NS)
        self.server = OpcUaDevice(self.image.device, POINTS, self.image)
        self.t_ns = EPOCH_NS

    def commit(self, **values: float) -> None:
        self.t_ns += BLOCK_NS
        readings = {f"pump1.{name}": Reading(value, 0, self.t_ns) for name, value in values.items()}
        self.image.commit(readings, self.t_ns)


class Heard:
    def __init__(self) -> None:
        self.events: asyncio.Queue = asyncio.Queue()

    def event_notification(self, event) -> None:
        self.events.put_nowait(event)

    def status_change_notification(self, status) -> None:
        pass

    async def next(self):
        return await asyncio.wait_for(self.events.get(), 5)


@asynccontextmanager
async def listening(event_type: int = ua.ObjectIds.AlarmConditionType, notifier: str | None = None):
    plant = Plant()
    plant.commit(flow=50.0, trip=0.0, speed=1.0)
    async with plant.server, Client(plant.server.url) as client:
        heard = Heard()
        subscription = await client.create_subscription(50, heard)
        where = client.nodes.server if notifier is None else client.get_node(notifier)
        handle = await subscription.subscribe_events(where, [ua.NodeId(event_type)])
        yield plant, client, heard, subscription, handle


def run(scene, **how):
    async def play():
        async with listening(**how) as (plant, client, heard, subscription, handle):
            await scene(plant, client, heard, subscription, handle)

    asyncio.run(play())


async def condition_node(client, name: str):
    index = await client.get_namespace_index("urn:plantbench:plc1")
    return client.get_node(ua.NodeId(f"plc1/Pump1/{name}Alarm", index))


def test_an_alarm_is_heard_acknowledged_and_confirmed():
    async def scene(plant, client, heard, subscription, handle):
        plant.commit(flow=85.0)
        told = await heard.next()
        assert (told.SourceName, told.Severity, told.Message.Text) == ("pump1.flow", 500, "Flow: High")
        assert told.EventType == ua.NodeId(ua.ObjectIds.ExclusiveLevelAlarmType)
        node = await condition_node(client, "Flow")
        acked = await node.get_child(["0:AckedState", "0:Id"])
        assert await acked.read_value() is False
        comment = ua.LocalizedText("on my way")
        await node.call_method("0:Acknowledge", ua.Variant(told.EventId, ua.VariantType.ByteString), comment)
        again = await heard.next()
        assert again.EventId != told.EventId
        assert again.Comment.Text == "on my way"
        assert await acked.read_value() is True
        with pytest.raises(ua.UaStatusCodeError) as refused:
            await node.call_method("0:Acknowledge", ua.Variant(told.EventId, ua.VariantType.ByteString), comment)
        assert refused.value.code == ua.StatusCodes.BadConditionBranchAlreadyAcked
        plant.commit(flow=50.0)
        gone = await heard.next()
        assert (gone.Message.Text, gone.Retain) == ("Flow: normal", True)
        await node.call_method("0:Confirm", ua.Variant(gone.EventId, ua.VariantType.ByteString), comment)
        assert (await heard.next()).Retain is False

    run(scene)


def test_the_types_own_method_reaches_the_condition():
    async def scene(plant, client, heard, subscription, handle):
        plant.commit(flow=95.0)
        told = await heard.next()
        node = await condition_node(client, "Flow")
        method = ua.NodeId(ua.ObjectIds.AcknowledgeableConditionType_Acknowledge)
        event = ua.Variant(told.EventId, ua.VariantType.ByteString)
        await node.call_method(method, event, ua.LocalizedText(""))
        assert (await heard.next()).Severity == 800

    run(scene)


def test_a_refresh_tells_again_what_is_retained_and_nothing_else():
    async def scene(plant, client, heard, subscription, handle):
        plant.commit(flow=85.0, trip=1.0)
        first = {(await heard.next()).SourceName for _ in range(2)}
        assert first == {"pump1.flow", "pump1.trip"}
        plant.commit(trip=0.0)
        trip = await heard.next()
        node = await condition_node(client, "Trip")
        await node.call_method(
            "0:Acknowledge", ua.Variant(trip.EventId, ua.VariantType.ByteString), ua.LocalizedText("")
        )
        await heard.next()
        kind = client.get_node(ua.NodeId(ua.ObjectIds.ConditionType))
        number = ua.Variant(subscription.subscription_id, ua.VariantType.UInt32)
        await kind.call_method(ua.NodeId(ua.ObjectIds.ConditionType_ConditionRefresh), number)
        told = [await heard.next() for _ in range(3)]
        assert [e.EventType.Identifier for e in told] == [
            ua.ObjectIds.RefreshStartEventType, ua.ObjectIds.ExclusiveLevelAlarmType, ua.ObjectIds.RefreshEndEventType,
        ]  # fmt: skip
        with pytest.raises(ua.UaStatusCodeError) as refused:
            await kind.call_method(
                ua.NodeId(ua.ObjectIds.ConditionType_ConditionRefresh), ua.Variant(7, ua.VariantType.UInt32)
            )
        assert refused.value.code == ua.StatusCodes.BadSubscriptionIdInvalid

    run(scene)


def test_a_client_may_listen_to_one_type_or_one_machine():
    async def scene(plant, client, heard, subscription, handle):
        plant.commit(flow=85.0, trip=1.0)
        assert (await heard.next()).SourceName == "pump1.trip"
        assert heard.events.empty()

    run(scene, event_type=ua.ObjectIds.OffNormalAlarmType)
    run(scene, event_type=ua.ObjectIds.OffNormalAlarmType, notifier="ns=2;s=plc1/Pump1")


def test_a_disabled_condition_is_silent():
    async def scene(plant, client, heard, subscription, handle):
        node = await condition_node(client, "Flow")
        await node.call_method("0:Disable")
        assert (await heard.next()).Retain is False
        plant.commit(flow=95.0)
        await node.call_method("0:Enable")
        await heard.next()
        plant.commit(flow=95.0)
        assert (await heard.next()).Message.Text == "Flow: HighHigh"

    run(scene)


def test_a_filter_that_cannot_be_is_refused():
    async def scene(plant, client, heard, subscription, handle):
        wanted = await subscription.create_monitored_items([event_request(operator=ua.FilterOperator.RelatedTo)])
        assert wanted[0].value == ua.StatusCodes.BadEventFilterInvalid
        params = ua.CreateMonitoredItemsParameters(subscription.subscription_id)
        params.ItemsToCreate = [event_request(operator=ua.FilterOperator.RelatedTo)]
        (refused,) = await client.uaclient.create_monitored_items(params)
        said = refused.FilterResult
        assert {status.value for status in said.SelectClauseResults} == {0}
        elements = said.WhereClauseResult.ElementResults
        assert elements[0].StatusCode.value == ua.StatusCodes.BadFilterOperatorUnsupported

    def event_request(operator):
        chosen = ua.EventFilter()
        chosen.SelectClauses = [ua.SimpleAttributeOperand(
            ua.NodeId(ua.ObjectIds.BaseEventType), [ua.QualifiedName("EventId")], ua.AttributeIds.Value)]  # fmt: skip
        element = ua.ContentFilterElement()
        element.FilterOperator = operator
        element.FilterOperands = [ua.LiteralOperand(Value=ua.Variant(1))]
        chosen.WhereClause.Elements = [element]
        request = ua.MonitoredItemCreateRequest()
        request.ItemToMonitor = ua.ReadValueId(ua.NodeId(ua.ObjectIds.Server), ua.AttributeIds.EventNotifier)
        request.MonitoringMode = ua.MonitoringMode.Reporting
        request.RequestedParameters = ua.MonitoringParameters(ClientHandle=99, Filter=chosen, QueueSize=10)
        return request

    run(scene)
