"""Somebody in the middle of a Modbus TCP link: what the client gets, byte by byte."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil.insertion.link.base import create
from hil.insertion.modbus.frames import ORDERS, TYPES, Cell, Cutter, Frame


class Target:
    def stream(self, kind):
        return self

    def uniform(self, n0, count):
        return [((n0 + i) * 0.618) % 1.0 for i in range(count)]

    def attach(self, fault):
        fault.start()

    def detach(self, fault):
        pass


def attacked(kind: str, severity: float = 1.0, **params):
    fault = create(kind, params)
    fault.apply(Target(), severity, 0)
    return fault


def ask(fault, transaction: int, first: int, count: int, unit: int = 1, function: int = 4) -> None:
    request = bytes(Frame(transaction, unit, struct.pack(">BHH", function, first, count)))
    assert fault.altered(0, "up", request) == request


def answer(fault, transaction: int, registers: bytes, unit: int = 1, function: int = 4) -> bytes:
    frame = Frame(transaction, unit, bytes((function, len(registers))) + registers)
    return fault.altered(0, "down", bytes(frame))[9:]


def test_a_value_is_shifted_and_its_neighbours_are_left_alone():
    fault = attacked("attack_tamper", 0.5, register=12, type="f32", order="CDAB", add=4.0)
    ask(fault, 7, 10, 6)
    registers = struct.pack(">2H", 1, 2) + struct.pack(">f", 10.0)[2:] + struct.pack(">f", 10.0)[:2] + b"\0\5\0\6"
    heard = answer(fault, 7, registers)
    assert heard[:4] + heard[8:] == registers[:4] + registers[8:]
    assert struct.unpack(">f", heard[6:8] + heard[4:6]) == (12.0,)


def test_other_units_tables_registers_and_exceptions_pass():
    fault = attacked("attack_tamper", register=12, type="u16", add=100.0)
    for transaction, (first, unit, function) in enumerate([(12, 2, 4), (12, 1, 3), (20, 1, 4)]):
        ask(fault, transaction, first, 1, unit, function)
        assert answer(fault, transaction, b"\0\7", unit, function) == b"\0\7"
    ask(fault, 9, 12, 1)
    refused = bytes(Frame(9, 1, b"\x84\x02"))
    assert fault.altered(0, "down", refused) == refused


def test_a_number_does_not_leave_its_type():
    fault = attacked("attack_tamper", register=0, type="i16", mode="set", add=1e6)
    ask(fault, 1, 0, 1)
    assert answer(fault, 1, b"\0\7") == struct.pack(">h", 32_767)


def test_recorded_answers_come_back_under_fresh_ids():
    fault = attacked("attack_replay", answers=2)
    heard = []
    for transaction in range(6):
        ask(fault, transaction, 0, 1)
        frame = bytes(Frame(transaction, 1, b"\4\2" + struct.pack(">H", transaction)))
        heard.append(fault.altered(0, "down", frame))
    assert [int.from_bytes(h[:2], "big") for h in heard] == [0, 1, 2, 3, 4, 5]
    assert [int.from_bytes(h[9:], "big") for h in heard] == [0, 1, 0, 1, 0, 1]


def test_writes_are_not_replayed():
    fault = attacked("attack_replay", answers=1)
    for transaction in range(3):
        write = bytes(Frame(transaction, 1, struct.pack(">BHH", 6, 0, transaction)))
        assert fault.altered(0, "up", write) == write
        assert fault.altered(0, "down", write) == write


frames = st.builds(Frame, st.integers(0, 65_535), st.integers(0, 255), st.binary(min_size=1, max_size=253))


@given(st.lists(frames, max_size=8), st.lists(st.integers(1, 40), min_size=1, max_size=40))
def test_frames_are_cut_alike_in_whatever_pieces_they_come(sent: list[Frame], sizes: list[int]):
    data, cutter, seen, out = b"".join(map(bytes, sent)), Cutter(), [], b""
    place = 0
    while place < len(data):
        size = sizes[place % len(sizes)]
        out += cutter.take(data[place : place + size], lambda frame: (seen.append(frame), bytes(frame))[1])
        place += size
    assert (seen, out, bytes(cutter.rest)) == (sent, data, b"")


@given(st.binary(max_size=300))
def test_what_is_no_modbus_is_not_lost(data: bytes):
    cutter = Cutter()
    assert cutter.take(data, bytes) + bytes(cutter.rest) == data


@given(st.sampled_from(TYPES), st.sampled_from(ORDERS), st.binary(min_size=12, max_size=12), st.integers(0, 6))
def test_changing_nothing_changes_no_bit(type_: str, order: str, registers: bytes, register: int):
    cell = Cell(register, type_, order)
    value = cell.change(registers, 0, lambda x: x)
    assert value == registers or type_ == "f32"  # a signalling NaN may come back quiet


@pytest.mark.parametrize("kind", ["attack_tamper", "attack_replay"])
def test_part_of_a_frame_held_back_is_owned_up_to(kind: str):
    fault = attacked(kind)
    assert fault.altered(0, "up", b"\0\1\0\0\0\6\1\4") == b""
    assert fault.maims(0)
    assert fault.altered(0, "up", b"\0\0\0\1") == b"\0\1\0\0\0\6\1\4\0\0\0\1"
    assert not fault.maims(0)
