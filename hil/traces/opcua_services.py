"""What an OPC UA service message says, in a line: the parameters that matter, in the order of OPC 10000-4 §5.

Nonces, tokens, signatures and certificates are passed over: they differ each time, and some are secret.
"""

from collections.abc import Callable
from typing import Final

from hil.traces.opcua_binary import Extension, Reader, time_text
from hil.traces.opcua_names import DATA_CHANGE, EVENT_LIST, HISTORY_DATA, STATUS_CHANGE, status_name

_ATTRIBUTES: Final = {
    1: "NodeId", 2: "NodeClass", 3: "BrowseName", 4: "DisplayName", 5: "Description", 8: "IsAbstract",
    12: "EventNotifier", 13: "Value", 14: "DataType", 15: "ValueRank", 16: "ArrayDimensions", 17: "AccessLevel",
    18: "UserAccessLevel", 19: "MinimumSamplingInterval", 20: "Historizing", 21: "Executable",
}  # fmt: skip
_TIMES: Final = {0: "source times", 1: "server times", 2: "both times", 3: "no times"}
_MODES: Final = {0: "disabled", 1: "sampling", 2: "reporting"}
SHOWN: Final = 6  # elements of a list that are written out


def request_header(reader: Reader) -> int:
    """Pass over a request header; returns the request handle."""
    reader.nodeid()
    reader.i64()
    handle = reader.u32()
    reader.u32()
    reader.string()
    reader.u32()
    reader.extension()
    return handle


def response_header(reader: Reader) -> tuple[int, int]:
    """Pass over a response header; returns the request handle and the service result."""
    reader.i64()
    handle, result = reader.u32(), reader.u32()
    reader.diagnostics()
    for _ in range(reader.count()):
        reader.string()
    reader.extension()
    return handle, result


def describe(name: str, reader: Reader) -> str:
    """Return the parameters of the message `name`, read from after its header; '' where there is nothing to say."""
    parameters = _PARAMETERS.get(name)
    return "" if parameters is None else parameters(reader)


def _listed(reader: Reader, one: Callable[[Reader], str], before: str = "") -> str:
    items = [one(reader) for _ in range(reader.count())]
    more = f"; … {len(items)} in all" if len(items) > SHOWN else ""
    return before + "; ".join(items[:SHOWN]) + more if items else before.rstrip(" ")


def _statuses(reader: Reader) -> str:
    return _listed(reader, lambda r: status_name(r.u32()))


def _numbers(reader: Reader, before: str) -> str:
    numbers = [reader.u32() for _ in range(reader.count())]
    return f"{before} {', '.join(map(str, numbers)) or 'none'}"


def _node(reader: Reader) -> str:
    node, attribute = reader.nodeid(), reader.u32()
    range_ = reader.string()
    reader.qualified()
    named = _ATTRIBUTES.get(attribute, f"attribute {attribute}")
    return node + ("" if attribute == 13 else f" {named}") + (f"[{range_}]" if range_ else "")


def _application(reader: Reader) -> None:
    reader.string(), reader.string(), reader.localized(), reader.i32(), reader.string(), reader.string()
    for _ in range(reader.count()):
        reader.string()


def _create_session(reader: Reader) -> str:
    _application(reader)
    reader.string(), reader.string()
    name = reader.string()
    reader.blob(), reader.blob()
    return f"{name!r}, timeout {reader.double():g} ms"


def _session_created(reader: Reader) -> str:
    reader.nodeid(), reader.nodeid()
    return f"timeout {reader.double():g} ms"


def _activate(reader: Reader) -> str:
    reader.string(), reader.blob()
    for _ in range(reader.count()):
        reader.blob(), reader.blob()
    for _ in range(reader.count()):
        reader.string()
    return str(reader.extension())


def _read(reader: Reader) -> str:
    reader.double()
    times = _TIMES.get(reader.i32(), "times beyond the enumeration")
    return _listed(reader, _node, f"{times}; ")


def _values(reader: Reader) -> str:
    return _listed(reader, lambda r: str(r.data_value()))


def _write(reader: Reader) -> str:
    def one(r: Reader) -> str:
        node, attribute, range_ = r.nodeid(), r.u32(), r.string()
        about = "" if attribute == 13 else f" {_ATTRIBUTES.get(attribute, attribute)}"
        return f"{node}{about}{f'[{range_}]' if range_ else ''} := {r.data_value().text}"

    return _listed(reader, one)


