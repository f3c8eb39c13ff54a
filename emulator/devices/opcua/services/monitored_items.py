"""The MonitoredItem service set: OPC 10000-4 §5.13."""

from typing import Any, Final

from asyncua import ua
from asyncua.common.utils import Buffer, ServiceError
from asyncua.ua.ua_binary import struct_from_binary

from emulator.devices.opcua.security.roles import is_diagnostics
from emulator.devices.opcua.services.subscriptions import each
from emulator.devices.opcua.subscriptions.item import DISABLED, REPORTING, DataItem
from emulator.devices.opcua.values import NEITHER


def create(processor: Any, requesthdr: Any, seqhdr: Any, body: Buffer) -> Any:
    """Answer CreateMonitoredItems (§5.13.2); initial values are taken when all items are there."""
    params = struct_from_binary(ua.CreateMonitoredItemsParameters, body)
    engine, found = _subscription(processor, params.SubscriptionId)
    times = _times(params.TimestampsToReturn)
    results, made = [], []
    for wanted in _bounded(engine, params.ItemsToCreate):
        result = ua.MonitoredItemCreateResult()
        try:
            _may_see(processor, wanted.ItemToMonitor)
            item, revised = engine.maker.create(found, times, wanted)
        except ua.UaStatusCodeError as error:
            _refuse(result, error)
        else:
            result.MonitoredItemId = item.id
            result.RevisedSamplingInterval = 1000 * revised.sampling_s
            result.RevisedQueueSize = revised.queue_size
            made.append(item)
        results.append(result)
    engine.first_look(found, [item for item in made if isinstance(item, DataItem) and item.mode != DISABLED])
    response = ua.CreateMonitoredItemsResponse()
    response.Results = results
    return response


def _may_see(processor: Any, what: Any) -> None:
    """Refuse what a Read would refuse too."""
    if processor.reads.hides_diagnostics and is_diagnostics(what.NodeId, what.AttributeId):
        raise ua.UaStatusCodeError(ua.StatusCodes.BadUserAccessDenied)


def modify(processor: Any, requesthdr: Any, seqhdr: Any, body: Buffer) -> Any:
    """Answer ModifyMonitoredItems (§5.13.3)."""
    params = struct_from_binary(ua.ModifyMonitoredItemsParameters, body)
    engine, found = _subscription(processor, params.SubscriptionId)
    times = _times(params.TimestampsToReturn)
    wishes = _bounded(engine, params.ItemsToModify)
    engine.single(found, [found.items[w.MonitoredItemId] for w in wishes if w.MonitoredItemId in found.items])
    results = []
    for wanted in wishes:
        result = ua.MonitoredItemModifyResult()
        try:
            item = _item(found, wanted.MonitoredItemId)
            revised = engine.maker.modify(found, times, item, wanted.RequestedParameters)
        except ua.UaStatusCodeError as error:
            _refuse(result, error)
        else:
            result.RevisedSamplingInterval = 1000 * revised.sampling_s
            result.RevisedQueueSize = revised.queue_size
        results.append(result)
    response = ua.ModifyMonitoredItemsResponse()
    response.Results = results
    return response


def set_mode(processor: Any, requesthdr: Any, seqhdr: Any, body: Buffer) -> Any:
    """Answer SetMonitoringMode (§5.13.4)."""
    params = struct_from_binary(ua.SetMonitoringModeParameters, body)
    engine, found = _subscription(processor, params.SubscriptionId)
    mode = int(params.MonitoringMode)
    if not DISABLED <= mode <= REPORTING:
        raise ServiceError(ua.StatusCodes.BadMonitoringModeInvalid)
    ids = _bounded(engine, params.MonitoredItemIds)
    engine.single(found, [found.items[number] for number in ids if number in found.items])
    response = ua.SetMonitoringModeResponse()
    response.Parameters.Results = each(ids, lambda number: engine.maker.set_mode(found, _item(found, number), mode))
    return response


def set_triggering(processor: Any, requesthdr: Any, seqhdr: Any, body: Buffer) -> Any:
    """Answer SetTriggering (§5.13.5): links are removed first, then added."""
    params = struct_from_binary(ua.SetTriggeringParameters, body)
    engine, found = _subscription(processor, params.SubscriptionId)
    add, remove = list(params.LinksToAdd or ()), list(params.LinksToRemove or ())
    _bounded(engine, add + remove)
    trigger = _item(found, params.TriggeringItemId)
    engine.single(found, [trigger])

    def unlink(number: int) -> int:
        _item(found, number)
        if number not in trigger.links:
            return int(ua.StatusCodes.BadMonitoredItemIdInvalid)
        del trigger.links[number]
        return 0

    def link(number: int) -> int:
        _item(found, number)
        if len(trigger.links) >= engine.limits.links:
            return int(ua.StatusCodes.BadTooManyMonitoredItems)
        trigger.links[number] = None
        return 0

    response = ua.SetTriggeringResponse()
    response.Parameters.RemoveResults = each(remove, unlink) if remove else []
    response.Parameters.AddResults = each(add, link) if add else []
    return response


def delete(processor: Any, requesthdr: Any, seqhdr: Any, body: Buffer) -> Any:
    """Answer DeleteMonitoredItems (§5.13.6)."""
    params = struct_from_binary(ua.DeleteMonitoredItemsParameters, body)
    engine, found = _subscription(processor, params.SubscriptionId)
    ids = _bounded(engine, params.MonitoredItemIds)
    engine.single(found, [found.items[number] for number in ids if number in found.items])
    response = ua.DeleteMonitoredItemsResponse()
    response.Results = each(ids, lambda number: found.remove(_item(found, number)))
    return response


def _refuse(result: Any, error: ua.UaStatusCodeError) -> None:
    """Say why an item is refused; of a filter also which part of it."""
    result.StatusCode = ua.StatusCode(error.code)
    details = getattr(error, "filter_result", None)
    if details is not None:
        result.FilterResult = details


def _subscription(processor: Any, number: int) -> tuple[Any, Any]:
    engine = processor.engine
    return engine, engine.owned(processor.session, number)


def _item(subscription: Any, number: int) -> Any:
    found = subscription.items.get(number)
    if found is None:
        raise ua.UaStatusCodeError(ua.StatusCodes.BadMonitoredItemIdInvalid)
    return found


def _times(given: Any) -> int:
    if not 0 <= int(given) <= NEITHER:
        raise ServiceError(ua.StatusCodes.BadTimestampsToReturnInvalid)
    return int(given)


def _bounded(engine: Any, operations: list[Any] | None) -> list[Any]:
    operations = list(operations or ())
    if not operations:
        raise ServiceError(ua.StatusCodes.BadNothingToDo)
    if len(operations) > engine.limits.items_per_call:
        raise ServiceError(ua.StatusCodes.BadTooManyOperations)
    return operations


SERVICES: Final = {
    ua.ObjectIds.CreateMonitoredItemsRequest_Encoding_DefaultBinary: create,
    ua.ObjectIds.ModifyMonitoredItemsRequest_Encoding_DefaultBinary: modify,
    ua.ObjectIds.SetMonitoringModeRequest_Encoding_DefaultBinary: set_mode,
    ua.ObjectIds.SetTriggeringRequest_Encoding_DefaultBinary: set_triggering,
    ua.ObjectIds.DeleteMonitoredItemsRequest_Encoding_DefaultBinary: delete,
}
