"""OPC UA Binary as the specification lays it out (OPC 10000-6 §5.2), read and written with struct alone."""

import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from hil.traces.opcua_names import STRUCTURES, status_name

_EPOCH: Final = datetime(1601, 1, 1, tzinfo=UTC)
_LAST: Final = int((datetime.max.replace(tzinfo=UTC) - _EPOCH).total_seconds()) * 10_000_000
MOST: Final = 1_000_000  # array elements a reader believes in
_NUMBERS: Final = {
    1: ("Boolean", "<?"), 2: ("SByte", "<b"), 3: ("Byte", "<B"), 4: ("Int16", "<h"), 5: ("UInt16", "<H"),
    6: ("Int32", "<i"), 7: ("UInt32", "<I"), 8: ("Int64", "<q"), 9: ("UInt64", "<Q"), 10: ("Float", "<f"),
    11: ("Double", "<d"),
}  # fmt: skip
_TYPES: Final = {
    **{number: name for number, (name, _) in _NUMBERS.items()}, 12: "String", 13: "DateTime", 14: "Guid",
    15: "ByteString", 16: "XmlElement", 17: "NodeId", 18: "ExpandedNodeId", 19: "StatusCode", 20: "QualifiedName",
    21: "LocalizedText", 22: "ExtensionObject", 23: "DataValue", 24: "Variant", 25: "DiagnosticInfo",
}  # fmt: skip


class MalformedError(ValueError):
    """Bytes that are not what the specification says; the message names the place."""


@dataclass(frozen=True, slots=True)
class Extension:
    """An ExtensionObject: the encoding's node id and its body, still encoded (None for none)."""

    type_id: str
    body: bytes | None

    @property
    def number(self) -> int:
        """The encoding's number in namespace 0; 0 for any other."""
        return int(self.type_id[2:]) if self.type_id.startswith("i=") else 0

    def __str__(self) -> str:
        if self.body is None:
            return "none"
        return STRUCTURES.get(self.number, f"structure {self.type_id}, {len(self.body)} bytes")


@dataclass(frozen=True, slots=True)
class Value:
    """A DataValue: value as text (None: there is none), status, FILETIMEs (None: not there)."""

    text: str | None
    status: int
    source: int | None
    server: int | None

    def __str__(self) -> str:
        words = [self.text or "no value", status_name(self.status)]
        if self.source is not None:
            words.append(f"source {time_text(self.source)}")
        if self.server is not None and self.server != self.source:
            words.append(f"server {time_text(self.server)}")
        return ", ".join(words)


