"""HistoryRead on the device's own recording (OPC 10000-4 §5.11.3, OPC 10000-11 §6.5); nothing rewrites the past."""

import asyncio
import itertools
import secrets
import struct
from collections.abc import Callable, Iterator
from typing import Any, Final

from asyncua import ua
from asyncua.common.utils import Buffer, NotEnoughData, ServiceError
from asyncua.ua.ua_binary import nodeid_from_binary, struct_from_binary

from emulator.devices.opcua import values
from emulator.devices.opcua.decoding import Ration
from emulator.devices.opcua.history.aggregates import FUNCTIONS, processed
from emulator.devices.opcua.history.track import GOOD_NO_DATA, Configuration, Track, Value
from emulator.devices.opcua.nodes import ServedAttribute
from emulator.devices.opcua.remembered import held
from emulator.devices.opcua.services.view import unsupported, within

_RAW: Final = ua.ObjectIds.ReadRawModifiedDetails_Encoding_DefaultBinary
_AT_TIME: Final = ua.ObjectIds.ReadAtTimeDetails_Encoding_DefaultBinary
_PROCESSED: Final = ua.ObjectIds.ReadProcessedDetails_Encoding_DefaultBinary
_OTHERS: Final = (
    ua.ObjectIds.ReadEventDetails_Encoding_DefaultBinary,
    ua.ObjectIds.ReadAnnotationDataDetails_Encoding_DefaultBinary,
)
_DATA: Final = ua.NodeId(ua.ObjectIds.HistoryData_Encoding_DefaultBinary)
_RAW_FIELDS: Final = struct.Struct("<?qqI?")
_RANGE_FIELDS: Final = struct.Struct("<qqd")
_CONFIGURATION: Final = struct.Struct("<??BB?")
_TICKS_PER_MS: Final = 10_000

Answers = Iterator[Value]
Ask = Callable[[Track], Answers]


class _Question:
    """What the details of a HistoryRead ask of each node: `asks[i](track)`, and the types of the answers."""

    def __init__(self, kind: int, body: Buffer, nodes: int, largest: int) -> None:
        self.types: list[str | None] = [None] * nodes
        if kind == _RAW:
            self.asks = [self._raw(body)] * nodes
        elif kind == _AT_TIME:
            self.asks = [self._at_time(body, largest)] * nodes
        else:
            self.asks = self._processed(body, nodes)

    @staticmethod
    def _raw(body: Buffer) -> Ask:
        modified, start, end, most, bounds = _RAW_FIELDS.unpack(body.read(_RAW_FIELDS.size))
        if modified:
            return _refuse(ua.StatusCodes.BadHistoryOperationUnsupported)
        if (start > 0) + (end > 0) + (most > 0) < 2:
            return _refuse(ua.StatusCodes.BadHistoryOperationInvalid)
        ends = start or None, end or None
        # With both ends given, `most` is the size of a part; else it is all that is wanted.
        whole = most if not (start and end) else None
        return lambda track: itertools.islice(track.between(*ends, bounds=bounds), whole)

    @staticmethod
    def _at_time(body: Buffer, largest: int) -> Ask:
        (count,) = struct.unpack("<i", body.read(4))
        if count <= 0:
            return _refuse(ua.StatusCodes.BadInvalidArgument)
        if count > largest:
            raise ServiceError(ua.StatusCodes.BadTooManyOperations)
        times = struct.unpack(f"<{count}q", body.read(8 * count))
        simple = body.read(1) != b"\0"
        configuration = Configuration()
        return lambda track: (track.at(t, configuration, simple=simple, keep_raw=True) for t in times)

    def _processed(self, body: Buffer, nodes: int) -> list[Ask]:
        start, end, interval_ms = _RANGE_FIELDS.unpack(body.read(_RANGE_FIELDS.size))
        (count,) = struct.unpack("<i", body.read(4))
        if count != nodes:
            raise ServiceError(ua.StatusCodes.BadAggregateListMismatch)
        kinds = [nodeid_from_binary(body) for _ in range(count)]
        defaults, *given = _CONFIGURATION.unpack(body.read(_CONFIGURATION.size))
        configuration = Configuration() if defaults else Configuration(*given)
        if not configuration.sound:
            return [_refuse(ua.StatusCodes.BadAggregateConfigurationRejected)] * nodes
        if start <= 0 or end <= 0 or start == end or not 0.0 <= interval_ms < 1e15:
            return [_refuse(ua.StatusCodes.BadInvalidArgument)] * nodes
        step = round(interval_ms * _TICKS_PER_MS)
        if interval_ms > 0.0 and step == 0:
            return [_refuse(ua.StatusCodes.BadInvalidArgument)] * nodes
        asks = []
        for place, kind in enumerate(kinds):
            known = FUNCTIONS.get(kind.Identifier) if kind.NamespaceIndex == 0 else None
            if known is None:
                asks.append(_refuse(ua.StatusCodes.BadAggregateNotSupported))
                continue
            function, self.types[place] = known
            asks.append(_aggregate(function, start, end, step, configuration))
        return asks


def _aggregate(function: Any, start: int, end: int, step: int, configuration: Configuration) -> Ask:
    return lambda track: processed(track, function, start, end, step, configuration)


def _refuse(status: int) -> Ask:
    def ask(track: Track) -> Answers:
        raise ServiceError(status)

    return ask


