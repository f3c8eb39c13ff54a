"""What stands beside a waveform: a structured value, a stream of its newest samples, a method that reads a part.

A structure `VibrationBlock` carries samples together with their counter, rate and time, so that a client which takes
it in one notification cannot pair the samples of one reading with the counter of another.
"""

import struct
from collections.abc import Callable
from typing import Any, Final

import numpy as np
from asyncua import ua
from asyncua.common.utils import Buffer
from asyncua.server.address_space import AddressSpace, NodeData
from asyncua.ua.ua_binary import nodeid_to_binary, struct_from_binary

from emulator.devices.image import Reading
from emulator.devices.opcua import values
from emulator.devices.opcua.building import A, T, add_node, add_property, describe, own, set_attribute
from emulator.devices.opcua.indexrange import NO_DATA, RangeError, parse
from emulator.devices.opcua.nodes import ServedAttribute, WireValue
from emulator.devices.opcua.security.roles import commands_nothing
from emulator.devices.opcua.served import ServedPoint
from rigs.devices.opcua import OpcUaLimits

TYPE_NAME: Final = "VibrationBlock"
_FIELDS: Final = (
    ("n0", ua.ObjectIds.UInt64, -1, "Counter of the first sample"),
    ("rate", ua.ObjectIds.Double, -1, "Samples per second"),
    ("t0", ua.ObjectIds.UtcTime, -1, "Time of the first sample"),
    ("samples", ua.ObjectIds.Float, 1, "The samples, in the unit of the waveform"),
)
_EXTENSION_OBJECT: Final = b"\x16"  # the Variant's type byte (OPC 10000-6 table 1)
_HEAD: Final = struct.Struct("<Qdqi")
SECOND: Final = 1_000_000_000


def _samples(reading: Reading) -> Any:
    return np.ascontiguousarray(reading.value, dtype="<f4").reshape(-1)


def block(encoding: ua.NodeId) -> Callable[[Reading], bytes]:
    """Return what makes a reading an encoded Variant of a VibrationBlock."""
    head = _EXTENSION_OBJECT + nodeid_to_binary(encoding) + b"\x01"

    def encode(reading: Reading) -> bytes:
        samples = _samples(reading)
        length_ns = round(len(samples) / reading.rate_hz * SECOND) if reading.rate_hz else 0
        fixed = _HEAD.pack(reading.n0, reading.rate_hz, values.ticks(reading.t_ns - length_ns), len(samples))
        body = fixed + samples.tobytes()
        return b"".join((head, struct.pack("<i", len(body)), body))

    return encode


def newest(count: int) -> Callable[[Reading], bytes]:
    """Return what makes a reading an encoded Variant of its newest `count` samples."""
    return lambda reading: values.float_array(_samples(reading)[-count:])


def newest_counter(count: int) -> Callable[[Reading], bytes]:
    """Return what makes a reading the counter of the first of its newest `count` samples."""
    return lambda reading: values.scalar("UInt64", reading.n0 + max(0, len(reading.value) - count))


class DerivedAttribute(ServedAttribute):
    """A Value made from a point's reading: same status, same times, another shape."""

    def __init__(self, served: ServedPoint, encode: Callable[[Reading], bytes], *, structured: bool) -> None:
        super().__init__(served, "value")
        self.structured = structured
        self._encode = encode
        self._made: tuple[int, bytes | None] = (-1, None)

    def encode(self, times: int, index_range: str | None) -> bytes:
        """Return the encoded DataValue; structures have no parts, arrays have."""
        served = self.served
        version = served.refresh()
        if version != self._made[0]:
            reading = served.current()
            self._made = version, None if reading is None else self._encode(reading)
        variant = self._made[1]
        if variant is not None and index_range:
            try:
                variant = self._part(variant, index_range)
            except RangeError as refused:
                return values.data_value(None, refused.status, None, served.server_ticks, times)
        return values.data_value(variant, served.status, served.source_ticks, served.server_ticks, times)

    def _part(self, variant: bytes, index_range: str) -> bytes:
        if variant[0] != 0x80 | values.TYPE_IDS["Float"]:
            raise RangeError(NO_DATA, "only an array has parts")
        part, _ = parse(index_range).cut(np.frombuffer(variant, dtype="<f4", offset=5))
        return values.float_array(part)

    def wire_value(self) -> WireValue:
        """Return the DataValue with its bytes."""
        encoded = self.encode(values.BOTH, None)
        plain = struct_from_binary(ua.DataValue, Buffer(encoded))
        value = WireValue(
            plain.Value, plain.StatusCode, SourceTimestamp=plain.SourceTimestamp, ServerTimestamp=plain.ServerTimestamp
        )
        value.encoded = encoded
        return value


