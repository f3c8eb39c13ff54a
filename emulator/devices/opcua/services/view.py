"""The View service set: Browse, BrowseNext, TranslateBrowsePathsToNodeIds (OPC 10000-4 §5.9)."""

import secrets
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from asyncua import ua
from asyncua.common.utils import Buffer, ServiceError
from asyncua.server.address_space import AddressSpace, NodeData
from asyncua.ua.ua_binary import struct_from_binary

from emulator.devices.opcua.remembered import held

REFERENCES_PER_NODE: Final = 10_000  # in one answer, whatever the client would take
_ELEMENTS: Final = 32  # of one browse path
_TARGETS: Final = 1_000  # of one browse path, at each of its elements
_HAS_SUBTYPE: Final = ua.NodeId(ua.ObjectIds.HasSubtype)
_ALL: Final = 0x3F
_BLANK: Final = {
    0x01: ("ReferenceTypeId", ua.NodeId()),
    0x02: ("IsForward", False),
    0x04: ("NodeClass", ua.NodeClass.Unspecified),
    0x08: ("BrowseName", ua.QualifiedName()),
    0x10: ("DisplayName", ua.LocalizedText()),
    0x20: ("TypeDefinition", ua.ExpandedNodeId()),
}
_EXTERNAL: Final = 0xFFFF_FFFF  # RemainingPathIndex of a path that was followed to its end


def with_subtypes(space: AddressSpace, kind: ua.NodeId) -> set[ua.NodeId]:
    """Return a type and all its subtypes."""
    found: set[ua.NodeId] = set()
    queue = [kind]
    while queue:
        one = queue.pop()
        if one in found:
            continue
        found.add(one)
        node = space.get(one)
        if node is not None:
            queue.extend(r.NodeId for r in node.references if r.IsForward and r.ReferenceTypeId == _HAS_SUBTYPE)
    return found


class _Asked:
    """What a BrowseDescription asks for, and how far it is answered."""

    __slots__ = ("_direction", "_kinds", "_mask", "_node", "_result_mask", "_start", "limit")

    def __init__(self, space: AddressSpace, wanted: ua.BrowseDescription, limit: int) -> None:
        node = space.get(wanted.NodeId)
        if node is None:
            raise ServiceError(ua.StatusCodes.BadNodeIdUnknown)
        if wanted.BrowseDirection not in (0, 1, 2):
            raise ServiceError(ua.StatusCodes.BadBrowseDirectionInvalid)
        self._node: NodeData = node
        self._direction = int(wanted.BrowseDirection)
        self._kinds = self._wanted_kinds(space, wanted)
        self._mask = wanted.NodeClassMask
        self._result_mask = wanted.ResultMask
        self._start = 0
        self.limit = limit

    @staticmethod
    def _wanted_kinds(space: AddressSpace, wanted: ua.BrowseDescription) -> set[ua.NodeId] | None:
        kind = wanted.ReferenceTypeId
        if kind.is_null():
            return None
        type_ = space.get(kind)
        if type_ is None or type_.attributes[ua.AttributeIds.NodeClass].value.Value.Value != ua.NodeClass.ReferenceType:
            raise ServiceError(ua.StatusCodes.BadReferenceTypeIdInvalid)
        return with_subtypes(space, kind) if wanted.IncludeSubtypes else {kind}

    def next(self) -> tuple[list[ua.ReferenceDescription], bool]:
        """Return the next references, at most `limit`, and whether there are more."""
        found: list[ua.ReferenceDescription] = []
        for place, reference in self._matching():
            if len(found) == self.limit:
                self._start = place
                return found, True
            found.append(reference if self._result_mask & _ALL == _ALL else self._masked(reference))
        return found, False

    def _matching(self) -> Iterator[tuple[int, ua.ReferenceDescription]]:
        references = self._node.references
        for place in range(self._start, len(references)):
            reference = references[place]
            if (
                (self._direction == 2 or reference.IsForward == (self._direction == 0))
                and (self._kinds is None or reference.ReferenceTypeId in self._kinds)
                and (not self._mask or self._mask & reference.NodeClass)
            ):
                yield place, reference

    def _masked(self, reference: ua.ReferenceDescription) -> ua.ReferenceDescription:
        blank: dict[str, Any] = {name: empty for bit, (name, empty) in _BLANK.items() if not self._result_mask & bit}
        return replace(reference, **blank)


def _points(processor: Any) -> dict[bytes, _Asked]:
    points: dict[bytes, _Asked] = held(processor.session, "browse", dict)
    return points


def _answer(processor: Any, asked: _Asked) -> ua.BrowseResult:
    """Return the next part, with a continuation point when there is more and room to remember."""
    points = _points(processor)
    references, more = asked.next()
    if not more:
        return ua.BrowseResult(References=references)
    if len(points) >= processor.iserver.limits.browse_continuation_points:
        return ua.BrowseResult(StatusCode=ua.StatusCode(ua.StatusCodes.BadNoContinuationPoints))
    point = secrets.token_bytes(8)
    points[point] = asked
    return ua.BrowseResult(ContinuationPoint=point, References=references)


def within(count: int, limit: int) -> None:
    """Refuse a request of no operations or of more than the limit.

    Raises
    ------
    ServiceError
        Bad_NothingToDo or Bad_TooManyOperations.

    """
    if count == 0:
        raise ServiceError(ua.StatusCodes.BadNothingToDo)
    if count > limit:
        raise ServiceError(ua.StatusCodes.BadTooManyOperations)


