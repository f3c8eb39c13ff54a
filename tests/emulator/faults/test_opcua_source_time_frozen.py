import pytest

from emulator.devices.image import DeviceImage, Reading
from emulator.devices.opcua import values
from emulator.devices.opcua.misbehaviour import OpcUaMisbehaviour
from emulator.devices.opcua.served import ServedPoint
from emulator.faults.opcua_source_time_frozen import OpcUaSourceTimeFrozenFault
from rigs.devices.device import Device
from rigs.schema import Point

POINT = Point(id="a.b", device="d", asset="a", quantity="q", signal="s", opcua={"node": "A/B"})


@pytest.fixture
def desk():
    misbehaviour = OpcUaMisbehaviour()
    image = DeviceImage(Device(id="d", protocol="opcua"), (POINT,), 0)
    served = ServedPoint(POINT, image, misbehaviour, lambda commit: 1.0)

    def commit(i):
        image.commit({"a.b": Reading(float(i), 0, 1000 * i)}, 1000 * i)
        begun = served.spoil()
        return served.plain(), served.source_ticks - values.UNIX_EPOCH_TICKS, begun

    return misbehaviour, commit


def test_values_move_and_their_time_stands_still(desk):
    misbehaviour, commit = desk
    fault = OpcUaSourceTimeFrozenFault({"point": "a.b"})
    assert commit(1) == (1.0, 10, [])
    fault.apply(misbehaviour, 1.0, 0)
    assert commit(2) == (2.0, 20, ["opcua_source_time_frozen"])
    assert commit(3) == (3.0, 20, [])
    assert commit(4) == (4.0, 20, [])
    fault.apply(misbehaviour, 0.0, 0)
    assert commit(5) == (5.0, 50, [])


def test_it_freezes_anew_at_the_next_onset(desk):
    misbehaviour, commit = desk
    fault = OpcUaSourceTimeFrozenFault({})
    for severity, i, ticks in ((1.0, 2, 20), (0.0, 3, 30), (0.5, 4, 40), (0.5, 5, 40)):
        fault.apply(misbehaviour, severity, 0)
        assert commit(i)[1] == ticks


def test_another_point_keeps_its_time(desk):
    misbehaviour, commit = desk
    OpcUaSourceTimeFrozenFault({"point": "c.d"}).apply(misbehaviour, 1.0, 0)
    assert [commit(i)[1] for i in (1, 2)] == [10, 20]
