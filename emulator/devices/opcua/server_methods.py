"""Methods of the Server object: GetMonitoredItems and ResendData (OPC 10000-5 §9.1, §9.2)."""

from collections.abc import Callable
from typing import Any, Final

from asyncua import ua
from asyncua.server.address_space import AddressSpace

from emulator.devices.opcua.building import A, T, own, set_attribute
from emulator.devices.opcua.security.roles import commands_nothing
from emulator.devices.opcua.services.call import CALLER

_METHODS: Final = (ua.ObjectIds.Server_GetMonitoredItems, ua.ObjectIds.Server_ResendData)


def serve(space: AddressSpace, engine: Any) -> None:
    """Put the engine of subscriptions behind the two methods, which answer the subscription's own session only."""

    def owned(number: ua.Variant) -> Any:
        session = CALLER.get()
        subscription = engine.subscriptions.get(number.Value)
        if subscription is None:
            raise ua.UaStatusCodeError(ua.StatusCodes.BadSubscriptionIdInvalid)
        try:
            return engine.owned(session, number.Value)
        except ua.UaStatusCodeError as foreign:
            raise ua.UaStatusCodeError(ua.StatusCodes.BadUserAccessDenied) from foreign

    def monitored(_: ua.NodeId, number: ua.Variant) -> list[ua.Variant]:
        subscription = owned(number)
        items = (*subscription.items.values(), *subscription.event_items.values())
        pairs = [(item.id, item.handle) for item in items]
        return [ua.Variant([pair[place] for pair in pairs], T.UInt32, is_array=True) for place in (0, 1)]

    def resend(_: ua.NodeId, number: ua.Variant) -> ua.StatusCode:
        engine.resend(owned(number))
        return ua.StatusCode()

    answers: tuple[Callable[..., Any], ...] = (monitored, resend)
    for number, answer in zip(_METHODS, answers, strict=True):
        node = own(space, ua.NodeId(number))
        set_attribute(node, A.Executable, True, T.Boolean)
        set_attribute(node, A.UserExecutable, True, T.Boolean)
        node.call = commands_nothing(_refusing(answer))


def _refusing(answer: Callable[..., Any]) -> Callable[..., Any]:
    def call(parent: ua.NodeId, *arguments: ua.Variant) -> Any:
        try:
            return answer(parent, *arguments)
        except ua.UaStatusCodeError as refused:
            return ua.CallMethodResult(StatusCode=ua.StatusCode(refused.code))

    return call