def time_text(ticks: int) -> str:
    """Return a FILETIME as text: null (0), ISO 8601 to the millisecond, or the end of the scale."""
    if ticks == 0:
        return "null"
    if not 0 < ticks < _LAST:
        return "beyond 9999" if ticks > 0 else "before 1601"
    return (_EPOCH + timedelta(microseconds=ticks // 10)).isoformat(timespec="milliseconds")[:-6]


class Reader:
    """Reads one value after another; whatever does not fit raises `MalformedError`."""

    def __init__(self, data: bytes, position: int = 0) -> None:
        self.data = data
        self.position = position

    @property
    def left(self) -> int:
        """Bytes not read yet."""
        return len(self.data) - self.position

    def take(self, count: int) -> bytes:
        """Return the next `count` bytes."""
        if count > self.left:
            raise MalformedError(f"byte {self.position}: {count} more needed, {self.left} are there")
        self.position += count
        return self.data[self.position - count : self.position]

    def unpack(self, form: str) -> Any:
        """Return one number of that struct format."""
        return struct.unpack(form, self.take(struct.calcsize(form)))[0]

    def u32(self) -> int:
        """Return a UInt32."""
        return int(self.unpack("<I"))

    def i32(self) -> int:
        """Return an Int32 (enumerations too)."""
        return int(self.unpack("<i"))

    def i64(self) -> int:
        """Return an Int64 (a DateTime too)."""
        return int(self.unpack("<q"))

    def double(self) -> float:
        """Return a Double."""
        return float(self.unpack("<d"))

    def boolean(self) -> bool:
        """Return a Boolean."""
        return bool(self.take(1)[0])

    def blob(self) -> bytes | None:
        """Return a ByteString; None for null."""
        length = self.i32()
        return None if length < 0 else self.take(length)

    def string(self) -> str | None:
        """Return a String; None for null."""
        blob = self.blob()
        return None if blob is None else blob.decode("utf-8", "replace")

    def count(self) -> int:
        """Return an array's length, 0 for a null one."""
        count = self.i32()
        if count > min(MOST, max(self.left * 8, 0)):
            raise MalformedError(f"byte {self.position - 4}: {count} elements cannot be in {self.left} bytes")
        return max(count, 0)

    def nodeid(self) -> str:
        """Return a NodeId or ExpandedNodeId in its usual notation."""
        form = self.take(1)[0]
        match form & 0x3F:
            case 0:
                text, space = f"i={self.take(1)[0]}", 0
            case 1:
                space = self.take(1)[0]
                text = f"i={self.unpack('<H')}"
            case 2:
                space = self.unpack("<H")
                text = f"i={self.u32()}"
            case 3:
                space = self.unpack("<H")
                text = f"s={self.string() or ''}"
            case 4:
                space = self.unpack("<H")
                text = f"g={self.take(16).hex()}"
            case 5:
                space = self.unpack("<H")
                text = f"b=<{len(self.blob() or b'')} bytes>"
            case _:
                raise MalformedError(f"byte {self.position - 1}: 0x{form:02X} begins no NodeId")
        if form & 0x80:
            self.string()
        if form & 0x40:
            self.u32()
        return f"ns={space};{text}" if space else text

    def qualified(self) -> str:
        """Return a QualifiedName."""
        space = self.unpack("<H")
        name = self.string() or ""
        return f"{space}:{name}" if space else name

    def localized(self) -> str:
        """Return a LocalizedText's text."""
        mask = self.take(1)[0]
        if mask & 1:
            self.string()
        return (self.string() or "") if mask & 2 else ""

    def diagnostics(self, depth: int = 0) -> None:
        """Skip a DiagnosticInfo."""
        if depth > 8:
            raise MalformedError(f"byte {self.position}: diagnostics within diagnostics, more than 8 deep")
        mask = self.take(1)[0]
        self.take(4 * (mask & 0x0F).bit_count())
        if mask & 0x10:
            self.string()
        if mask & 0x20:
            self.u32()
        if mask & 0x40:
            self.diagnostics(depth + 1)

    def extension(self) -> Extension:
        """Return an ExtensionObject."""
        type_id = self.nodeid()
        return Extension(type_id, self.blob() if self.take(1)[0] else None)

    def variant(self, depth: int = 0) -> str | None:
        """Return a Variant as text: type and value; None for null."""
        mask = self.take(1)[0]
        kind = mask & 0x3F
        if kind == 0:
            return None
        name = _TYPES.get(kind, f"type {kind}")
        if not mask & 0x80:
            return f"{name} {self._one(kind, depth)}"
        count = self.count()
        shown = [self._one(kind, depth) for _ in range(count)]
        if mask & 0x40:
            for _ in range(self.count()):
                self.i32()
        return f"{name}[{count}]" + (f" {', '.join(shown[:3])}{', …' if count > 3 else ''}" if count else "")

    def data_value(self, depth: int = 0) -> Value:
        """Return a DataValue."""
        mask = self.take(1)[0]
        text = self.variant(depth + 1) if mask & 0x01 else None
        status = self.u32() if mask & 0x02 else 0
        source = self.i64() if mask & 0x04 else None
        if mask & 0x10:
            self.take(2)
        server = self.i64() if mask & 0x08 else None
        if mask & 0x20:
            self.take(2)
        return Value(text, status, source, server)

    def _one(self, kind: int, depth: int) -> str:
        if depth > 8:
            raise MalformedError(f"byte {self.position}: variants within variants, more than 8 deep")
        if kind in _NUMBERS:
            number = self.unpack(_NUMBERS[kind][1])
            return f"{number:.6g}" if isinstance(number, float) else str(number).lower()
        match kind:
            case 12 | 16:
                return repr(self.string())
            case 13:
                return time_text(self.i64())
            case 14:
                return self.take(16).hex()
            case 15:
                return f"{len(self.blob() or b'')} bytes"
            case 17 | 18:
                return self.nodeid()
            case 19:
                return status_name(self.u32())
            case 20:
                return self.qualified()
            case 21:
                return repr(self.localized())
            case 22:
                return str(self.extension())
            case 23:
                return f"({self.data_value(depth + 1)})"
            case 24:
                return str(self.variant(depth + 1))
            case _:
                raise MalformedError(f"byte {self.position}: no built-in type has the number {kind}")


def text(value: str | None) -> bytes:
    """Return a String."""
    return blob(None if value is None else value.encode())


def blob(value: bytes | None) -> bytes:
    """Return a ByteString."""
    return struct.pack("<i", -1) if value is None else struct.pack("<i", len(value)) + value


def number_id(number: int, space: int = 0) -> bytes:
    """Return a numeric NodeId in its four-byte form."""
    return struct.pack("<BBH", 1, space, number)


def string_id(name: str, space: int) -> bytes:
    """Return a string NodeId."""
    return struct.pack("<BH", 3, space) + text(name)


def extension(number: int, body: bytes) -> bytes:
    """Return an ExtensionObject of a namespace 0 encoding."""
    return number_id(number) + b"\x01" + blob(body)


NO_EXTENSION: Final = b"\x00\x00\x00"
