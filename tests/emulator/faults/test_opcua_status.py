import numpy as np
import pytest

from emulator.devices.image import BAD_WAITING_FOR_INITIAL_DATA, DeviceImage, Reading
from emulator.devices.opcua.misbehaviour import OpcUaMisbehaviour
from emulator.devices.opcua.served import ServedPoint
from emulator.faults.opcua_status import OpcUaStatusFault
from emulator.streams import Streams
from rigs.devices.device import Device
from rigs.schema import Point

POINT = Point(id="a.b", device="d", asset="a", quantity="q", signal="s", opcua={"node": "A/B"})


def _served(misbehaviour):
    image = DeviceImage(Device(id="d", protocol="opcua"), (POINT,), 0)
    stream = Streams(3)("x")
    return image, ServedPoint(POINT, image, misbehaviour, lambda commit: float(stream.uniform(commit, 1)[0]))


def _run(severity, commits=1, **params):
    misbehaviour = OpcUaMisbehaviour()
    image, served = _served(misbehaviour)
    OpcUaStatusFault(params).apply(misbehaviour, severity, 0)
    seen = []
    for i in range(commits):
        image.commit({"a.b": Reading(float(i), 0, i)}, i)
        served.spoil()
        value = served.plain()
        seen.append((served.status, value))
    return seen


def test_every_reading_is_doubted_at_full_severity():
    assert _run(1.0) == [(0x808C0000, None)]


def test_a_bad_status_can_be_made_to_keep_its_number():
    assert _run(1.0, status="Bad_NoCommunication", keep_value=True) == [(0x80310000, 0.0)]


def test_an_uncertain_status_keeps_its_number():
    assert _run(1.0, status="Uncertain_LastUsableValue") == [(0x40900000, 0.0)]


def test_severity_is_the_share_of_readings():
    struck = [status != 0 for status, _ in _run(0.3, commits=2000)]
    assert np.mean(struck) == pytest.approx(0.3, abs=0.03)
    assert struck == [status != 0 for status, _ in _run(0.3, commits=2000)]


def test_severity_nought_takes_it_back_entirely():
    misbehaviour = OpcUaMisbehaviour()
    fault = OpcUaStatusFault({})
    fault.apply(misbehaviour, 1.0, 0)
    fault.apply(misbehaviour, 0.0, 1)
    assert misbehaviour == OpcUaMisbehaviour()
    assert not misbehaviour.on


def test_it_can_strike_one_point_only():
    misbehaviour = OpcUaMisbehaviour()
    OpcUaStatusFault({"point": "c.d"}).apply(misbehaviour, 1.0, 0)
    image, served = _served(misbehaviour)
    image.commit({"a.b": Reading(1.0, 0, 0)}, 0)
    assert served.spoil() == []
    assert (served.plain(), served.status) == (1.0, 0)


def test_a_value_that_never_came_stays_waited_for():
    misbehaviour = OpcUaMisbehaviour()
    OpcUaStatusFault({"status": "Uncertain_LastUsableValue"}).apply(misbehaviour, 1.0, 0)
    _, served = _served(misbehaviour)
    served.spoil()
    assert (served.plain(), served.status) == (None, BAD_WAITING_FOR_INITIAL_DATA)


def test_a_misspelt_status_is_answered_with_the_nearest():
    with pytest.raises(ValueError, match="unknown status 'Bad_SensorFailed'; did you mean 'Bad_SensorFailure'"):
        OpcUaStatusFault({"status": "Bad_SensorFailed"})


def test_an_unknown_parameter_is_refused():
    with pytest.raises(ValueError, match="no parameter 'code'; it takes status, point, keep_value"):
        OpcUaStatusFault({"code": "Bad_SensorFailure"})
