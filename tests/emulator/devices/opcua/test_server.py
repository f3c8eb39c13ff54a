"""The server as its clients see it, over a real socket."""

import asyncio
import time

import pytest
from asyncua import ua

from emulator.devices.opcua import values


def test_a_value_is_waiting_until_the_first_commit(on_bench):
    async def body(bench, client):
        flow = await bench.node(client, "Pump1/Flow")
        before = await flow.read_data_value(raise_on_bad_status=False)
        bench.commit()
        after = await flow.read_data_value()
        assert before.StatusCode.value == ua.StatusCodes.BadWaitingForInitialData
        assert before.Value.Value is None
        assert (after.Value.Value, after.StatusCode.value) == (1.0, 0)

    on_bench(body)


def test_each_point_has_the_type_its_address_declares(on_bench):
    async def body(bench, client):
        bench.commit()
        seen = {}
        for path in ("Pump1/Flow", "Pump1/Count", "Pump1/Running", "Pump1/Vibration"):
            node = await bench.node(client, path)
            declared = (await node.read_data_type()).Identifier
            sent = (await node.read_data_value()).Value.VariantType
            seen[path] = (declared, int(sent))
        assert seen == {
            "Pump1/Flow": (11, 11),
            "Pump1/Count": (7, 7),
            "Pump1/Running": (1, 1),
            "Pump1/Vibration": (10, 10),
        }

    on_bench(body)


def test_an_analogue_point_states_range_and_unit(on_bench):
    async def body(bench, client):
        flow = await bench.node(client, "Pump1/Flow")
        range_ = await (await flow.get_child("0:EURange")).read_value()
        unit = await (await flow.get_child("0:EngineeringUnits")).read_value()
        assert (range_.Low, range_.High) == (0.0, 120.0)
        assert (unit.UnitId, unit.DisplayName.Text) == (int.from_bytes(b"MQH", "big"), "m³/h")
        vibration = await bench.node(client, "Pump1/Vibration")
        full = await (await vibration.get_child("0:InstrumentRange")).read_value()
        assert (full.Low, full.High) == (-490.3325, 490.3325)
        assert (await flow.read_description()).Text == "Discharge flow"

    on_bench(body)


def test_source_time_is_the_readings_and_server_time_the_devices(on_bench):
    async def body(bench, client):
        flow = await bench.node(client, "Pump1/Flow")
        bench.commit()
        wanted = ua.ReadParameters(TimestampsToReturn=ua.TimestampsToReturn.Both)
        wanted.NodesToRead = [ua.ReadValueId(flow.nodeid, ua.AttributeIds.Value)]
        read = (await client.uaclient.read(wanted))[0]
        assert ua.datetime_to_win_epoch(read.SourceTimestamp) == values.ticks(bench.t_ns)
        assert ua.datetime_to_win_epoch(read.ServerTimestamp) == values.ticks(bench.t_ns)

    on_bench(body)


def test_a_clock_offset_of_a_tick_shows_on_the_wire(on_bench):
    async def body(bench, client):
        bench.image.clock_offset_ns = 300
        bench.commit()
        node = bench.server._attributes[0]
        assert values.ticks(bench.t_ns + 300).to_bytes(8, "little") in node.encode(values.SOURCE, None)

    on_bench(body)


def test_a_bad_reading_arrives_bad_and_without_a_number(on_bench):
    async def body(bench, client):
        bench.commit(status=0x808C0000)
        flow = await bench.node(client, "Pump1/Flow")
        read = await flow.read_data_value(raise_on_bad_status=False)
        assert (read.StatusCode.value, read.Value.Value) == (0x808C0000, None)

    on_bench(body)


def test_an_uncertain_reading_keeps_its_number(on_bench):
    async def body(bench, client):
        bench.commit(status=0x40900000)
        read = await (await bench.node(client, "Pump1/Flow")).read_data_value(raise_on_bad_status=False)
        assert (read.StatusCode.value, read.Value.Value) == (0x40900000, 1.0)

    on_bench(body)


