"""How MQTT writes numbers, text and binary data (MQTT 5.0 §1.5), and a reader that never reads beyond its part."""

from __future__ import annotations

from emulator.devices.mqtt.packets import ProtocolError


def variable(number: int) -> bytes:
    """Return a number of at most four base-128 digits, lowest first.

    Raises
    ------
    ValueError
        It does not fit.

    """
    if not 0 <= number < 1 << 28:
        raise ValueError(f"{number} does not fit a variable byte integer: 0 to {(1 << 28) - 1}")
    out = bytearray()
    while number > 127:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def binary(data: bytes) -> bytes:
    """Return data behind its two-byte length.

    Raises
    ------
    ValueError
        It is longer than 65535 bytes.

    """
    if len(data) > 65_535:
        raise ValueError(f"{len(data)} bytes do not fit a field of at most 65535")
    return len(data).to_bytes(2, "big") + data


def text(value: str) -> bytes:
    """Return text behind its length in bytes."""
    return binary(value.encode())


class Reader:
    """Reads one packet's body from front to back."""

    __slots__ = ("_at", "_data", "_end")

    def __init__(self, data: bytes, at: int = 0, end: int | None = None) -> None:
        self._data = data
        self._at = at
        self._end = len(data) if end is None else end

    @property
    def left(self) -> int:
        """Bytes not yet read."""
        return self._end - self._at

    def number(self, size: int) -> int:
        """Read a number of `size` bytes, highest first."""
        return int.from_bytes(self.take(size), "big")

    def byte(self) -> int:
        """Read one byte."""
        return self.number(1)

    def take(self, size: int) -> bytes:
        """Read `size` bytes.

        Raises
        ------
        ProtocolError
            There are not as many.

        """
        if size > self.left:
            raise ProtocolError(f"{size} bytes wanted and {self.left} there")
        self._at += size
        return self._data[self._at - size : self._at]

    def variable(self) -> int:
        """Read a variable byte integer, which must be as short as it can be."""
        number = 0
        for shift in (0, 7, 14, 21):
            digit = self.byte()
            number |= (digit & 0x7F) << shift
            if digit < 128:
                if shift and not digit:
                    raise ProtocolError("a variable byte integer that is longer than it need be")
                return number
        raise ProtocolError("a variable byte integer of more than four bytes")

    def binary(self) -> bytes:
        """Read data behind its length."""
        return self.take(self.number(2))

    def text(self) -> str:
        """Read text: well-formed UTF-8 without U+0000 (§1.5.4)."""
        try:
            value = self.binary().decode()
        except UnicodeDecodeError:
            raise ProtocolError("text that is no UTF-8") from None
        if "\0" in value:
            raise ProtocolError("text with U+0000 in it")
        return value

    def part(self, size: int) -> Reader:
        """Return a reader of the next `size` bytes alone."""
        if size > self.left:
            raise ProtocolError(f"{size} bytes wanted and {self.left} there")
        self._at += size
        return Reader(self._data, self._at - size, self._at)

    def rest(self) -> bytes:
        """Read everything that is left."""
        return self.take(self.left)

    def done(self) -> None:
        """Make sure that nothing is left."""
        if self.left:
            raise ProtocolError(f"{self.left} bytes too many")
