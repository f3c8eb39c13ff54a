"""Browse, BrowseNext, TranslateBrowsePaths, RegisterNodes and their limits, over a real socket."""

import pytest
from asyncua import ua

BAD = ua.StatusCodes
OBJECTS = ua.NodeId(ua.ObjectIds.ObjectsFolder)


def _description(nodeid, **more):
    asked = {
        "NodeId": nodeid,
        "BrowseDirection": ua.BrowseDirection.Forward,
        "ReferenceTypeId": ua.NodeId(ua.ObjectIds.HierarchicalReferences),
        "IncludeSubtypes": True,
        "ResultMask": 63,
    }
    return ua.BrowseDescription(**(asked | more))


async def _browse(client, *descriptions, limit=0, view=None):
    params = ua.BrowseParameters(RequestedMaxReferencesPerNode=limit, NodesToBrowse=list(descriptions))
    if view is not None:
        params.View.ViewId = view
    return await client.uaclient.browse(params)


async def _next(client, *points, release=False):
    params = ua.BrowseNextParameters(ReleaseContinuationPoints=release, ContinuationPoints=list(points))
    return await client.uaclient.browse_next(params)


def _names(result):
    return [reference.BrowseName.Name for reference in result.References]


def test_a_browse_in_parts_finds_what_a_whole_one_finds(on_bench):
    async def body(bench, client):
        vibration = (await bench.node(client, "Pump1/Vibration")).nodeid
        whole = (await _browse(client, _description(vibration)))[0]
        assert len(whole.References) == 5
        assert whole.ContinuationPoint is None
        for limit in (1, 2, 3, 4):
            part = (await _browse(client, _description(vibration), limit=limit))[0]
            found = _names(part)
            while part.ContinuationPoint:
                part = (await _next(client, part.ContinuationPoint))[0]
                assert 1 <= len(part.References) <= limit
                found += _names(part)
            assert found == _names(whole)

    on_bench(body)


def test_continuation_points_are_few_and_can_be_let_go(on_bench):
    async def body(bench, client):
        device = _description((await bench.node(client, "Pump1")).nodeid)
        results = await _browse(client, device, device, device, limit=1)
        assert [r.StatusCode.value for r in results] == [0, 0, BAD.BadNoContinuationPoints]
        first, second = (r.ContinuationPoint for r in results[:2])
        assert [r.StatusCode.value for r in await _next(client, first, release=True)] == [0]
        again = await _next(client, first, second, b"")
        wrong = BAD.BadContinuationPointInvalid
        assert [r.StatusCode.value for r in again] == [wrong, 0, wrong]
        assert (await _browse(client, device, limit=1))[0].StatusCode.value == 0

    on_bench(body, opcua={"limits": {"browse_continuation_points": 2}})


def test_type_direction_class_and_mask_select(on_bench):
    async def body(bench, client):
        vibration = (await bench.node(client, "Pump1/Vibration")).nodeid
        properties = ua.NodeId(ua.ObjectIds.HasProperty)
        both = ua.BrowseDirection.Both
        answers = await _browse(
            client,
            _description(vibration, ReferenceTypeId=properties),
            _description(vibration, ReferenceTypeId=ua.NodeId(ua.ObjectIds.Aggregates)),
            _description(vibration, ReferenceTypeId=ua.NodeId(ua.ObjectIds.Aggregates), IncludeSubtypes=False),
            _description(vibration, BrowseDirection=ua.BrowseDirection.Inverse),
            _description(vibration, ReferenceTypeId=ua.NodeId(), BrowseDirection=both),
            _description(OBJECTS, NodeClassMask=int(ua.NodeClass.Variable)),
            _description(vibration, ResultMask=8),
        )
        names = [set(_names(answer)) for answer in answers]
        assert names[0] == {"EURange", "EngineeringUnits", "InstrumentRange"}
        assert names[1] == names[0] | {"SampleCounter", "SampleRate"}
        assert names[2] == set()
        assert names[3] == {"Pump1"}
        assert names[4] == names[1] | {"Pump1", "AnalogItemType"}
        assert names[5] == set()
        one = answers[6].References[0]
        assert one.BrowseName.Name == "EURange"
        assert one.NodeClass == ua.NodeClass.Unspecified
        assert one.DisplayName.Text is None
        assert one.ReferenceTypeId.is_null()
        assert not one.IsForward

    on_bench(body)


def test_what_is_wrong_with_a_browse_is_said_of_the_node_it_concerns(on_bench, fails_with):
    async def body(bench, client):
        results = await _browse(
            client,
            _description(ua.NodeId("none", 2)),
            _description(OBJECTS, ReferenceTypeId=ua.NodeId(ua.ObjectIds.Server)),
            _description(OBJECTS),
        )
        assert [r.StatusCode.value for r in results] == [BAD.BadNodeIdUnknown, BAD.BadReferenceTypeIdInvalid, 0]
        assert await fails_with(_browse(client, _description(OBJECTS), view=OBJECTS)) == BAD.BadViewIdUnknown
        assert await fails_with(_browse(client)) == BAD.BadNothingToDo
        assert await fails_with(_next(client)) == BAD.BadNothingToDo

    on_bench(body)