def test_one_read_of_a_waveform_is_one_reading(on_bench):
    async def body(bench, client):
        node = await bench.node(client, "Pump1/Vibration")
        counter = await bench.node(client, "Pump1/Vibration/SampleCounter")
        rate = await bench.node(client, "Pump1/Vibration/SampleRate")
        received = {}
        for _ in range(6):
            for _ in range(5):
                bench.commit()
            array, n0, hz = await client.uaclient.read_attributes(
                [node.nodeid, counter.nodeid, rate.nodeid], ua.AttributeIds.Value
            )
            assert array.SourceTimestamp == n0.SourceTimestamp == hz.SourceTimestamp
            assert hz.Value.Value == 1000.0
            received |= dict(enumerate(array.Value.Value, n0.Value.Value))
        assert list(received) == list(range(3000))  # no sample missed, none twice
        assert all(value == float(n) for n, value in received.items())

    on_bench(body)


def test_part_of_a_waveform_can_be_read(on_bench, fails_with):
    async def body(bench, client):
        for _ in range(12):
            bench.commit()
        node = await bench.node(client, "Pump1/Vibration")

        async def part(index_range):
            wanted = ua.ReadValueId(node.nodeid, ua.AttributeIds.Value, IndexRange=index_range)
            return (await client.uaclient.read(ua.ReadParameters(NodesToRead=[wanted])))[0]

        assert (await part("998:5000")).Value.Value == [1198.0, 1199.0]
        assert (await part("0")).Value.Value == [200.0]
        assert (await part("1000:1001")).StatusCode.value == ua.StatusCodes.BadIndexRangeNoData
        assert (await part("1,2")).StatusCode.value == ua.StatusCodes.BadIndexRangeNoData
        for nonsense in ("5:5", "7:3", "-1", "a:b"):
            assert (await part(nonsense)).StatusCode.value == ua.StatusCodes.BadIndexRangeInvalid

    on_bench(body)


def test_a_write_becomes_a_command_and_shows_when_the_plant_has_it(on_bench):
    async def body(bench, client):
        bench.commit()
        setpoint = await bench.node(client, "Pid1/Setpoint")
        await setpoint.write_value(50.0)
        assert await setpoint.read_value() == 75.0
        assert bench.image.take_writes() == [("pid1.setpoint", 50.0)]
        bench.commit(pid1__setpoint=50.0)
        assert await setpoint.read_value() == 50.0

    on_bench(body)


@pytest.mark.parametrize(
    ("path", "value", "type_", "status"),
    [
        ("Pid1/Setpoint", 110.1, ua.VariantType.Double, ua.StatusCodes.BadOutOfRange),
        ("Pid1/Setpoint", float("nan"), ua.VariantType.Double, ua.StatusCodes.BadOutOfRange),
        ("Pid1/Setpoint", 50, ua.VariantType.Int32, ua.StatusCodes.BadTypeMismatch),
        ("Pid1/Setpoint", [50.0], ua.VariantType.Double, ua.StatusCodes.BadTypeMismatch),
        ("Pid1/Auto", 1, ua.VariantType.Byte, ua.StatusCodes.BadTypeMismatch),
        ("Pump1/Flow", 1.0, ua.VariantType.Double, ua.StatusCodes.BadNotWritable),
        ("Pump1/Vibration/SampleCounter", 1, ua.VariantType.UInt64, ua.StatusCodes.BadNotWritable),
    ],
)
def test_a_write_that_does_not_fit_is_refused_and_not_queued(on_bench, fails_with, path, value, type_, status):
    async def body(bench, client):
        bench.commit()
        node = await bench.node(client, path)
        assert await fails_with(node.write_value(ua.Variant(value, type_))) == status
        assert bench.image.take_writes() == []

    on_bench(body)


def test_access_levels_say_what_can_be_written(on_bench):
    async def body(bench, client):
        flow = await bench.node(client, "Pump1/Flow")
        setpoint = await bench.node(client, "Pid1/Setpoint")
        assert await flow.get_access_level() == {ua.AccessLevel.CurrentRead}
        assert await setpoint.get_access_level() == {ua.AccessLevel.CurrentRead, ua.AccessLevel.CurrentWrite}

    on_bench(body)


def test_a_method_is_a_command(on_bench, fails_with):
    async def body(bench, client):
        motor = await bench.node(client, "Motor1")
        start = await bench.node(client, "Motor1/Start")
        await motor.call_method(start)
        assert bench.image.take_writes() == [("motor1.start", True)]
        assert await fails_with(motor.call_method(start, 1.0)) == ua.StatusCodes.BadTooManyArguments
        pump = await bench.node(client, "Pump1")
        assert await fails_with(pump.call_method(start)) == ua.StatusCodes.BadMethodInvalid
        assert bench.image.take_writes() == []

    on_bench(body)


