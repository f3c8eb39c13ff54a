"""Every policy and mode with a client's own implementation of them."""

import asyncio

import pytest
from asyncua import ua

from tests.emulator.devices.opcua.security.conftest import EVERY


@pytest.mark.parametrize("endpoint", EVERY)
def test_values_and_waveforms_of_many_chunks_come_through(served, secure, endpoint):
    async def main():
        async with served(opcua={"security": EVERY}) as bench, secure(bench, endpoint) as client:
            bench.commit()
            flow = await bench.node(client, "Pump1/Flow")
            assert await flow.read_value() == 1.0
            wave = await bench.node(client, "Pump1/Vibration")
            nodes = [wave.nodeid] * 60
            bench.commit()
            for values in [await client.uaclient.read_attributes(nodes, ua.AttributeIds.Value) for _ in range(3)]:
                assert all(list(one.Value.Value)[:2] == [0.0, 1.0] for one in values)

    asyncio.run(main())