def test_limits_are_enforced_and_advertised(on_bench, fails_with):
    limits = {"nodes_per_browse": 2, "nodes_per_read": 3, "nodes_per_write": 1, "nodes_per_translate": 1,
              "nodes_per_register": 2, "nodes_per_method_call": 4, "nodes_per_history_read": 5,
              "array_length": 2000, "string_length": 70}  # fmt: skip

    async def body(bench, client):
        shown = {}
        capabilities = client.get_node(ua.NodeId(ua.ObjectIds.Server_ServerCapabilities))
        for node in await capabilities.get_properties():
            shown[(await node.read_browse_name()).Name] = await node.read_value()
        for node in await client.get_node(
            ua.NodeId(ua.ObjectIds.Server_ServerCapabilities_OperationLimits)
        ).get_properties():
            shown[(await node.read_browse_name()).Name] = await node.read_value()
        assert {
            "MaxNodesPerRead": 3, "MaxNodesPerWrite": 1, "MaxNodesPerBrowse": 2, "MaxNodesPerMethodCall": 4,
            "MaxNodesPerTranslateBrowsePathsToNodeIds": 1, "MaxNodesPerRegisterNodes": 2,
            "MaxNodesPerHistoryReadData": 5, "MaxBrowseContinuationPoints": 10, "MaxArrayLength": 2000,
            "MaxStringLength": 70, "MaxByteStringLength": 70, "MaxMonitoredItemsPerCall": 10_000,
        }.items() <= shown.items()  # fmt: skip
        flow = await bench.node(client, "Pump1")
        description = _description(flow.nodeid)
        many = BAD.BadTooManyOperations
        assert await fails_with(_browse(client, description, description, description)) == many
        assert await fails_with(client.uaclient.register_nodes([flow.nodeid] * 3)) == many
        read = [ua.ReadValueId(flow.nodeid, ua.AttributeIds.BrowseName)] * 4
        assert await fails_with(client.uaclient.read(ua.ReadParameters(NodesToRead=read))) == many
        write = [ua.WriteValue(flow.nodeid, ua.AttributeIds.Value, Value=ua.DataValue(1.0))] * 2
        assert await fails_with(client.uaclient.write(ua.WriteParameters(NodesToWrite=write))) == many
        paths = [ua.BrowsePath(OBJECTS, ua.RelativePath([ua.RelativePathElement(TargetName=ua.QualifiedName("x"))]))]
        assert await fails_with(client.uaclient.translate_browsepaths_to_nodeids(paths * 2)) == many
        call = [ua.CallMethodRequest(flow.nodeid, flow.nodeid)] * 5
        assert await fails_with(client.uaclient.call(call)) == many

    on_bench(body, opcua={"limits": limits})


def _path(*names, start=OBJECTS, kind=ua.ObjectIds.HierarchicalReferences, subtypes=True):
    elements = [ua.RelativePathElement(ua.NodeId(kind), False, subtypes, name) for name in names]
    return ua.BrowsePath(start, ua.RelativePath(elements))


def test_paths_are_followed_or_refused_one_by_one(on_bench):
    async def body(bench, client):
        q = ua.QualifiedName
        results = await client.uaclient.translate_browsepaths_to_nodeids(
            [
                _path(q("plc1", 2), q("Pump1", 2), q("Flow", 2)),
                _path(q("plc1", 2), q("Pump1", 2), q("flow", 2)),
                _path(q("plc1", 2), q("", 0)),
                _path(),
                _path(q("plc1", 2), start=ua.NodeId("none", 2)),
                _path(q("plc1", 2), kind=ua.ObjectIds.References, subtypes=False),
                _path(*[q("Server", 0)] * 33),
                _path(q("", 0), q("Pump1", 2)),
            ]
        )
        assert [r.StatusCode.value for r in results] == [
            0, BAD.BadNoMatch, BAD.BadBrowseNameInvalid, BAD.BadNothingToDo, BAD.BadNodeIdUnknown, BAD.BadNoMatch,
            BAD.BadQueryTooComplex, BAD.BadBrowseNameInvalid,
        ]  # fmt: skip
        flow = await bench.node(client, "Pump1/Flow")
        assert (results[0].Targets[0].TargetId, results[0].Targets[0].RemainingPathIndex) == (flow.nodeid, 2**32 - 1)

    on_bench(body)


def test_a_registered_node_has_a_short_name_until_it_is_let_go(on_bench):
    async def body(bench, client):
        bench.commit()
        setpoint = await bench.node(client, "Pid1/Setpoint")
        unknown = ua.NodeId("none", 2)
        short, same = await client.uaclient.register_nodes([setpoint.nodeid, unknown])
        assert same == unknown
        assert (short.NamespaceIndex, short.NodeIdType) == (1, ua.NodeIdType.FourByte)
        node = client.get_node(short)
        assert await node.read_value() == 75.0
        await node.write_value(50.0)
        assert bench.image.take_writes() == [("pid1.setpoint", 50.0)]
        await client.uaclient.unregister_nodes([short, unknown])
        with pytest.raises(ua.uaerrors.BadNodeIdUnknown):
            await node.read_value()

    on_bench(body)


def test_a_session_takes_its_short_names_along(on_bench):
    async def body(bench, client):
        other = await bench.client()
        setpoint = await bench.node(client, "Pid1/Setpoint")
        (short,) = await other.uaclient.register_nodes([setpoint.nodeid])
        assert await client.get_node(short).read_browse_name() == await setpoint.read_browse_name()
        await other.disconnect()
        with pytest.raises(ua.uaerrors.BadNodeIdUnknown):
            await client.get_node(short).read_browse_name()

    on_bench(body)
