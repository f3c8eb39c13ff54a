import pytest

from emulator.devices.modbus.misbehaviour import ModbusMisbehaviour
from emulator.faults.modbus_exception import ModbusExceptionFault
from emulator.faults.modbus_late_answer import ModbusLateAnswerFault
from emulator.faults.modbus_no_answer import ModbusNoAnswerFault
from emulator.faults.modbus_wrong_transaction_id import ModbusWrongTransactionIdFault

FAULTS = {
    "exception": ModbusExceptionFault,
    "no_answer": ModbusNoAnswerFault,
    "late_answer": ModbusLateAnswerFault,
    "wrong_transaction_id": ModbusWrongTransactionIdFault,
}


@pytest.mark.parametrize("field", FAULTS)
def test_severity_is_the_share_of_requests_and_zero_is_healthy(field):
    fault, target = FAULTS[field]({"unit": 2}), ModbusMisbehaviour()
    fault.apply(target, 0.0, 0)
    assert not target.active
    fault.apply(target, 0.25, 0)
    assert (getattr(target, field).share, getattr(target, field).unit) == (0.25, 2)
    assert target.active
    fault.apply(target, 0.0, 0)
    assert getattr(target, field) is None
    assert not target.active


@pytest.mark.parametrize("field", FAULTS)
def test_applying_again_changes_nothing(field):
    fault, target = FAULTS[field]({}), ModbusMisbehaviour()
    fault.apply(target, 1.0, 0)
    before = getattr(target, field)
    fault.apply(target, 1.0, 100_000_000)
    assert getattr(target, field) == before
    assert before.unit is None


def test_faults_do_not_switch_each_other_off():
    target = ModbusMisbehaviour()
    FAULTS["no_answer"]({}).apply(target, 1.0, 0)
    FAULTS["exception"]({"code": 6}).apply(target, 0.0, 0)
    assert target.no_answer is not None
    assert target.active


@pytest.mark.parametrize(
    ("field", "params", "message"),
    [
        ("exception", {"code": 0}, r"code = 0 must be in \[1, 255\]"),
        ("exception", {"cod": 4}, "fault modbus_exception has no parameter 'cod'; it takes code, unit"),
        ("late_answer", {"delay_s": -1.0}, r"delay_s = -1.0 must be in \[0, 3600\] s"),
        ("wrong_transaction_id", {"offset": 65536}, "offset = 65536 leaves the transaction id right"),
    ],
)
def test_parameters_that_make_no_sense_are_refused(field, params, message):
    with pytest.raises(ValueError, match=message):
        FAULTS[field](params)
