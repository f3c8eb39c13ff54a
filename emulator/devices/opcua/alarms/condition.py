"""An alarm condition: what it is told, what it says. No server, no clock, no bytes.

The states are those of AlarmConditionType (OPC 10000-9 §5.8): enabled, active, acknowledged, confirmed. Every change
makes one event with an id of its own; a client names that id when it acknowledges, so that nobody can acknowledge
what he has not seen.
"""

import hashlib
from dataclasses import dataclass, replace
from typing import Final, Literal

from rigs.devices.opcua_alarm import OpcUaAlarm

Level = Literal["high_high", "high", "low", "low_low", "off_normal", ""]

GOOD: Final = 0
BAD_EVENT_ID_UNKNOWN: Final = 0x809A0000
BAD_CONDITION_ALREADY_ENABLED: Final = 0x80CC0000
BAD_CONDITION_ALREADY_DISABLED: Final = 0x80980000
BAD_CONDITION_DISABLED: Final = 0x80990000
BAD_BRANCH_ALREADY_ACKED: Final = 0x80CF0000
BAD_BRANCH_ALREADY_CONFIRMED: Final = 0x80D00000
_REMEMBERED: Final = 64  # event ids of a condition a client may still name
_OUTER: Final = ("high_high", "low_low", "off_normal")
_WORDS: Final = {
    "high_high": "HighHigh",
    "high": "High",
    "low": "Low",
    "low_low": "LowLow",
    "off_normal": "off normal",
    "": "normal",
}


@dataclass(frozen=True, slots=True)
class State:
    """How a condition stands, and the event that told of it.

    `event_id` is 16 bytes; times are FILETIMEs: `ticks` of the event, `changed` of each state by its name.
    """

    event_id: bytes = b""
    ticks: int = 0
    enabled: bool = True
    level: Level = ""
    acked: bool = True
    confirmed: bool = True
    quality: int = GOOD
    severity: int = 1
    last_severity: int = 1
    message: str = ""
    comment: str = ""
    comment_ticks: int = 0
    user: str = ""
    changed: tuple[tuple[str, int], ...] = ()

    @property
    def active(self) -> bool:
        """Whether the value is where it should not be."""
        return self.level != ""

    @property
    def retain(self) -> bool:
        """Whether a client that comes now must hear of it (OPC 10000-9 §5.5.2)."""
        return self.enabled and (self.active or not self.acked or not self.confirmed)

    def since(self, state: str) -> int:
        """Return when a state last changed; 0 if it never did."""
        return dict(self.changed).get(state, 0)


