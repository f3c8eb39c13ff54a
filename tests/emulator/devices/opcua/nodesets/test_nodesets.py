"""Nodesets of the user: all or nothing, errors that say where, instances whose variables are points."""

import asyncio
from pathlib import Path

import pytest
from asyncua import ua
from asyncua.server.address_space import AddressSpace

from emulator.devices.opcua import standard_space
from emulator.devices.opcua.nodesets import NodesetError
from emulator.devices.opcua.nodesets.instances import InstanceError
from emulator.devices.opcua.nodesets.loader import Loader

ROOT = Path(__file__).parents[5]
OURS = ROOT / "fixtures" / "opcua" / "bench_types.xml"
FOREIGN = ROOT / "tests" / "wire" / "node" / "node_modules" / "node-opcua-nodesets" / "nodesets"
URI = "urn:plantbench:test:types"
BASE = ["http://opcfoundation.org/UA/", "urn:server", "urn:device"]


def _space():
    space = AddressSpace()
    standard_space.fill(space)
    return space


def _content(space):
    return {
        nodeid: (len(node.attributes), [(r.ReferenceTypeId, r.NodeId, r.IsForward) for r in node.references])
        for nodeid, node in space._nodes.items()
    }


def test_a_model_goes_in_and_no_other_server_sees_it():
    space, other = _space(), _space()
    before = _content(other)
    loader = Loader(space, BASE)
    loader.read([OURS])
    loader.commit()
    assert loader.added == (URI,)
    type_ = space[ua.NodeId(1002, 3)]
    assert {(r.BrowseName.Name, r.IsForward) for r in type_.references} == {("PumpType", False), ("Measurements", True)}
    base = space[ua.NodeId(ua.ObjectIds.BaseObjectType)]
    assert any(r.NodeId == ua.NodeId(1001, 3) and r.IsForward for r in base.references)
    definition = space[ua.NodeId(3002, 3)].attributes[ua.AttributeIds.DataTypeDefinition].value.Value.Value
    assert [field.Name for field in definition.Fields] == ["Flow", "Head"]
    assert (definition.DefaultEncodingId, definition.BaseDataType) == (ua.NodeId(5002, 3), ua.NodeId(22))
    modes = space[ua.NodeId(3001, 3)].attributes[ua.AttributeIds.DataTypeDefinition].value.Value.Value
    assert [(field.Name, field.Value) for field in modes.Fields] == [("Off", 0), ("On", 1)]
    assert _content(other) == before


WRONG = [
    ("<UANodeSet", "<!DOCTYPE x [<!ENTITY a 'b'>]><UANodeSet", "a DTD can hide entity bombs"),
    ("</UANodeSet>", "", "not well-formed XML"),
    ("<UANodeSet", "<Other", "mismatched tag"),
    ('ModelUri="http://opcfoundation.org/UA/"', 'ModelUri="urn:other"', "needs urn:other, which no file brings"),
    ('NodeId="ns=1;i=6002"', 'NodeId="ns=1;i=6001"', "node ns=1;i=6001: is there already"),
    ('NodeId="ns=1;i=6002"', 'NodeId="ns=7;i=6002"', "is of namespace 7, which NamespaceUris lacks"),
    ('NodeId="ns=1;i=6002"', 'NodeId="6002"', "'6002' is neither a NodeId nor an alias"),
    ('NodeId="ns=1;i=6002"', 'NodeId="i=6002"', "belongs to namespace 0"),
    (">ns=1;i=5001<", ">ns=1;i=5999<", "refers to 'ns=1;i=5999', which no file has"),
    ('ReferenceType="HasEncoding"', 'ReferenceType="i=58"', "which is no reference type"),
    ('DataType="i=26"', 'DataType="ns=1;i=9"', "has the data type 'ns=1;i=9', which no file has"),
    ('BrowseName="1:Flow"', "", "has no BrowseName"),
    ("<Models>", "<Nothing>", "mismatched tag"),
]


@pytest.mark.parametrize(("old", "new", "rule"), WRONG)
def test_one_mistake_and_nothing_is_loaded(tmp_path, old, new, rule):
    text = OURS.read_text("utf-8")
    assert old in text
    broken = tmp_path / "broken.xml"
    broken.write_text(text.replace(old, new), "utf-8")
    space = _space()
    before = _content(space)
    with pytest.raises(NodesetError, match=r"broken\.xml:\d+: ") as refused:
        Loader(space, BASE).read([broken])
    assert rule in str(refused.value)
    assert _content(space) == before