def _browse(reader: Reader) -> str:
    reader.nodeid(), reader.i64(), reader.u32()
    most = reader.u32()

    def one(r: Reader) -> str:
        node, direction = r.nodeid(), r.i32()
        r.nodeid(), r.boolean(), r.u32(), r.u32()
        return node + (" inverse" if direction == 1 else "")

    return _listed(reader, one) + (f"; at most {most} references each" if most else "")


def _browsed(reader: Reader) -> str:
    def reference(r: Reader) -> str:
        r.nodeid(), r.boolean(), r.nodeid()
        name = r.qualified()
        r.localized(), r.i32(), r.nodeid()
        return name

    def one(r: Reader) -> str:
        status, point = r.u32(), r.blob()
        names = [reference(r) for _ in range(r.count())]
        said = f"{len(names)} references" if not status else status_name(status)
        return said + (" and more to come" if point else "")

    return _listed(reader, one)


def _browse_next(reader: Reader) -> str:
    release = reader.boolean()
    return f"{'release' if release else 'continue'} {reader.count()}"


def _subscribe(reader: Reader) -> str:
    interval, lifetime, alive, most = reader.double(), reader.u32(), reader.u32(), reader.u32()
    return f"every {interval:g} ms, lifetime {lifetime}, keep-alive {alive}, at most {most or 'any number of'} values"


def _revised(reader: Reader) -> str:
    return f"every {reader.double():g} ms, lifetime {reader.u32()}, keep-alive {reader.u32()}"


def _items(reader: Reader) -> str:
    def one(r: Reader) -> str:
        node, mode, handle, sampling = _node(r), r.i32(), r.u32(), r.double()
        filter_ = r.extension()
        queue, oldest = r.u32(), r.boolean()
        kind = "" if filter_.body is None else f", {filter_}"
        drop = "oldest" if oldest else "newest"
        return f"{node} as {handle}, {_MODES.get(mode, mode)}, every {sampling:g} ms, queue {queue} drops {drop}{kind}"

    number = reader.u32()
    return _listed(reader, one, f"subscription {number}, {_TIMES.get(reader.i32(), 'bad times')}; ")


def _items_created(reader: Reader) -> str:
    def one(r: Reader) -> str:
        status, number, sampling, queue = r.u32(), r.u32(), r.double(), r.u32()
        r.extension()
        return status_name(status) if status >> 30 else f"item {number}, every {sampling:g} ms, queue {queue}"

    return _listed(reader, one)


def _publish(reader: Reader) -> str:
    acks = [f"{reader.u32()}/{reader.u32()}" for _ in range(reader.count())]
    return f"acknowledges {', '.join(acks)}" if acks else "acknowledges nothing"


def _published(reader: Reader) -> str:
    number = reader.u32()
    kept = _numbers(reader, "kept")
    more = reader.boolean()
    said = _notification(reader)
    results = [reader.u32() for _ in range(reader.count())]
    bad = [status_name(r) for r in results if r]
    return (
        f"subscription {number}, {said}{', more to come' if more else ''}, {kept}"
        + (f"; acknowledged: {', '.join(bad)}" if bad else "")
    )  # fmt: skip


def _notification(reader: Reader) -> str:
    sequence = reader.u32()
    reader.i64()
    parts = [notification(reader.extension()) for _ in range(reader.count())]
    return f"message {sequence}: {'; '.join(parts)}" if parts else f"keep-alive, next message {sequence}"


def notification(data: Extension) -> str:
    """Return what a notification says."""
    reader = Reader(data.body or b"")
    match data.number:
        case number if number == DATA_CHANGE:
            return _listed(reader, lambda r: f"{r.u32()} = {r.data_value()}")
        case number if number == STATUS_CHANGE:
            return f"status change {status_name(reader.u32())}"
        case number if number == EVENT_LIST:
            return f"{reader.count()} events"
        case _:
            return str(data)


def _republish(reader: Reader) -> str:
    return f"subscription {reader.u32()}, message {reader.u32()}"


def _transfer(reader: Reader) -> str:
    return _numbers(reader, "subscriptions") + (", with initial values" if reader.boolean() else "")


def _transferred(reader: Reader) -> str:
    return _listed(reader, lambda r: f"{status_name(r.u32())}, {_numbers(r, 'kept')}")


