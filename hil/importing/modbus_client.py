"""Reads of a Modbus device over TCP or a serial line, one at a time; nothing that writes exists here."""

import os
import socket
import struct
import termios
from typing import Any, Final, Protocol, Self

_READ_IDENTITY: Final = bytes((43, 14, 1, 0))


class Refused(Exception):  # noqa: N818 - an answer, not a failure
    """The device answered with an exception code."""

    def __init__(self, code: int) -> None:
        super().__init__(f"exception {code}")
        self.code = code


class Wire(Protocol):
    """Carries one request and brings its answer."""

    def ask(self, unit: int, pdu: bytes) -> bytes:
        """Return the answer's PDU; TimeoutError when none comes, OSError when the wire is gone."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


class TcpWire:
    """Modbus TCP (MB-TCP V1.0b)."""

    def __init__(self, host: str, port: int, timeout_s: float) -> None:
        self._socket = socket.create_connection((host, port), timeout_s)
        self._id = 0

    def ask(self, unit: int, pdu: bytes) -> bytes:
        """Send with a fresh transaction id, and take the answer that carries it."""
        self._id = self._id % 0xFFFF + 1
        self._socket.sendall(struct.pack(">HHHB", self._id, 0, len(pdu) + 1, unit) + pdu)
        while True:
            transaction, protocol, length, its_unit = struct.unpack(">HHHB", self._take(7))
            if protocol != 0 or not 2 <= length <= 254:
                raise OSError(f"the peer does not speak Modbus TCP (protocol id {protocol}, length {length})")
            body = self._take(length - 1)
            if (transaction, its_unit) == (self._id, unit):
                return body

    def _take(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            piece = self._socket.recv(count - len(data))
            if not piece:
                raise OSError("the peer closed the connection")
            data += piece
        return data

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()


class RtuWire:
    """Modbus RTU on a serial device (MB-SER V1.02); an answer without a length of its own ends with silence."""

    def __init__(self, path: str, baud: int, parity: str, timeout_s: float) -> None:
        import serial

        # A pseudo-terminal carries bytes, not characters: it has no parity and refuses to be given one.
        bits = "N" if os.path.realpath(path).startswith("/dev/pts/") else parity[0].upper()
        try:
            self._port: Any = serial.Serial(
                path, baud, parity=bits, stopbits=2 if parity == "none" else 1, timeout=timeout_s,
                inter_byte_timeout=max(0.02, 40.0 / baud),
            )  # fmt: skip
        except termios.error as problem:
            raise OSError(problem.args[0], f"{path} cannot have {baud} baud and {parity} parity") from None

    def ask(self, unit: int, pdu: bytes) -> bytes:
        """Send the frame and take its answer; one that was garbled, or somebody else's, is asked for once more."""
        for _ in range(2):
            self._port.reset_input_buffer()
            self._port.write(_with_crc(bytes((unit,)) + pdu))
            frame = self._frame()
            if not frame:
                raise TimeoutError
            if len(frame) > 3 and _with_crc(frame[:-2]) == frame and frame[0] == unit:
                return frame[1:-2]
            self._port.read(256)  # what is left of it
        raise TimeoutError

    def _frame(self) -> bytes:
        head = bytes(self._port.read(3))
        if len(head) < 3:
            return head
        if head[1] & 0x80:
            return head + bytes(self._port.read(2))
        return head + bytes(self._port.read(head[2] + 2 if head[1] < 5 else 253))

    def close(self) -> None:
        """Close the port."""
        self._port.close()


def _with_crc(data: bytes) -> bytes:
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
    return data + struct.pack("<H", crc)


class Reader:
    """Reads registers, bits and the identity of one device's units."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self.asked = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._wire.close()

    def registers(self, unit: int, function: int, first: int, count: int) -> list[int]:
        """Return `count` registers by function 3 or 4."""
        data = self._ask(unit, struct.pack(">BHH", function, first, count))
        if len(data) != 2 + 2 * count or data[1] != 2 * count:
            raise OSError(f"unit {unit} answered {count} registers with {len(data)} bytes")
        return list(struct.unpack(f">{count}H", data[2:]))

    def bits(self, unit: int, function: int, first: int, count: int) -> list[int]:
        """Return `count` bits by function 1 or 2."""
        data = self._ask(unit, struct.pack(">BHH", function, first, count))
        if len(data) != 2 + (count + 7) // 8:
            raise OSError(f"unit {unit} answered {count} bits with {len(data)} bytes")
        return [data[2 + k // 8] >> k % 8 & 1 for k in range(count)]

    def identity(self, unit: int) -> dict[int, str]:
        """Return the basic device identification (function 43/14) by object id; empty where there is none."""
        try:
            data = self._ask(unit, _READ_IDENTITY)
        except (Refused, TimeoutError):
            return {}
        found, place = {}, 7
        while place + 2 <= len(data):
            number, length = data[place], data[place + 1]
            found[number] = data[place + 2 : place + 2 + length].decode("ascii", "replace")
            place += 2 + length
        return found

    def _ask(self, unit: int, pdu: bytes) -> bytes:
        self.asked += 1
        answer = self._wire.ask(unit, pdu)
        if answer[:1] == bytes((pdu[0] | 0x80,)):
            raise Refused(answer[1] if len(answer) > 1 else 0)
        if answer[:1] != pdu[:1]:
            raise OSError(f"unit {unit} answered function {pdu[0]} with {answer[:1].hex()}")
        return answer