class _Listener:
    def __init__(self):
        self.changes = asyncio.Queue()

    def datachange_notification(self, node, value, data):
        self.changes.put_nowait((value, data.monitored_item.Value.SourceTimestamp))

    def status_change_notification(self, status):
        pass


def test_a_subscriber_hears_of_every_commit(on_bench):
    async def body(bench, client):
        flow = await bench.node(client, "Pump1/Flow")
        bench.commit()
        listener = _Listener()
        subscription = await client.create_subscription(50, listener)
        await subscription.subscribe_data_change(flow, queuesize=10)
        first = await asyncio.wait_for(listener.changes.get(), 4)
        for _ in range(3):
            bench.commit()
        heard = [first] + [await asyncio.wait_for(listener.changes.get(), 4) for _ in range(3)]
        assert [value for value, _ in heard] == [1.0, 2.0, 3.0, 4.0]
        assert [ua.datetime_to_win_epoch(t) % 10**7 for _, t in heard] == [
            10**6,
            2 * 10**6,
            3 * 10**6,
            4 * 10**6,
        ]
        await subscription.delete()

    on_bench(body)


def test_a_frozen_device_answers_with_old_values_and_an_old_clock(on_bench):
    async def body(bench, client):
        bench.commit()
        bench.image.frozen = True
        bench.commit()
        read = await (await bench.node(client, "Pump1/Flow")).read_data_value()
        clock = await client.nodes.server_state.get_parent()
        now = await (await clock.get_child("0:CurrentTime")).read_value()
        assert read.Value.Value == 1.0
        assert read.SourceTimestamp == now

    on_bench(body)


def test_a_restarting_device_drops_its_clients_and_wants_a_new_session(served):
    async def main():
        async with served() as bench:
            bench.commit()
            client = await bench.client()
            flow = await bench.node(client, "Pump1/Flow")
            bench.image.power(online=False, t_ns=bench.t_ns)
            with pytest.raises((ConnectionError, ua.UaError)):
                await flow.read_value()
            with pytest.raises((ConnectionError, OSError, asyncio.TimeoutError)):
                await bench.client()
            await client.disconnect()
            bench.image.power(online=True, t_ns=bench.t_ns)
            again = await bench.client()
            flow = await bench.node(again, "Pump1/Flow")
            read = await flow.read_data_value(raise_on_bad_status=False)
            assert read.StatusCode.value == ua.StatusCodes.BadWaitingForInitialData
            bench.commit()
            assert await flow.read_value() == 2.0
            await again.disconnect()

    asyncio.run(main())


def test_it_stops_at_once_with_clients_connected(served):
    async def main():
        async with served() as bench:
            clients = [await bench.client() for _ in range(3)]
            began = time.monotonic()
            await bench.server.stop()
            assert time.monotonic() - began < 1.0
            for client in clients:
                await client.disconnect()

    asyncio.run(main())


def test_two_servers_in_one_process_do_not_share_their_nodes(served):
    async def main():
        async with served() as one, served() as two:
            one.commit()
            for bench, status in ((one, 0), (two, ua.StatusCodes.BadWaitingForInitialData)):
                client = await bench.client()
                flow = await bench.node(client, "Pump1/Flow")
                assert (await flow.read_data_value(raise_on_bad_status=False)).StatusCode.value == status
                await client.disconnect()

    asyncio.run(main())


def test_two_points_at_one_node_are_refused(served):
    from rigs.schema import Point

    twice = tuple(
        Point(id=f"a.b{i}", device="plc1", asset="a", quantity="q", signal="s", opcua={"node": "A/B"}) for i in (1, 2)
    )

    async def main():
        with pytest.raises(ValueError, match="claim the node plc1/A/B; give each"):
            async with served(twice):
                pass

    asyncio.run(main())


def test_a_taken_port_is_an_error(served):
    async def main():
        async with served() as bench:
            with pytest.raises(OSError, match="in use"):
                async with served(port=bench.server.port):
                    pass

    asyncio.run(main())


def test_the_url_is_not_guessed_before_the_port_is_known(served):
    async def main():
        async with served() as bench:
            await bench.server.stop()
            with pytest.raises(RuntimeError, match="before start"):
                _ = bench.server.url

    asyncio.run(main())
