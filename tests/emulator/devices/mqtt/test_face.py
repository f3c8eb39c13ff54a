"""The face of a device in a rig: its broker's port, and a broker that several devices share."""

import asyncio
from types import SimpleNamespace

import pytest

from emulator.devices.faces import Setting, open_face
from emulator.devices.image import DeviceImage
from emulator.devices.mqtt.misbehaviour import Plan
from emulator.devices.timers import SteppedTimers
from emulator.faults.base import registry
from emulator.streams import Streams
from rigs.devices.device import Device

KINDS = sorted(kind for kind, fault in registry().items() if fault.targets == ("mqtt",))


def faces(*devices):
    made = [Device.model_validate({"protocol": "mqtt"} | device) for device in devices]
    rig = SimpleNamespace(assets=(), device={device.id: device for device in made}.__getitem__)
    shared, timers = {}, SteppedTimers()
    return [
        open_face(Setting(DeviceImage(device, (), 0), rig, Streams(1), lambda *_: None, timers, shared))
        for device in made
    ]


def test_devices_that_name_one_broker_share_it_until_the_last_has_left():
    async def main():
        one, two = faces({"id": "a", "mqtt": {"broker": "b"}}, {"id": "b"})
        url = await one.start()
        assert await two.start() == url
        assert url.startswith("mqtt://127.0.0.1:")
        port = int(url.rsplit(":", 1)[1])
        await two.stop()
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.close()
        await one.stop()
        with pytest.raises(OSError, match=r"refused|Connect call failed"):
            await asyncio.open_connection("127.0.0.1", port)

    asyncio.run(main())


def test_there_are_the_faults_the_catalogue_asks_for():
    assert len(KINDS) == 31


@pytest.mark.parametrize("kind", KINDS)
def test_a_fault_that_is_over_leaves_the_device_as_it_was(make_bench, kind):
    bench = make_bench()
    bench.host()
    bench.scan(2)
    healthy = repr(bench.face.misbehaviour)
    fault = registry()[kind]({})
    for _ in range(3):
        fault.apply(bench.face.misbehaviour, 0.7, 0)
        bench.scan()
    assert repr(bench.face.misbehaviour) != healthy
    fault.apply(bench.face.misbehaviour, 0.0, 0)
    assert repr(bench.face.misbehaviour) == healthy
    bench.scan(80)
    host = bench.host(clean=True)
    bench.scan(3)
    assert len(host.messages()) >= 6
    assert bench.broker.down is False


def test_a_plan_reads_like_its_parameters():
    assert Plan(0.5, (("delay_s", 2.0),))["delay_s"] == 2.0
