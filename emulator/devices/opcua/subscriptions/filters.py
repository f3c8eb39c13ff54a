"""When a new sample is worth a notification: DataChangeFilter of OPC 10000-4 §7.22.2."""

import math
from dataclasses import dataclass
from typing import Any, Final

from asyncua import ua

STATUS, STATUS_VALUE, STATUS_VALUE_TIME = range(3)
_NONE, _ABSOLUTE, _PERCENT = range(3)
_NUMBERS: Final = frozenset({*range(2, 12), 26, 27, 28})  # built-in number types, Number, Integer, UInteger


@dataclass(frozen=True, slots=True)
class Rule:
    """A checked filter.

    Parameters
    ----------
    trigger : int
        `STATUS`, `STATUS_VALUE` or `STATUS_VALUE_TIME`.
    deadband : float
        In the value's unit; None without one. A change no greater than it, seen from the last value reported, is
        no change.

    """

    trigger: int = STATUS_VALUE
    deadband: float | None = None


def data_rule(given: Any, attribute: int, data_type: int | None, eu_range: tuple[float, float] | None) -> Rule:
    """Check the filter of a data item.

    Parameters
    ----------
    given
        The decoded filter; None or an empty extension object is no filter.
    attribute
        Attribute id monitored.
    data_type
        Built-in type of the value; None where it has none (or is not a value).
    eu_range
        EURange of an analogue item, else None.

    Raises
    ------
    UaStatusCodeError
        Bad_FilterNotAllowed, Bad_MonitoredItemFilterUnsupported, Bad_MonitoredItemFilterInvalid or
        Bad_DeadbandFilterInvalid.

    """
    if given is None or (isinstance(given, ua.ExtensionObject) and given.TypeId.is_null()):
        return Rule()
    if isinstance(given, ua.EventFilter):
        raise ua.UaStatusCodeError(ua.StatusCodes.BadFilterNotAllowed)
    if not isinstance(given, ua.uaprotocol_auto.DataChangeFilter):
        raise ua.UaStatusCodeError(ua.StatusCodes.BadMonitoredItemFilterUnsupported)
    trigger = int(given.Trigger)
    if not STATUS <= trigger <= STATUS_VALUE_TIME:
        raise ua.UaStatusCodeError(ua.StatusCodes.BadMonitoredItemFilterInvalid)
    if attribute != ua.AttributeIds.Value:
        raise ua.UaStatusCodeError(ua.StatusCodes.BadFilterNotAllowed)
    return Rule(trigger, _deadband(given, data_type, eu_range))


def _deadband(given: Any, data_type: int | None, eu_range: tuple[float, float] | None) -> float | None:
    kind, value = int(given.DeadbandType), float(given.DeadbandValue)
    if kind == _NONE:
        return None
    if kind not in (_ABSOLUTE, _PERCENT) or not math.isfinite(value) or value < 0:
        raise ua.UaStatusCodeError(ua.StatusCodes.BadDeadbandFilterInvalid)
    if data_type not in _NUMBERS:
        raise ua.UaStatusCodeError(ua.StatusCodes.BadFilterNotAllowed)
    if kind == _ABSOLUTE:
        return value
    if eu_range is None or value > 100:
        raise ua.UaStatusCodeError(ua.StatusCodes.BadDeadbandFilterInvalid)
    return value / 100 * (eu_range[1] - eu_range[0])
