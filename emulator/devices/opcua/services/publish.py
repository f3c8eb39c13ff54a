"""Publish and Republish: OPC 10000-4 §5.14.5 and §5.14.6."""

import asyncio
from typing import Any, Final

from asyncua import ua
from asyncua.common.utils import Buffer, ServiceError
from asyncua.ua.ua_binary import struct_from_binary

from emulator.devices.opcua.subscriptions.notification import republish_response
from emulator.devices.opcua.subscriptions.requests import Request


def publish(processor: Any, requesthdr: Any, seqhdr: Any, body: Buffer) -> None:
    """Take a Publish request: its acknowledgements now, its answer when there is something to say."""
    params = struct_from_binary(ua.PublishParameters, body)
    engine = processor.engine
    if engine.hooks.on and (status := engine.hooks.publish()):
        raise ServiceError(status)
    client = engine.client(processor.session)
    results = []
    for ack in params.SubscriptionAcknowledgements or ():
        found = client.subscriptions.get(ack.SubscriptionId)
        unknown = int(ua.StatusCodes.BadSubscriptionIdInvalid)
        results.append(unknown if found is None else found.acknowledge(ack.SequenceNumber))
    hint_s = requesthdr.TimeoutHint / 1000
    deadline_s = asyncio.get_running_loop().time() + hint_s if hint_s else None
    request = Request(processor, requesthdr.RequestHandle, seqhdr, results, deadline_s)
    client.receive(request, engine.now_ticks)


def republish(processor: Any, requesthdr: Any, seqhdr: Any, body: Buffer) -> bytes:
    """Answer Republish with a message that was sent and not acknowledged."""
    params = struct_from_binary(ua.RepublishParameters, body)
    engine = processor.engine
    found = engine.owned(processor.session, params.SubscriptionId)
    sequence = params.RetransmitSequenceNumber
    if engine.hooks.on and (status := engine.hooks.republish(found.id, sequence)):
        raise ServiceError(status)
    kept = found.kept.get(sequence)
    if kept is None:
        raise ServiceError(ua.StatusCodes.BadMessageNotAvailable)
    return republish_response(requesthdr.RequestHandle, engine.now_ticks, kept)


SERVICES: Final = {
    ua.ObjectIds.PublishRequest_Encoding_DefaultBinary: publish,
    ua.ObjectIds.RepublishRequest_Encoding_DefaultBinary: republish,
}