def _call(reader: Reader) -> str:
    def one(r: Reader) -> str:
        on, method = r.nodeid(), r.nodeid()
        arguments = [str(r.variant()) for _ in range(r.count())]
        return f"{method} of {on}({', '.join(arguments)})"

    return _listed(reader, one)


def _called(reader: Reader) -> str:
    def one(r: Reader) -> str:
        status = status_name(r.u32())
        for _ in range(r.count()):
            r.u32()
        for _ in range(r.count()):
            r.diagnostics()
        outputs = [str(r.variant()) for _ in range(r.count())]
        return status + (f" -> {', '.join(outputs)}" if outputs else "")

    return _listed(reader, one)


def _history(reader: Reader) -> str:
    details = reader.extension()
    reader.i32()
    release = reader.boolean()
    nodes = _listed(reader, _history_node)
    return f"{'release; ' if release else ''}{details}; {nodes}"


def _history_node(reader: Reader) -> str:
    node = reader.nodeid()
    reader.string(), reader.qualified()
    return node + (", continued" if reader.blob() else "")


def _history_read(reader: Reader) -> str:
    def one(r: Reader) -> str:
        status, point, data = r.u32(), r.blob(), r.extension()
        said = status_name(status)
        if data.number == HISTORY_DATA and data.body is not None:
            inner = Reader(data.body)
            times = [inner.data_value().source or 0 for _ in range(inner.count())]
            span = f" {time_text(times[0])} to {time_text(times[-1])}" if times else ""
            said += f", {len(times)} values{span}"
        return said + (" and more to come" if point else "")

    return _listed(reader, one)


def _translate(reader: Reader) -> str:
    def step(r: Reader) -> str:
        r.nodeid(), r.boolean(), r.boolean()
        return r.qualified()

    def one(r: Reader) -> str:
        start = r.nodeid()
        return start + "".join(f"/{step(r)}" for _ in range(r.count()))

    return _listed(reader, one)


def _translated(reader: Reader) -> str:
    def one(r: Reader) -> str:
        status = r.u32()
        found = []
        for _ in range(r.count()):
            found.append(r.nodeid())
            r.u32()
        return status_name(status) + (f", {', '.join(found)}" if found else "")

    return _listed(reader, one)


_PARAMETERS: Final[dict[str, Callable[[Reader], str]]] = {
    "CreateSessionRequest": _create_session, "CreateSessionResponse": _session_created,
    "ActivateSessionRequest": _activate,
    "CloseSessionRequest": lambda r: "with its subscriptions" if r.boolean() else "",
    "ReadRequest": _read, "ReadResponse": _values, "WriteRequest": _write, "WriteResponse": _statuses,
    "BrowseRequest": _browse, "BrowseResponse": _browsed, "BrowseNextRequest": _browse_next,
    "BrowseNextResponse": _browsed, "CreateSubscriptionRequest": _subscribe,
    "CreateSubscriptionResponse": lambda r: f"subscription {r.u32()}, {_revised(r)}",
    "ModifySubscriptionRequest": lambda r: f"subscription {r.u32()}, {_subscribe(r)}",
    "ModifySubscriptionResponse": _revised, "CreateMonitoredItemsRequest": _items,
    "CreateMonitoredItemsResponse": _items_created,
    "DeleteMonitoredItemsRequest": lambda r: f"subscription {r.u32()}, {_numbers(r, 'items')}",
    "DeleteMonitoredItemsResponse": _statuses, "PublishRequest": _publish, "PublishResponse": _published,
    "RepublishRequest": _republish, "RepublishResponse": _notification, "TransferSubscriptionsRequest": _transfer,
    "TransferSubscriptionsResponse": _transferred,
    "DeleteSubscriptionsRequest": lambda r: _numbers(r, "subscriptions"), "DeleteSubscriptionsResponse": _statuses,
    "SetPublishingModeRequest": lambda r: f"{'on' if r.boolean() else 'off'}, {_numbers(r, 'subscriptions')}",
    "SetPublishingModeResponse": _statuses, "CallRequest": _call, "CallResponse": _called,
    "HistoryReadRequest": _history, "HistoryReadResponse": _history_read,
    "TranslateBrowsePathsToNodeIdsRequest": _translate,
    "TranslateBrowsePathsToNodeIdsResponse": _translated,
    "RegisterNodesRequest": lambda r: f"{r.count()} nodes",
}  # fmt: skip
