"""Every Modbus fault, as a client sees it: what each does to one exchange, and that healthy is healthy again."""

import pytest

from emulator.devices.modbus.bank import RegisterBank
from emulator.devices.modbus.codec import ModbusServerCodec, Request
from emulator.devices.modbus.conversation import Conversation
from emulator.devices.modbus.device import ModbusDevice
from emulator.devices.modbus.misbehaviour import ModbusMisbehaviour
from emulator.devices.modbus.registers import MappedValue
from emulator.devices.scaling import RegisterFormat
from emulator.faults.base import registry

KINDS = {kind: fault for kind, fault in registry().items() if kind.startswith("modbus_")}
READ = bytes.fromhex("03 0000 0002")
WRITE = bytes.fromhex("06 0002 0005")


class Talk:
    """One conversation with unit 1: a u32 at 0, a writable u16 at 2, and nothing else."""

    def __init__(self, *, mbap=True):
        self.writes, self.timers, self.sent, self.noted = [], [], [], []
        self.now_s = 0.0
        wide = MappedValue("wide", 0, RegisterFormat("u32"))
        small = MappedValue("small", 2, RegisterFormat("u16"), writable=True)
        self.bank = RegisterBank(holding_registers=[wide, small], write=lambda *write: self.writes.append(write))
        self.put(0x00010002)
        self.wrong = ModbusMisbehaviour(inserted=lambda kind, detail: self.noted.append((kind, detail)))
        self.talk = Conversation(
            ModbusDevice({1: self.bank}), ModbusServerCodec(), self.wrong, later=self._later, soon=self._later,
            send=self.sent.append, now_s=lambda: self.now_s,
        )  # fmt: skip

    def _later(self, delay_s, call):
        self.timers.append((delay_s, call))

    def put(self, number):
        self.bank.holding_registers.put(self.bank.holding_registers.starts[0], number)

    def ask(self, pdu=READ, transaction=7):
        return self.talk.answer(Request(transaction, 1, pdu)).hex(" ")


def frame(pdu, *, transaction="00 07", protocol="00 00", length=None, unit="01"):
    size = len(bytes.fromhex(pdu)) + 1 if length is None else length
    return bytes.fromhex(f"{transaction} {protocol} {size:04x} {unit} {pdu}").hex(" ")


GOOD = frame("03 04 00 01 00 02")
DONE = frame("06 00 02 00 05")
# kind -> parameters, request, answer
ONE_EXCHANGE = [
    ("modbus_exception", {"code": 200}, READ, frame("83 c8")),
    ("modbus_no_answer", {}, READ, ""),
    ("modbus_wrong_transaction_id", {"offset": -8}, READ, frame("03 04 00 01 00 02", transaction="ff ff")),
    ("modbus_duplicate_answer", {}, READ, f"{GOOD} {GOOD}"),
    ("modbus_unsolicited_answer", {}, READ, f"{GOOD} {frame('03 04 00 01 00 02', transaction='00 08')}"),
    ("modbus_wrong_unit", {"offset": -2}, READ, frame("03 04 00 01 00 02", unit="ff")),
    ("modbus_wrong_function", {}, READ, frame("04 04 00 01 00 02")),
    ("modbus_wrong_function", {"code": 16}, READ, frame("10 04 00 01 00 02")),
    ("modbus_exception_truncated", {}, READ, frame("83")),
    ("modbus_exception_extended", {"code": 2, "extra": 2}, READ, frame("83 02 00 00")),
    ("modbus_fewer_registers", {}, READ, frame("03 02 00 01")),
    ("modbus_more_registers", {"count": 2}, READ, frame("03 08 00 01 00 02 00 02 00 02")),
    ("modbus_byte_count_lie", {"offset": -1}, READ, frame("03 03 00 01 00 02")),
    ("modbus_zero_registers", {}, READ, frame("03 00")),
    ("modbus_protocol_id", {"value": 258}, READ, frame("03 04 00 01 00 02", protocol="01 02")),
    ("modbus_length_lie", {"length": "zero"}, READ, frame("03 04 00 01 00 02", length=0)),
    ("modbus_length_lie", {"length": "one"}, READ, frame("03 04 00 01 00 02", length=1)),
    ("modbus_length_lie", {"length": "short"}, READ, frame("03 04 00 01 00 02", length=6)),
    ("modbus_length_lie", {"length": "long"}, READ, frame("03 04 00 01 00 02", length=9)),
    ("modbus_length_lie", {"length": "maximum"}, READ, frame("03 04 00 01 00 02", length=65535)),
    ("modbus_busy", {}, READ, frame("83 06")),
    ("modbus_echo_request", {}, READ, frame("03 00 00 00 02")),
    ("modbus_write_ignored", {}, WRITE, DONE),
    ("modbus_write_unacknowledged", {}, WRITE, ""),
    ("modbus_write_echo_wrong", {}, WRITE, frame("06 00 02 00 04")),
    ("modbus_word_order", {}, READ, frame("03 04 00 02 00 01")),
    ("modbus_small_limits", {"registers": 1}, READ, frame("83 03")),
    ("modbus_gateway_unit_down", {"unit": 1, "code": 10}, READ, frame("83 0a")),
]


