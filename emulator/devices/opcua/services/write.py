"""The Write service's frame (OPC 10000-4 §5.11.4): how much, and how long; `writes` decides about each value."""

from typing import Any, Final

from asyncua import ua
from asyncua.common.utils import Buffer, ServiceError
from asyncua.ua.ua_binary import struct_from_binary

from emulator.devices.opcua.services.view import within
from rigs.devices.opcua import OpcUaLimits


def too_long(value: Any, limits: OpcUaLimits) -> bool:
    """Whether an array, a string or a byte string is longer than the device takes."""
    if isinstance(value, list | tuple):
        return len(value) > limits.array_length or any(too_long(item, limits) for item in value)
    if isinstance(value, str):
        return len(value) > limits.string_length or len(value.encode()) > limits.string_length
    return isinstance(value, bytes) and len(value) > limits.string_length


async def write(processor: Any, requesthdr: Any, seqhdr: Any, body: Buffer) -> ua.WriteResponse:
    """Answer a WriteRequest."""
    params = struct_from_binary(ua.WriteParameters, body)
    wanted = params.NodesToWrite or []
    limits = processor.iserver.limits
    within(len(wanted), limits.nodes_per_write)
    if any(one.Value.Value is not None and too_long(one.Value.Value.Value, limits) for one in wanted):
        raise ServiceError(ua.StatusCodes.BadEncodingLimitsExceeded)
    return ua.WriteResponse(Results=await processor.session.write(params))


SERVICES: Final = {ua.ObjectIds.WriteRequest_Encoding_DefaultBinary: write}
