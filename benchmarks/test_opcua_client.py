"""A notification of 5,000 values decoded by the twin's client and by stock asyncua's, in one run.

The bytes are asyncua's own. `columns` are doubles with both timestamps, which the twin reads as a table; `mixed`
changes type from row to row; `one by one` is the walk over what was decoded, for points that each take their own
way. Wall time of one core, medians. Run: ``pytest benchmarks/test_opcua_client.py -s``.
"""

from datetime import UTC, datetime

from asyncua import ua
from asyncua.common.utils import Buffer
from asyncua.ua.ua_binary import struct_from_binary, struct_to_binary

from benchmarks.side_by_side import medians
from twin.connectors.opcua_notifications import changes_in_order, decode_publish

ITEMS = 5_000
COLUMNS_US, SINGLE_US = 0.5, 4.0
_KINDS = (ua.VariantType.Double, ua.VariantType.Float, ua.VariantType.Int32, ua.VariantType.UInt16)


def _response(kinds: tuple[ua.VariantType, ...]) -> bytes:
    now = datetime(2025, 1, 1, tzinfo=UTC)
    items = []
    for handle in range(ITEMS):
        variant = ua.Variant(handle % 1000, kinds[handle % len(kinds)])
        items.append(ua.MonitoredItemNotification(handle, ua.DataValue(variant, ua.StatusCode(0), now, now)))
    response = ua.PublishResponse()
    response.Parameters.NotificationMessage = ua.NotificationMessage(1, now, [ua.DataChangeNotification(items)])
    return bytes(struct_to_binary(response))


def test_values_cost_little() -> None:
    """By column at most 0.5 µs a value, one by one at most 4 µs, and what stock asyncua takes beside it."""
    alike, mixed = _response(_KINDS[:1]), _response(_KINDS)
    changes = decode_publish(alike).changes
    assert changes is not None
    assert [len(run) for run in changes.columns] == [ITEMS]
    per_value = {
        name: 1e6 * seconds / ITEMS
        for name, seconds in medians(
            {
                "columns": lambda: decode_publish(alike),
                "mixed": lambda: decode_publish(mixed),
                "one by one": lambda: list(changes_in_order(changes)),
                "asyncua": lambda: struct_from_binary(ua.PublishResponse, Buffer(alike)),
            },
            rounds=7,
        ).items()
    }
    print("".join(f"\n{name:12} {cost:8.3f} µs a value" for name, cost in per_value.items()))
    print(f"columns: {1e6 / per_value['columns']:,.0f} values/s of one core")
    assert per_value["columns"] <= COLUMNS_US
    assert per_value["mixed"] <= SINGLE_US
    assert per_value["columns"] <= per_value["asyncua"] / 20