def test_files_that_are_none_are_refused(tmp_path):
    for path, rule in ((tmp_path, "no.*regular|not a regular"), (tmp_path / "none.xml", "not a regular file")):
        with pytest.raises(NodesetError, match=rule):
            Loader(_space(), BASE).read([path])
    huge = tmp_path / "huge.xml"
    with huge.open("wb") as file:
        file.truncate(50 * 1024 * 1024 + 1)
    with pytest.raises(NodesetError, match="more than"):
        Loader(_space(), BASE).read([huge])
    deep = tmp_path / "deep.xml"
    deep.write_text("<a>" * 100 + "</a>" * 100)
    with pytest.raises(NodesetError, match="nest deeper"):
        Loader(_space(), BASE).read([deep])
    with pytest.raises(NodesetError, match=r"is in .* already; give one"):
        Loader(_space(), BASE).read([OURS, OURS])


INSTANCE = {
    "type": f"nsu={URI};FeedPumpType",
    "name": "Feed pump",
    "bind": {"Measurements/Flow": "pump1.flow", "Measurements/Setpoint": "pid1.setpoint"},
}


def test_an_instance_shows_the_points_it_is_bound_to(on_bench):
    async def body(bench, client):
        bench.commit()
        objects = client.nodes.objects
        index, types = [await client.get_namespace_index(uri) for uri in ("urn:plantbench:test:plc1", URI)]
        pump = await objects.get_child([f"{index}:Feed pump"])
        assert (await pump.read_type_definition()) == ua.NodeId(1002, types)
        assert await (await pump.get_child(f"{types}:Manufacturer")).read_value() == "plantbench"
        flow = await pump.get_child([f"{types}:Measurements", f"{types}:Flow"])
        setpoint = await pump.get_child([f"{types}:Measurements", f"{types}:Setpoint"])
        assert await client.read_values([flow, setpoint]) == [1.0, 75.0]
        assert (await flow.read_data_type()).Identifier == ua.ObjectIds.Double
        await setpoint.write_value(50.0)
        assert bench.image.take_writes() == [("pid1.setpoint", 50.0)]
        modes = await client.load_data_type_definitions()
        assert modes["PumpPoint"](1.0, 2.0).Head == 2.0

    on_bench(body, opcua={"nodesets": [str(OURS)], "instances": [INSTANCE]})


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"type": f"nsu={URI};PumpType"}, "is abstract"),
        ({"type": f"nsu={URI};Pump"}, "no object type 'Pump'"),
        ({"type": "nsu=urn:none;Pump"}, "of a loaded namespace"),
        ({"type": f"nsu={URI};i=6001"}, "no object type"),
        ({"bind": {"Measurements/Head": "pump1.flow"}}, "the type has no 'Head' there; it has"),
        ({"bind": {"Measurements": "pump1.flow"}}, "is no variable"),
        ({"bind": {"Measurements/Flow": "pump1.none"}}, "no readable point 'pump1.none'"),
        ({"bind": {"Measurements/Flow": "pump1.running"}}, "is a Number, point 'pump1.running' a Boolean"),
        ({"bind": {"Measurements/Flow": "pump1.vibration"}}, "is a waveform and the variable is not"),
    ],
)
def test_an_impossible_instance_says_why(served, change, rule):
    async def main():
        with pytest.raises(InstanceError, match="device plc1, instance 'Feed pump': ") as refused:
            async with served(opcua={"nodesets": [str(OURS)], "instances": [INSTANCE | change]}):
                pass
        assert rule in str(refused.value)

    asyncio.run(main())


def test_the_real_di_and_machinery_models_load_and_hold_a_machine(on_bench, foreign_node):
    foreign_node("node-opcua-nodesets")
    di = "http://opcfoundation.org/UA/DI/"
    files = [str(FOREIGN / f"Opc.Ua.{name}.NodeSet2.xml") for name in ("Machinery", "IA", "Di")]
    meter = {"type": f"nsu={di};SoftwareType", "name": "Firmware"}
    machine = {"type": "nsu=http://opcfoundation.org/UA/Machinery/;MachineIdentificationType", "name": "Press"}

    async def body(bench, client):
        index = await client.get_namespace_index(di)
        own = await client.get_namespace_index("urn:plantbench:test:plc1")
        machinery = await client.get_namespace_index("http://opcfoundation.org/UA/Machinery/")
        objects = client.nodes.objects
        firmware = await objects.get_child([f"{index}:DeviceSet", f"{own}:Firmware"])
        names = {(await n.read_browse_name()).Name for n in await firmware.get_children()}
        assert {"Manufacturer", "Model", "SoftwareRevision"} <= names
        press = await objects.get_child([f"{machinery}:Machines", f"{own}:Press"])
        names = {(await n.read_browse_name()).Name for n in await press.get_children()}
        assert {"Manufacturer", "SerialNumber", "ProductInstanceUri"} <= names

    on_bench(body, opcua={"nodesets": files, "instances": [meter, machine]})