@pytest.mark.parametrize(("kind", "params", "request_", "answer"), ONE_EXCHANGE)
def test_what_a_fault_does_to_one_exchange_and_that_it_goes(kind, params, request_, answer):
    talk, fault = Talk(), KINDS[kind](params)
    fault.apply(talk.wrong, 0.0, 0)
    assert talk.talk.plain
    fault.apply(talk.wrong, 1.0, 0)
    fault.apply(talk.wrong, 1.0, 100_000_000)
    assert talk.ask(request_) == answer
    assert [noted for noted, _ in talk.noted] == [kind]
    fault.apply(talk.wrong, 0.0, 0)
    assert talk.talk.plain
    assert talk.ask() == GOOD
    assert len(talk.noted) == 1


def test_which_writes_reach_the_plant():
    done = {"modbus_write_unacknowledged", "modbus_write_echo_wrong", "modbus_no_answer", "modbus_duplicate_answer"}
    for kind in (*done, "modbus_write_ignored", "modbus_exception", "modbus_busy", "modbus_gateway_unit_down"):
        talk = Talk()
        KINDS[kind]({}).apply(talk.wrong, 1.0, 0)
        talk.ask(WRITE)
        assert talk.writes == ([("small", 5)] if kind in done else []), kind


def test_a_write_that_must_be_refused_is_refused_though_it_would_be_ignored():
    talk = Talk()
    KINDS["modbus_write_ignored"]({}).apply(talk.wrong, 1.0, 0)
    assert talk.ask(bytes.fromhex("06 0000 0005")) == frame("86 02")
    assert talk.noted == []


def test_an_acknowledged_command_is_carried_out_and_the_window_closes():
    talk, fault = Talk(), KINDS["modbus_busy"]({"code": 5, "window_s": 2.0})
    draws = iter((0.0, 0.9, 0.9, 0.9))
    talk.wrong.draw = lambda kind, index: next(draws)
    fault.apply(talk.wrong, 0.5, 0)
    assert talk.ask(WRITE) == frame("86 05")
    assert talk.writes == [("small", 5)]
    talk.now_s = 1.9
    assert talk.ask() == frame("83 05")
    talk.now_s = 2.1
    assert talk.ask() == GOOD


def test_held_answers_leave_before_or_behind_the_next():
    for kind, order in (
        ("modbus_late_answer", [1, 2]),
        ("modbus_glued_answers", [1, 2]),
        ("modbus_swapped_replies", [2, 1]),
    ):
        talk, fault = Talk(), KINDS[kind]({"delay_s": 5.0})
        fault.apply(talk.wrong, 1.0, 0)
        assert talk.ask(transaction=1) == ""
        fault.apply(talk.wrong, 0.0, 0)
        assert [
            event.transaction for event in ModbusServerCodec().receive(bytes.fromhex(talk.ask(transaction=2)))
        ] == order
        assert talk.timers[0][0] == 5.0


