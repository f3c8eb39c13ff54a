"""Plain JSON values over MQTT: one topic per metric, a bare number or a map with value, time and quality."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

MAX_BYTES = 4 * 1024 * 1024
_TIMES = {"t_ns": 1, "timestamp_ns": 1, "timestamp": 1_000_000, "ts": 1_000_000, "t_ms": 1_000_000}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_QUALITIES = {"good": 0, "uncertain": 0x40000000, "bad": 0x80000000}


class JsonError(ValueError):
    """The bytes are no value."""


@dataclass(frozen=True, slots=True)
class JsonValue:
    """A value, or a block of samples with its counter and rate.

    Parameters
    ----------
    value : number, list of numbers, or None for "no reading"
    t_ns : UTC ns, None where the message tells no time
    quality : StatusCode
    """

    value: float | list[float] | None
    t_ns: int | None
    quality: int
    n0: int | None = None
    rate_hz: float | None = None


def decode_json(data: bytes) -> JsonValue:
    """Decode a message.

    Raises
    ------
    JsonError : too large, no UTF-8, no JSON, or no value
    """
    if len(data) > MAX_BYTES:
        raise JsonError(f"a message of {len(data)} bytes; at most {MAX_BYTES} are looked at")
    try:
        found = json.loads(data.decode("utf-8"), parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise JsonError(f"no JSON: {error}") from None
    if not isinstance(found, dict):
        return JsonValue(_number(found), None, 0)
    if "value" not in found:
        raise JsonError("a map without 'value'")
    if isinstance(found["value"], list):
        return _block(found, found["value"], _time(found))
    return JsonValue(_number(found["value"]), _time(found), _quality(found))


def _time(found: dict[str, Any]) -> int | None:
    """Read the time: milliseconds since 1970, nanoseconds under a name that says so, or text of ISO 8601."""
    for key, factor in _TIMES.items():
        told: Any = found.get(key)
        if _is_number(told):
            return round(told * factor) if isinstance(told, float) else int(told * factor)
        if isinstance(told, str):
            try:
                at = datetime.fromisoformat(told)
            except ValueError:
                raise JsonError(f"a time {told[:40]!r}") from None
            # A time without a zone is UTC: every other reading depends on where the twin stands.
            passed = (at if at.tzinfo is not None else at.replace(tzinfo=UTC)) - _EPOCH
            return (passed.days * 86_400 + passed.seconds) * 1_000_000_000 + passed.microseconds * 1000
    return None


def _block(found: dict[str, Any], samples: Any, t_ns: int | None) -> JsonValue:
    n0, rate = found.get("n0"), found.get("rate", found.get("rate_hz"))
    if not isinstance(samples, list) or not all(_is_number(sample) for sample in samples):
        raise JsonError("samples that are no numbers")
    if not isinstance(n0, int) or isinstance(n0, bool) or n0 < 0 or not _is_number(rate):
        raise JsonError("samples without n0 and rate")
    return JsonValue([float(sample) for sample in samples], t_ns, _quality(found), n0, float(rate or 0.0))


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 2**63


def _number(value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return float(value)
    if not _is_number(value):
        raise JsonError(f"a value of type {type(value).__name__}")
    return float(value)


def _quality(found: dict[str, Any]) -> int:
    quality = found.get("quality", 0)
    if isinstance(quality, str):
        return _QUALITIES.get(quality.lower(), 0x40000000)
    if isinstance(quality, bool) or not isinstance(quality, int) or not 0 <= quality <= 0xFFFFFFFF:
        raise JsonError(f"quality {quality!r}")
    return quality


def _refuse(name: str) -> float:
    raise ValueError(f"{name} is no JSON")