class _Rest:
    """What is left of an answer, with its next value already known."""

    def __init__(self, answers: Answers, type_: Any) -> None:
        self._answers = answers
        self._type = type_
        self._next = next(answers, None)

    def take(self, most: int, times: int, server_ticks: int) -> tuple[int, bytes, bool]:
        """Return how many values come, their bytes as HistoryData, and whether there are more."""
        parts: list[bytes] = []
        while self._next is not None and len(parts) < most:
            one = self._next
            variant = None
            if one.value is not None:
                variant = values.scalar(self._type, values.fit(self._type, one.value))
            parts.append(values.data_value(variant, one.status, one.ticks, server_ticks, times))
            self._next = next(self._answers, None)
        return len(parts), b"".join((struct.pack("<i", len(parts)), *parts)), self._next is not None


async def read(processor: Any, requesthdr: Any, seqhdr: Any, body: Buffer) -> ua.HistoryReadResponse:
    """Answer a HistoryReadRequest: raw values, values at times, or aggregates, in parts of bounded size."""
    server = processor.iserver
    historian = server.historian
    if historian is None:
        raise ServiceError(ua.StatusCodes.BadServiceUnsupported)
    kind = nodeid_from_binary(body)
    encoded = body.read(1)
    (size,) = struct.unpack("<i", body.read(4))
    if encoded != b"\x01" or not 0 <= size <= len(body):
        raise ServiceError(ua.StatusCodes.BadHistoryOperationInvalid)
    details = Ration(body.read(size))
    (times,) = struct.unpack("<i", body.read(4))
    release = body.read(1) != b"\0"
    (count,) = struct.unpack("<i", body.read(4))
    within(max(count, 0), server.limits.nodes_per_history_read)
    wanted = [struct_from_binary(ua.HistoryReadValueId, body) for _ in range(count)]
    if not values.SOURCE <= times <= values.BOTH:
        raise ServiceError(ua.StatusCodes.BadTimestampsToReturnInvalid)
    if kind.NamespaceIndex or kind.Identifier not in (_RAW, _AT_TIME, _PROCESSED, *_OTHERS):
        raise ServiceError(ua.StatusCodes.BadHistoryOperationInvalid)
    points = held(processor.session, "history", dict)
    if release:
        return ua.HistoryReadResponse(Results=[_released(points, one) for one in wanted])
    if kind.Identifier in _OTHERS:
        refused = ua.StatusCode(ua.StatusCodes.BadHistoryOperationUnsupported)
        return ua.HistoryReadResponse(Results=[ua.HistoryReadResult(StatusCode=refused) for _ in wanted])
    most = min(server.history.values_per_read, server.limits.array_length)
    try:
        question = _Question(kind.Identifier, details, count, most)
        part = most
        if kind.Identifier == _RAW:
            details.rewind()
            part = min(_RAW_FIELDS.unpack(details.read(_RAW_FIELDS.size))[3] or most, most)
    except (struct.error, NotEnoughData) as broken:
        raise ServiceError(ua.StatusCodes.BadDecodingError) from broken
    results = []
    for one, ask, type_ in zip(wanted, question.asks, question.types, strict=True):
        results.append(_one(processor, points, one, ask, type_, part, times))
        await asyncio.sleep(0)  # aggregates of many nodes take their time; others are served between them
    return ua.HistoryReadResponse(Results=results)


def _released(points: dict[bytes, _Rest], wanted: ua.HistoryReadValueId) -> ua.HistoryReadResult:
    known = points.pop(wanted.ContinuationPoint or b"", None)
    status = 0 if known is not None else ua.StatusCodes.BadContinuationPointInvalid
    return ua.HistoryReadResult(StatusCode=ua.StatusCode(status))


def _one(
    processor: Any, points: dict[bytes, _Rest], wanted: Any, ask: Ask, type_: str | None, most: int, times: int
) -> ua.HistoryReadResult:
    try:
        if wanted.ContinuationPoint:
            rest = points.pop(wanted.ContinuationPoint, None)
            if rest is None:
                raise ServiceError(ua.StatusCodes.BadContinuationPointInvalid)  # noqa: TRY301 - as all refusals here
        else:
            served = _historized(processor.iserver, wanted).served
            track = processor.iserver.historian.track(served.point.id)
            rest = _Rest(ask(track), type_ or served.type_)
        count, data, more = rest.take(most, times, processor.now_ticks)
        point = None
        if more:
            if len(points) >= processor.iserver.history.continuation_points:
                raise ServiceError(ua.StatusCodes.BadNoContinuationPoints)  # noqa: TRY301
            point = secrets.token_bytes(8)
            points[point] = rest
    except ServiceError as refused:
        return ua.HistoryReadResult(StatusCode=ua.StatusCode(refused.code))
    return ua.HistoryReadResult(
        StatusCode=ua.StatusCode(0 if count else GOOD_NO_DATA),
        ContinuationPoint=point,
        HistoryData=ua.ExtensionObject(TypeId=_DATA, Body=data),
    )


def _historized(server: Any, wanted: ua.HistoryReadValueId) -> ServedAttribute:
    node = server.aspace.get(wanted.NodeId)
    if node is None:
        raise ServiceError(ua.StatusCodes.BadNodeIdUnknown)
    attribute = node.attributes.get(ua.AttributeIds.Value)
    if type(attribute) is not ServedAttribute or attribute.part != "value":
        raise ServiceError(ua.StatusCodes.BadHistoryOperationUnsupported)
    if attribute.served.point.id not in server.historian:
        raise ServiceError(ua.StatusCodes.BadHistoryOperationUnsupported)
    if wanted.DataEncoding is not None and wanted.DataEncoding.Name:
        raise ServiceError(ua.StatusCodes.BadDataEncodingInvalid)
    if wanted.IndexRange:
        raise ServiceError(ua.StatusCodes.BadIndexRangeNoData)  # only scalars have a past
    return attribute


SERVICES: Final = {
    ua.ObjectIds.HistoryReadRequest_Encoding_DefaultBinary: read,
    ua.ObjectIds.HistoryUpdateRequest_Encoding_DefaultBinary: unsupported,
}
