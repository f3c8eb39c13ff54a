import os
import pty
import random
import threading
import tty
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil.importing.found import CannotImportError
from hil.importing.importing import Wanted, find
from hil.importing.modbus_client import Reader, _with_crc
from hil.importing.modbus_scan import BLOCK, Scan, scan


class Device:
    """A device by the book: cells by (unit, function, address); answers exception 2 wherever one is missing."""

    def __init__(self, cells: dict[tuple[int, int, int], int], functions: tuple[int, ...] = (1, 2, 3, 4)) -> None:
        self.cells = cells
        self.functions = functions
        self.asked: list[bytes] = []

    def ask(self, unit: int, pdu: bytes) -> bytes:
        self.asked.append(pdu)
        function = pdu[0]
        if unit not in {key[0] for key in self.cells}:
            raise TimeoutError
        if function not in self.functions:
            return bytes((function | 0x80, 1))
        first, count = int.from_bytes(pdu[1:3], "big"), int.from_bytes(pdu[3:5], "big")
        assert 0 < count <= 125
        try:
            held = [self.cells[unit, function, first + k] for k in range(count)]
        except KeyError:
            return bytes((function | 0x80, 2))
        if function > 2:
            return bytes((function, 2 * count)) + b"".join(v.to_bytes(2, "big") for v in held)
        packed = sum(bit << k for k, bit in enumerate(held))
        return bytes((function, (count + 7) // 8)) + packed.to_bytes((count + 7) // 8, "little")

    def close(self) -> None:
        pass


def scanned(device: Device, **wanted):
    options = {"units": (1,), "first": 0, "last": 300, "samples": 2, "pause_s": 0.0} | wanted
    return scan(Reader(device), "modbus-tcp://device:502", "modbus-tcp", Scan(**options), lambda _: None)


def seen(found) -> dict[tuple[int, str, int], float]:
    return {(v.address["unit"], v.address["table"], v.address["register"]): v.value for v in found.values}


@given(st.sets(st.integers(0, 299), max_size=40), st.sets(st.integers(0, 299), max_size=10))
def test_exactly_what_is_there_is_found(registers: set[int], coils: set[int]):
    cells = {(1, 3, r): r for r in registers} | {(1, 1, c): c % 2 for c in coils} | {(1, 4, 299): 7}
    wanted = {(1, "holding", r): r for r in registers} | {(1, "coil", c): c % 2 for c in coils} | {(1, "input", 299): 7}
    assert seen(scanned(Device(cells), guess=False)) == wanted


def test_it_only_ever_reads():
    device = Device({(1, 3, r): r for r in range(5)})
    scanned(device)
    assert {pdu[0] for pdu in device.asked} <= {1, 2, 3, 4, 43}


def test_full_blocks_cost_a_request_each():
    device = Device({(1, 3, r): 0 for r in range(3 * BLOCK)})
    scanned(device, tables=("holding",), last=3 * BLOCK - 1, samples=1)
    assert len(device.asked) == 3 + 1  # and the identity


def test_a_missing_function_or_unit_is_passed_over():
    found = scanned(Device({(2, 4, 0): 9}, functions=(4,)), units=(1, 2, 3))
    assert seen(found) == {(2, "input", 0): 9.0}
    assert any("units 1, 3 do not answer" in note for note in found.notes)
    with pytest.raises(CannotImportError, match="no unit of 1 answers"):
        scanned(Device({(2, 4, 0): 9}))


@pytest.mark.parametrize("order", ["ABCD", "CDAB"])
def test_floats_in_a_row_are_recognised_and_said_to_be_guessed(order: str):
    import struct

    cells = {(1, 4, 100): 12}
    for k, value in enumerate((230.4, 229.8, 71.25, 50.01)):
        high, low = struct.unpack(">HH", struct.pack(">f", value))
        cells[1, 4, 2 * k], cells[1, 4, 2 * k + 1] = (high, low) if order == "ABCD" else (low, high)
    found = scanned(Device(cells))
    floats = [v for v in found.values if v.address["type"] == "f32"]
    assert [round(v.value, 2) for v in floats] == [230.4, 229.8, 71.25, 50.01]
    assert {v.address["order"] for v in floats} == {order}
    assert any("4 pairs of registers look like" in note for note in found.notes)


def test_small_integers_are_not_taken_for_floats():
    draw = random.Random(1)
    cells = {(1, 3, r): draw.randrange(4000) for r in range(200)}
    assert {v.address["type"] for v in scanned(Device(cells)).values} == {"u16"}


def test_a_liar_is_caught():
    class Liar(Device):
        def ask(self, unit: int, pdu: bytes) -> bytes:
            return bytes((pdu[0], 2, 0, 1))

    with pytest.raises(OSError, match="answered 100 registers with 4 bytes"):
        scanned(Liar({}))


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("modbus-tcp://127.0.0.1:802/tls", "Modbus/TCP Security, which asks for a certificate"),
        ("modbus-tcp://127.0.0.1:502/rtu", "RTU frames in a TCP connection"),
        ("modbus-tcp://127.0.0.1:502/ascii", "ASCII frames in a TCP connection"),
        ("modbus-tcp://127.0.0.1:99999", "no number from 1 to 65535"),
        ("modbus-tcp:///x", "is no address; write modbus-tcp://192.0.2.10:502"),
        ("ftp://x", "is no source"),
    ],
)
def test_what_cannot_be_scanned_is_told(source: str, says: str):
    with pytest.raises(CannotImportError, match=says):
        find(source, Wanted(Scan()), lambda _: None)


def test_a_terminal_under_any_name_is_scanned_and_a_garbled_answer_asked_for_again(tmp_path: Path):
    master, slave = pty.openpty()
    tty.setraw(slave)
    (tmp_path / "line").symlink_to(os.ttyname(slave))
    device, asked = Device({(1, 3, r): r for r in range(5)}), []

    def serve():
        while len(data := os.read(master, 256)) > 4:
            asked.append(data)
            pdu = device.ask(data[0], data[1:-2])
            answer = _with_crc(data[:1] + pdu)
            os.write(master, answer if len(asked) != 2 else b"\xff" + answer[1:])

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        wanted = Scan(last=4, tables=("holding",), samples=2, pause_s=0.0, guess=False)
        found = find(str(tmp_path / "line"), Wanted(wanted, baud=115200, parity="even"), lambda _: None)
    finally:
        os.write(slave, b"\x02")  # nobody's: the server ends
        thread.join(5)
        os.close(master)
        os.close(slave)
    assert seen(found) == {(1, "holding", r): r for r in range(5)}
    assert (found.protocol, found.settings["baud"], found.settings["parity"]) == ("modbus-rtu", 115200, "even")
    assert len(asked) > 3
