"""Where a data item looks: a plant value in its own bytes, or any other attribute through the library."""

import struct
from typing import Any, Final

from asyncua import ua
from asyncua.server.address_space import AddressSpace
from asyncua.ua.ua_binary import variant_to_binary

from emulator.devices.opcua import values
from emulator.devices.opcua.indexrange import IndexRange, RangeError, parse
from emulator.devices.opcua.nodes import ServedAttribute
from emulator.devices.opcua.subscriptions.queues import Sample

_HAS_STATUS: Final = 0x02
_HAS_SOURCE: Final = 0x04
_HAS_SERVER: Final = 0x08


def split_data_value(encoded: bytes) -> Sample:
    """Take an encoded DataValue (mask, value, status, times; no picoseconds) apart without decoding the value."""
    mask, end = encoded[0], len(encoded)
    status, source, server = 0, None, None
    if mask & _HAS_SERVER:
        end -= 8
        (server,) = struct.unpack_from("<q", encoded, end)
    if mask & _HAS_SOURCE:
        end -= 8
        (source,) = struct.unpack_from("<q", encoded, end)
    if mask & _HAS_STATUS:
        end -= 4
        (status,) = struct.unpack_from("<I", encoded, end)
    return Sample(encoded[1:end] if mask & 0x01 else None, status, source, server)


def range_of(index_range: str) -> IndexRange:
    """Return an IndexRange of any number of dimensions (OPC 10000-4 §7.27).

    Raises
    ------
    UaStatusCodeError
        Bad_IndexRangeInvalid.

    """
    try:
        return parse(index_range)
    except RangeError as invalid:
        raise ua.UaStatusCodeError(invalid.status) from None


def _part(value: Any, wanted: IndexRange) -> Any:
    """Return what a dead band looks at of a list; None where the range finds nothing."""
    try:
        return wanted.cut(value)[0]
    except RangeError:
        return None


class ServedSource:
    """A plant value (or its counter or rate): looked at without a copy."""

    __slots__ = ("attribute", "plain", "range")

    def __init__(self, attribute: ServedAttribute, index_range: str | None) -> None:
        self.attribute = attribute
        self.range = index_range
        self.plain = type(attribute) is ServedAttribute and attribute.part == "value" and not index_range

    def look(self, server_ticks: int) -> Sample:
        """Return the value as it stands."""
        if not self.plain:
            return split_data_value(self.attribute.encode(values.BOTH, self.range))
        served = self.attribute.served
        served.refresh()
        return Sample(served.variant, served.status, served.source_ticks, server_ticks)

    def number(self) -> Any:
        """Return the value as number or list of numbers, for a dead band: a scalar as it stands on the wire."""
        served = self.attribute.served
        if self.plain and (number := values.number(served.variant)) is not None:
            return number
        value = served.plain(self.attribute.part)
        return _part(value, range_of(self.range)) if self.range and isinstance(value, list) else value


class LibrarySource:
    """Any other attribute."""

    __slots__ = ("attribute", "nodeid", "range", "space")

    def __init__(self, space: AddressSpace, nodeid: ua.NodeId, attribute: int, index_range: str | None) -> None:
        self.space = space
        self.nodeid = nodeid
        self.attribute = attribute
        self.range = range_of(index_range) if index_range else None

    def look(self, server_ticks: int) -> Sample:
        """Return the attribute as it stands."""
        found = self.space.read_attribute_value(self.nodeid, self.attribute)
        status = 0 if found.StatusCode is None else found.StatusCode.value
        source = None if found.SourceTimestamp is None else ua.datetime_to_win_epoch(found.SourceTimestamp)
        if self.attribute != ua.AttributeIds.Value:
            source = None
        variant = found.Value
        if variant is None or variant.VariantType == ua.VariantType.Null:
            return Sample(None, status, source, server_ticks)
        if self.range is not None:
            try:
                part, dimensions = self.range.cut(variant.Value, variant.Dimensions)
            except RangeError as refused:
                return Sample(None, refused.status, source, server_ticks)
            variant = ua.Variant(part, variant.VariantType, dimensions, isinstance(part, list))
        return Sample(variant_to_binary(variant), status, source, server_ticks)

    def number(self) -> Any:
        """Return the value as number or list of numbers, for a dead band."""
        found = self.space.read_attribute_value(self.nodeid, self.attribute).Value
        value = None if found is None else found.Value
        return _part(value, self.range) if self.range is not None and isinstance(value, list) else value
