import pytest

from emulator.devices.modbus.codec import ModbusServerCodec, Request
from emulator.devices.modbus.conversation import Conversation
from emulator.devices.modbus.device import ModbusDevice
from emulator.devices.modbus.insertions_frame import LateAnswer
from emulator.devices.modbus.insertions_reply import NoAnswer, WrongTransactionId
from emulator.devices.modbus.insertions_request import ExceptionAnswer
from emulator.devices.modbus.misbehaviour import ModbusMisbehaviour

READ = bytes.fromhex("03 0000 0001")


class Line:
    """A conversation whose timers and late answers are lists to look at."""

    def __init__(self, bank, second_bank):
        self.timers = []
        self.sent = []
        self.hits = []
        self.wrong = ModbusMisbehaviour(inserted=lambda kind, detail: self.hits.append(kind))
        self.talk = Conversation(
            ModbusDevice({1: bank, 2: second_bank}),
            ModbusServerCodec(),
            self.wrong,
            later=lambda delay_s, call: self.timers.append((delay_s, call)),
            send=self.sent.append,
        )
        self.transaction = 0

    def ask(self, unit=1, pdu=READ):
        """Send one request; return (transaction id, unit, PDU) of each answer that comes back at once."""
        self.transaction += 1
        return ModbusServerCodec().receive(self.talk.answer(Request(self.transaction, unit, pdu)))


@pytest.fixture
def line(bank, second_bank):
    return Line(bank, second_bank)


def test_a_healthy_server_answers_and_notes_nothing(line):
    assert line.ask() == [(1, 1, bytes.fromhex("03 02 0000"))]
    assert line.talk.plain
    assert line.hits == []


def test_an_exception_replaces_the_answer_and_the_request_is_not_carried_out(line, writes):
    line.wrong.set(ExceptionAnswer(6), 1.0)
    assert line.ask() == [(1, 1, b"\x83\x06")]
    assert line.ask(pdu=bytes.fromhex("06 0001 0005")) == [(2, 1, b"\x86\x06")]
    assert writes == []
    assert line.hits == ["modbus_exception"] * 2


def test_a_lost_answer_is_still_a_write_carried_out(line, writes):
    line.wrong.set(NoAnswer(), 1.0)
    assert line.ask(pdu=bytes.fromhex("06 0001 0005")) == []
    assert writes == [("h1", 5)]


def test_a_wrong_transaction_id_is_off_by_the_offset_and_wraps(line):
    line.wrong.set(WrongTransactionId(-2), 1.0)
    assert line.ask()[0].transaction == 0xFFFF
    assert line.ask()[0].transaction == 0


def test_a_late_answer_goes_out_before_the_answer_to_the_next_request(line):
    late = LateAnswer(5.0)
    line.wrong.set(late, 1.0)
    assert line.ask() == []
    line.wrong.set(late, 0.0)
    assert [answer.transaction for answer in line.ask()] == [1, 2]
    assert line.timers[0][0] == 5.0
    line.timers[0][1]()
    assert line.sent == []


def test_a_late_answer_goes_out_when_its_delay_has_passed(line):
    line.wrong.set(LateAnswer(0.4), 1.0)
    assert line.ask() == []
    delay_s, release = line.timers[0]
    assert delay_s == 0.4
    release()
    assert [answer.transaction for answer in ModbusServerCodec().receive(line.sent[0])] == [1]
    assert line.ask() == []


def test_with_every_answer_late_each_request_gets_the_one_before(line):
    line.wrong.set(LateAnswer(), 1.0)
    assert [[answer.transaction for answer in line.ask()] for _ in range(4)] == [[], [1], [2], [3]]


def test_only_the_named_unit_misbehaves(line):
    line.wrong.set(NoAnswer(unit=2), 1.0)
    assert len(line.ask(unit=1)) == 1
    assert line.ask(unit=2) == []


def test_a_fault_does_not_make_an_absent_unit_answer(line):
    line.wrong.set(ExceptionAnswer(4), 1.0)
    assert line.ask(unit=9) == [(1, 9, b"\x83\x0b")]
    assert line.hits == []


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_the_share_of_requests_hit_is_the_one_asked_for_and_repeats(bank, second_bank, share):
    def misses():
        line = Line(bank, second_bank)
        line.wrong.set(NoAnswer(), share)
        return [not line.ask() for _ in range(200)]

    first = misses()
    assert sum(first) == pytest.approx(200 * share, abs=3)
    assert misses() == first


def test_requests_are_drawn_by_kind_and_index(line):
    asked = []
    line.wrong.draw = lambda kind, index: asked.append((kind, index)) or 0.0
    line.wrong.set(NoAnswer(unit=1), 0.5)
    for unit in (1, 2, 1):
        line.ask(unit=unit)
    assert asked == [("modbus_no_answer", 0), ("modbus_no_answer", 1)]


def test_switched_off_again_the_server_is_healthy(line):
    wrong = (ExceptionAnswer(), NoAnswer())
    for share in (1.0, 0.0):
        for insertion in wrong:
            line.wrong.set(insertion, share)
    assert line.talk.plain
    assert line.ask() == [(1, 1, bytes.fromhex("03 02 0000"))]


def test_a_client_that_never_waits_cannot_pile_up_late_answers(line):
    line.wrong.set(LateAnswer(1000.0), 1.0)
    for _ in range(500):
        line.ask()
    assert len(line.talk.held) <= 1
