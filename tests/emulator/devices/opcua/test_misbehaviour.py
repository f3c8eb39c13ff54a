"""Protocol faults as a client sees them."""

from asyncua import ua

from emulator.faults.opcua_source_time_frozen import OpcUaSourceTimeFrozenFault
from emulator.faults.opcua_status import OpcUaStatusFault


def test_a_doubted_value_arrives_doubted_and_is_noted_once(on_bench):
    async def body(bench, client):
        flow = await bench.node(client, "Pump1/Flow")
        fault = OpcUaStatusFault({"point": "pump1.flow"})
        fault.apply(bench.server.misbehaviour, 1.0, 0)
        bench.commit()
        bench.commit()
        read = await flow.read_data_value(raise_on_bad_status=False)
        assert (read.StatusCode.value, read.Value.Value) == (ua.StatusCodes.BadSensorFailure, None)
        assert bench.inserted == [("opcua_status", "pump1.flow")]
        fault.apply(bench.server.misbehaviour, 0.0, 0)
        bench.commit()
        assert await flow.read_value() == 3.0

    on_bench(body)


def test_a_waveforms_parts_are_doubted_together(on_bench):
    async def body(bench, client):
        OpcUaStatusFault({}).apply(bench.server.misbehaviour, 1.0, 0)
        bench.commit()
        paths = ("Pump1/Vibration", "Pump1/Vibration/SampleCounter", "Pump1/Vibration/SampleRate")
        nodes = [(await bench.node(client, path)).nodeid for path in paths]
        read = await client.uaclient.read_attributes(nodes, ua.AttributeIds.Value)
        assert {value.StatusCode.value for value in read} == {ua.StatusCodes.BadSensorFailure}

    on_bench(body)


def test_a_frozen_source_time_arrives_frozen(on_bench):
    async def body(bench, client):
        flow = await bench.node(client, "Pump1/Flow")
        OpcUaSourceTimeFrozenFault({}).apply(bench.server.misbehaviour, 1.0, 0)
        bench.commit()
        first = await flow.read_data_value()
        bench.commit()
        second = await flow.read_data_value()
        assert (first.Value.Value, second.Value.Value) == (1.0, 2.0)
        assert first.SourceTimestamp == second.SourceTimestamp

    on_bench(body)