def test_fragments_follow_each_other_and_the_next_answer_flushes_what_is_left():
    talk = Talk()
    KINDS["modbus_fragments"]({"size": 5, "gap_s": 0.01}).apply(talk.wrong, 1.0, 0)
    first = talk.ask()
    assert [round(delay_s, 3) for delay_s, _ in talk.timers] == [0.01, 0.02]
    talk.timers[0][1]()
    assert f"{first} {talk.sent[0].hex(' ')}" == GOOD[: 3 * 10 - 1]
    flushed = bytes.fromhex(talk.ask(transaction=8))
    assert flushed[:3].hex(" ") == GOOD[-8:]


def test_torn_and_frozen_values_are_old_and_forgotten_when_the_fault_goes():
    for kind, answer in (("modbus_torn_value", "00 01 00 04"), ("modbus_frozen_registers", "00 01 00 02")):
        talk, fault = Talk(), KINDS[kind]({})
        fault.apply(talk.wrong, 1.0, 0)
        assert talk.ask() == GOOD
        talk.put(0x00030004)
        assert talk.ask() == frame(f"03 04 {answer}"), kind
        fault.apply(talk.wrong, 0.0, 0)
        assert talk.ask() == frame("03 04 00 03 00 04")
        fault.apply(talk.wrong, 1.0, 0)
        assert talk.ask() == frame("03 04 00 03 00 04")


def test_frozen_registers_may_leave_the_heartbeat_alone():
    talk = Talk()
    KINDS["modbus_frozen_registers"]({"first": 0, "last": 0}).apply(talk.wrong, 1.0, 0)
    talk.ask()
    talk.put(0x00030004)
    assert talk.ask() == frame("03 04 00 01 00 04")


def test_faults_of_the_header_do_nothing_to_a_serial_frame():
    for kind in ("modbus_protocol_id", "modbus_length_lie", "modbus_wrong_transaction_id", "modbus_unsolicited_answer"):
        assert KINDS[kind].targets == ("modbus-tcp",)


def test_faults_compose_in_the_order_of_their_stages_whichever_came_first():
    kinds = [("modbus_duplicate_answer", {}), ("modbus_wrong_unit", {}), ("modbus_exception", {"code": 2})]
    answers = set()
    for chosen in (kinds, kinds[::-1]):
        talk = Talk()
        for kind, params in chosen:
            KINDS[kind](params).apply(talk.wrong, 1.0, 0)
        answers.add(talk.ask())
        assert len(talk.noted) == 3
    assert answers == {f"{frame('83 02', unit='02')} {frame('83 02', unit='02')}"}


def test_only_the_named_unit_and_function_are_hit():
    talk = Talk()
    KINDS["modbus_exception"]({"unit": 2}).apply(talk.wrong, 1.0, 0)
    KINDS["modbus_no_answer"]({"function": 6}).apply(talk.wrong, 1.0, 0)
    assert talk.ask() == GOOD
    assert talk.ask(WRITE) == ""


def test_the_connection_limit_is_the_servers_to_keep():
    told, wrong = [], ModbusMisbehaviour()
    wrong.on_connection_limit = lambda: told.append(wrong.connection_limit)
    fault = KINDS["modbus_connection_limit"]({"connections": 2, "when_full": "drop_newest"})
    for severity in (0.0, 1.0, 1.0, 0.0):
        fault.apply(wrong, severity, 0)
    assert told == [(2, "drop_newest"), None]
    assert not wrong.active


@pytest.mark.parametrize(
    ("kind", "params", "message"),
    [
        ("modbus_exception", {"code": 0}, r"code = 0 must be a whole number in \[1, 255\]"),
        (
            "modbus_exception",
            {"cod": 4},
            "fault modbus_exception has no parameter 'cod'; it takes code, unit, function",
        ),
        ("modbus_late_answer", {"delay_s": -1.0}, r"delay_s = -1.0 must be in \[0, 3600\]"),
        ("modbus_wrong_transaction_id", {"offset": 0}, "offset = 0 leaves the answer right"),
        ("modbus_length_lie", {"length": "odd"}, "length = 'odd' must be one of zero, one, short, long, maximum"),
        ("modbus_busy", {"code": 5.5}, "must be a whole number"),
        ("modbus_connection_limit", {"when_full": "cry"}, "must be one of refuse, drop_oldest, drop_newest"),
    ],
)
def test_parameters_that_make_no_sense_are_refused(kind, params, message):
    with pytest.raises(ValueError, match=message):
        KINDS[kind](params)