def add_type(space: AddressSpace, index: int) -> tuple[ua.NodeId, ua.NodeId]:
    """Add the data type VibrationBlock to namespace `index`; returns its NodeId and that of its encoding."""
    type_id, encoding_id = ua.NodeId(TYPE_NAME, index), ua.NodeId(f"{TYPE_NAME}/Default Binary", index)
    if type_id in space:
        return type_id, encoding_id
    parent = own(space, ua.NodeId(ua.ObjectIds.Structure))
    node = add_node(
        space, type_id, ua.QualifiedName(TYPE_NAME, index), ua.NodeClass.DataType, parent, ua.ObjectIds.HasSubtype,
        description="Samples of a waveform with their counter, rate and time",
    )  # fmt: skip
    set_attribute(node, A.IsAbstract, False, T.Boolean)
    definition = ua.StructureDefinition(
        DefaultEncodingId=encoding_id,
        BaseDataType=ua.NodeId(ua.ObjectIds.Structure),
        StructureType=ua.StructureType.Structure,
        Fields=[
            ua.StructureField(
                Name=name, Description=ua.LocalizedText(about), DataType=ua.NodeId(type_), ValueRank=rank,
                ArrayDimensions=[0] if rank > 0 else [], IsOptional=False,
            )
            for name, type_, rank, about in _FIELDS
        ],
    )  # fmt: skip
    set_attribute(node, A.DataTypeDefinition, definition, T.ExtensionObject)
    encoding = add_node(
        space, encoding_id, ua.QualifiedName("Default Binary", 0), ua.NodeClass.Object, node,
        ua.ObjectIds.HasEncoding, ua.ObjectIds.DataTypeEncodingType,
    )  # fmt: skip
    set_attribute(encoding, A.EventNotifier, 0, T.Byte)
    return type_id, encoding_id


def add_block(space: AddressSpace, waveform: NodeData, served: ServedPoint) -> ServedAttribute:
    """Put a variable `Block` of the structured type below a waveform."""
    type_id, encoding_id = add_type(space, waveform.nodeid.NamespaceIndex)
    about = "Samples with counter, rate and time, in one value"
    return _derived(space, waveform, "Block", type_id, -1, about, (served, block(encoding_id)), structured=True)


def add_stream(space: AddressSpace, waveform: NodeData, served: ServedPoint, count: int) -> list[ServedAttribute]:
    """Put a variable `Stream` of the newest samples, with its counter, below a waveform."""
    float_, uint64 = ua.NodeId(ua.ObjectIds.Float), ua.NodeId(ua.ObjectIds.UInt64)
    about = f"The newest {count} samples"
    stream = _derived(space, waveform, "Stream", float_, 1, about, (served, newest(count)))
    node = space[ua.NodeId(f"{waveform.nodeid.Identifier}/Stream", waveform.nodeid.NamespaceIndex)]
    about = "Index of the stream's first sample"
    return [stream, _derived(space, node, "SampleCounter", uint64, -1, about, (served, newest_counter(count)))]


def _derived(
    space: AddressSpace, parent: NodeData, name: str, data_type: ua.NodeId, rank: int, about: str,
    source: tuple[ServedPoint, Callable[[Reading], bytes]], *, structured: bool = False,
) -> ServedAttribute:  # fmt: skip
    index = parent.nodeid.NamespaceIndex
    node = add_node(
        space, ua.NodeId(f"{parent.nodeid.Identifier}/{name}", index), ua.QualifiedName(name, index),
        ua.NodeClass.Variable, parent, ua.ObjectIds.HasComponent, ua.ObjectIds.BaseDataVariableType, about,
    )  # fmt: skip
    describe(node, data_type, rank)
    attribute = DerivedAttribute(*source, structured=structured)
    node.attributes[A.Value] = attribute
    return attribute


def add_reader(
    space: AddressSpace, owner: NodeData, waveform: NodeData, served: ServedPoint, limits: OpcUaLimits
) -> None:
    """Give the object that has a waveform a method `Read<Name>Block(n0, count) -> samples`.

    `n0` is the counter of the first sample wanted; Bad_OutOfRange when the buffer no longer, or not yet, has it. Of
    `count` samples as many come as there are, at most what the device's largest array takes.
    """
    name = waveform.attributes[A.BrowseName].value
    assert name is not None
    assert name.Value is not None
    label = f"Read{name.Value.Value.Name}Block"
    index = waveform.nodeid.NamespaceIndex
    method = add_node(
        space, ua.NodeId(f"{owner.nodeid.Identifier}/{label}", index), ua.QualifiedName(label, index),
        ua.NodeClass.Method, owner, ua.ObjectIds.HasComponent, description="Read samples of the waveform by counter",
    )  # fmt: skip
    for kind, arguments in (
        ("InputArguments", [_argument("n0", ua.ObjectIds.UInt64, -1, "Counter of the first sample"),
                            _argument("count", ua.ObjectIds.UInt32, -1, "How many samples at most")]),
        ("OutputArguments", [_argument("samples", ua.ObjectIds.Float, 1, "The samples")]),
    ):  # fmt: skip
        add_property(space, method, kind, arguments, ua.ObjectIds.Argument, T.ExtensionObject)

    def read(parent: ua.NodeId, n0: ua.Variant, count: ua.Variant) -> ua.CallMethodResult | list[ua.Variant]:
        reading = served.current()
        if reading is None:
            return ua.CallMethodResult(StatusCode=ua.StatusCode(ua.StatusCodes.BadNoDataAvailable))
        samples = _samples(reading)
        first, most = n0.Value - reading.n0, min(count.Value, limits.array_length)
        wrong = [0 if 0 <= first < len(samples) else ua.StatusCodes.BadOutOfRange]
        wrong.append(0 if most else ua.StatusCodes.BadOutOfRange)
        if any(wrong):
            return ua.CallMethodResult(
                StatusCode=ua.StatusCode(ua.StatusCodes.BadInvalidArgument),
                InputArgumentResults=[ua.StatusCode(status) for status in wrong],
            )
        return [ua.Variant(samples[first : first + most].tolist(), T.Float, is_array=True)]

    method.call = commands_nothing(read)


def _argument(name: str, data_type: int, rank: int, about: str) -> ua.Argument:
    return ua.Argument(
        Name=name, DataType=ua.NodeId(data_type), ValueRank=rank, ArrayDimensions=[0] if rank > 0 else [],
        Description=ua.LocalizedText(about),
    )  # fmt: skip
