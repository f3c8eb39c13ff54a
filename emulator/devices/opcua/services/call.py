"""The Call service (OPC 10000-4 §5.12.2): arguments are checked against InputArguments before the method runs."""

from collections.abc import Awaitable
from contextvars import ContextVar
from typing import Any, Final

from asyncua import ua
from asyncua.common.utils import Buffer, ServiceError
from asyncua.server.address_space import AddressSpace, NodeData
from asyncua.ua.ua_binary import struct_from_binary

from emulator.devices.opcua.security.roles import may_call
from emulator.devices.opcua.services.view import with_subtypes, within
from emulator.devices.opcua.services.write import too_long

CALLER: ContextVar[Any] = ContextVar("caller", default=None)
"""The session whose Call is being answered: whoever implements a method may ask who calls it."""

_COMPONENT: Final = ua.NodeId(ua.ObjectIds.HasComponent)
_SUBTYPE: Final = ua.NodeId(ua.ObjectIds.HasSubtype)
_ENUMERATION: Final = ua.NodeId(ua.ObjectIds.Enumeration)
_LAST_BUILT_IN: Final = 25  # OPC 10000-6 table 1
_ARGUMENTS: Final = ua.QualifiedName("InputArguments", 0)


def _attribute(node: NodeData, attribute: ua.AttributeIds) -> Any:
    found = node.attributes.get(attribute)
    value = None if found is None else found.value
    return None if value is None or value.Value is None else value.Value.Value


def _refused(status: int) -> ua.CallMethodResult:
    return ua.CallMethodResult(StatusCode=ua.StatusCode(status))


def _arguments(space: AddressSpace, method: NodeData) -> list[ua.Argument]:
    for reference in method.references:
        if reference.IsForward and reference.BrowseName == _ARGUMENTS:
            return _attribute(space[reference.NodeId], ua.AttributeIds.Value) or []
    return []


def _built_in(space: AddressSpace, data_type: ua.NodeId) -> ua.NodeId:
    """Return the type that travels for a data type: UInt32 for an IntegerId, Int32 for an enumeration."""
    here = data_type
    while not (here.NamespaceIndex == 0 and isinstance(here.Identifier, int) and here.Identifier <= _LAST_BUILT_IN):
        if here == _ENUMERATION:
            return ua.NodeId(ua.ObjectIds.Int32)
        node = space.get(here)
        references = [] if node is None else node.references
        above = next((r.NodeId for r in references if not r.IsForward and r.ReferenceTypeId == _SUBTYPE), None)
        if above is None:
            break
        here = above
    return here


def mismatch(space: AddressSpace, argument: ua.Argument, given: ua.Variant) -> int:
    """Return the status of one input argument, or Good: data type, then rank, exactly as declared."""
    type_ = ua.NodeId(int(given.VariantType.value))
    fits = type_ == _built_in(space, argument.DataType) or type_ in with_subtypes(space, argument.DataType)
    if argument.ValueRank == -1 and given.is_array:
        fits = False
    if argument.ValueRank >= 0 and not given.is_array:
        fits = False
    if given.Value is None and given.VariantType == ua.VariantType.Null:
        fits = False
    return ua.StatusCodes.Good if fits else ua.StatusCodes.BadTypeMismatch


async def _one(space: AddressSpace, wanted: ua.CallMethodRequest, user: Any) -> ua.CallMethodResult:
    parent, method = space.get(wanted.ObjectId), space.get(wanted.MethodId)
    if parent is None:
        return _refused(ua.StatusCodes.BadNodeIdUnknown)
    if method is None or _attribute(method, ua.AttributeIds.NodeClass) != ua.NodeClass.Method:
        return _refused(ua.StatusCodes.BadMethodInvalid)
    if not _belongs(space, parent, method):
        return _refused(ua.StatusCodes.BadMethodInvalid)
    method = _own(space, parent, method)
    if method.call is None or not _attribute(method, ua.AttributeIds.Executable):
        return _refused(ua.StatusCodes.BadNotExecutable)
    if not _attribute(method, ua.AttributeIds.UserExecutable) or not may_call(user, method):
        return _refused(ua.StatusCodes.BadUserAccessDenied)
    given = wanted.InputArguments or []
    declared = _arguments(space, method)
    if len(given) != len(declared):
        short = len(given) < len(declared)
        return _refused(ua.StatusCodes.BadArgumentsMissing if short else ua.StatusCodes.BadTooManyArguments)
    wrong = [mismatch(space, argument, value) for argument, value in zip(declared, given, strict=True)]
    if any(wrong):
        result = _refused(ua.StatusCodes.BadInvalidArgument)
        result.InputArgumentResults = [ua.StatusCode(status) for status in wrong]
        return result
    answer = method.call(parent.nodeid, *given)
    if isinstance(answer, Awaitable):
        answer = await answer
    if isinstance(answer, ua.CallMethodResult):
        return answer
    if isinstance(answer, ua.StatusCode):
        return ua.CallMethodResult(StatusCode=answer)
    return ua.CallMethodResult(OutputArguments=list(answer or []))


def _belongs(space: AddressSpace, parent: NodeData, method: NodeData) -> bool:
    """Whether the object, its type or a type above it has the method as a component."""
    here: NodeData | None = parent
    by = ua.NodeId(ua.ObjectIds.HasTypeDefinition)
    forward = True
    while here is not None:
        references = here.references
        if any(r.NodeId == method.nodeid and r.IsForward and r.ReferenceTypeId == _COMPONENT for r in references):
            return True
        above = next((r.NodeId for r in references if r.IsForward == forward and r.ReferenceTypeId == by), None)
        here = None if above is None else space.get(above)
        by, forward = ua.NodeId(ua.ObjectIds.HasSubtype), False
    return False


def _own(space: AddressSpace, parent: NodeData, method: NodeData) -> NodeData:
    """Return the object's own method of that name when a client named its type's (OPC 10000-4 §5.12.2.2)."""
    name = _attribute(method, ua.AttributeIds.BrowseName)
    for reference in parent.references:
        if reference.IsForward and reference.ReferenceTypeId == _COMPONENT and reference.BrowseName == name:
            return space[reference.NodeId]
    return method


async def call(processor: Any, requesthdr: Any, seqhdr: Any, body: Buffer) -> ua.CallResponse:
    """Answer a CallRequest, one method after another."""
    if processor.iserver.settings.profile == "slow_kit":
        raise ServiceError(ua.StatusCodes.BadServiceUnsupported)
    CALLER.set(processor.session)
    params = struct_from_binary(ua.CallParameters, body)
    wanted = params.MethodsToCall or []
    limits = processor.iserver.limits
    within(len(wanted), limits.nodes_per_method_call)
    if any(too_long(value.Value, limits) for one in wanted for value in one.InputArguments or []):
        raise ServiceError(ua.StatusCodes.BadEncodingLimitsExceeded)
    return ua.CallResponse(
        Results=[await _one(processor.iserver.aspace, one, processor.session.user) for one in wanted]
    )


SERVICES: Final = {ua.ObjectIds.CallRequest_Encoding_DefaultBinary: call}