class Condition:
    """One alarm of one point.

    Parameters
    ----------
    name
        Unique in the server: event ids are made of it.
    settings
        Limits, delay and severities, in the point's unit.

    """

    def __init__(self, name: str, settings: OpcUaAlarm, seed: int = 0) -> None:
        self.name = name
        self.settings = settings
        self.state = State()
        self._seed = seed
        self._count = 0
        self._pending: Level = ""
        self._pending_since: int | None = None
        self._known: dict[bytes, None] = {}

    # --- what the value does ------------------------------------------------------------------------------

    def look(self, value: float, quality: int, ticks: int) -> State | None:
        """Take note of a value; returns the new state if there is news.

        Parameters
        ----------
        value
            In the point's unit; ignored while `quality` is Bad.
        quality
            StatusCode of the value.
        ticks
            Its time.

        """
        state = self.state
        if not state.enabled:
            return None
        level = state.level if quality >> 31 else self._level(value)
        if level != state.level and self._waited(level, ticks):
            return self._enter(level, quality, ticks)
        if level == state.level:
            self._pending_since = None
            if quality != state.quality and state.retain:
                return self._tell(ticks, replace(state, quality=quality))
        self.state = replace(self.state, quality=quality)
        return None

    def _waited(self, level: Level, ticks: int) -> bool:
        if self._pending_since is None or level != self._pending:
            self._pending, self._pending_since = level, ticks
        return ticks - self._pending_since >= round(self.settings.delay * 1e7)

    def _level(self, value: float) -> Level:
        """Return where the value is; out of an active limit only by more than the hysteresis."""
        settings, at, back = self.settings, self.state.level, self.settings.hysteresis
        if settings.off_normal is not None:
            return "off_normal" if bool(value) == settings.off_normal else ""

        def beyond(name: str, limit: float | None, sign: float) -> bool:
            if limit is None:
                return False
            left_by = back if at.startswith(name) else 0.0  # high counts as active at high_high too
            over = sign * (value - limit)
            return over >= 0.0 or over > -left_by

        if beyond("high_high", settings.high_high, 1.0):
            return "high_high"
        if beyond("low_low", settings.low_low, -1.0):
            return "low_low"
        if beyond("high", settings.high, 1.0):
            return "high"
        return "low" if beyond("low", settings.low, -1.0) else ""

    def _enter(self, level: Level, quality: int, ticks: int) -> State:
        self._pending_since = None
        state, settings = self.state, self.settings
        severity = 1 if level == "" else settings.severity if level in _OUTER else settings.severity_inner
        said = f"{settings.message or self.name}: {_WORDS[level]}"
        new = replace(
            state, level=level, quality=quality, severity=severity, last_severity=state.severity, message=said,
            changed=_changed(state, ticks, limit=True, active=(level == "") != (state.level == "")),
        )  # fmt: skip
        if level != "":  # each worse or other limit is news that somebody must see
            new = replace(new, acked=False, confirmed=not settings.confirm)
            new = replace(new, changed=_changed(new, ticks, acked=state.acked, confirmed=state.confirmed))
        return self._tell(ticks, new)

    # --- what people do -----------------------------------------------------------------------------------

    def acknowledge(self, event_id: bytes, comment: str, user: str, ticks: int) -> int:
        """Acknowledge what an event told; returns a StatusCode (OPC 10000-9 §5.7.3)."""
        refused = self._refusal(event_id)
        if refused:
            return refused
        if self.state.acked:
            return BAD_BRANCH_ALREADY_ACKED
        new = replace(self.state, acked=True, changed=_changed(self.state, ticks, acked=True))
        self._tell(ticks, _commented(new, comment, user, ticks))
        return GOOD

    def confirm(self, event_id: bytes, comment: str, user: str, ticks: int) -> int:
        """Confirm that what was to be done is done; returns a StatusCode (OPC 10000-9 §5.7.4)."""
        refused = self._refusal(event_id)
        if refused:
            return refused
        if self.state.confirmed:
            return BAD_BRANCH_ALREADY_CONFIRMED
        new = replace(self.state, confirmed=True, changed=_changed(self.state, ticks, confirmed=True))
        self._tell(ticks, _commented(new, comment, user, ticks))
        return GOOD

    def add_comment(self, event_id: bytes, comment: str, user: str, ticks: int) -> int:
        """Put a remark on it; returns a StatusCode (OPC 10000-9 §5.5.6)."""
        refused = self._refusal(event_id)
        if refused:
            return refused
        self._tell(ticks, _commented(self.state, comment or " ", user, ticks))
        return GOOD

    def enable(self, enabled: bool, ticks: int) -> int:
        """Switch it on or off; returns a StatusCode (OPC 10000-9 §5.5.4, §5.5.5)."""
        if enabled == self.state.enabled:
            return BAD_CONDITION_ALREADY_ENABLED if enabled else BAD_CONDITION_ALREADY_DISABLED
        state = self.state if enabled else replace(self.state, level="", acked=True, confirmed=True)
        self._pending_since = None
        self._tell(ticks, replace(state, enabled=enabled, changed=_changed(state, ticks, enabled=True)))
        return GOOD

    def _refusal(self, event_id: bytes) -> int:
        if not self.state.enabled:
            return BAD_CONDITION_DISABLED
        return GOOD if event_id in self._known else BAD_EVENT_ID_UNKNOWN

    # --- what it says -------------------------------------------------------------------------------------

    def _tell(self, ticks: int, state: State) -> State:
        self._count += 1
        place = f"{self._seed}/{self.name}/{self._count}".encode()
        event_id = hashlib.blake2b(place, digest_size=16, person=b"condition event").digest()
        self._known[event_id] = None
        while len(self._known) > _REMEMBERED:
            self._known.pop(next(iter(self._known)))
        self.state = replace(state, event_id=event_id, ticks=ticks)
        return self.state


def _changed(state: State, ticks: int, **what: bool) -> tuple[tuple[str, int], ...]:
    return tuple((dict(state.changed) | {name: ticks for name, is_so in what.items() if is_so}).items())


def _commented(state: State, comment: str, user: str, ticks: int) -> State:
    return replace(state, comment=comment or state.comment, comment_ticks=ticks, user=user)
