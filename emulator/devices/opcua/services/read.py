"""The Read service: plant values from the image's own bytes, the rest from the library's address space."""

from collections.abc import Callable
from typing import Any, Final

from asyncua import ua
from asyncua.common.utils import Buffer, ServiceError
from asyncua.server.address_space import AddressSpace, NodeData
from asyncua.ua.ua_binary import struct_from_binary, struct_to_binary

from emulator.devices.opcua import values
from emulator.devices.opcua.decoding import Ration
from emulator.devices.opcua.indexrange import RangeError, parse
from emulator.devices.opcua.nodes import ServedAttribute, as_datetime
from emulator.devices.opcua.readservice import read_response
from emulator.devices.opcua.security.roles import for_user, is_diagnostics
from rigs.devices.opcua import OpcUaLimits

_PLANS: Final = 16  # different Reads remembered for each connection
_LONGEST: Final = 65_535  # encoded parameters worth remembering [bytes]
_VALUE: Final = ua.AttributeIds.Value
_BINARY: Final = ("Default Binary",)

Answer = Callable[[], bytes]
"""Gives one encoded DataValue, as things are when it is called."""


class Reads:
    """The Reads of one connection; what a poller asks never changes, so it is decoded once.

    Parameters
    ----------
    space
        Where the nodes are.
    now
        The device's clock, as FILETIME.
    limits
        How much one request may ask.

    """

    def __init__(self, space: AddressSpace, now: Callable[[], int], limits: OpcUaLimits) -> None:
        self.plans: dict[bytes, list[Answer]] = {}
        self.user: Any = None
        self.hides_diagnostics = False
        self._space = space
        self._now = now
        self._limits = limits

    def answer(self, handle: int, encoded: bytes) -> bytes:
        """Answer a Read in one go, so that everything in it belongs to one commit.

        Raises
        ------
        ServiceError
            The request as a whole is refused.

        """
        plan = self.plans.get(encoded)
        if plan is None:
            plan = self._plan(encoded)
            if len(self.plans) < _PLANS and len(encoded) <= _LONGEST:
                self.plans[encoded] = plan
        return read_response(handle, self._now(), [answer() for answer in plan])

    def _plan(self, encoded: bytes) -> list[Answer]:
        """Decode and check Read parameters, and look up whom they ask: nodes never change while we serve."""
        params = struct_from_binary(ua.ReadParameters, Ration(encoded))
        times = int(params.TimestampsToReturn)
        if not params.NodesToRead:
            raise ServiceError(ua.StatusCodes.BadNothingToDo)
        if len(params.NodesToRead) > self._limits.nodes_per_read:
            raise ServiceError(ua.StatusCodes.BadTooManyOperations)
        if not params.MaxAge >= 0.0:  # NaN too; the image is as fresh as the device's scan, whatever age is asked
            raise ServiceError(ua.StatusCodes.BadMaxAgeInvalid)
        if not 0 <= times <= values.NEITHER:
            raise ServiceError(ua.StatusCodes.BadTimestampsToReturnInvalid)
        return [self._one(wanted, times) for wanted in params.NodesToRead]

    def _one(self, wanted: ua.ReadValueId, times: int) -> Answer:
        node = self._space.get(wanted.NodeId)
        attribute = None if node is None else node.attributes.get(wanted.AttributeId)
        refused = refusal(node, wanted)
        if not refused and self.hides_diagnostics and is_diagnostics(wanted.NodeId, wanted.AttributeId):
            refused = ua.StatusCodes.BadUserAccessDenied
        if refused:
            return lambda: values.data_value(None, refused, None, self._now(), times)
        if isinstance(attribute, ServedAttribute):
            served, index_range = attribute, wanted.IndexRange
            return lambda: served.encode(times, index_range)
        nodeid, attribute_id = wanted.NodeId, wanted.AttributeId
        if not wanted.IndexRange and times == values.BOTH and attribute_id == _VALUE:
            return lambda: bytes(struct_to_binary(self._space.read_attribute_value(nodeid, attribute_id)))
        return lambda: self._general(nodeid, attribute_id, times, wanted.IndexRange)

    def _general(self, nodeid: ua.NodeId, attribute: int, times: int, index_range: str | None) -> bytes:
        """Return any attribute with the times asked for; only values have a source time (§7.11.3)."""
        found = self._space.read_attribute_value(nodeid, ua.AttributeIds(attribute))
        found = for_user(self.user, self._space.get(nodeid), attribute, found)
        source = found.SourceTimestamp if attribute == _VALUE and times in (values.SOURCE, values.BOTH) else None
        server = found.ServerTimestamp or as_datetime(self._now())
        given = ua.DataValue(
            found.Value,
            found.StatusCode,
            SourceTimestamp=source,
            ServerTimestamp=server if times in (values.SERVER, values.BOTH) else None,
        )
        if index_range:
            try:
                given = _part(given, index_range)
            except RangeError as refused:
                return values.data_value(None, refused.status, None, self._now(), times)
        return bytes(struct_to_binary(given))


def _part(whole: ua.DataValue, index_range: str) -> ua.DataValue:
    wanted = parse(index_range)
    variant = whole.Value or ua.Variant()
    part, dimensions = wanted.cut(variant.Value, variant.Dimensions)
    cut = ua.Variant(part, variant.VariantType, dimensions, isinstance(part, list))
    return ua.DataValue(
        cut, whole.StatusCode, SourceTimestamp=whole.SourceTimestamp, ServerTimestamp=whole.ServerTimestamp
    )


def refusal(node: NodeData | None, wanted: ua.ReadValueId) -> int:
    """Return the status that refuses to read or watch an attribute, or Good (OPC 10000-4 §5.11.2.4)."""
    if node is None:
        return ua.StatusCodes.BadNodeIdUnknown
    if wanted.AttributeId not in node.attributes:
        return ua.StatusCodes.BadAttributeIdInvalid
    encoding = wanted.DataEncoding.Name if wanted.DataEncoding is not None else None
    if encoding:
        if wanted.AttributeId != _VALUE or not _structured(node):
            return ua.StatusCodes.BadDataEncodingInvalid
        if wanted.DataEncoding.NamespaceIndex != 0 or encoding not in _BINARY:
            return ua.StatusCodes.BadDataEncodingUnsupported
    if wanted.IndexRange:
        try:
            parse(wanted.IndexRange)
        except RangeError as invalid:
            return invalid.status
    if wanted.AttributeId == _VALUE:
        access = node.attributes.get(ua.AttributeIds.AccessLevel)
        if access is not None and access.value is not None and not (access.value.Value.Value or 0) & 1:
            return ua.StatusCodes.BadNotReadable
    return ua.StatusCodes.Good


def _structured(node: NodeData) -> bool:
    """Whether a variable's values are structures, which alone have encodings (§7.29)."""
    attribute = node.attributes.get(_VALUE)
    if isinstance(attribute, ServedAttribute):
        return bool(getattr(attribute, "structured", False))
    if attribute is None:
        return False
    whole = attribute.value
    if attribute.value_callback is not None:
        whole = attribute.value_callback(node.nodeid, _VALUE)
    value = None if whole is None else whole.Value
    return value is not None and value.VariantType == ua.VariantType.ExtensionObject


def read(processor: Any, requesthdr: Any, seqhdr: Any, body: Buffer) -> bytes:
    """Answer a ReadRequest (OPC 10000-4 §5.11.2)."""
    return bytes(processor.reads.answer(requesthdr.RequestHandle, body.read(len(body))))


SERVICES: Final = {ua.ObjectIds.ReadRequest_Encoding_DefaultBinary: read}
