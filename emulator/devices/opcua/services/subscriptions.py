"""The Subscription service set: OPC 10000-4 §5.14, without Publish and Republish."""

from collections.abc import Callable, Iterable
from typing import Any, Final

from asyncua import ua
from asyncua.common.utils import Buffer, ServiceError
from asyncua.ua.ua_binary import struct_from_binary


def each(keys: Iterable[Any] | None, act: Callable[[Any], Any]) -> list[ua.StatusCode]:
    """Do something for each of some ids; what fails says so in its place.

    Raises
    ------
    ServiceError
        Bad_NothingToDo.

    """
    keys = list(keys or ())
    if not keys:
        raise ServiceError(ua.StatusCodes.BadNothingToDo)
    results = []
    for key in keys:
        try:
            results.append(ua.StatusCode(act(key) or 0))
        except ua.UaStatusCodeError as error:
            results.append(ua.StatusCode(error.code))
    return results


def create(processor: Any, requesthdr: Any, seqhdr: Any, body: Buffer) -> Any:
    """Answer CreateSubscription (§5.14.2)."""
    params = struct_from_binary(ua.CreateSubscriptionParameters, body)
    made = processor.engine.create(processor.session, params)
    response = ua.CreateSubscriptionResponse()
    response.Parameters = ua.CreateSubscriptionResult(made.id, 1000 * made.publishing_s, made.lifetime, made.keep_alive)
    return response


def modify(processor: Any, requesthdr: Any, seqhdr: Any, body: Buffer) -> Any:
    """Answer ModifySubscription (§5.14.3)."""
    params = struct_from_binary(ua.ModifySubscriptionParameters, body)
    engine = processor.engine
    found = engine.owned(processor.session, params.SubscriptionId)
    revised = engine.revised(params)
    found.lifetime = found.lifetime_left = revised.lifetime_count
    found.keep_alive = revised.keep_alive_count
    found.keep_alive_left = min(found.keep_alive_left, found.keep_alive)
    found.per_message = engine.limits.per_message(params.MaxNotificationsPerPublish)
    found.priority = params.Priority
    if revised.publishing_s != found.publishing_s:
        found.restart(revised.publishing_s)
    response = ua.ModifySubscriptionResponse()
    response.Parameters = ua.ModifySubscriptionResult(1000 * found.publishing_s, found.lifetime, found.keep_alive)
    return response


def set_publishing_mode(processor: Any, requesthdr: Any, seqhdr: Any, body: Buffer) -> Any:
    """Answer SetPublishingMode (§5.14.4)."""
    params = struct_from_binary(ua.SetPublishingModeParameters, body)

    def act(subscription_id: int) -> None:
        found = processor.engine.owned(processor.session, subscription_id)
        found.enabled = bool(params.PublishingEnabled)
        if not found.enabled:
            found.more = False

    response = ua.SetPublishingModeResponse()
    response.Parameters.Results = each(params.SubscriptionIds, act)
    return response


def delete(processor: Any, requesthdr: Any, seqhdr: Any, body: Buffer) -> Any:
    """Answer DeleteSubscriptions (§5.14.8); with the last one gone, waiting Publish requests are refused."""
    params = struct_from_binary(ua.DeleteSubscriptionsParameters, body)
    engine, session = processor.engine, processor.session
    response = ua.DeleteSubscriptionsResponse()
    response.Results = each(params.SubscriptionIds, lambda number: engine.forget(engine.owned(session, number)))
    processor.send_response(requesthdr.RequestHandle, seqhdr, response)
    engine.client(session).without_subscription()


def transfer(processor: Any, requesthdr: Any, seqhdr: Any, body: Buffer) -> Any:
    """Answer TransferSubscriptions (§5.14.7)."""
    params = struct_from_binary(ua.TransferSubscriptionsParameters, body)
    available: dict[int, list[int]] = {}

    def act(subscription_id: int) -> None:
        initial = bool(params.SendInitialValues)
        available[subscription_id] = processor.engine.transfer(processor.session, subscription_id, initial=initial)

    ids = list(params.SubscriptionIds or ())
    response = ua.TransferSubscriptionsResponse()
    response.Parameters.Results = [
        ua.TransferResult(status, available.get(number, [])) for number, status in zip(ids, each(ids, act), strict=True)
    ]
    return response


SERVICES: Final = {
    ua.ObjectIds.CreateSubscriptionRequest_Encoding_DefaultBinary: create,
    ua.ObjectIds.ModifySubscriptionRequest_Encoding_DefaultBinary: modify,
    ua.ObjectIds.SetPublishingModeRequest_Encoding_DefaultBinary: set_publishing_mode,
    ua.ObjectIds.DeleteSubscriptionsRequest_Encoding_DefaultBinary: delete,
    ua.ObjectIds.TransferSubscriptionsRequest_Encoding_DefaultBinary: transfer,
}
