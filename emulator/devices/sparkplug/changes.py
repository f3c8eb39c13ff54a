"""Changes to one message on its way out, by the kind of fault that asks for them, in the order they are made."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from emulator.devices.sparkplug.datatypes import DataType, held
from emulator.devices.sparkplug.encode import encode
from emulator.devices.sparkplug.messages import Message
from emulator.devices.sparkplug.payload import Metric

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.devices.sparkplug.wrong import Wrongdoer

    Change = Callable[[Wrongdoer, Message, list[Message], list[Message]], Message]

_DATA: Final = ("NDATA", "DDATA")
_BIRTHS: Final = ("NBIRTH", "DBIRTH")
_STRANGE_ALIAS: Final = 999_999


def _with(message: Message, metrics: tuple[Metric, ...]) -> Message:
    return replace(message, payload=replace(message.payload, metrics=metrics))


def _missing(wrong: Wrongdoer, message: Message, before: list[Message], after: list[Message]) -> Message:
    plan = wrong.plans["sparkplug_birth_missing_metrics"]
    if message.kind not in _BIRTHS or not message.payload.metrics:
        return message
    metrics = message.payload.metrics
    named = str(plan["metric"])
    gone = [m for m in metrics if m.name == named] if named else [m for m in metrics[-1:] if m.name != "bdSeq"]
    if not gone or wrong.hit("sparkplug_birth_missing_metrics", gone[0].name or "") is None:
        return message
    return _with(message, tuple(metric for metric in metrics if metric not in gone))


def _seq_nonzero(wrong: Wrongdoer, message: Message, before: list[Message], after: list[Message]) -> Message:
    if message.kind != "NBIRTH":
        return message
    plan = wrong.hit("sparkplug_nbirth_seq_nonzero")
    if plan is None:
        return message
    seq = int(plan["seq"]) % 256
    wrong.restart_seq(seq)
    return replace(message, payload=replace(message.payload, seq=seq))


def _timestamps(wrong: Wrongdoer, message: Message, before: list[Message], after: list[Message]) -> Message:
    plan = wrong.hit("sparkplug_bad_timestamps", message.kind)
    if plan is None:
        return message
    by_ms = round(float(plan["offset_s"]) * 1000)
    metrics = tuple(replace(metric, timestamp=max(0, (metric.timestamp or 0) + by_ms)) for metric in _all(message))
    payload = replace(message.payload, timestamp=max(0, (message.payload.timestamp or 0) + by_ms), metrics=metrics)
    return replace(message, payload=payload)


def _all(message: Message) -> tuple[Metric, ...]:
    return message.payload.metrics


def _first(message: Message, change: Callable[[Metric], Metric]) -> Message:
    """Change the first scalar of a message."""
    metrics = list(message.payload.metrics)
    for index, metric in enumerate(metrics):
        if metric.sent_as not in (None, DataType.DATASET, DataType.FLOAT_ARRAY, DataType.TEMPLATE):
            metrics[index] = change(metric)
            break
    return _with(message, tuple(metrics))


def _type_mismatch(wrong: Wrongdoer, message: Message, before: list[Message], after: list[Message]) -> Message:
    if message.kind not in _DATA or wrong.hit("sparkplug_type_mismatch", message.kind) is None:
        return message
    return _first(message, lambda m: replace(m, value=str(m.value), type=DataType.STRING, sent_as=None))


def _null(wrong: Wrongdoer, message: Message, before: list[Message], after: list[Message]) -> Message:
    if message.kind not in _DATA or wrong.hit("sparkplug_null_metric", message.kind) is None:
        return message
    return _first(message, lambda m: replace(m, value=None))


def _unknown_alias(wrong: Wrongdoer, message: Message, before: list[Message], after: list[Message]) -> Message:
    if message.kind not in _DATA or wrong.hit("sparkplug_unknown_alias", message.kind) is None:
        return message
    strange = Metric(alias=_STRANGE_ALIAS, timestamp=message.payload.timestamp, value=1.0, sent_as=DataType.DOUBLE)
    return _with(message, (*message.payload.metrics, strange))


def _historical(wrong: Wrongdoer, message: Message, before: list[Message], after: list[Message]) -> Message:
    if message.kind not in _DATA:
        return message
    plan = wrong.hit("sparkplug_historical_burst", message.kind)
    if plan is None:
        return message
    count, step_ms = int(plan["count"]), max(1, round(float(plan["step_s"]) * 1000))
    past = [
        replace(metric, timestamp=(metric.timestamp or 0) - back * step_ms, value=low, historical=True)
        for metric in message.payload.metrics
        for low in (_low_end(wrong, metric),)
        if low is not None
        for back in range(count, 0, -1)
    ]
    return _with(message, (*past, *message.payload.metrics))


def _low_end(wrong: Wrongdoer, metric: Metric) -> Any:
    """Return the lowest value of a metric's range: who takes it for live shows it."""
    for own in wrong.node.metrics.values():
        if own.point.waveform is None and (own.alias == metric.alias if metric.alias else own.name == metric.name):
            return held(own.type, own.point.range[0])
    return None


def _huge(wrong: Wrongdoer, message: Message, before: list[Message], after: list[Message]) -> Message:
    if message.kind not in _DATA:
        return message
    plan = wrong.hit("mqtt_huge_payload", message.kind)
    if plan is None:
        return message
    return replace(message, payload=replace(message.payload, body=bytes(int(plan["size"]))))


def _old_ndeath(wrong: Wrongdoer, message: Message, before: list[Message], after: list[Message]) -> Message:
    if message.kind in _DATA and wrong.hit("sparkplug_old_ndeath") is not None:
        node = wrong.node
        before.append(Message("NDEATH", None, node.death((node.bd_seq - 1) % 256)))
    return message


def _duplicate_node(wrong: Wrongdoer, message: Message, before: list[Message], after: list[Message]) -> Message:
    if message.kind == "NDATA" and wrong.hit("sparkplug_duplicate_node", "NDATA") is not None:
        wrong.ghost_seq = (wrong.ghost_seq + 1) % 256
        after.append(replace(message, payload=replace(message.payload, seq=wrong.ghost_seq)))
    return message


def _malformed(wrong: Wrongdoer, message: Message, before: list[Message], after: list[Message]) -> Message:
    if message.kind not in _DATA:
        return message
    plan = wrong.hit("sparkplug_malformed_payload", message.kind)
    if plan is None:
        return message
    whole = encode(message.payload)
    spoilt = {
        "truncate": whole[: max(1, len(whole) // 2)], "garbage": bytes(byte ^ 0xA5 for byte in whole), "empty": b"",
    }  # fmt: skip
    return replace(message, raw=spoilt[str(plan["how"])])


CHANGES: Final[dict[str, Change]] = {
    "sparkplug_birth_missing_metrics": _missing,
    "sparkplug_nbirth_seq_nonzero": _seq_nonzero,
    "sparkplug_type_mismatch": _type_mismatch,
    "sparkplug_null_metric": _null,
    "sparkplug_unknown_alias": _unknown_alias,
    "sparkplug_historical_burst": _historical,
    "mqtt_huge_payload": _huge,
    "sparkplug_bad_timestamps": _timestamps,
    "sparkplug_old_ndeath": _old_ndeath,
    "sparkplug_duplicate_node": _duplicate_node,
    "sparkplug_malformed_payload": _malformed,
}