def browse(processor: Any, requesthdr: Any, seqhdr: Any, body: Buffer) -> ua.BrowseResponse:
    """Answer a BrowseRequest (§5.9.2); there are no views."""
    params = struct_from_binary(ua.BrowseParameters, body)
    wanted = params.NodesToBrowse or []
    within(len(wanted), processor.iserver.limits.nodes_per_browse)
    if not params.View.ViewId.is_null():
        raise ServiceError(ua.StatusCodes.BadViewIdUnknown)
    limit = min(params.RequestedMaxReferencesPerNode or REFERENCES_PER_NODE, REFERENCES_PER_NODE)
    results = []
    for description in wanted:
        try:
            results.append(_answer(processor, _Asked(processor.iserver.aspace, description, limit)))
        except ServiceError as refused:
            results.append(ua.BrowseResult(StatusCode=ua.StatusCode(refused.code)))
    return ua.BrowseResponse(Results=results)


def browse_next(processor: Any, requesthdr: Any, seqhdr: Any, body: Buffer) -> ua.BrowseNextResponse:
    """Answer a BrowseNextRequest (§5.9.3): go on, or forget."""
    params = struct_from_binary(ua.BrowseNextParameters, body)
    wanted = params.ContinuationPoints or []
    within(len(wanted), processor.iserver.limits.nodes_per_browse)
    points = _points(processor)
    results = []
    for point in wanted:
        asked = points.pop(point or b"", None)
        if asked is None:
            results.append(ua.BrowseResult(StatusCode=ua.StatusCode(ua.StatusCodes.BadContinuationPointInvalid)))
        elif params.ReleaseContinuationPoints:
            results.append(ua.BrowseResult())
        else:
            results.append(_answer(processor, asked))
    response = ua.BrowseNextResponse()
    response.Parameters.Results = results
    return response


def translate(processor: Any, requesthdr: Any, seqhdr: Any, body: Buffer) -> Any:
    """Answer a TranslateBrowsePathsToNodeIdsRequest (§5.9.4)."""
    params = struct_from_binary(ua.TranslateBrowsePathsToNodeIdsParameters, body)
    wanted = params.BrowsePaths or []
    within(len(wanted), processor.iserver.limits.nodes_per_translate)
    results = []
    for path in wanted:
        try:
            found = follow(processor.iserver.aspace, path.StartingNode, path.RelativePath.Elements or [])
            results.append(ua.BrowsePathResult(Targets=[ua.BrowsePathTarget(n, _EXTERNAL) for n in found]))
        except ServiceError as refused:
            results.append(ua.BrowsePathResult(StatusCode=ua.StatusCode(refused.code)))
    return ua.TranslateBrowsePathsToNodeIdsResponse(Results=results)


def follow(space: AddressSpace, start: ua.NodeId, elements: list[ua.RelativePathElement]) -> list[ua.NodeId]:
    """Return the nodes at the end of a relative path.

    Raises
    ------
    ServiceError
        With the path's status: unknown start, no name, no match, or too much to look at.

    """
    if start not in space:
        raise ServiceError(ua.StatusCodes.BadNodeIdUnknown)
    if not elements:
        raise ServiceError(ua.StatusCodes.BadNothingToDo)
    if len(elements) > _ELEMENTS:
        raise ServiceError(ua.StatusCodes.BadQueryTooComplex)
    if not all(element.TargetName.Name for element in elements):
        raise ServiceError(ua.StatusCodes.BadBrowseNameInvalid)
    here = [start]
    for element in elements:
        here = list(dict.fromkeys(_step(space, here, element)))
        if not here:
            raise ServiceError(ua.StatusCodes.BadNoMatch)
        if len(here) > _TARGETS:
            raise ServiceError(ua.StatusCodes.BadQueryTooComplex)
    return here


def _step(space: AddressSpace, here: list[ua.NodeId], element: ua.RelativePathElement) -> Iterator[ua.NodeId]:
    kind = element.ReferenceTypeId
    kinds = None
    if not kind.is_null():
        kinds = with_subtypes(space, kind) if element.IncludeSubtypes else {kind}
    name = element.TargetName
    for nodeid in here:
        node = space.get(nodeid)
        for reference in () if node is None else node.references:
            if (
                reference.IsForward != element.IsInverse
                and reference.BrowseName == name
                and (kinds is None or reference.ReferenceTypeId in kinds)
            ):
                yield reference.NodeId


def unsupported(processor: Any, requesthdr: Any, seqhdr: Any, body: Buffer) -> None:
    """Refuse a service this kind of device does not have."""
    raise ServiceError(ua.StatusCodes.BadServiceUnsupported)


SERVICES: Final = {
    ua.ObjectIds.BrowseRequest_Encoding_DefaultBinary: browse,
    ua.ObjectIds.BrowseNextRequest_Encoding_DefaultBinary: browse_next,
    ua.ObjectIds.TranslateBrowsePathsToNodeIdsRequest_Encoding_DefaultBinary: translate,
    ua.ObjectIds.QueryFirstRequest_Encoding_DefaultBinary: unsupported,
    ua.ObjectIds.QueryNextRequest_Encoding_DefaultBinary: unsupported,
}
